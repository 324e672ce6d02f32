use domain::{FailureReason, Sha256};
use store::{Files, StoreError};

/// An object as a ticket announced it.
#[derive(Debug, Clone, Copy)]
pub struct Announced<'a> {
    /// Its key.
    pub key: &'a str,
    /// The version that was claimed.
    pub version: &'a str,
    /// Bytes.
    pub size: u64,
    /// Digest.
    pub sha256: &'a Sha256,
}

/// Reads an object that was claimed and compares it with what was announced.
///
/// The store has checked both when the object was put; this guards against an object that came by another way, and
/// against bytes that changed between the store and here.
///
/// # Errors
/// When the bucket cannot be read.
pub async fn read(
    files: &Files,
    announced: Announced<'_>,
    stored_size: u64,
) -> Result<Result<Vec<u8>, FailureReason>, StoreError> {
    if stored_size != announced.size {
        return Ok(Err(FailureReason::LengthDiffers));
    }
    let mut reason = FailureReason::ContentDiffers;
    // What is wrong once may have been damaged on its way here; what is wrong twice is wrong.
    for _ in 0..2 {
        let object = files
            .read(announced.key, announced.version, announced.size)
            .await?;
        let Some(object) = object else {
            return Ok(Err(FailureReason::ObjectGone));
        };
        if object.bytes.len() as u64 != announced.size {
            reason = FailureReason::LengthDiffers;
        } else if Sha256::of(&object.bytes) != *announced.sha256 {
            reason = FailureReason::ContentDiffers;
        } else {
            return Ok(Ok(object.bytes));
        }
    }
    Ok(Err(reason))
}
