use axum::http::HeaderMap;

use crate::{ApiError, FieldError};

/// The key by which a client says that a request is one it has made before; `None` where it says nothing.
///
/// # Errors
/// When it is not 1 to 200 visible ASCII characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=200).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(ApiError::fields(vec![FieldError::new(
            "Idempotency-Key",
            "key_not_taken",
            "幂等键应为1至200个可见的ASCII字符",
            "An Idempotency-Key has 1 to 200 visible ASCII characters",
        )])),
    }
}
