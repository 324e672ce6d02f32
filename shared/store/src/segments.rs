//! Segments: the accepted records of an upload, one object for each kind.

use domain::Upload;

use crate::{Files, StoreError, keys};

/// The bytes of an upload's segment of a kind; `None`: the upload has no records of that kind.
///
/// # Errors
/// [`StoreError::NotFound`] when the upload names a segment that is gone; else when it cannot be read.
pub async fn read(
    files: &Files,
    upload: &Upload,
    kind: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let figures = upload.figures.as_ref();
    if !figures.is_some_and(|figures| figures.segments.iter().any(|held| held == kind)) {
        return Ok(None);
    }
    let generation = upload.generation.unwrap_or_default();
    let key = keys::segment_object(&upload.account, kind, &upload.id, generation);
    // Segments are written once under a key and never deleted, so the version need not be told.
    let object = files.read(&key, "null", u64::MAX).await?;
    Ok(Some(object.ok_or(StoreError::NotFound)?.bytes))
}
