//! 上传: the ticket, the claim of a worker, the commit of its result. Every change is one conditional write.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{
    AccountId, FailureReason, Figures, Lease, Settlement, Upload, UploadId, UploadProgress,
    UploadStatus,
};
use jiff::{SignedDuration, Timestamp};

use crate::keys::{
    self, PENDING_INDEX, PENDING_PK, PENDING_SHARDS, PENDING_SK, PK, SK, UPLOAD_END, UPLOAD_PREFIX,
};
use crate::table::{Item, key_item, number, read, text, value, write};
use crate::{Store, StoreError};

/// Clocks of two machines differ by less than this, it is hoped; should they differ more, the fence keeps the result right.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(30);

/// The account's next ticket number.
///
/// # Errors
/// When the table cannot be written.
pub async fn next_sequence(store: &Store, account: &AccountId) -> Result<u64, StoreError> {
    // A number lost to a crash or counted twice by a retry leaves a gap, which means nothing: only the order counts.
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(keys::sequence(account))))
        .update_expression("ADD #last :one")
        .expression_attribute_names("#last", "last")
        .expression_attribute_values(":one", number(1))
        .return_values(ReturnValue::UpdatedNew)
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    answer
        .attributes
        .and_then(|item| item.get("last")?.as_n().ok()?.parse().ok())
        .ok_or_else(|| StoreError::malformed("sequence")("no number".to_owned()))
}

/// Writes a new ticket.
///
/// # Errors
/// When the table cannot be written.
pub async fn register(store: &Store, upload: &Upload) -> Result<(), StoreError> {
    let key = keys::upload(&upload.account, &upload.id);
    let mut item = write(key, upload, "upload")?;
    let pending = keys::pending(&upload.id, upload.registered_at);
    item.insert(PENDING_PK.to_owned(), text(pending.pk));
    item.insert(PENDING_SK.to_owned(), text(pending.sk));
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
        // The id has 128 random bits: only our own write, whose answer was lost, can be there already.
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
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

/// What a worker says when it claims an upload.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// A random name of this attempt.
    pub owner: &'a str,
    /// When the claim runs out.
    pub until: Timestamp,
    /// Version of the object.
    pub object_version: &'a str,
    /// When the object arrived.
    pub received_at: Timestamp,
    /// Version of the standard to judge by, unless an earlier claim chose one.
    pub standard: &'a str,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The worker holds it, under the upload's `fence`.
    Yes(Box<Upload>),
    /// Another worker holds it until then.
    Held(Timestamp),
    /// It has its result.
    Final(Box<Upload>),
    /// Another version of the object is the one that is judged.
    OtherVersion,
    /// There is no such upload.
    Unknown,
}

/// Claims an upload for a worker: pins the object's version and the standard's, and raises the fence.
///
/// # Errors
/// When the table cannot be reached, or other workers keep getting in between.
pub async fn claim(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
    claim: &Claim<'_>,
    now: Timestamp,
) -> Result<Claimed, StoreError> {
    for _ in 0..4 {
        let Some(seen) = find(store, account, upload).await? else {
            return Ok(Claimed::Unknown);
        };
        match judge(&seen, claim, now) {
            Judged::Answer(answer) => return Ok(answer),
            Judged::Free => {}
        }
        let lease = Lease {
            owner: claim.owner.to_owned(),
            until: claim.until,
        };
        // A ticket given up had left the list of unfinished work; it comes back with the claim.
        let pending = keys::pending(upload, seen.registered_at);
        // The fence is raised by every claim, so the write goes through only if nobody claimed since the read.
        let answer = update(store, account, upload)
            .update_expression(
                "SET #status = :checking, fence = :next, lease = :lease, object_version = :version, \
                 received_at = if_not_exists(received_at, :received), \
                 standard = if_not_exists(standard, :standard), \
                 #pending_pk = :pending_pk, #pending_sk = :pending_sk REMOVE progress, finished_at",
            )
            .condition_expression("fence = :seen AND #status = :status")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#pending_pk", PENDING_PK)
            .expression_attribute_names("#pending_sk", PENDING_SK)
            .expression_attribute_values(":pending_pk", text(pending.pk))
            .expression_attribute_values(":pending_sk", text(pending.sk))
            .expression_attribute_values(":checking", text(UploadStatus::Checking.as_str()))
            .expression_attribute_values(":status", text(seen.status.as_str()))
            .expression_attribute_values(":seen", number(seen.fence))
            .expression_attribute_values(":next", number(seen.fence + 1))
            .expression_attribute_values(":lease", value(&lease, "lease")?)
            .expression_attribute_values(":version", text(claim.object_version))
            .expression_attribute_values(":received", text(claim.received_at.to_string()))
            .expression_attribute_values(":standard", text(claim.standard))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(StoreError::call("UpdateItem"));
        match answer {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                return Ok(Claimed::Yes(Box::new(read(item, "upload")?)));
            }
            // Another worker was first, or it was this very write, whose answer was lost: reading again tells.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

enum Judged {
    Free,
    Answer(Claimed),
}

fn judge(seen: &Upload, claim: &Claim<'_>, now: Timestamp) -> Judged {
    // Whatever the state, an object that came second to the same key is not what was announced.
    if let Some(version) = &seen.object_version
        && version != claim.object_version
    {
        return Judged::Answer(Claimed::OtherVersion);
    }
    match (seen.status, &seen.lease) {
        (UploadStatus::Checking, Some(lease)) if lease.owner == claim.owner => {
            Judged::Answer(Claimed::Yes(Box::new(seen.clone())))
        }
        (UploadStatus::Checking, Some(lease)) if now < lease.until + CLOCK_SLACK => {
            Judged::Answer(Claimed::Held(lease.until))
        }
        // An object may come after all, when the sweep had already given the ticket up: it was acknowledged, so it counts.
        (UploadStatus::Registered | UploadStatus::Checking | UploadStatus::Expired, _) => {
            Judged::Free
        }
        (UploadStatus::Done | UploadStatus::Failed, _) => {
            Judged::Answer(Claimed::Final(Box::new(seen.clone())))
        }
    }
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
    fenced(store, held)
        .update_expression("REMOVE lease")
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
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
/// A dry run keeps no records to settle from later, so its settlement comes with the result.
///
/// # Errors
/// [`StoreError::Conflict`] when the claim was lost and the result is another's.
pub async fn commit(
    store: &Store,
    held: &Upload,
    ending: &Ending,
    settlement: Option<&Settlement>,
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
    let answer = request
        .update_expression(format!(
            "SET #status = :status, {field} = :figures, generation = :fence, finished_at = :now{settled} \
             REMOVE lease, progress{pending}"
        ))
        .expression_attribute_values(":status", text(status.as_str()))
        .expression_attribute_values(":now", text(now.to_string()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    match answer {
        Ok(_) => Ok(()),
        Err(StoreError::Conflict) => {
            // The write may have gone through and its answer been lost: then the generation is ours.
            let seen = find(store, &held.account, &held.id).await?;
            match seen.and_then(|upload| upload.generation) {
                Some(generation) if generation == held.fence => Ok(()),
                _ => Err(StoreError::Conflict),
            }
        }
        Err(error) => Err(error),
    }
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
    match answer {
        // Settlements come in any order: one worked out with fewer earlier uploads, or the same again, changes nothing.
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
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
    match answer {
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
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
        let mut items = store
            .client
            .query()
            .table_name(&store.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pk = :pk AND #sk < :before")
            .expression_attribute_names("#pk", PENDING_PK)
            .expression_attribute_names("#sk", PENDING_SK)
            .expression_attribute_values(":pk", text(keys::pending_partition(shard)))
            .expression_attribute_values(":before", text(keys::pending_moment(before)))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = items.next().await {
            let item = item.map_err(StoreError::call("Query"))?;
            found.extend(ids(&item));
        }
    }
    Ok(found)
}

fn ids(item: &Item) -> Option<(AccountId, UploadId)> {
    let part = |name: &str, prefix: &str| {
        let text = item.get(name)?.as_s().ok()?;
        text.strip_prefix(prefix)
    };
    Some((
        part(PK, "ACCOUNT#")?.parse().ok()?,
        part(SK, UPLOAD_PREFIX)?.parse().ok()?,
    ))
}

fn update(store: &Store, account: &AccountId, upload: &UploadId) -> UpdateItemFluentBuilder {
    store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(keys::upload(account, upload))))
}

/// A write that only the holder of the claim can make: a worker that slept past its lease holds an old fence.
fn fenced(store: &Store, held: &Upload) -> UpdateItemFluentBuilder {
    let values = HashMap::from([
        (":fence".to_owned(), number(held.fence)),
        (
            ":checking".to_owned(),
            text(UploadStatus::Checking.as_str()),
        ),
    ]);
    update(store, &held.account, &held.id)
        .condition_expression("fence = :fence AND #status = :checking")
        .expression_attribute_names("#status", "status")
        .set_expression_attribute_values(Some(values))
}
