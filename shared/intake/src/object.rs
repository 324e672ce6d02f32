use domain::{FailureReason, Sha256, Upload};
use store::StoreError;

use crate::Intake;

/// Reads the object of a claimed upload and compares it with what was announced.
///
/// The store has checked both when the object was put; this guards against an object that came by another way, and
/// against bytes that changed between the store and here.
pub(crate) async fn read(
    intake: &Intake,
    upload: &Upload,
    stored_size: u64,
) -> Result<Result<Vec<u8>, FailureReason>, StoreError> {
    if stored_size != upload.size {
        return Ok(Err(FailureReason::LengthDiffers));
    }
    let version = upload.object_version.as_deref().unwrap_or_default();
    let mut reason = FailureReason::ContentDiffers;
    // What is wrong once may have been damaged on its way here; what is wrong twice is wrong.
    for _ in 0..2 {
        let object = intake
            .files
            .read(&upload.object_key(), version, upload.size)
            .await?;
        let Some(object) = object else {
            return Ok(Err(FailureReason::ObjectGone));
        };
        if object.bytes.len() as u64 != upload.size {
            reason = FailureReason::LengthDiffers;
        } else if Sha256::of(&object.bytes) != upload.sha256 {
            reason = FailureReason::ContentDiffers;
        } else {
            return Ok(Ok(object.bytes));
        }
    }
    Ok(Err(reason))
}
