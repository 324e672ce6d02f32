//! What can be downloaded: the material package (manual 3.3) and the tutorial videos (manual 3.2).

use serde::{Deserialize, Serialize};

use crate::Sha256;

/// Name of the package, as the manual gives it; `.rar` cannot be written by free software.
pub const PACKAGE_NAME: &str = "流感医疗服务监测系统相关资料包.zip";

/// What a package is, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageManifest {
    /// Version: that of the interface standard and the beginning of the contents' digest.
    pub version: String,
    /// Bytes of the package.
    pub size: u64,
    /// Digest of the package.
    pub sha256: Sha256,
    /// The manual's eight items, in its order.
    pub items: Vec<PackageItem>,
    /// Whether the front-end machine program itself is in it, and not only where to get it.
    pub has_program: bool,
}

/// One item of the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageItem {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Digest.
    pub sha256: Sha256,
}

/// The tutorial videos, in the order they are shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VideoManifest {
    /// The videos.
    pub videos: Vec<Video>,
}

/// One tutorial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Name of its script; blank where there is none.
    #[serde(default)]
    pub name: String,
    /// Title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// Length in seconds.
    pub seconds: u32,
    /// Bytes.
    pub size: u64,
    /// Media type, e.g. `video/mp4`.
    pub media_type: String,
    /// File name below `videos/`.
    pub file: String,
    /// Digest of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Chinese captions, as WebVTT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<VideoFile>,
    /// Its parts, in their order.
    #[serde(default)]
    pub chapters: Vec<VideoChapter>,
    /// Whether it helps those who apply for an account, who have no session yet: then anybody may see it.
    #[serde(default)]
    pub for_applicants: bool,
}

/// A file that belongs to a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoFile {
    /// File name below `videos/`.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// Digest.
    pub sha256: Sha256,
}

/// A part of a video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoChapter {
    /// Where it begins, in seconds.
    pub at: f64,
    /// Title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
}
