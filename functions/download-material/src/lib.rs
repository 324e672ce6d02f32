//! 资料下载: the current material package and the tutorial videos (manual 3.2, 3.3), for whoever is signed in; the video about
//! applying for an account for everybody.
//!
//! The bytes come from the store by presigned addresses; a browser reads a video in pieces.

use axum::extract::State;
use domain::audit::{Act, AuditEntry};
use domain::material::{PACKAGE_NAME, PackageItem, PackageManifest, VideoChapter};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use store::{audit, keys, material};
use utoipa::ToSchema;
use utoipa_axum::routes;
use web::{ApiError, Caller, ClientAddress, ErrorCode, Json, OpenApiRouter, Problem, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_material))
        .routes(routes!(list_videos))
        .with_state(service)
}

/// The current material package.
#[derive(Debug, Serialize, ToSchema)]
struct Material {
    /// Name of the archive.
    name: &'static str,
    /// Version: that of the interface standard and the beginning of the contents' digest.
    version: String,
    /// Bytes.
    size: u64,
    /// SHA-256 of the archive, hexadecimal.
    sha256: String,
    /// Whether the front-end machine program itself is in it, and not only where to get it.
    has_program: bool,
    /// The items, in the manual's order.
    items: Vec<Item>,
    /// To be fetched there within five minutes, under the archive's name.
    url: String,
}

/// One item of the package.
#[derive(Debug, Serialize, ToSchema)]
struct Item {
    /// File name.
    name: String,
    /// Bytes.
    size: u64,
    /// SHA-256, hexadecimal.
    sha256: String,
}

impl From<PackageItem> for Item {
    fn from(item: PackageItem) -> Self {
        Self {
            name: item.name,
            size: item.size,
            sha256: item.sha256.to_string(),
        }
    }
}

/// The current material package, with an address to fetch it from. The audit trail notes that the address was given out.
#[utoipa::path(
    get,
    path = "/api/v1/material",
    tag = "material",
    security(("bearer" = [])),
    responses(
        (status = OK, body = Material),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem, description = "nothing is published yet"),
    )
)]
async fn show_material(
    State(service): State<Service>,
    caller: Caller,
    address: ClientAddress,
) -> Result<Json<Material>, ApiError> {
    let manifest = material::current(&service.files).await?;
    let manifest = manifest.ok_or(ErrorCode::MaterialNotPublished)?;
    let entry = AuditEntry {
        at: service.clock.now(),
        act: Act::MaterialDownloaded,
        by: caller.account.id.to_string(),
        subject: format!("material {}", manifest.version),
        address: Some(address.text()).filter(|text| !text.is_empty()),
        request: None,
    };
    audit::note(&service.store, &entry).await?;
    let key = keys::material_package(&manifest.sha256);
    let url = service.files.presign_get(&key, &disposition()).await?;
    let PackageManifest {
        version,
        size,
        sha256,
        items,
        has_program,
    } = manifest;
    Ok(Json(Material {
        name: PACKAGE_NAME,
        version,
        size,
        sha256: sha256.to_string(),
        has_program,
        items: items.into_iter().map(Item::from).collect(),
        url,
    }))
}

/// Saves under the manual's name (RFC 6266), and under a plain one where a program reads no other.
fn disposition() -> String {
    let name = utf8_percent_encode(PACKAGE_NAME, NON_ALPHANUMERIC);
    format!("attachment; filename=\"material.zip\"; filename*=UTF-8''{name}")
}

/// The tutorial videos, in the order they are shown.
#[derive(Debug, Serialize, ToSchema)]
struct VideoList {
    /// The videos; none while none were published.
    videos: Vec<VideoView>,
}

/// One tutorial.
#[derive(Debug, Serialize, ToSchema)]
struct VideoView {
    /// Title.
    title_zh: String,
    /// English title.
    title_en: String,
    /// Length in seconds.
    seconds: u32,
    /// Bytes.
    size: u64,
    /// Media type.
    media_type: String,
    /// To be played from there, within two hours; ranges are answered.
    url: String,
    /// Chinese captions (WebVTT), likewise; null where there are none.
    captions_url: Option<String>,
    /// Its parts, in their order.
    chapters: Vec<ChapterView>,
    /// Whether it can be seen without a session.
    for_applicants: bool,
}

/// A part of a video.
#[derive(Debug, Serialize, ToSchema)]
struct ChapterView {
    /// Where it begins, in seconds.
    at: f64,
    /// Title.
    title_zh: String,
    /// English title.
    title_en: String,
}

impl From<VideoChapter> for ChapterView {
    fn from(chapter: VideoChapter) -> Self {
        Self {
            at: chapter.at,
            title_zh: chapter.title_zh,
            title_en: chapter.title_en,
        }
    }
}

/// Lists the tutorial videos: to whoever is signed in all of them, to everybody else those about applying for an account.
#[utoipa::path(
    get,
    path = "/api/v1/videos",
    tag = "material",
    security((), ("bearer" = [])),
    responses((status = OK, body = VideoList))
)]
async fn list_videos(
    State(service): State<Service>,
    caller: Result<Caller, ApiError>,
) -> Result<Json<VideoList>, ApiError> {
    let all = caller.is_ok();
    let mut videos = Vec::new();
    let published = material::videos(&service.files).await?.videos;
    for video in published
        .into_iter()
        .filter(|video| all || video.for_applicants)
    {
        let files = &service.files;
        let key = keys::video_object(&video.file);
        let url = files.presign_media(&key, &video.media_type).await?;
        let captions_url = match &video.captions {
            Some(track) => {
                let key = keys::video_object(&track.file);
                Some(files.presign_media(&key, "text/vtt").await?)
            }
            None => None,
        };
        videos.push(VideoView {
            title_zh: video.title_zh,
            title_en: video.title_en,
            seconds: video.seconds,
            size: video.size,
            media_type: video.media_type,
            url,
            captions_url,
            chapters: video.chapters.into_iter().map(ChapterView::from).collect(),
            for_applicants: video.for_applicants,
        });
    }
    Ok(Json(VideoList { videos }))
}
