//! 前置机: credentials made for machines, what the machines tell of themselves, and the view of all of them; and where hospitals'
//! own systems are told of results.

mod audited;
mod credentials;
mod fleet;
mod heartbeat;
mod webhook;

use axum::Extension;
use domain::webhook::AllowedHosts;
use utoipa_axum::routes;
use web::{OpenApiRouter, Service};

/// The routes of this function. `allowed` are hosts that results may be told to although they are not public.
pub fn router(service: Service, allowed: AllowedHosts) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(
            credentials::make_credential,
            credentials::list_credentials
        ))
        .routes(routes!(credentials::revoke_credential))
        .routes(routes!(heartbeat::take_heartbeat))
        .routes(routes!(fleet::show_fleet))
        .routes(routes!(
            webhook::show_webhook,
            webhook::set_webhook,
            webhook::remove_webhook
        ))
        .routes(routes!(webhook::rotate_secret))
        .routes(routes!(webhook::end_previous_secret))
        .routes(routes!(webhook::send_test))
        .layer(Extension(allowed))
        .with_state(service)
}
