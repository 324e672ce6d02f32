//! The whole check, as its callers use it.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "functions that tests share are not seen as tests by the lints"
)]

mod archives;
mod damaged_files;
mod files;
mod invisible;
mod properties;
mod raw_zip;
mod support;
mod values;
