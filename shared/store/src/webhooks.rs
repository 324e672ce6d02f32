//! 结果推送: the address of an account, and the deliveries to it, each written with what it tells of.

use domain::AccountId;
use domain::webhook::{Delivery, DeliveryKey, Webhook};
use jiff::{SignedDuration, Timestamp};

use crate::keys::{self, DELIVERY_PREFIX, PENDING_PK, PENDING_SK, PK, SK};
use crate::table::{
    Item, below, delete_if, expire, number, pending_before, put_if, put_new, read, replace, text,
    write,
};
use crate::{Store, StoreError, Write};

/// How long a delivery is shown after it has ended.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The address of an account.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(store: &Store, account: &AccountId) -> Result<Option<Webhook>, StoreError> {
    store.get(keys::webhook(account), "webhook").await
}

/// Writes the first address of an account, as part of a transaction.
///
/// # Errors
/// When it cannot be written as an item.
pub fn make(store: &Store, webhook: &Webhook) -> Result<Write, StoreError> {
    put_new(store, item(webhook)?)
}

/// Writes one that was changed, if it is still as it was read, at version `seen`; as part of a transaction.
///
/// # Errors
/// When it cannot be written as an item.
pub fn save(store: &Store, webhook: &Webhook, seen: u64) -> Result<Write, StoreError> {
    put_if(
        store,
        item(webhook)?,
        "version = :seen",
        &[],
        &[(":seen", number(seen))],
    )
}

/// Takes one away as it was read, as part of a transaction.
///
/// # Errors
/// When the write cannot be made.
pub fn remove(store: &Store, webhook: &Webhook) -> Result<Write, StoreError> {
    let key = keys::webhook(&webhook.account);
    delete_if(store, key, "version", number(webhook.version))
}

fn item(webhook: &Webhook) -> Result<Item, StoreError> {
    write(keys::webhook(&webhook.account), webhook, "webhook")
}

/// Writes a delivery with what it tells of, as part of its transaction.
///
/// # Errors
/// When it cannot be written as an item.
pub fn announce(store: &Store, delivery: &Delivery) -> Result<Write, StoreError> {
    put_new(store, delivery_item(delivery)?)
}

/// One delivery.
///
/// # Errors
/// When the table cannot be read.
pub async fn find_delivery(
    store: &Store,
    key: &DeliveryKey,
) -> Result<Option<Delivery>, StoreError> {
    store.get(keys::delivery(key), "delivery").await
}

/// Stores a delivery that was changed, if it is still as it was read, at version `seen`.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker was first: nothing may be sent on the strength of what was read.
pub async fn save_delivery(
    store: &Store,
    delivery: &Delivery,
    seen: u64,
) -> Result<(), StoreError> {
    let key = keys::delivery(&delivery.key());
    replace(store, key, delivery_item(delivery)?, seen).await
}

/// The newest deliveries of an account, at most `limit`.
///
/// # Errors
/// When the table cannot be read.
pub async fn deliveries(
    store: &Store,
    account: &AccountId,
    limit: i32,
) -> Result<Vec<Delivery>, StoreError> {
    let answer = below(store, keys::webhook_partition(account), DELIVERY_PREFIX)
        .scan_index_forward(false)
        .limit(limit)
        .send()
        .await
        .map_err(StoreError::call("Query"))?;
    let items = answer.items.unwrap_or_default().into_iter();
    items.map(|item| read(item, "delivery")).collect()
}

/// Deliveries whose time has come, at most `limit` of each shard, the longest due first.
///
/// The index lags behind the table: read the delivery itself before acting on it.
///
/// # Errors
/// When the table cannot be read.
pub async fn due(
    store: &Store,
    now: Timestamp,
    limit: i32,
) -> Result<Vec<DeliveryKey>, StoreError> {
    let mut found = Vec::new();
    for shard in 0..keys::DELIVERY_SHARDS {
        // The last digit of the key is the millisecond; what is due in this one is due.
        let before = format!("{}$", keys::pending_moment(now));
        let answer = pending_before(store, keys::deliveries_due_partition(shard), before)
            .limit(limit)
            .send()
            .await
            .map_err(StoreError::call("Query"))?;
        let items = answer.items.unwrap_or_default();
        found.extend(items.iter().filter_map(|item| {
            let part = |name: &str| item.get(name)?.as_s().ok();
            keys::parse_delivery(part(PK)?, part(SK)?)
        }));
    }
    Ok(found)
}

fn delivery_item(delivery: &Delivery) -> Result<Item, StoreError> {
    let mut item = write(keys::delivery(&delivery.key()), delivery, "delivery")?;
    match keys::delivery_pending(delivery) {
        Some(pending) => {
            item.insert(PENDING_PK.to_owned(), text(pending.pk));
            item.insert(PENDING_SK.to_owned(), text(pending.sk));
        }
        None => expire(
            &mut item,
            delivery.ended_at.unwrap_or(delivery.created_at),
            KEPT,
        ),
    }
    Ok(item)
}
