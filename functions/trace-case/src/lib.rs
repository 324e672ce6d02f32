//! 病例追踪: for a hospital's own staff, one case across its uploads and the six kinds of file, what is missing, and why it does not
//! count yet.
//!
//! Whose records are looked at is told by the session alone: another hospital's number is looked for among the caller's own, and so
//! answers exactly like one that never was.

mod reasons;
mod steps;
mod trace;
mod versions;

use utoipa_axum::routes;
use web::{OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(trace::trace_case))
        .with_state(service)
}
