//! 前置机: credentials made for machines, what the machines tell of themselves, and the view of all of them.

mod credentials;
mod fleet;
mod heartbeat;

use utoipa_axum::routes;
use web::{OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(
            credentials::make_credential,
            credentials::list_credentials
        ))
        .routes(routes!(credentials::revoke_credential))
        .routes(routes!(heartbeat::take_heartbeat))
        .routes(routes!(fleet::show_fleet))
        .with_state(service)
}
