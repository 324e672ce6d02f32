//! The S3 operations the service uses, over the store. All others answer `NotImplemented` by the trait's own default.

use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use crate::body::FileBody;
use crate::listing::{self, Page, Query};
use crate::receive::{Declared, Limits, disk, receive};
use crate::store::{Condition, Store};
use crate::version::{Headers, Version};

/// The store as `s3s` sees it.
#[derive(Debug)]
pub(crate) struct Operations {
    pub(crate) store: Arc<Store>,
    pub(crate) limits: Limits,
}

impl Operations {
    /// Runs what touches the disk where it holds up nobody.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(result) => result,
            Err(error) => Err(s3_error!(error, InternalError)),
        }
    }
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        let location = Some(format!("/{bucket}"));
        if !self
            .blocking(move |store| store.create_bucket(&bucket))
            .await?
        {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        Ok(S3Response::new(CreateBucketOutput { location }))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.store.require_bucket(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(
        &self,
        _: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self.store.buckets().into_iter();
        let buckets = buckets.map(|name| Bucket {
            name: Some(name),
            ..Default::default()
        });
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            ..Default::default()
        }))
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        self.store.require_bucket(&request.input.bucket)?;
        let enabled = BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED);
        let status = Some(enabled);
        Ok(S3Response::new(GetBucketVersioningOutput {
            status,
            ..Default::default()
        }))
    }

    async fn put_bucket_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        self.store.require_bucket(&request.input.bucket)?;
        match request.input.versioning_configuration.status {
            Some(status) if status.as_str() == BucketVersioningStatus::ENABLED => {
                Ok(S3Response::new(PutBucketVersioningOutput::default()))
            }
            _ => Err(s3_error!(NotImplemented, "versioning is always on here")),
        }
    }

    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let declared = Declared::of(&request.input, &request.headers);
        let input = &mut request.input;
        self.store.require_bucket(&input.bucket)?;
        if input.tagging.is_some() {
            return Err(s3_error!(NotImplemented, "object tags are not kept here"));
        }
        let body = input.body.take();
        let trailers = request.trailing_headers.take();
        let received = receive(&self.store.folder, body, declared, trailers, self.limits).await?;

        let input = request.input;
        let headers = Headers {
            content_type: input.content_type,
            content_disposition: input.content_disposition,
            // `aws-chunked` is how the content came, not what it is.
            content_encoding: input.content_encoding.filter(|e| e != "aws-chunked"),
            content_language: input.content_language,
            cache_control: input.cache_control,
        };
        let metadata: BTreeMap<_, _> = input.metadata.unwrap_or_default().into_iter().collect();
        let condition = Condition {
            if_match: input.if_match,
            if_none_match: input.if_none_match,
        };
        let (bucket, key) = (input.bucket, input.key);
        let version = self
            .blocking(move |store| {
                store.put(&bucket, &key, &received, headers, metadata, &condition)
            })
            .await?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(etag(&version)),
            version_id: Some(version.version_id.clone()),
            checksum_sha256: Some(version.content.sha256.clone()),
            ..Default::default()
        }))
    }

    /// Browser forms are not used here, and their policies would be one more way in.
    async fn post_object(
        &self,
        _: S3Request<PostObjectInput>,
    ) -> S3Result<S3Response<PostObjectOutput>> {
        Err(s3_error!(NotImplemented))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let version = self
            .store
            .find(&input.bucket, &input.key, input.version_id.as_deref())?;
        judge(
            &version,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let size = version.content.size;
        let part = match input.range {
            Some(range) => Some(range.check(size)?),
            None => None,
        };
        let whole = part.is_none();
        let range = part.unwrap_or(0..size);
        let (bucket, start, opened) = (input.bucket, range.start, Arc::clone(&version));
        let file = self
            .blocking(move |store| {
                let open = || -> io::Result<_> {
                    let mut file = store.folder.content(&bucket, &opened)?;
                    file.seek(SeekFrom::Start(start))?;
                    Ok(file)
                };
                open().map_err(|error| match error.kind() {
                    // Removed between the look-up and now.
                    io::ErrorKind::NotFound => s3_error!(NoSuchKey),
                    _ => disk(error),
                })
            })
            .await?;
        let length = range.end - range.start;
        let body = Body::http_body(FileBody::new(tokio::fs::File::from_std(file), length));
        let content_range = format!("bytes {}-{}/{size}", range.start, range.end.max(1) - 1);
        let headers = version.content.headers.clone();
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::from(body)),
            content_length: i64::try_from(length).ok(),
            content_range: (!whole).then_some(content_range),
            accept_ranges: Some("bytes".to_owned()),
            e_tag: Some(etag(&version)),
            version_id: Some(version.version_id.clone()),
            last_modified: Some(modified(&version)),
            // S3 gives the checksum of the whole object only with the whole object.
            checksum_sha256: (whole && input.checksum_mode.is_some())
                .then(|| version.content.sha256.clone()),
            content_type: headers.content_type,
            content_disposition: headers.content_disposition,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            cache_control: headers.cache_control,
            metadata: metadata(&version),
            ..Default::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let version = self
            .store
            .find(&input.bucket, &input.key, input.version_id.as_deref())?;
        judge(
            &version,
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let headers = version.content.headers.clone();
        Ok(S3Response::new(HeadObjectOutput {
            content_length: i64::try_from(version.content.size).ok(),
            accept_ranges: Some("bytes".to_owned()),
            e_tag: Some(etag(&version)),
            version_id: Some(version.version_id.clone()),
            last_modified: Some(modified(&version)),
            checksum_sha256: input.checksum_mode.map(|_| version.content.sha256.clone()),
            content_type: headers.content_type,
            content_disposition: headers.content_disposition,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            cache_control: headers.cache_control,
            metadata: metadata(&version),
            ..Default::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput {
            bucket,
            key,
            version_id,
            ..
        } = request.input;
        let (deleted, version_id) = self
            .blocking(move |store| match version_id {
                None => {
                    let marker = store.delete(&bucket, &key)?;
                    let id = marker.version_id.clone();
                    Ok((Some(marker), Some(id)))
                }
                Some(id) => Ok((store.delete_version(&bucket, &key, &id)?, Some(id))),
            })
            .await?;
        Ok(S3Response::new(DeleteObjectOutput {
            delete_marker: deleted.filter(|v| v.delete_marker).map(|_| true),
            version_id,
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let after = match &input.continuation_token {
            Some(token) => Some(key_of_token(token)?),
            None => input.start_after.clone(),
        };
        let limit = limit(input.max_keys);
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after,
            limit,
        };
        let page = self.store.with_keys(&input.bucket, |keys| {
            listing::list(keys, &query, |versions| {
                versions
                    .last()
                    .filter(|v| !v.delete_marker)
                    .cloned()
                    .into_iter()
                    .collect()
            })
        })?;
        let contents: Vec<Object> = page.keys.iter().flatten().map(|v| object(v)).collect();
        let count = contents.len() + page.common_prefixes.len();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            max_keys: i32::try_from(limit).ok(),
            key_count: i32::try_from(count).ok(),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.as_ref().map(|key| URL_SAFE_NO_PAD.encode(key)),
            common_prefixes: common_prefixes(&page),
            contents: Some(contents),
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            prefix: input.prefix,
            delimiter: input.delimiter,
            ..Default::default()
        }))
    }

    async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = request.input;
        let limit = limit(input.max_keys);
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: input.key_marker.clone(),
            limit,
        };
        // Pages end between keys, never between versions of one key: a page may hold more versions than asked for.
        let page = self.store.with_keys(&input.bucket, |keys| {
            listing::list(keys, &query, <[_]>::to_vec)
        })?;
        let (mut versions, mut delete_markers) = (Vec::new(), Vec::new());
        for of_key in &page.keys {
            let latest = of_key.last().map(|v| v.sequence);
            for version in of_key.iter().rev() {
                let is_latest = Some(latest == Some(version.sequence));
                let (key, version_id) = (version.key.clone(), version.version_id.clone());
                if version.delete_marker {
                    delete_markers.push(DeleteMarkerEntry {
                        is_latest,
                        key: Some(key),
                        version_id: Some(version_id),
                        last_modified: Some(modified(version)),
                        ..Default::default()
                    });
                } else {
                    versions.push(ObjectVersion {
                        is_latest,
                        key: Some(key),
                        version_id: Some(version_id),
                        last_modified: Some(modified(version)),
                        size: i64::try_from(version.content.size).ok(),
                        e_tag: Some(etag(version)),
                        ..Default::default()
                    });
                }
            }
        }
        Ok(S3Response::new(ListObjectVersionsOutput {
            name: Some(input.bucket),
            max_keys: i32::try_from(limit).ok(),
            is_truncated: Some(page.next.is_some()),
            common_prefixes: common_prefixes(&page),
            next_key_marker: page.next,
            versions: Some(versions),
            delete_markers: Some(delete_markers),
            key_marker: input.key_marker,
            prefix: input.prefix,
            delimiter: input.delimiter,
            ..Default::default()
        }))
    }
}

fn judge(
    version: &Version,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let matches = |wanted: &ETagCondition| match wanted {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == version.content.etag,
    };
    if if_match.is_some_and(|wanted| !matches(wanted)) {
        return Err(s3_error!(PreconditionFailed));
    }
    if if_none_match.is_some_and(matches) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

fn etag(version: &Version) -> ETag {
    ETag::Strong(version.content.etag.clone())
}

fn modified(version: &Version) -> Timestamp {
    let seconds = u64::try_from(version.modified.as_second()).unwrap_or_default();
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn metadata(version: &Version) -> Option<Metadata> {
    let metadata = &version.content.metadata;
    (!metadata.is_empty()).then(|| {
        metadata
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    })
}

fn object(version: &Version) -> Object {
    Object {
        key: Some(version.key.clone()),
        size: i64::try_from(version.content.size).ok(),
        e_tag: Some(etag(version)),
        last_modified: Some(modified(version)),
        ..Default::default()
    }
}

fn common_prefixes(page: &Page) -> Option<Vec<CommonPrefix>> {
    let prefixes = page.common_prefixes.iter();
    Some(
        prefixes
            .map(|prefix| CommonPrefix {
                prefix: Some(prefix.clone()),
            })
            .collect(),
    )
}

fn limit(asked: Option<i32>) -> usize {
    asked
        .map_or(listing::PAGE, |n| usize::try_from(n).unwrap_or(0))
        .min(listing::PAGE)
}

fn key_of_token(token: &str) -> S3Result<String> {
    let key = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| s3_error!(InvalidArgument, "the continuation token is not one of ours"))
}
