//! 通知 waiting to be sent, each under a key of its own, so that the same event tells a person once.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::notice::{Notice, NoticeState};
use jiff::{SignedDuration, Timestamp};

use crate::keys::{self, NOTICE_PREFIX, PENDING_INDEX, PENDING_PK, PENDING_SK, PK};
use crate::table::{Item, expire, pending_before, replace, text};
use crate::{Store, StoreError};

/// How long a notice is kept after it was written, for questions and so that its key refuses a second one.
const KEPT: SignedDuration = SignedDuration::from_hours(200 * 24);

/// The notice as part of the transaction that writes what it tells of. A key that is there already cancels the whole
/// transaction: whoever writes it has been told of this event before.
///
/// # Errors
/// When the notice cannot be written as an item.
pub fn write(store: &Store, notice: &Notice) -> Result<TransactWriteItem, StoreError> {
    let put = Put::builder()
        .table_name(&store.table)
        .set_item(Some(item(notice)?))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .build()
        .map_err(|error| StoreError::malformed("notice")(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Writes a notice that belongs to no transaction; `false` when its key was there already.
///
/// # Errors
/// When the table cannot be written.
pub async fn put(store: &Store, notice: &Notice) -> Result<bool, StoreError> {
    let answer = store
        .client
        .put_item()
        .table_name(&store.table)
        .set_item(Some(item(notice)?))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .send()
        .await
        .map_err(StoreError::call("PutItem"));
    match answer {
        Ok(_) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The notice of this key.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(store: &Store, key: &str) -> Result<Option<Notice>, StoreError> {
    store.get(keys::notice(key), "notice").await
}

/// Stores a notice that was changed, if it is still as it was read, at version `seen`.
///
/// # Errors
/// [`StoreError::Conflict`] when another writer was first: nothing may be sent on the strength of what was read.
pub async fn save(store: &Store, notice: &Notice, seen: u64) -> Result<(), StoreError> {
    replace(store, keys::notice(&notice.key), item(notice)?, seen).await
}

/// Keys of notices whose time has come: to be sent, lost on the way, or to be wiped. At most `limit` of each shard,
/// the longest due first.
///
/// The index lags behind the table: read the notice itself before acting on it.
///
/// # Errors
/// When the table cannot be read.
pub async fn due(store: &Store, now: Timestamp, limit: i32) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let shards = (0..keys::NOTICE_SHARDS).map(keys::notices_due_partition);
    for partition in shards.chain([keys::NOTICES_UNCERTAIN.to_owned()]) {
        // The last digit of the key is the millisecond; what is due in this one is due.
        let before = format!("{}$", keys::pending_moment(now));
        let answer = pending_before(store, partition, before)
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::call("Query"))?;
        found.extend(answer.items.unwrap_or_default().iter().filter_map(key));
    }
    Ok(found)
}

/// Notices in a state, the longest due first within each shard, at most `limit`. Those that were sent are not listed.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    state: NoticeState,
    limit: usize,
) -> Result<Vec<Notice>, StoreError> {
    let partitions: Vec<String> = match state {
        NoticeState::Waiting | NoticeState::Sending => (0..keys::NOTICE_SHARDS)
            .map(keys::notices_due_partition)
            .collect(),
        NoticeState::Uncertain => vec![keys::NOTICES_UNCERTAIN.to_owned()],
        NoticeState::Failed => vec![keys::NOTICES_FAILED.to_owned()],
        NoticeState::Sent => Vec::new(),
    };
    let mut notices = Vec::new();
    for partition in partitions {
        let mut items = store
            .client
            .query()
            .table_name(&store.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", PENDING_PK)
            .expression_attribute_values(":pk", text(partition))
            .into_paginator()
            .items()
            .send();
        while let Some(found) = items.next().await {
            let found = found.map_err(StoreError::call("Query"))?;
            let Some(key) = key(&found) else { continue };
            let notice = find(store, &key).await?;
            notices.extend(notice.filter(|notice| notice.state == state));
            if notices.len() >= limit {
                return Ok(notices);
            }
        }
    }
    Ok(notices)
}

/// The key of the notice a stream record tells of, by the partition key of its item; `None` for other items.
pub fn key_of(partition: &str) -> Option<&str> {
    partition.strip_prefix(NOTICE_PREFIX)
}

fn key(item: &Item) -> Option<String> {
    key_of(item.get(PK)?.as_s().ok()?).map(str::to_owned)
}

fn item(notice: &Notice) -> Result<Item, StoreError> {
    let mut item = crate::table::write(keys::notice(&notice.key), notice, "notice")?;
    match keys::notice_pending(notice) {
        Some(pending) => {
            item.insert(PENDING_PK.to_owned(), text(pending.pk));
            item.insert(PENDING_SK.to_owned(), text(pending.sk));
        }
        None => expire(&mut item, notice.created_at, KEPT),
    }
    Ok(item)
}
