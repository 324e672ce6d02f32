//! The body of a request, bounded before anything of it is kept.

use std::io::Read;

use axum::body::{Body, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use domain::Upload;
use flate2::read::MultiGzDecoder;
use tokio::task::spawn_blocking;
use web::{ApiError, ErrorCode};

/// What a compressed body may expand to. More than any ZIP of 20 MB is made of in practice, and little enough to be held.
const EXPANDED: u64 = 64 * 1024 * 1024;

/// Reads a body of at most 20 MB, whatever its length claims to be.
pub(crate) async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let limit = usize::try_from(Upload::MAX_SIZE).unwrap_or(usize::MAX);
    read_at_most(body, limit)
        .await?
        .ok_or_else(|| ErrorCode::TooLarge.into())
}

/// Reads a body; `None` when it is longer than `limit`.
pub(crate) async fn read_at_most(body: Body, limit: usize) -> Result<Option<Vec<u8>>, ApiError> {
    match to_bytes(body, limit).await {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if is_too_long(&error) => Ok(None),
        // The client broke off.
        Err(_) => Err(ErrorCode::MalformedRequest.into()),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = inner.source();
    }
    error.to_string().contains("length limit exceeded")
}

/// The data as it was before the client compressed it for the way.
pub(crate) async fn expand(headers: &HeaderMap, bytes: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let encoding = headers.get(CONTENT_ENCODING);
    let encoding = encoding.map(|value| value.as_bytes().to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some(b"identity") => Ok(bytes),
        Some(b"gzip" | b"x-gzip") => spawn_blocking(move || inflate(&bytes))
            .await
            .map_err(ApiError::internal)?,
        Some(_) => Err(ErrorCode::UnknownEncoding.into()),
    }
}

/// A few kilobytes can claim to be gigabytes: no more is expanded than is taken.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut expanded = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(EXPANDED + 1)
        .read_to_end(&mut expanded)
        .map_err(|_| ErrorCode::MalformedRequest)?;
    if expanded.len() as u64 > EXPANDED {
        return Err(ErrorCode::TooLarge.into());
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use axum::http::HeaderValue;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encoded(encoding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))])
    }

    #[tokio::test]
    async fn gzip_is_taken_off_and_nothing_else() {
        let body = gzip("流感".as_bytes());
        let expanded = expand(&encoded("gzip"), body.clone()).await;
        assert_eq!(expanded.unwrap(), "流感".as_bytes());
        assert_eq!(expand(&HeaderMap::new(), body.clone()).await.unwrap(), body);
        let refused = expand(&encoded("br"), body.clone()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::UnknownEncoding);
        let cut = expand(&encoded("gzip"), body[..body.len() - 6].to_vec()).await;
        assert_eq!(cut.unwrap_err().code(), ErrorCode::MalformedRequest);
    }

    #[tokio::test]
    async fn a_bomb_is_refused() {
        let bomb = gzip(&vec![0; usize::try_from(EXPANDED).unwrap() + 1]);
        assert!(bomb.len() < 4_000_000, "{} bytes", bomb.len());
        let refused = expand(&encoded("gzip"), bomb).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TooLarge);
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound() {
        let read = |length: usize| read_at_most(Body::from(vec![1; length]), 10);
        assert_eq!(read(10).await.unwrap().map(|body| body.len()), Some(10));
        assert_eq!(read(11).await.unwrap(), None);
    }
}
