#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod applicants;
pub mod applications;
pub mod attempts;
pub mod audit;
mod batches;
mod claims;
pub mod death_cases;
mod error;
mod files;
pub mod findings;
pub mod icd_files;
pub mod idempotency;
pub mod keys;
pub mod machines;
pub mod material;
pub mod notices;
pub mod overview;
pub mod password_resets;
pub mod provinces;
pub mod schema;
pub mod segments;
pub mod sessions;
pub mod sms_codes;
mod table;
mod transaction;
pub mod uploads;
pub mod webhooks;
pub mod wire_tokens;
pub mod withdrawals;

/// A write of a [`Transaction`].
pub use aws_sdk_dynamodb::types::TransactWriteItem as Write;
pub use error::StoreError;
pub use files::{Files, Found, ObjectRead, PresignedPut};
pub use table::Store;
pub use transaction::{Transaction, TransactionError};
