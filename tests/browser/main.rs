//! The pages, used in a real browser as people use them: by what is written on buttons, fields and links.
//!
//! Needs Chromium and chromedriver (`tests/run` installs them on Debian). `FLU_PICTURES=<folder>` keeps a picture of every page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a failing test may end where it stands; nothing here is a library, and the world is shared with the other tests"
)]

mod account;
mod application;
#[path = "../it/authenticator.rs"]
mod authenticator;
mod browser;
mod corrections;
mod death_case;
mod every_page;
mod icd;
mod local_check;
mod material;
mod overview;
mod people;
#[path = "../it/samples.rs"]
mod samples;
#[path = "../it/servers.rs"]
mod servers;
#[path = "../it/template"]
mod template {
    pub(crate) mod guard;
    pub(crate) mod permissions;
    pub(crate) mod policy;
    pub(crate) mod read;
    pub(crate) mod requests;
}
mod upload;
#[path = "../it/world.rs"]
mod world;
