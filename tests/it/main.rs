//! The whole service, tested as its users meet it: through HTTP and the object store: on the embedded servers, or
//! on those that `infra/servers/run` starts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a failing test may end where it stands; nothing here is a library"
)]

mod access;
mod accounts;
mod actors;
mod analysts;
mod answers;
mod application;
mod authenticator;
mod batches;
mod between;
mod bounds;
mod broken_files;
mod case_history;
mod corrections;
mod death_cases;
mod everything;
mod faults;
mod flows;
mod front;
mod hostile_requests;
mod icd;
mod icd_redelivery;
mod isolation;
mod material;
mod mending;
mod no_leaks;
mod overview;
mod overview_counters;
mod presigned;
mod redelivery;
mod samples;
mod schedule;
mod schedules;
mod seldom;
mod servers;
mod stage;
mod template;
mod upload;
mod weather;
mod webhooks;
mod wire_protocol;
mod world;
