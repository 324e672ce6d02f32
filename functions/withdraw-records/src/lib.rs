//! 撤回: a hospital takes back an upload or one record of it, with a reason; reviewers see what was taken back.
//!
//! A withdrawal has a number of its own among the account's uploads. It is written once for its target, together with its audit
//! entry; then every later upload is settled anew. Dying in between leaves it on the list of unfinished work, and the same request
//! again, or the sweep, carries on there.

mod list;
mod withdraw;

use utoipa_axum::routes;
use web::{OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(withdraw::withdraw))
        .routes(routes!(list::list_withdrawals))
        .with_state(service)
}
