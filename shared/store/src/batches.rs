//! Many items at once. The table may leave some of a batch over; they are asked for, or written, again.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::builders::KeysAndAttributesBuilder;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use jiff::Timestamp;

use crate::keys::{Key, PK, SK};
use crate::table::{Item, key_item};
use crate::{Store, StoreError};

/// Most items of one batch write.
const WRITE_BATCH: usize = 25;
/// Tries of a batch whose items keep being left over: some ten seconds in all.
const TRIES: u32 = 9;

/// Items by their keys, of which there are a hundred at most, and whose items have 16 MB at most; those that are not there are left
/// out. `request` says how they are read.
pub(crate) async fn get(
    store: &Store,
    request: KeysAndAttributesBuilder,
    keys: Vec<Key>,
) -> Result<Vec<(Key, Item)>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    let mut left: Vec<Item> = keys.into_iter().map(key_item).collect();
    for attempt in 0.. {
        let request = request
            .clone()
            .set_keys(Some(std::mem::take(&mut left)))
            .build()
            .map_err(|error| StoreError::malformed("keys")(error.to_string()))?;
        let answer = store
            .client
            .batch_get_item()
            .request_items(&store.table, request)
            .send()
            .await
            .map_err(StoreError::call("BatchGetItem"))?;
        let items = answer.responses.into_iter().flat_map(HashMap::into_values);
        found.extend(
            items
                .flatten()
                .filter_map(|item| Some((key_of(&item)?, item))),
        );
        left = answer
            .unprocessed_keys
            .and_then(|mut tables| tables.remove(&store.table))
            .map(|keys| keys.keys)
            .unwrap_or_default();
        if !comes_back(attempt, left.len()).await? {
            break;
        }
    }
    Ok(found)
}

/// Writes items over whatever stands there.
pub(crate) async fn put(store: &Store, items: Vec<Item>) -> Result<(), StoreError> {
    let mut requests = Vec::with_capacity(items.len());
    for item in items {
        let put = PutRequest::builder()
            .set_item(Some(item))
            .build()
            .map_err(|error| StoreError::malformed("page")(error.to_string()))?;
        requests.push(WriteRequest::builder().put_request(put).build());
    }
    for batch in requests.chunks(WRITE_BATCH) {
        let mut left = batch.to_vec();
        for attempt in 0.. {
            let answer = store
                .client
                .batch_write_item()
                .request_items(&store.table, std::mem::take(&mut left))
                .send()
                .await
                .map_err(StoreError::call("BatchWriteItem"))?;
            left = answer
                .unprocessed_items
                .and_then(|mut tables| tables.remove(&store.table))
                .unwrap_or_default();
            if !comes_back(attempt, left.len()).await? {
                break;
            }
        }
    }
    Ok(())
}

/// Waits to come back for what was left over of a batch; `false`: nothing was.
///
/// 20 ms doubled each time, and up to as much again so that many workers do not come back together.
async fn comes_back(attempt: u32, left: usize) -> Result<bool, StoreError> {
    if left == 0 {
        return Ok(false);
    }
    if attempt == TRIES {
        return Err(StoreError::Unprocessed { left });
    }
    let base = 20_u64 << attempt.min(8);
    let jitter = u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs()) % base;
    tokio::time::sleep(Duration::from_millis(base + jitter)).await;
    Ok(true)
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key {
        pk: item.get(PK)?.as_s().ok()?.clone(),
        sk: item.get(SK)?.as_s().ok()?.clone(),
    })
}
