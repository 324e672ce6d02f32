use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use thiserror::Error;

use crate::{Store, StoreError};

/// Items that are written together or not at all, each with a name that tells which one stood in the way.
#[derive(Debug, Default)]
pub struct Transaction {
    items: Vec<TransactWriteItem>,
    parts: Vec<&'static str>,
}

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum TransactionError {
    /// Conditions of these parts did not hold.
    #[error("conditions of {0:?} did not hold")]
    Refused(Vec<&'static str>),
    /// The table failed, or somebody else wrote one of the items at this very moment ([`StoreError::Conflict`]).
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Transaction {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item; no two may have one key.
    pub fn add(&mut self, part: &'static str, item: TransactWriteItem) {
        self.items.push(item);
        self.parts.push(part);
    }

    /// Adds several items under one name.
    pub fn add_all(&mut self, part: &'static str, items: Vec<TransactWriteItem>) {
        for item in items {
            self.add(part, item);
        }
    }

    /// Writes them where it does not matter which one stands in the way.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a condition did not hold, or whatever else failed.
    pub async fn settle(self, store: &Store) -> Result<(), StoreError> {
        match self.commit(store).await {
            Ok(()) => Ok(()),
            Err(TransactionError::Refused(_)) => Err(StoreError::Conflict),
            Err(TransactionError::Store(error)) => Err(error),
        }
    }

    /// Writes them. When an answer is lost the client sends it again under the same token, so the second try finds the
    /// first one done and not in its way.
    ///
    /// # Errors
    /// When a condition did not hold, or the table failed.
    pub async fn commit(self, store: &Store) -> Result<(), TransactionError> {
        let answer = store
            .client
            .transact_write_items()
            .set_transact_items(Some(self.items))
            .client_request_token(format!("{:032x}", rand::random::<u128>()))
            .send()
            .await;
        let Err(error) = answer else { return Ok(()) };
        if let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        {
            let failed = |code: Option<&str>| code == Some("ConditionalCheckFailed");
            let mut parts: Vec<&'static str> = self
                .parts
                .iter()
                .zip(cancelled.cancellation_reasons())
                .filter(|(_, reason)| failed(reason.code()))
                .map(|(part, _)| *part)
                .collect();
            parts.dedup();
            return Err(if parts.is_empty() {
                StoreError::Conflict.into()
            } else {
                TransactionError::Refused(parts)
            });
        }
        Err(StoreError::call("TransactWriteItems")(error).into())
    }
}
