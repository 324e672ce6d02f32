//! 忘记密码: what was asked for with a code by SMS, and by whom it may be finished.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::notice::Notice;
use domain::sms_code::{CODE_LIFETIME, CodePurpose, SmsCode};
use domain::{Account, AccountId, Sha256, TokenHash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{delete_if, expire, put_new, text, write};
use crate::{Store, StoreError, Transaction, accounts, keys, notices, sms_codes};

/// A request for a code, found by the digest of what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReset {
    /// Whose password it is; nobody's where what was typed leads to no account.
    pub account: Option<AccountId>,
    /// What its code is kept under: the phone it went to, or a digest of what was typed.
    pub kept_under: String,
}

/// Keeps a request and its code, and puts the message into the outbox if there is anybody to tell. As much is written for who
/// is unknown, so that the time does not tell who has an account.
///
/// # Errors
/// When the table cannot be written.
pub async fn ask(
    store: &Store,
    reset: &PasswordReset,
    code: &SmsCode,
    message: Option<&Notice>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let pointer = |request: &str| -> Result<TransactWriteItem, StoreError> {
        let key = keys::password_reset(&TokenHash::of(request));
        let mut item = write(key, reset, "password reset")?;
        expire(&mut item, now, CODE_LIFETIME);
        put_new(store, item)
    };
    let mut transaction = Transaction::new();
    transaction.add("code", sms_codes::write_code(store, code, now)?);
    transaction.add("reset", pointer(&code.request)?);
    let third = match message {
        Some(message) => notices::write(store, message)?,
        None => pointer(&Sha256::of(code.request.as_bytes()).to_string())?,
    };
    transaction.add("notice", third);
    transaction.settle(store).await
}

/// What was asked for by this request.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(store: &Store, request: &str) -> Result<Option<PasswordReset>, StoreError> {
    let key = keys::password_reset(&TokenHash::of(request));
    store.get(key, "password reset").await
}

/// Stores the account with its new password together with `others`, and uses the code up: one code, one password.
///
/// # Errors
/// [`StoreError::Conflict`] when the account was changed or the code used meanwhile.
pub async fn finish(
    store: &Store,
    reset: &PasswordReset,
    request: &str,
    before: &Account,
    after: &Account,
    others: Vec<TransactWriteItem>,
) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    accounts::add_change(store, &mut transaction, before, after)?;
    let code = keys::code(CodePurpose::PasswordReset, &reset.kept_under);
    transaction.add("code", delete_if(store, code, "request", text(request))?);
    transaction.add_all("other", others);
    transaction.settle(store).await
}
