//! Signs people and machines in: login name or phone and password against a session, and whatever its owner does with account
//! and sessions.

mod audit;
mod change_password;
mod machine;
mod notices;
mod own_sessions;
mod password;
mod reset_password;
mod second_factor;
mod sign_in;
mod view;

use axum::Extension;
use domain::PasswordPolicy;
use utoipa_axum::routes;
use web::{OpenApiRouter, Service};

/// The routes of this function. `policy` is what the deployment asks of passwords.
pub fn router(service: Service, policy: PasswordPolicy) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(
            sign_in::sign_in,
            own_sessions::who_am_i,
            own_sessions::sign_out
        ))
        .routes(routes!(
            own_sessions::list_sessions,
            own_sessions::end_other_sessions
        ))
        .routes(routes!(own_sessions::end_session))
        .routes(routes!(change_password::change_password))
        .routes(routes!(reset_password::request_code))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(second_factor::begin_second_factor))
        .routes(routes!(second_factor::confirm_second_factor))
        .routes(routes!(second_factor::end_second_factor))
        .layer(Extension(policy))
        .with_state(service)
}
