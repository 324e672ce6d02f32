//! What a check found: pages of findings, and documents (summary, directory of the pages) in pieces.
//!
//! Everything here is written under a generation that no reader looks at before it is committed, and the same check writes
//! the same again, so plain writes without conditions do. It expires: findings carry values of cells.

use std::collections::HashMap;
use std::io::Read;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_types::Blob;
use domain::Upload;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::batches;
use crate::keys::{self, Key, TTL};
use crate::table::{Item, below, key_item, number};
use crate::{Store, StoreError};

/// An item may hold 400 KB; what is longer is cut into pieces.
const PIECE: usize = 300 * 1024;
/// Most items of one batch read, so that its answer stays below 16 MB.
const READ_BATCH: usize = 40;

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
    batches::put(store, items.collect()).await
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
    batches::put(store, items.collect()).await
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
        let request = KeysAndAttributes::builder().consistent_read(true);
        for (key, item) in batches::get(store, request, batch.to_vec()).await? {
            if let Some(bytes) = bytes(&item) {
                found.insert(key, bytes.to_vec());
            }
        }
    }
    Ok(wanted.iter().map(|key| found.get(key).cloned()).collect())
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
