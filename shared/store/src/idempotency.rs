//! Requests a client may send again: the same key with the same request leads to the same upload, whatever was lost on the
//! way.

use domain::{AccountId, Sha256, UploadId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::{self, PK};
use crate::table::{expire, write};
use crate::{Store, StoreError, uploads};

/// Longer than a hospital is offline.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    request: Sha256,
    upload: UploadId,
    created_at: Timestamp,
}

/// What a key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once {
    /// An upload of this id is to be made.
    New(UploadId),
    /// This request was made before, and perhaps not carried to its end.
    Known(UploadId),
    /// The key belongs to another request.
    Differs,
}

/// The upload of a key and request. The id is fixed before anything else is written, so a request that died half-way is
/// carried on by the next one and never made twice.
///
/// # Errors
/// When the table cannot be reached.
pub async fn once(
    store: &Store,
    account: &AccountId,
    key: &str,
    request: &Sha256,
    now: Timestamp,
) -> Result<Once, StoreError> {
    let key = keys::once(account, &Sha256::of(key.as_bytes()));
    for _ in 0..4 {
        if let Some(record) = store.get::<Record>(key.clone(), "request").await? {
            return Ok(if record.request == *request {
                Once::Known(record.upload)
            } else {
                Once::Differs
            });
        }
        let sequence = uploads::next_sequence(store, account).await?;
        let record = Record {
            request: *request,
            upload: UploadId::new(sequence),
            created_at: now,
        };
        let mut item = write(key.clone(), &record, "request")?;
        expire(&mut item, now, KEPT);
        let answer = store
            .client
            .put_item()
            .table_name(&store.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(#pk)")
            .expression_attribute_names("#pk", PK)
            .send()
            .await
            .map_err(StoreError::call("PutItem"));
        match answer {
            Ok(_) => return Ok(Once::New(record.upload)),
            // The same request at the same time, or this very write, whose answer was lost: reading tells.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}
