//! Takes the data of front-end machines: small batches answered at once, and the wire protocol that existing programs speak.
//!
//! A batch is an upload like any other: a ticket, an object, and the way from claim to settlement that the event of the object
//! would start. That way is walked here, in the request; the event that follows finds it done, and where this process dies
//! the event, or the sweep, brings it to the same end.

mod answer;
mod batch;
mod body;
mod keep;
mod packing;
mod wire;

use startup::WireConfig;
use utoipa_axum::routes;
use web::{OpenApiRouter, Service};

/// The routes of this function; those of the existing wire protocol only where they are turned on.
pub fn router(service: Service, wire: &WireConfig) -> OpenApiRouter {
    let routes = OpenApiRouter::new().routes(routes!(batch::receive_batch));
    let routes = if wire.is_on {
        routes.merge(wire::routes(wire.limit))
    } else {
        routes
    };
    routes.with_state(service)
}
