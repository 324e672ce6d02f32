//! 账号: found by id, login name or phone.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{Account, AccountId, LoginName, NewAccount, Phone};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key, PK};
use crate::table::write;
use crate::{Store, StoreError};

/// Leads from a login name or phone to the account.
#[derive(Serialize, Deserialize)]
struct Pointer {
    account: AccountId,
}

/// Creates an account together with what leads to it by login name and phone.
///
/// # Errors
/// [`StoreError::Conflict`] when the login name or phone is taken.
pub async fn create(store: &Store, new: NewAccount, now: Timestamp) -> Result<Account, StoreError> {
    let account = Account::new(new, now);
    let pointer = Pointer {
        account: account.id.clone(),
    };
    let mut request = store
        .client
        .transact_write_items()
        // The SDK sends it again when an answer is lost; the token makes the second a repeat, not a conflict with
        // the first.
        .client_request_token(account.id.as_str().get(..26).unwrap_or_default())
        .transact_items(put_new(
            store,
            write(keys::account(&account.id), &account, "account")?,
        )?)
        .transact_items(put_new(
            store,
            write(keys::login(&account.login_name), &pointer, "login name")?,
        )?);
    if let Some(phone) = &account.phone {
        request = request.transact_items(put_new(
            store,
            write(keys::phone(phone), &pointer, "phone")?,
        )?);
    }
    match request.send().await {
        Ok(_) => Ok(account),
        Err(error) => {
            let cancelled = error
                .as_service_error()
                .is_some_and(|error| error.is_transaction_canceled_exception());
            if cancelled {
                Err(StoreError::Conflict)
            } else {
                Err(StoreError::call("TransactWriteItems")(error))
            }
        }
    }
}

/// The account with this id.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(store: &Store, id: &AccountId) -> Result<Option<Account>, StoreError> {
    store.get(keys::account(id), "account").await
}

/// The account of what was typed at sign-in: a login name or a phone.
///
/// Both ways are always asked, so that the time tells nothing about which exist.
///
/// # Errors
/// When the table cannot be read.
pub async fn find_by_login(store: &Store, typed: &str) -> Result<Option<Account>, StoreError> {
    let name = typed
        .parse::<LoginName>()
        .ok()
        .map(|name| keys::login(&name));
    let phone = typed.parse::<Phone>().ok().map(|phone| keys::phone(&phone));
    let nothing = || Key {
        pk: "LOGIN#".to_owned(),
        sk: "NOBODY".to_owned(),
    };
    let (by_name, by_phone) = tokio::try_join!(
        store.get::<Pointer>(name.unwrap_or_else(nothing), "login name"),
        store.get::<Pointer>(phone.unwrap_or_else(nothing), "phone"),
    )?;
    let id = by_name.or(by_phone).map(|pointer| pointer.account);
    match id {
        Some(id) => find(store, &id).await,
        None => store.get(nothing(), "account").await,
    }
}

fn put_new(store: &Store, item: crate::table::Item) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(&store.table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .build()
        .map_err(|error| StoreError::malformed("account")(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
