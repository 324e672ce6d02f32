//! Shows uploads and what was found in them.

use web::{OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new().with_state(service)
}
