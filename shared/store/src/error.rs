use std::error::Error as _;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use thiserror::Error;

/// What goes wrong between the service and its table or bucket.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A condition did not hold: another writer was first, or the thing exists already.
    #[error("changed by another writer meanwhile")]
    Conflict,
    /// Nothing there.
    #[error("not found")]
    NotFound,
    /// The call failed; trying again later may help.
    #[error("`{operation}` failed: {message}")]
    Unavailable {
        /// The call.
        operation: &'static str,
        /// What the SDK says. It names no values of items.
        message: String,
    },
    /// A stored item is not what this program writes.
    #[error("a stored `{what}` cannot be read: {message}")]
    Malformed {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        message: String,
    },
    /// More was left over than could be written within the time given.
    #[error("{left} items were still unwritten after the last try")]
    Unprocessed {
        /// How many.
        left: usize,
    },
}

impl StoreError {
    pub(crate) fn call<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        move |error| match error.code() {
            Some("ConditionalCheckFailedException" | "TransactionConflictException") => {
                Self::Conflict
            }
            _ => Self::Unavailable {
                operation,
                // The outer error only names the kind of failure; the reason is at the root.
                message: error.source().map_or_else(
                    || error.to_string(),
                    |_| DisplayErrorContext(&error).to_string(),
                ),
            },
        }
    }

    /// For writes that change nothing when another writer was first: what they would write is there already, or out of date.
    pub(crate) fn unless_conflict<T>(answer: Result<T, Self>) -> Result<(), Self> {
        match answer {
            Ok(_) | Err(Self::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn malformed(what: &'static str) -> impl FnOnce(String) -> Self {
        move |message| Self::Malformed { what, message }
    }
}
