//! Where another object store (MinIO and the like) sends its notifications.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use tokio::sync::mpsc::UnboundedSender;

/// Notifications are at most 64 KiB, as in AWS; some stores wrap them.
const BODY: usize = 128 * 1024;

/// `POST /_local/events`. Whoever can reach it may send anything: the functions look every key up among the tickets, so a false
/// notification costs a look and changes nothing.
pub(crate) fn router(notifications: UnboundedSender<String>) -> Router {
    Router::new()
        .route("/_local/events", post(receive))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(notifications)
}

async fn receive(
    State(notifications): State<UnboundedSender<String>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    // A page in a browser can send other types to any address without being asked; for this one it needs a leave it won't get.
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    match notifications.send(body) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
