#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod attempts;
mod error;
mod files;
pub mod findings;
pub mod keys;
pub mod notices;
pub mod schema;
pub mod sessions;
mod table;
pub mod uploads;

pub use error::StoreError;
pub use files::{Files, Found, ObjectRead, PresignedPut};
pub use table::Store;
