//! 上传: the ticket, the claim of a worker, the commit of its result. Every change is one conditional write.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::webhook::Delivery;
use domain::{
    AccountId, FailureReason, Figures, IcdFileId, Lease, Settlement, Upload, UploadId,
    UploadProgress, UploadStatus,
};
use jiff::Timestamp;

pub use crate::claims::Claim;
use crate::claims::{self, Claimable, fenced};
use crate::keys::{
    self, Key, PENDING_PK, PENDING_SHARDS, PENDING_SK, PK, SK, UPLOAD_END, UPLOAD_PREFIX,
};
use crate::table::{below, next_number, number, read, text, value};
use crate::{Store, StoreError, webhooks};

/// The account's next ticket number.
///
/// # Errors
/// When the table cannot be written.
pub async fn next_sequence(store: &Store, account: &AccountId) -> Result<u64, StoreError> {
    next_number(store, keys::sequence(account)).await
}

/// Writes a new ticket.
///
/// # Errors
/// When the table cannot be written.
pub async fn register(store: &Store, upload: &Upload) -> Result<(), StoreError> {
    claims::register(store, upload).await
}

/// One upload of an account.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
) -> Result<Option<Upload>, StoreError> {
    store.get(keys::upload(account, upload), "upload").await
}

/// An account's uploads, newest first, those before `before` where it is given; and whether there are more.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    account: &AccountId,
    before: Option<&UploadId>,
    limit: usize,
) -> Result<(Vec<Upload>, bool), StoreError> {
    let end = before.map_or_else(|| UPLOAD_END.to_owned(), keys::upload_sort);
    let mut uploads: Vec<Upload> = Vec::new();
    let mut from = None;
    // One more than asked for tells whether there are more. BETWEEN includes its bounds, so `before` itself may come too.
    while uploads.len() <= limit {
        let answer = store
            .client
            .query()
            .table_name(&store.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", text(keys::account_partition(account)))
            .expression_attribute_values(":first", text(UPLOAD_PREFIX))
            .expression_attribute_values(":last", text(end.clone()))
            .limit(i32::try_from(limit + 2).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(StoreError::call("Query"))?;
        for item in answer.items.unwrap_or_default() {
            let upload: Upload = read(item, "upload")?;
            if Some(&upload.id) != before {
                uploads.push(upload);
            }
        }
        from = answer.last_evaluated_key;
        if from.is_none() {
            break;
        }
    }
    let more = uploads.len() > limit;
    uploads.truncate(limit);
    Ok((uploads, more))
}

/// On which side of an upload to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Tickets given before it.
    Before,
    /// Tickets given after it.
    After,
}

/// The committed uploads of the account whose records count, on one side of an upload, in ticket order.
///
/// # Errors
/// When the table cannot be read.
pub async fn committed(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
    side: Side,
) -> Result<Vec<Upload>, StoreError> {
    let own = keys::upload_sort(upload);
    let (first, last) = match side {
        Side::Before => (UPLOAD_PREFIX.to_owned(), own),
        Side::After => (own, UPLOAD_END.to_owned()),
    };
    let mut pages = store
        .client
        .query()
        .table_name(&store.table)
        .consistent_read(true)
        .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
        .filter_expression("#status = :done AND dry_run = :no")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_names("#sk", SK)
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":pk", text(keys::account_partition(account)))
        .expression_attribute_values(":first", text(first))
        .expression_attribute_values(":last", text(last))
        .expression_attribute_values(":done", text(UploadStatus::Done.as_str()))
        .expression_attribute_values(":no", AttributeValue::Bool(false))
        .into_paginator()
        .items()
        .send();
    let mut uploads = Vec::new();
    while let Some(item) = pages.next().await {
        let found: Upload = read(item.map_err(StoreError::call("Query"))?, "upload")?;
        if found.id != *upload {
            uploads.push(found);
        }
    }
    Ok(uploads)
}

/// The account's uploads that records of were, or are to be, held against an ICD code file, in ticket order.
///
/// # Errors
/// When the table cannot be read.
pub async fn judged_with(
    store: &Store,
    account: &AccountId,
    code_file: &IcdFileId,
) -> Result<Vec<Upload>, StoreError> {
    let mut items = below(store, keys::account_partition(account), UPLOAD_PREFIX)
        .filter_expression("contains(code_files, :file)")
        .expression_attribute_values(":file", text(code_file.as_str()))
        .into_paginator()
        .items()
        .send();
    let mut uploads = Vec::new();
    while let Some(item) = items.next().await {
        let upload: Upload = read(item.map_err(StoreError::call("Query"))?, "upload")?;
        // Of a finished one it is known whether the file was looked into, of others only that it may be.
        let is_judged = match &upload.figures {
            Some(figures) => figures.code_files.contains(code_file),
            None => !upload.status.is_final(),
        };
        if is_judged {
            uploads.push(upload);
        }
    }
    Ok(uploads)
}

/// Gives a ticket a later end, for a new address. Only while the object has not been seen.
///
/// # Errors
/// [`StoreError::Conflict`] when the ticket is used or expired meanwhile.
pub async fn extend(store: &Store, upload: &Upload, until: Timestamp) -> Result<(), StoreError> {
    update(store, &upload.account, &upload.id)
        .update_expression("SET url_until = :until")
        .condition_expression("#status = :registered")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":until", text(until.to_string()))
        .expression_attribute_values(":registered", text(UploadStatus::Registered.as_str()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
}

/// What came of the claim of an upload.
pub type Claimed = claims::Claimed<Upload>;

impl Claimable for Upload {
    const WHAT: &'static str = "upload";

    fn key(&self) -> Key {
        keys::upload(&self.account, &self.id)
    }

    fn pending(&self) -> Key {
        keys::pending(&self.id, self.registered_at)
    }

    fn status(&self) -> &'static str {
        self.status.as_str()
    }

    fn is_open(&self) -> bool {
        matches!(
            self.status,
            UploadStatus::Registered | UploadStatus::Expired
        )
    }

    fn fence(&self) -> u64 {
        self.fence
    }

    fn deaths(&self) -> u64 {
        self.deaths
    }

    fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    fn object_version(&self) -> Option<&str> {
        self.object_version.as_deref()
    }

    fn generation(&self) -> Option<u64> {
        self.generation
    }
}

/// Claims an upload for a worker: pins the versions of object and standard and the ICD code files to look codes up in,
/// and raises the fence.
///
/// # Errors
/// When the table cannot be reached, or other workers keep getting in between.
pub async fn claim(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
    claim: &Claim<'_>,
    code_files: &[IcdFileId],
    now: Timestamp,
) -> Result<Claimed, StoreError> {
    let pins = [("code_files", value(&code_files, "code files")?)];
    claims::claim(store, keys::upload(account, upload), claim, &pins, now).await
}

/// Renews a claim and notes how far the work is.
///
/// # Errors
/// [`StoreError::Conflict`] when the claim was lost: the worker must stop.
pub async fn renew(
    store: &Store,
    held: &Upload,
    until: Timestamp,
    progress: UploadProgress,
) -> Result<(), StoreError> {
    fenced(store, held)
        .update_expression("SET lease.#until = :until, progress = :progress")
        .expression_attribute_names("#until", "until")
        .expression_attribute_values(":until", text(until.to_string()))
        .expression_attribute_values(":progress", value(&progress, "progress")?)
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
}

/// Gives a claim back, so that the next delivery need not wait for it to run out.
///
/// # Errors
/// [`StoreError::Conflict`] when it was lost already.
pub async fn release(store: &Store, held: &Upload) -> Result<(), StoreError> {
    claims::release(store, held).await
}

/// Ends the claim of a worker that is known to be dead, so that the next need not wait for it to run out.
///
/// # Errors
/// When the table cannot be written.
pub async fn bury(store: &Store, seen: &Upload) -> Result<(), StoreError> {
    claims::bury(store, seen).await
}

/// How a worker ends its upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything that can be read has been judged.
    Done(Figures),
    /// The object is not what was announced, or is gone.
    Failed(FailureReason),
}

/// Commits a worker's result: from here on readers see the pages of this fence's generation.
///
/// A dry run keeps no records to settle from later, so its settlement comes with the result. So does the delivery that tells the
/// hospital of it: both or neither.
///
/// # Errors
/// [`StoreError::Conflict`] when the claim was lost and the result is another's.
pub async fn commit(
    store: &Store,
    held: &Upload,
    ending: &Ending,
    settlement: Option<&Settlement>,
    delivery: Option<&Delivery>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut request =
        match ending {
            Ending::Done(figures) => fenced(store, held)
                .expression_attribute_values(":figures", value(figures, "figures")?),
            Ending::Failed(reason) => fenced(store, held)
                .expression_attribute_values(":figures", value(reason, "reason")?),
        };
    let (status, field) = match ending {
        Ending::Done(_) => (UploadStatus::Done, "figures"),
        Ending::Failed(_) => (UploadStatus::Failed, "reason"),
    };
    // Records that count have still to be settled; until then the sweep must find the upload.
    let pending = if status == UploadStatus::Done && !held.dry_run {
        String::new()
    } else {
        format!(", {PENDING_PK}, {PENDING_SK}")
    };
    let mut settled = "";
    if let Some(settlement) = settlement {
        settled = ", settlement = :settlement";
        request =
            request.expression_attribute_values(":settlement", value(settlement, "settlement")?);
    }
    let request = request
        .update_expression(format!(
            "SET #status = :status, {field} = :figures, generation = :fence, finished_at = :now{settled} \
             REMOVE lease, progress{pending}"
        ))
        .expression_attribute_values(":status", text(status.as_str()))
        .expression_attribute_values(":now", text(now.to_string()));
    let delivery = delivery.map(|delivery| webhooks::announce(store, delivery));
    claims::commit(store, held, request, delivery.transpose()?).await
}

/// Writes what became of the records, unless it is already known on a larger basis.
///
/// # Errors
/// When the table cannot be written.
pub async fn settle(
    store: &Store,
    upload: &Upload,
    settlement: &Settlement,
) -> Result<(), StoreError> {
    let answer = update(store, &upload.account, &upload.id)
        .update_expression("SET settlement = :settlement")
        .condition_expression(
            "#status = :done AND (attribute_not_exists(settlement) OR settlement.basis < :basis)",
        )
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":done", text(UploadStatus::Done.as_str()))
        .expression_attribute_values(":settlement", value(settlement, "settlement")?)
        .expression_attribute_values(":basis", number(settlement.basis))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    // Settlements come in any order: one worked out with fewer earlier uploads, or the same again, changes nothing.
    StoreError::unless_conflict(answer)
}

/// Takes a settled upload off the list of those with work left.
///
/// # Errors
/// When the table cannot be written.
pub async fn finish(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
) -> Result<(), StoreError> {
    let answer = update(store, account, upload)
        .update_expression(format!("REMOVE {PENDING_PK}, {PENDING_SK}"))
        .condition_expression("#status <> :registered AND #status <> :checking")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":registered", text(UploadStatus::Registered.as_str()))
        .expression_attribute_values(":checking", text(UploadStatus::Checking.as_str()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    StoreError::unless_conflict(answer)
}

/// Gives up a ticket whose object never came.
///
/// # Errors
/// [`StoreError::Conflict`] when it was claimed or got a new address since it was read.
pub async fn expire(store: &Store, seen: &Upload, now: Timestamp) -> Result<(), StoreError> {
    update(store, &seen.account, &seen.id)
        .update_expression(format!(
            "SET #status = :expired, finished_at = :now REMOVE {PENDING_PK}, {PENDING_SK}"
        ))
        .condition_expression("#status = :registered AND url_until = :until")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":expired", text(UploadStatus::Expired.as_str()))
        .expression_attribute_values(":registered", text(UploadStatus::Registered.as_str()))
        .expression_attribute_values(":until", text(seen.url_until.to_string()))
        .expression_attribute_values(":now", text(now.to_string()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
}

/// Uploads registered before a moment with work left, oldest first within each partition of the index.
///
/// The index lags behind the table: read the upload itself before acting on it.
///
/// # Errors
/// When the table cannot be read.
pub async fn pending(
    store: &Store,
    before: Timestamp,
) -> Result<Vec<(AccountId, UploadId)>, StoreError> {
    let mut found = Vec::new();
    for shard in 0..PENDING_SHARDS {
        let partition = keys::pending_partition(shard);
        found.extend(claims::pending(store, partition, UPLOAD_PREFIX, before).await?);
    }
    Ok(found)
}

fn update(store: &Store, account: &AccountId, upload: &UploadId) -> UpdateItemFluentBuilder {
    claims::update(store, keys::upload(account, upload))
}
