//! Judging, over the real clients and the embedded servers: whatever breaks on the way, the end is that of a clean run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a failing test may end where it stands; nothing here is a library"
)]

mod converges;
mod faults;
mod once;
mod world;
