//! What a check found: pages of findings, and documents (summary, directory of the pages) in pieces.
//!
//! Everything here is written under a generation that no reader looks at before it is committed, and the same check writes
//! the same again, so plain writes without conditions do. It expires: findings carry values of cells.

use std::collections::HashMap;
use std::io::Read;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};
use aws_smithy_types::Blob;
use domain::Upload;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{self, Key, PK, SK, TTL};
use crate::table::{Item, below, key_item, number};
use crate::{Store, StoreError};

/// An item may hold 400 KB; what is longer is cut into pieces.
const PIECE: usize = 300 * 1024;
/// Most items of one batch write.
const WRITE_BATCH: usize = 25;
/// Most items of one batch read, so that its answer stays below 16 MB.
const READ_BATCH: usize = 40;
/// Tries of a batch whose items keep being left over: some ten seconds in all.
const TRIES: u32 = 9;

/// A page on its way to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPage {
    /// Where it goes.
    pub key: Key,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Writes pages.
///
/// # Errors
/// [`StoreError::Unprocessed`] when the table takes no more for ten seconds. Never done with leftovers.
pub async fn write_pages(
    store: &Store,
    pages: Vec<StoredPage>,
    expires: Timestamp,
) -> Result<(), StoreError> {
    let items = pages
        .into_iter()
        .map(|page| item(page.key, page.bytes, 1, expires));
    write_items(store, items.collect()).await
}

/// Writes a document under `key(piece)` for as many pieces as it needs.
///
/// # Errors
/// As [`write_pages`].
pub async fn write_document<T: Serialize>(
    store: &Store,
    key: impl Fn(usize) -> Key,
    document: &T,
    expires: Timestamp,
) -> Result<(), StoreError> {
    let json = serde_json::to_vec(document)
        .map_err(|error| StoreError::malformed("document")(error.to_string()))?;
    let mut packed = Vec::new();
    DeflateEncoder::new(json.as_slice(), Compression::default())
        .read_to_end(&mut packed)
        .map_err(|error| StoreError::malformed("document")(error.to_string()))?;
    let pieces = packed.len().div_ceil(PIECE).max(1);
    let items = packed
        .chunks(PIECE)
        .enumerate()
        .map(|(piece, bytes)| item(key(piece), bytes.to_vec(), pieces, expires));
    write_items(store, items.collect()).await
}

/// Reads a document; `None`: it has expired, or was never written.
///
/// # Errors
/// When the table cannot be read, or what stands there is not such a document.
pub async fn read_document<T: DeserializeOwned>(
    store: &Store,
    partition: &str,
    prefix: &str,
) -> Result<Option<T>, StoreError> {
    let mut items = below(store, partition, prefix)
        .into_paginator()
        .items()
        .send();
    let (mut packed, mut found, mut pieces) = (Vec::new(), 0, 0);
    while let Some(item) = items.next().await {
        let item = item.map_err(StoreError::call("Query"))?;
        pieces = item
            .get("pieces")
            .and_then(|pieces| pieces.as_n().ok()?.parse().ok())
            .unwrap_or(0);
        packed.extend_from_slice(bytes(&item).unwrap_or_default());
        found += 1;
    }
    // Pieces expire one by one: a part of a document is none.
    if found == 0 || found != pieces {
        return Ok(None);
    }
    let mut json = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .read_to_end(&mut json)
        .map_err(|error| StoreError::malformed("document")(error.to_string()))?;
    serde_json::from_slice(&json)
        .map(Some)
        .map_err(|error| StoreError::malformed("document")(error.to_string()))
}

/// Reads the summary of an upload's committed result; `None` where there is none or it is no longer kept.
///
/// # Errors
/// As [`read_document`].
pub async fn read_summary<T: DeserializeOwned>(
    store: &Store,
    upload: &Upload,
) -> Result<Option<T>, StoreError> {
    let (Some(generation), Some(_)) = (upload.generation, &upload.figures) else {
        return Ok(None);
    };
    let partition = keys::result_partition(&upload.id, generation);
    read_document(store, &partition, keys::SUMMARY_PREFIX).await
}

/// Reads pages, in the order of their keys; `None` for one that has expired.
///
/// # Errors
/// When the table cannot be read.
pub async fn read_pages(store: &Store, wanted: &[Key]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let mut found: HashMap<Key, Vec<u8>> = HashMap::new();
    for batch in wanted.chunks(READ_BATCH) {
        let mut left: Vec<Item> = batch.iter().cloned().map(key_item).collect();
        for attempt in 0.. {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut left)))
                .consistent_read(true)
                .build()
                .map_err(|error| StoreError::malformed("keys")(error.to_string()))?;
            let answer = store
                .client
                .batch_get_item()
                .request_items(&store.table, request)
                .send()
                .await
                .map_err(StoreError::call("BatchGetItem"))?;
            for item in answer
                .responses
                .into_iter()
                .flat_map(HashMap::into_values)
                .flatten()
            {
                if let (Some(key), Some(bytes)) = (key_of(&item), bytes(&item)) {
                    found.insert(key, bytes.to_vec());
                }
            }
            left = answer
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&store.table))
                .map(|keys| keys.keys)
                .unwrap_or_default();
            if left.is_empty() {
                break;
            }
            if attempt == TRIES {
                return Err(StoreError::Unprocessed { left: left.len() });
            }
            pause(attempt).await;
        }
    }
    Ok(wanted.iter().map(|key| found.get(key).cloned()).collect())
}

pub(crate) async fn write_items(store: &Store, items: Vec<Item>) -> Result<(), StoreError> {
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
            if left.is_empty() {
                break;
            }
            if attempt == TRIES {
                return Err(StoreError::Unprocessed { left: left.len() });
            }
            pause(attempt).await;
        }
    }
    Ok(())
}

/// 20 ms doubled each time, and up to as much again so that many workers do not come back together.
async fn pause(attempt: u32) {
    let base = 20_u64 << attempt.min(8);
    let jitter = u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs()) % base;
    tokio::time::sleep(Duration::from_millis(base + jitter)).await;
}

fn item(key: Key, bytes: Vec<u8>, pieces: usize, expires: Timestamp) -> Item {
    let mut item = key_item(key);
    item.insert("bytes".to_owned(), AttributeValue::B(Blob::new(bytes)));
    item.insert("pieces".to_owned(), number(pieces));
    item.insert(TTL.to_owned(), number(expires.as_second()));
    item
}

fn bytes(item: &Item) -> Option<&[u8]> {
    item.get("bytes")?.as_b().ok().map(Blob::as_ref)
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key {
        pk: item.get(PK)?.as_s().ok()?.clone(),
        sk: item.get(SK)?.as_s().ok()?.clone(),
    })
}
