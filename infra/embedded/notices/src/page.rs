//! The outbox for people, and for programs that read what was sent.

use axum::extract::{RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::Outbox;
use crate::form::Fields;

/// Nothing but the page's own files, so that no text of a message can start anything.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";
/// Most messages in one answer.
const MOST: usize = 500;

/// `GET /_local/outbox`, its files, and `GET /_local/outbox.json?to=`.
pub fn pages(outbox: Outbox) -> Router {
    let file = |content_type: &'static str, content: &'static str| {
        get(move || async move { page(content_type, content) })
    };
    let html = file(
        "text/html; charset=utf-8",
        include_str!("../page/outbox.html"),
    );
    Router::new()
        .route("/_local/outbox", html)
        .route(
            "/_local/outbox.js",
            file(
                "text/javascript; charset=utf-8",
                include_str!("../page/outbox.js"),
            ),
        )
        .route(
            "/_local/outbox.css",
            file(
                "text/css; charset=utf-8",
                include_str!("../page/outbox.css"),
            ),
        )
        .route("/_local/outbox.json", get(list))
        .with_state(outbox)
}

/// Messages newest first; `to` chooses a mail address or phone.
async fn list(State(outbox): State<Outbox>, RawQuery(query): RawQuery) -> Response {
    let query = Fields::parse(query.as_deref().unwrap_or_default());
    let mut messages = match query.get("to").filter(|to| !to.trim().is_empty()) {
        Some(to) => outbox.to(to),
        None => outbox.messages(),
    };
    messages.truncate(MOST);
    (
        [(CACHE_CONTROL, "no-store")],
        Json(json!({"messages": messages})),
    )
        .into_response()
}

fn page(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}
