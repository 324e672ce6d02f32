//! The audit trail: written together with what it tells of, read by operators, changed by nobody.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditEntry;
use domain::beijing;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::keys::{self, Key, PENDING_INDEX, PENDING_PK, PENDING_SK, PK, SK};
use crate::table::{Item, expire, put_new, read, text, write};
use crate::{Store, StoreError, Transaction, TransactionError};

/// How long entries are kept: the law asks for six months, records of dealings with personal data for three years.
pub const KEPT: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// The entry as parts of the transaction that does what it tells of, so that there is no act without an entry and no entry
/// without an act: one to be found by its subject and by its day, and one by who did it.
///
/// # Errors
/// When the entry cannot be written as items.
pub fn write_entry(
    store: &Store,
    entry: &AuditEntry,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let number = rand::random::<u64>();
    let sort = keys::audit_sort(entry.at, number);
    let item = |partition: String| -> Result<Item, StoreError> {
        let key = Key {
            pk: partition,
            sk: sort.clone(),
        };
        let mut item = write(key, entry, "audit entry")?;
        expire(&mut item, entry.at, KEPT);
        Ok(item)
    };
    let mut by_subject = item(keys::audit_subject(&entry.subject))?;
    let shard = u8::try_from(number % u64::from(keys::AUDIT_SHARDS)).unwrap_or_default();
    let day = keys::audit_day(beijing(entry.at).date(), shard);
    by_subject.insert(PENDING_PK.to_owned(), text(day));
    by_subject.insert(PENDING_SK.to_owned(), text(&sort));
    let by_whom = item(keys::audit_by(&entry.by))?;
    Ok(vec![put_new(store, by_subject)?, put_new(store, by_whom)?])
}

/// Writes an entry of an act that writes nothing itself, such as a look at somebody's data. The caller does not go on when
/// this fails: what cannot be noted does not happen.
///
/// # Errors
/// When the table cannot be written.
pub async fn note(store: &Store, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.add_all("audit", write_entry(store, entry)?);
    match transaction.commit(store).await {
        Ok(()) => Ok(()),
        Err(TransactionError::Refused(_)) => Err(StoreError::Conflict),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// What was done to an account, application or upload, newest first, at most `limit`, older than `before`.
///
/// # Errors
/// When the table cannot be read.
pub async fn of_subject(
    store: &Store,
    subject: &str,
    before: Option<Timestamp>,
    limit: i32,
) -> Result<Vec<AuditEntry>, StoreError> {
    newest(store, keys::audit_subject(subject), before, limit).await
}

/// What somebody did, likewise.
///
/// # Errors
/// When the table cannot be read.
pub async fn by(
    store: &Store,
    who: &str,
    before: Option<Timestamp>,
    limit: i32,
) -> Result<Vec<AuditEntry>, StoreError> {
    newest(store, keys::audit_by(who), before, limit).await
}

/// Everything that was done on a day in China, oldest first. The index lags a little behind.
///
/// # Errors
/// When the table cannot be read.
pub async fn of_day(store: &Store, day: Date) -> Result<Vec<AuditEntry>, StoreError> {
    let mut entries = Vec::new();
    for shard in 0..keys::AUDIT_SHARDS {
        let mut items = store
            .client
            .query()
            .table_name(&store.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PENDING_PK)
            .expression_attribute_values(":pk", text(keys::audit_day(day, shard)))
            .into_paginator()
            .items()
            .send();
        while let Some(found) = items.next().await {
            let found = found.map_err(StoreError::call("Query"))?;
            let attribute = |name: &str| found.get(name)?.as_s().ok().cloned();
            if let (Some(pk), Some(sk)) = (attribute(PK), attribute(SK)) {
                entries.extend(
                    store
                        .get::<AuditEntry>(Key { pk, sk }, "audit entry")
                        .await?,
                );
            }
        }
    }
    entries.sort_by_key(|entry: &AuditEntry| entry.at);
    Ok(entries)
}

async fn newest(
    store: &Store,
    partition: String,
    before: Option<Timestamp>,
    limit: i32,
) -> Result<Vec<AuditEntry>, StoreError> {
    // `~` follows every character of a moment.
    let before = before.map_or_else(|| "~".to_owned(), keys::pending_moment);
    let answer = store
        .client
        .query()
        .table_name(&store.table)
        .key_condition_expression("#pk = :pk AND #sk < :before")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_names("#sk", SK)
        .expression_attribute_values(":pk", text(partition))
        .expression_attribute_values(":before", text(before))
        .scan_index_forward(false)
        .consistent_read(true)
        .limit(limit)
        .send()
        .await
        .map_err(StoreError::call("Query"))?;
    let items = answer.items.unwrap_or_default();
    items
        .into_iter()
        .map(|item| read(item, "audit entry"))
        .collect()
}
