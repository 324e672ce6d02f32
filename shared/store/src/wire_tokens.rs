//! Transactions of the existing wire protocol: a token for one file, which also leads to its result.

use domain::machine::MachineId;
use domain::{AccountId, SessionToken, Sha256, TokenHash, UploadId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::{self, PK};
use crate::table::{expire, key_item, text, write};
use crate::{Store, StoreError};

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireToken {
    /// Whose it is.
    pub account: AccountId,
    /// The machine that asked for it; with its credential the token is over.
    pub machine: MachineId,
    /// When it was given.
    pub created_at: Timestamp,
    /// The upload, once its file has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<UploadId>,
    /// Digest of that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Sha256>,
}

impl WireToken {
    /// How long a file can be sent under it.
    pub const SENDING: SignedDuration = SignedDuration::from_hours(24);
    /// How long its result can be asked for.
    pub const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);
}

/// Gives a token.
///
/// # Errors
/// When the table cannot be written.
pub async fn begin(
    store: &Store,
    account: &AccountId,
    machine: &MachineId,
    now: Timestamp,
) -> Result<SessionToken, StoreError> {
    let token = SessionToken::random();
    let transaction = WireToken {
        account: account.clone(),
        machine: machine.clone(),
        created_at: now,
        upload: None,
        file: None,
    };
    let key = keys::wire_token(&token.hash());
    let mut item = write(key, &transaction, "transaction")?;
    expire(&mut item, now, WireToken::KEPT);
    store
        .client
        .put_item()
        .table_name(&store.table)
        .set_item(Some(item))
        .send()
        .await
        .map_err(StoreError::call("PutItem"))?;
    Ok(token)
}

/// The transaction of a token.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(
    store: &Store,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<WireToken>, StoreError> {
    let found = store
        .get::<WireToken>(keys::wire_token(token), "transaction")
        .await?;
    Ok(found.filter(|token| now < token.created_at + WireToken::KEPT))
}

/// Binds a transaction to its file and upload; one that is bound already keeps what it has, which is answered.
///
/// # Errors
/// [`StoreError::NotFound`] when the token is gone, or when the table cannot be written.
pub async fn bind(
    store: &Store,
    token: &TokenHash,
    file: &Sha256,
    upload: &UploadId,
    now: Timestamp,
) -> Result<WireToken, StoreError> {
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(keys::wire_token(token))))
        .update_expression("SET #file = :file, upload = :upload")
        .condition_expression("attribute_exists(#pk) AND attribute_not_exists(upload)")
        .expression_attribute_names("#file", "file")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_values(":file", text(file.to_string()))
        .expression_attribute_values(":upload", text(upload.as_str()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    match answer {
        // Bound by the same request before, or by another at the same time: both go on with what stands there.
        Ok(_) | Err(StoreError::Conflict) => {}
        Err(error) => return Err(error),
    }
    find(store, token, now).await?.ok_or(StoreError::NotFound)
}
