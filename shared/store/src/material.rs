//! The published material package (manual 3.3) and the tutorial videos (manual 3.2): objects with a manifest each.
//!
//! A package stands under its own digest and is never written over, so a download under way is not disturbed by the next one.
//! What is current is told by the manifest alone, which is written last and only over what the publisher has seen.

use std::path::Path;

use domain::Sha256;
use domain::material::{PackageManifest, VideoManifest};
use serde::de::DeserializeOwned;
use thiserror::Error;

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

/// Publishes videos: their files by name, then the list over the one that was there.
///
/// Files are never written over, for their names hold their digests; the list is written last, so that it never names what is not there.
///
/// # Errors
/// [`StoreError::Conflict`]: another list was published meanwhile. Else when the store cannot be reached or refuses.
pub async fn publish_videos(
    files: &Files,
    manifest: &VideoManifest,
    contents: Vec<VideoContent>,
) -> Result<Published, StoreError> {
    let known = self::manifest::<VideoManifest>(files, keys::VIDEO_MANIFEST).await?;
    if known.as_ref().is_some_and(|(known, _)| known == manifest) {
        return Ok(Published::Already);
    }
    let written = serde_json::to_vec_pretty(manifest)
        .map_err(|error| StoreError::malformed("manifest")(error.to_string()))?;
    for content in contents {
        let key = keys::video_object(&content.file);
        files
            .write(&key, content.bytes, &content.media_type)
            .await?;
    }
    let tag = known.and_then(|(_, tag)| tag);
    files
        .write_over(
            keys::VIDEO_MANIFEST,
            tag.as_deref(),
            written,
            "application/json",
        )
        .await?;
    Ok(Published::Now)
}

/// A file of a video, to be published.
#[derive(Debug, Clone)]
pub struct VideoContent {
    /// Its name below `videos/`.
    pub file: String,
    /// Media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a folder of videos can't be published.
#[derive(Debug, Error)]
pub enum BadVideos {
    /// A file can't be read.
    #[error("`{0}` cannot be read")]
    File(String, #[source] std::io::Error),
    /// The list is none.
    #[error("`manifest.json` is no list of videos")]
    Manifest(#[source] serde_json::Error),
    /// A file is not the one that the list names.
    #[error("`{0}` is not the file that the list names; record the videos again")]
    Differs(String),
}

/// Reads what `generate videos` wrote.
///
/// # Errors
/// When something is missing or is not what the list says.
pub fn read_videos(folder: &Path) -> Result<(VideoManifest, Vec<VideoContent>), BadVideos> {
    let read = |name: &str| {
        std::fs::read(folder.join(name)).map_err(|error| BadVideos::File(name.to_owned(), error))
    };
    let manifest: VideoManifest =
        serde_json::from_slice(&read("manifest.json")?).map_err(BadVideos::Manifest)?;
    let mut contents = Vec::new();
    for video in &manifest.videos {
        let tracks = video.captions.iter().map(|track| {
            let sha256 = Some(&track.sha256);
            (&track.file, "text/vtt; charset=utf-8", sha256)
        });
        let film = (
            &video.file,
            video.media_type.as_str(),
            video.sha256.as_ref(),
        );
        for (file, media_type, sha256) in std::iter::once(film).chain(tracks) {
            let bytes = read(file)?;
            if sha256.is_none_or(|sha256| Sha256::of(&bytes) != *sha256) {
                return Err(BadVideos::Differs(file.clone()));
            }
            contents.push(VideoContent {
                file: file.clone(),
                media_type: media_type.to_owned(),
                bytes,
            });
        }
    }
    Ok((manifest, contents))
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
