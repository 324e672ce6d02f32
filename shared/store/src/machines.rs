//! 前置机: credentials made for machines, and what the machines told last.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::machine::{Heartbeat, MachineCredential, MachineId, MachineLogin};
use domain::{Account, AccountId, AccountState, TokenHash};
use jiff::{SignedDuration, Timestamp};

use crate::keys::{
    self, HEARTBEAT_PREFIX, MACHINE_PREFIX, PENDING_INDEX, PENDING_PK, PENDING_SK, PK, SK,
};
use crate::table::{Item, below, expire, put_if, put_new, read_all, text, write};
use crate::{Store, StoreError, accounts, provinces};

/// The write that makes a credential, as part of the transaction with its audit entry.
///
/// # Errors
/// When it cannot be written as an item.
pub fn make(
    store: &Store,
    credential: &MachineCredential,
) -> Result<TransactWriteItem, StoreError> {
    let key = keys::machine(&credential.account, &credential.id);
    put_new(store, write(key, credential, "machine credential")?)
}

/// The write that takes a credential back, likewise. It stays in the list, so that the hospital sees what there was.
///
/// # Errors
/// When it cannot be written as an item.
pub fn revoke(
    store: &Store,
    credential: &MachineCredential,
    now: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    let revoked = MachineCredential {
        revoked_at: Some(now),
        ..credential.clone()
    };
    let key = keys::machine(&credential.account, &credential.id);
    let item = write(key, &revoked, "machine credential")?;
    put_if(
        store,
        item,
        "attribute_exists(#pk) AND attribute_not_exists(revoked_at)",
        &[("#pk", PK)],
        &[],
    )
}

/// All credentials of an account, those taken back among them.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    account: &AccountId,
) -> Result<Vec<MachineCredential>, StoreError> {
    let query = below(store, keys::account_partition(account), MACHINE_PREFIX);
    let mut credentials: Vec<MachineCredential> = read_all(query, "machine credential").await?;
    credentials.sort_by_key(|credential| credential.created_at);
    Ok(credentials)
}

/// The credential of this id if it counts: not taken back, and made since the account has its data manager.
///
/// # Errors
/// When the table cannot be read.
pub async fn live(
    store: &Store,
    account: &Account,
    machine: &MachineId,
) -> Result<Option<MachineCredential>, StoreError> {
    let key = keys::machine(&account.id, machine);
    let credential = store
        .get::<MachineCredential>(key, "machine credential")
        .await?;
    Ok(credential.filter(|credential| {
        credential.revoked_at.is_none() && credential.epoch == account.machine_epoch
    }))
}

/// The account and credential that login name and secret of a machine open; `None`: they do not fit, whatever the reason.
///
/// # Errors
/// When the table cannot be read.
pub async fn open(
    store: &Store,
    login: &MachineLogin,
    secret: &str,
) -> Result<Option<(Account, MachineCredential)>, StoreError> {
    let Some(account) = accounts::find(store, &login.account)
        .await?
        // Before its owner has chosen a password, and after it was disabled, an account's machines do nothing.
        .filter(|account| account.state == AccountState::Active)
    else {
        return Ok(None);
    };
    let credential = live(store, &account, &login.machine).await?;
    // Digests are compared: where two differ tells nothing about the secret.
    let fits = |credential: &MachineCredential| credential.secret == TokenHash::of(secret);
    Ok(credential
        .filter(fits)
        .map(|credential| (account, credential)))
}

/// What a machine told is kept so long.
const HEARD: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Keeps what a machine told, in place of what it told before.
///
/// # Errors
/// When the table cannot be written.
pub async fn heard(
    store: &Store,
    province: Option<&str>,
    beat: &Heartbeat,
) -> Result<(), StoreError> {
    let key = keys::heartbeat(&beat.account, &beat.machine);
    let mut item = write(key, beat, "heartbeat")?;
    let place = keys::fleet(
        province.unwrap_or(provinces::NOWHERE),
        &beat.account,
        &beat.machine,
    );
    item.insert(PENDING_PK.to_owned(), text(place.pk));
    item.insert(PENDING_SK.to_owned(), text(place.sk));
    expire(&mut item, beat.at, HEARD);
    store
        .client
        .put_item()
        .table_name(&store.table)
        .set_item(Some(item))
        .send()
        .await
        .map_err(StoreError::call("PutItem"))?;
    Ok(())
}

/// What the machines of a province's hospitals told last, by account; those after `after`, at most `limit`; and where to go
/// on.
///
/// # Errors
/// When the table cannot be read.
pub async fn fleet(
    store: &Store,
    province: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Heartbeat>, Option<String>), StoreError> {
    let answer = store
        .client
        .query()
        .table_name(&store.table)
        .index_name(PENDING_INDEX)
        .key_condition_expression("#pk = :pk AND #sk > :after")
        .expression_attribute_names("#pk", PENDING_PK)
        .expression_attribute_names("#sk", PENDING_SK)
        .expression_attribute_values(":pk", text(keys::fleet_partition(province)))
        .expression_attribute_values(":after", text(after.unwrap_or("!")))
        .limit(i32::try_from(limit).unwrap_or(i32::MAX - 1) + 1)
        .send()
        .await
        .map_err(StoreError::call("Query"))?;
    let mut places: Vec<(AccountId, String)> = answer
        .items
        .unwrap_or_default()
        .iter()
        .filter_map(place)
        .collect();
    let more = places.len() > limit;
    places.truncate(limit);
    let next = places
        .last()
        .filter(|_| more)
        .map(|(account, machine)| format!("{account}#{machine}"));
    let mut beats = Vec::with_capacity(places.len());
    for (account, machine) in places {
        let key = keys::heartbeat(&account, &machine);
        beats.extend(store.get::<Heartbeat>(key, "heartbeat").await?);
    }
    Ok((beats, next))
}

fn place(item: &Item) -> Option<(AccountId, String)> {
    let attribute = |name: &str| item.get(name)?.as_s().ok();
    let account = attribute(PK)?.strip_prefix("ACCOUNT#")?.parse().ok()?;
    let machine = attribute(SK)?.strip_prefix(HEARTBEAT_PREFIX)?.to_owned();
    Some((account, machine))
}
