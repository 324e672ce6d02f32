//! Serves the portal's pages, which are compiled in.

mod pages;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use web::{ApiError, ErrorCode, OpenApiRouter};

/// Scripts and styles come from the pages' own files only, so text from a hospital's file can start nothing.
const POLICY: &str = "default-src 'self'; connect-src *; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// The routes of this function: `/` and every file under `pages/`.
pub fn router() -> OpenApiRouter {
    OpenApiRouter::new()
        .route("/", get(async || page("index.html")))
        .route(
            "/{*path}",
            get(async |Path(path): Path<String>| page(&path)),
        )
}

fn page(path: &str) -> Response {
    let Some(page) = pages::PAGES.iter().find(|page| page.path == path) else {
        return ApiError::from(ErrorCode::NoSuchPath).into_response();
    };
    let headers = [
        (CONTENT_TYPE, page.content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, page.bytes).into_response()
}
