//! Content on its way in: to a temporary file, counted and checked while it is written.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use hyper::body::Body as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{PutObjectInput, StreamingBlob};
use s3s::{Body, S3Result, TrailingHeaders, s3_error};
use tokio::io::AsyncWriteExt;

use crate::folder::{Folder, Temporary};

/// What the sender said about the content, to be held against what came.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    length: Option<u64>,
    md5: Option<String>,
    sha256: Option<String>,
    sha1: Option<String>,
    crc32: Option<String>,
    crc32c: Option<String>,
    crc64nvme: Option<String>,
    /// Name of the checksum header that follows the content.
    trailer: Option<String>,
}

/// Bounds on what is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: u64,
    pub(crate) idle: Duration,
}

/// Content that is complete, as declared, and synced.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) file: Temporary,
    pub(crate) size: u64,
    /// MD5 in hexadecimal.
    pub(crate) etag: String,
    /// Base64.
    pub(crate) sha256: String,
}

impl Declared {
    pub(crate) fn of(input: &PutObjectInput, headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        Self {
            length: input.content_length.and_then(|n| u64::try_from(n).ok()),
            md5: input.content_md5.clone(),
            sha256: input.checksum_sha256.clone(),
            sha1: input.checksum_sha1.clone(),
            crc32: input.checksum_crc32.clone(),
            crc32c: input.checksum_crc32c.clone(),
            crc64nvme: input.checksum_crc64nvme.clone(),
            trailer: text("x-amz-trailer").map(|t| t.trim().to_ascii_lowercase()),
        }
    }

    fn hasher(&self) -> ChecksumHasher {
        let wanted = |declared: &Option<String>, trailer: &str| {
            declared.is_some() || self.trailer.as_deref() == Some(trailer)
        };
        ChecksumHasher {
            // S3 computes one whatever the sender says; this is the one the service relies on.
            sha256: Some(Sha256::new()),
            sha1: wanted(&self.sha1, "x-amz-checksum-sha1").then(Sha1::new),
            crc32: wanted(&self.crc32, "x-amz-checksum-crc32").then(Crc32::new),
            crc32c: wanted(&self.crc32c, "x-amz-checksum-crc32c").then(Crc32c::new),
            crc64nvme: wanted(&self.crc64nvme, "x-amz-checksum-crc64nvme").then(Crc64Nvme::new),
        }
    }

    fn take_trailer(&mut self, trailers: Option<&TrailingHeaders>) {
        let (Some(name), Some(trailers)) = (self.trailer.as_deref(), trailers) else {
            return;
        };
        let value = trailers.read(|headers| {
            headers
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        });
        // A trailer that was announced and did not come matches no checksum.
        let value = Some(value.flatten().unwrap_or_default());
        match name {
            "x-amz-checksum-sha256" => self.sha256 = value,
            "x-amz-checksum-sha1" => self.sha1 = value,
            "x-amz-checksum-crc32" => self.crc32 = value,
            "x-amz-checksum-crc32c" => self.crc32c = value,
            "x-amz-checksum-crc64nvme" => self.crc64nvme = value,
            _ => {}
        }
    }
}

/// Takes a whole body. Whatever goes wrong, the temporary file goes with it.
pub(crate) async fn receive(
    folder: &Folder,
    body: Option<StreamingBlob>,
    mut declared: Declared,
    trailers: Option<TrailingHeaders>,
    limits: Limits,
) -> S3Result<Received> {
    if declared.length.is_some_and(|length| length > limits.bytes) {
        return Err(s3_error!(EntityTooLarge));
    }
    let (temporary, file) = folder.temporary().map_err(disk)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut hasher = declared.hasher();
    let mut md5 = Md5::new();
    let mut size = 0u64;

    if let Some(body) = body {
        let mut body = Body::from(body);
        loop {
            let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            let frame = match tokio::time::timeout(limits.idle, frame).await {
                Err(_) => return Err(s3_error!(RequestTimeout, "no data for too long")),
                Ok(None) => break,
                Ok(Some(frame)) => frame.map_err(refused_stream)?,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            size += data.len() as u64;
            if size > limits.bytes {
                return Err(s3_error!(EntityTooLarge));
            }
            hasher.update(&data);
            md5.update(&data);
            file.write_all(&data).await.map_err(disk)?;
        }
    }

    if declared.length.is_some_and(|length| length != size) {
        return Err(s3_error!(IncompleteBody));
    }
    declared.take_trailer(trailers.as_ref());
    let found = hasher.finalize();
    let md5 = md5.finalize();
    let pairs = [
        (&declared.md5, &Some(STANDARD.encode(md5))),
        (&declared.sha256, &found.checksum_sha256),
        (&declared.sha1, &found.checksum_sha1),
        (&declared.crc32, &found.checksum_crc32),
        (&declared.crc32c, &found.checksum_crc32c),
        (&declared.crc64nvme, &found.checksum_crc64nvme),
    ];
    if pairs
        .iter()
        .any(|(declared, found)| declared.is_some() && declared != found)
    {
        return Err(s3_error!(
            BadDigest,
            "the content does not match the checksum sent with it"
        ));
    }

    file.flush().await.map_err(disk)?;
    file.sync_all().await.map_err(disk)?;
    Ok(Received {
        file: temporary,
        size,
        etag: hex::encode(md5),
        sha256: found.checksum_sha256.unwrap_or_default(),
    })
}

/// A disk that is full is the operator's business: the log says so, the client may try again later.
pub(crate) fn disk(error: std::io::Error) -> s3s::S3Error {
    tracing::error!(%error, "object folder cannot be used");
    if matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    ) {
        return s3_error!(
            error,
            ServiceUnavailable,
            "the disk is full; nothing was stored"
        );
    }
    s3_error!(error, InternalError, "the object folder cannot be used")
}

/// Errors of the stream are refusals by the layers above (a signed checksum that does not fit, too few bytes) or a lost connection.
fn refused_stream(error: Box<dyn std::error::Error + Send + Sync>) -> s3s::S3Error {
    tracing::debug!(%error, "upload broken off");
    let mut refusal = s3_error!(IncompleteBody, "the content is not what was signed");
    refusal.set_source(error);
    refusal
}
