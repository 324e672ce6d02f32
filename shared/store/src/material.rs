//! The published material package (manual 3.3) and the tutorial videos (manual 3.2): objects with a manifest each.
//!
//! A package stands under its own digest and is never written over, so a download under way is not disturbed by the next one.
//! What is current is told by the manifest alone, which is written last and only over what the publisher has seen.

use domain::material::{PackageManifest, VideoManifest};
use serde::de::DeserializeOwned;

use crate::{Files, StoreError, keys};

/// Bytes a manifest never has.
const MANIFEST_BYTES: u64 = 1 << 20;

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is the current package now.
    Now,
    /// It was already.
    Already,
}

/// The current package; `None` while nothing is published.
///
/// # Errors
/// When the store cannot be reached, or the manifest is none.
pub async fn current(files: &Files) -> Result<Option<PackageManifest>, StoreError> {
    let found = manifest::<PackageManifest>(files, keys::MATERIAL_MANIFEST).await?;
    Ok(found.map(|(manifest, _)| manifest))
}

/// Makes a package the current one.
///
/// # Errors
/// [`StoreError::Conflict`]: another one was published meanwhile. Else when the store cannot be reached or refuses.
pub async fn publish(
    files: &Files,
    manifest: &PackageManifest,
    bytes: Vec<u8>,
) -> Result<Published, StoreError> {
    let known = self::manifest::<PackageManifest>(files, keys::MATERIAL_MANIFEST).await?;
    if known.as_ref().is_some_and(|(known, _)| known == manifest) {
        return Ok(Published::Already);
    }
    let written = serde_json::to_vec_pretty(manifest)
        .map_err(|error| StoreError::malformed("manifest")(error.to_string()))?;
    let key = keys::material_package(&manifest.sha256);
    files.write(&key, bytes, "application/zip").await?;
    let tag = known.and_then(|(_, tag)| tag);
    files
        .write_over(
            keys::MATERIAL_MANIFEST,
            tag.as_deref(),
            written,
            "application/json",
        )
        .await?;
    Ok(Published::Now)
}

/// The tutorial videos; none while there is no manifest.
///
/// # Errors
/// When the store cannot be reached, or the manifest is none.
pub async fn videos(files: &Files) -> Result<VideoManifest, StoreError> {
    let found = manifest::<VideoManifest>(files, keys::VIDEO_MANIFEST).await?;
    Ok(found.map(|(manifest, _)| manifest).unwrap_or_default())
}

/// A manifest with its tag.
async fn manifest<M: DeserializeOwned>(
    files: &Files,
    key: &str,
) -> Result<Option<(M, Option<String>)>, StoreError> {
    let Some((object, tag)) = files.read_current(key, MANIFEST_BYTES).await? else {
        return Ok(None);
    };
    let manifest = serde_json::from_slice(&object.bytes)
        .map_err(|error| StoreError::malformed("manifest")(error.to_string()))?;
    Ok(Some((manifest, tag)))
}
