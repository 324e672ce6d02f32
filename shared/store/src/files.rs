use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Intercept;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use domain::{Sha256, Upload};
use http_body::{Body, Frame};
use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;

use crate::StoreError;

/// The bucket.
#[derive(Debug, Clone)]
pub struct Files {
    client: Client,
    presigner: Client,
    bucket: String,
}

/// An address an object can be put to, with the headers that must be sent along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedPut {
    /// The address.
    pub url: String,
    /// Names and values; each is signed, so each must be sent exactly so.
    pub headers: Vec<(String, String)>,
}

/// An object as a listing or a look at its head shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Version; `null` where the bucket keeps none.
    pub version: String,
    /// When it arrived, by the store's clock.
    pub received_at: Timestamp,
}

/// An object that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRead {
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Files {
    /// The bucket of this name. `presigner` signs addresses for clients, which may reach the store under another name
    /// than the service does.
    pub fn new(client: Client, presigner: Client, bucket: impl Into<String>) -> Self {
        Self {
            client,
            presigner,
            bucket: bucket.into(),
        }
    }

    /// The same bucket through clients that show each request and each address they sign to `interceptor` first, which may
    /// refuse it.
    #[must_use]
    pub fn with_interceptor(&self, interceptor: impl Intercept + Clone + 'static) -> Self {
        let through = |client: &Client| {
            let config = client
                .config()
                .to_builder()
                .interceptor(interceptor.clone());
            Client::from_conf(config.build())
        };
        Self::new(
            through(&self.client),
            through(&self.presigner),
            self.bucket.clone(),
        )
    }

    /// Its name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// An address for an upload's object.
    ///
    /// The signature covers length, digest and `If-None-Match: *`: the store itself refuses another size, other bytes and
    /// a second object under the key.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn presign_put(&self, upload: &Upload) -> Result<PresignedPut, StoreError> {
        self.presign_put_of(&upload.object_key(), upload.size, &upload.sha256)
            .await
    }

    /// An address for any object, signed in the same way.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn presign_put_of(
        &self,
        key: &str,
        size: u64,
        sha256: &Sha256,
    ) -> Result<PresignedPut, StoreError> {
        let request = self
            .presigner
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_length(i64::try_from(size).unwrap_or(i64::MAX))
            .checksum_sha256(sha256.base64())
            .if_none_match("*")
            .presigned(lasting(Upload::URL_LIFE.unsigned_abs())?)
            .await
            .map_err(failed("PutObject"))?;
        Ok(PresignedPut {
            url: request.uri().to_owned(),
            headers: request
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// An address a client can read an object from for a few minutes, as a download named `file_name`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn presign_get(&self, key: &str, disposition: &str) -> Result<String, StoreError> {
        let request = self
            .presigner
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(disposition)
            .response_cache_control("no-store")
            .presigned(lasting(Duration::from_secs(300))?)
            .await
            .map_err(failed("GetObject"))?;
        Ok(request.uri().to_owned())
    }

    /// The same for one version of an object, whatever was put there later.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn presign_get_version(
        &self,
        key: &str,
        version: &str,
        disposition: &str,
        media_type: &str,
    ) -> Result<String, StoreError> {
        let request = self
            .presigner
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id((version != NULL_VERSION).then(|| version.to_owned()))
            .response_content_disposition(disposition)
            .response_content_type(media_type)
            .response_cache_control("no-store")
            .presigned(lasting(Duration::from_secs(300))?)
            .await
            .map_err(failed("GetObject"))?;
        Ok(request.uri().to_owned())
    }

    /// An address a browser can play a video from, piece by piece, for as long as somebody may watch it.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub async fn presign_media(&self, key: &str, media_type: &str) -> Result<String, StoreError> {
        let request = self
            .presigner
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition("inline")
            .response_content_type(media_type)
            .presigned(lasting(Duration::from_secs(2 * 60 * 60))?)
            .await
            .map_err(failed("GetObject"))?;
        Ok(request.uri().to_owned())
    }

    /// What is there under a key; `None`: nothing, or not that version any more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn head(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<Option<Found>, StoreError> {
        let answer = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(
                version
                    .filter(|version| *version != NULL_VERSION)
                    .map(str::to_owned),
            )
            .send()
            .await;
        match answer {
            Ok(head) => Ok(Some(Found {
                key: key.to_owned(),
                size: head
                    .content_length()
                    .and_then(|n| u64::try_from(n).ok())
                    .unwrap_or(0),
                version: head.version_id().unwrap_or(NULL_VERSION).to_owned(),
                received_at: moment(head.last_modified()),
            })),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(failed("HeadObject")(error)),
        }
    }

    /// Reads one version of an object whole, at most `limit` bytes and one; `None`: it is gone.
    ///
    /// # Errors
    /// When the store cannot be reached or breaks off.
    pub async fn read(
        &self,
        key: &str,
        version: &str,
        limit: u64,
    ) -> Result<Option<ObjectRead>, StoreError> {
        let version = (version != NULL_VERSION).then(|| version.to_owned());
        let found = self.read_tagged(key, version, limit).await?;
        Ok(found.map(|(object, _)| object))
    }

    /// Reads an object as it is now, likewise, with the tag that [`Files::write_over`] takes.
    ///
    /// # Errors
    /// As [`Files::read`].
    pub async fn read_current(
        &self,
        key: &str,
        limit: u64,
    ) -> Result<Option<(ObjectRead, Option<String>)>, StoreError> {
        self.read_tagged(key, None, limit).await
    }

    async fn read_tagged(
        &self,
        key: &str,
        version: Option<String>,
        limit: u64,
    ) -> Result<Option<(ObjectRead, Option<String>)>, StoreError> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(version)
            .send()
            .await;
        let mut object = match answer {
            Ok(object) => object,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let mut bytes = Vec::new();
        loop {
            let piece = object
                .body
                .try_next()
                .await
                .map_err(|error| StoreError::Unavailable {
                    operation: "GetObject",
                    message: error.to_string(),
                })?;
            let Some(piece) = piece else { break };
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > limit {
                // The caller finds it too long; more of it helps nobody.
                break;
            }
        }
        Ok(Some((ObjectRead { bytes }, object.e_tag)))
    }

    /// Opens one version of an object to be read piece by piece; `None`: it is gone.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn open(&self, key: &str, version: &str) -> Result<Option<ByteStream>, StoreError> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id((version != NULL_VERSION).then(|| version.to_owned()))
            .send()
            .await;
        match answer {
            Ok(object) => Ok(Some(object.body)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(failed("GetObject")(error)),
        }
    }

    /// Writes an object of known length while its pieces are made. When one of them is an error, or they end too early, no
    /// object is there afterwards.
    ///
    /// # Errors
    /// When the store cannot be reached, or the pieces break off.
    pub async fn write_pieces(
        &self,
        key: &str,
        pieces: Receiver<Result<Bytes, StoreError>>,
        length: u64,
        content_type: &str,
    ) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .content_length(i64::try_from(length).unwrap_or(i64::MAX))
            .body(ByteStream::from_body_1_x(Pieces(pieces)))
            .send()
            .await
            .map_err(failed("PutObject"))?;
        Ok(())
    }

    /// Deletes one version of an object for good; what is gone already is no error.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn delete(&self, key: &str, version: &str) -> Result<(), StoreError> {
        let answer = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id((version != NULL_VERSION).then(|| version.to_owned()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(failed("DeleteObject")(error)),
        }
    }

    /// Writes an object; the store checks the digest. The same again changes nothing.
    ///
    /// # Errors
    /// When the store cannot be reached or refuses.
    pub async fn write(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
    ) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .checksum_sha256(Sha256::of(&bytes).base64())
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(failed("PutObject"))?;
        Ok(())
    }

    /// Writes an object over the one with this tag, or where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`]: something else is there by now. Else when the store cannot be reached or refuses.
    pub async fn write_over(
        &self,
        key: &str,
        tag: Option<&str>,
        bytes: Vec<u8>,
        content_type: &str,
    ) -> Result<(), StoreError> {
        let answer = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .set_if_match(tag.map(str::to_owned))
            .set_if_none_match(tag.is_none().then(|| "*".to_owned()))
            .checksum_sha256(Sha256::of(&bytes).base64())
            .body(ByteStream::from(bytes))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                let status = error.raw_response().map(|answer| answer.status().as_u16());
                // 409: another conditional write to the key was under way; 404: the tagged object was deleted.
                match status {
                    Some(404 | 409 | 412) => Err(StoreError::Conflict),
                    _ => Err(failed("PutObject")(error)),
                }
            }
        }
    }

    /// Names of the folders right under a prefix.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .delimiter("/")
            .into_paginator()
            .send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("ListObjectsV2"))?;
            let folders = page.common_prefixes.unwrap_or_default();
            names.extend(folders.into_iter().filter_map(|folder| {
                let name = folder
                    .prefix?
                    .strip_prefix(prefix)?
                    .strip_suffix('/')?
                    .to_owned();
                Some(name)
            }));
        }
        Ok(names)
    }

    /// Takes an object away; a bucket with versions keeps what was there.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(failed("DeleteObject"))?;
        Ok(())
    }

    /// Keys under a prefix, after `after`, at most a thousand.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Found>, StoreError> {
        let answer = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_start_after(after.map(str::to_owned))
            .send()
            .await
            .map_err(failed("ListObjectsV2"))?;
        Ok(answer
            .contents
            .unwrap_or_default()
            .into_iter()
            .map(|object| Found {
                size: object
                    .size()
                    .and_then(|n| u64::try_from(n).ok())
                    .unwrap_or(0),
                version: NULL_VERSION.to_owned(),
                received_at: moment(object.last_modified()),
                key: object.key.unwrap_or_default(),
            })
            .collect())
    }
}

/// A body that is sent as its pieces come.
struct Pieces(Receiver<Result<Bytes, StoreError>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let piece = self.0.poll_recv(context);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// What a bucket without versions calls the only one.
const NULL_VERSION: &str = "null";

fn lasting(time: Duration) -> Result<PresigningConfig, StoreError> {
    PresigningConfig::expires_in(time).map_err(|error| StoreError::Unavailable {
        operation: "presign",
        message: error.to_string(),
    })
}

fn moment(time: Option<&aws_smithy_types::DateTime>) -> Timestamp {
    time.and_then(|time| Timestamp::from_second(time.secs()).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Deleted, its version deleted, or never there. A delete marker in place of the version answers 405.
fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    matches!(status, Some(404 | 405)) && error.code() != Some("NoSuchBucket")
}

fn failed<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    move |error| StoreError::Unavailable {
        operation,
        message: DisplayErrorContext(&error).to_string(),
    }
}
