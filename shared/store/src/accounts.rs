//! 账号: found by id, login name or phone.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Account, AccountId, LoginName, NewAccount, Phone};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::table::{delete_if, number, put_if, put_new, text, write};
use crate::{Store, StoreError, Transaction, overview};

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
    let mut transaction = Transaction::new();
    add_new(store, &mut transaction, &account)?;
    transaction.settle(store).await?;
    Ok(account)
}

/// Adds what makes a new account to a transaction: the account, and what leads to it by login name and phone. The parts are
/// called `account`, `login_name` and `phone`.
///
/// # Errors
/// When it cannot be written as items.
pub fn add_new(
    store: &Store,
    transaction: &mut Transaction,
    account: &Account,
) -> Result<(), StoreError> {
    let item = write(keys::account(&account.id), account, "account")?;
    transaction.add("account", put_new(store, item)?);
    let leads_here = pointer(account);
    let item = write(keys::login(&account.login_name), &leads_here, "login name")?;
    transaction.add("login_name", put_new(store, item)?);
    if let Some(phone) = &account.phone {
        let item = write(keys::phone(phone), &leads_here, "phone")?;
        transaction.add("phone", put_new(store, item)?);
    }
    overview::add_to_roster(store, transaction, account)
}

/// Adds the change of an account to a transaction, if it is still at version `before`; another phone leads to it from then
/// on, and the earlier one nowhere. The parts are called `account` and `phone`.
///
/// # Errors
/// When it cannot be written as items.
pub fn add_change(
    store: &Store,
    transaction: &mut Transaction,
    before: &Account,
    after: &Account,
) -> Result<(), StoreError> {
    transaction.add("account", put_changed(store, after, before.version)?);
    overview::move_on_roster(store, transaction, before, after)?;
    if before.phone == after.phone {
        return Ok(());
    }
    if let Some(phone) = &before.phone {
        let id = text(before.id.as_str());
        transaction.add(
            "phone",
            delete_if(store, keys::phone(phone), "account", id)?,
        );
    }
    if let Some(phone) = &after.phone {
        let item = write(keys::phone(phone), &pointer(after), "phone")?;
        transaction.add("phone", put_new(store, item)?);
    }
    Ok(())
}

/// Stores a changed account together with `others`, if it is still at version `seen`.
///
/// # Errors
/// [`StoreError::Conflict`] when another writer was first.
pub async fn save(
    store: &Store,
    account: &Account,
    seen: u64,
    others: Vec<TransactWriteItem>,
) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.add("account", put_changed(store, account, seen)?);
    for other in others {
        transaction.add("other", other);
    }
    transaction.settle(store).await
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

fn pointer(account: &Account) -> Pointer {
    Pointer {
        account: account.id.clone(),
    }
}

fn put_changed(
    store: &Store,
    account: &Account,
    seen: u64,
) -> Result<TransactWriteItem, StoreError> {
    let item = write(keys::account(&account.id), account, "account")?;
    put_if(
        store,
        item,
        "version = :seen",
        &[],
        &[(":seen", number(seen))],
    )
}
