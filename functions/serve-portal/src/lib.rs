//! Serves the portal's pages, which are compiled in: one frame for every page, and modules that fill it.

mod pages;
mod site;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use web::{ApiError, ErrorCode, OpenApiRouter};

use site::{File, Site};

/// The description of the whole API (OpenAPI). Every function knows its own routes only, so this one answers with what was written
/// down of all of them, which a test holds against the handlers.
pub const DESCRIPTION: &str = include_str!("../../../docs/generated/openapi.json");

/// The routes of this function: the pages' addresses, and every file under `pages/assets/`.
///
/// `store` is the origin (or several, separated by spaces) that files are put to and fetched from; pages may talk to it and to the
/// service itself, and to nobody else.
pub fn router(store: &str) -> OpenApiRouter {
    let site = Arc::new(Site::new(store));
    OpenApiRouter::new()
        .route(
            "/",
            get(async |State(site): State<Arc<Site>>, headers: HeaderMap| {
                page(&site, &headers, StatusCode::OK)
            }),
        )
        .route("/{*path}", get(serve))
        .with_state(site)
}

async fn serve(
    State(site): State<Arc<Site>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(asset) = path.strip_prefix("assets/") {
        return match site.asset(asset) {
            Some((file, caching)) => answer(file, caching, &headers),
            None => ApiError::from(ErrorCode::NoSuchPath).into_response(),
        };
    }
    if pages::is_page(&path) {
        return page(&site, &headers, StatusCode::OK);
    }
    // A person who mistyped an address gets a page that says so; a program gets the API's form of error.
    let for_people = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if for_people && !path.starts_with("api/") {
        page(&site, &headers, StatusCode::NOT_FOUND)
    } else {
        ApiError::from(ErrorCode::NoSuchPath).into_response()
    }
}

/// The frame, which asks for the modules of the page that its address names.
fn page(site: &Site, headers: &HeaderMap, status: StatusCode) -> Response {
    let mut response = answer(&site.shell, "no-cache", headers);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    let policy = site.policy.clone();
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn answer(file: &File, caching: &'static str, headers: &HeaderMap) -> Response {
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|tag| tag.trim().trim_start_matches("W/") == file.tag)
        });
    let answer = [
        (ETAG, file.tag.as_str()),
        (CACHE_CONTROL, caching),
        (CONTENT_TYPE, file.content_type),
        (CONTENT_SECURITY_POLICY, site::FILE_POLICY),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, answer).into_response();
    }
    (answer, file.bytes.clone()).into_response()
}
