//! 死亡病例 and their attachments. All of an account's stand in one partition, so that no id of another account leads anywhere.
//!
//! A case is one item with a revision: every change reads it, and is written on condition of the revision that was read,
//! together with the attachment it comes from. Who was second reads again. So the counts of a case are those of its attachments
//! after any crash, and an event that comes twice counts once.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditEntry;
use domain::death_case::{Attachment, AttachmentId, AttachmentState, DeathCase, DeathCaseId, Kept};
use domain::notice::Notice;
use domain::{AccountId, Clock, Sha256};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::keys::{
    self, DEATH_CASE_END, DEATH_CASE_PREFIX, DEATH_CASES_PREFIX, Key, PENDING_INDEX, PENDING_PK,
    PENDING_SK, PK, SK,
};
use crate::table::{
    Item, below, delete_if, next_number as next, number, put_if, put_new, read, read_all, text,
    write,
};
use crate::{Store, StoreError, Transaction, TransactionError, audit, notices, overview};

/// Tries of a change that others keep getting in between: many files of one case may arrive at once.
const TRIES: u32 = 12;
/// Cases looked at for one part of a list, so that a search that finds nothing still ends.
const LOOKED_AT: usize = 1000;

/// Leads from a medical record number to the case.
#[derive(Serialize, Deserialize)]
struct Pointer {
    case: DeathCaseId,
}

/// The account's next case number.
///
/// # Errors
/// When the table cannot be written.
pub async fn next_number(store: &Store, account: &AccountId) -> Result<u64, StoreError> {
    next(store, keys::death_case_sequence(account)).await
}

/// Writes a new case; `false` when its medical record number has one.
///
/// # Errors
/// When the table cannot be written.
pub async fn create(
    store: &Store,
    case: &DeathCase,
    entry: &AuditEntry,
) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new();
    transaction.add("case", put_new(store, item(case)?)?);
    transaction.add("open", overview::open_death(store, case)?);
    transaction.add("number", lead(store, case)?);
    transaction.add_all("audit", audit::write_entry(store, entry)?);
    match transaction.commit(store).await {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_)) => Ok(false),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// One case of an account.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(
    store: &Store,
    account: &AccountId,
    case: &DeathCaseId,
) -> Result<Option<DeathCase>, StoreError> {
    store
        .get(keys::death_case(account, case), "death case")
        .await
}

/// The account's case of a medical record number.
///
/// # Errors
/// When the table cannot be read.
pub async fn of_number(
    store: &Store,
    account: &AccountId,
    medical_record_number: &str,
) -> Result<Option<DeathCase>, StoreError> {
    let key = keys::death_case_number(account, medical_record_number);
    let pointer: Option<Pointer> = store.get(key, "medical record number").await?;
    match pointer {
        Some(pointer) => find(store, account, &pointer.case).await,
        None => Ok(None),
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The cases.
    pub cases: Vec<DeathCase>,
    /// The last one that was looked at, where there are more.
    pub next: Option<DeathCaseId>,
}

/// An account's cases that are `wanted`, newest first, those before `before` where it is given, at most `limit`.
///
/// A hospital has some dozens of such cases a year, so they are looked through rather than indexed by every column.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    account: &AccountId,
    before: Option<&DeathCaseId>,
    limit: usize,
    wanted: impl Fn(&DeathCase) -> bool,
) -> Result<Listed, StoreError> {
    // BETWEEN includes its bounds, so `before` itself may come too.
    let end = before.map_or_else(|| DEATH_CASE_END.to_owned(), keys::death_case_sort);
    let mut items = store
        .client
        .query()
        .table_name(&store.table)
        .consistent_read(true)
        .scan_index_forward(false)
        .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_names("#sk", SK)
        .expression_attribute_values(":pk", text(keys::death_cases_partition(account)))
        .expression_attribute_values(":first", text(DEATH_CASE_PREFIX))
        .expression_attribute_values(":last", text(end))
        .into_paginator()
        .page_size(100)
        .items()
        .send();
    let mut cases: Vec<DeathCase> = Vec::new();
    let mut last = None;
    let mut looked_at = 0;
    while let Some(found) = items.next().await {
        let case: DeathCase = read(found.map_err(StoreError::call("Query"))?, "death case")?;
        if Some(&case.id) == before {
            continue;
        }
        if cases.len() == limit || looked_at == LOOKED_AT {
            return Ok(Listed { cases, next: last });
        }
        looked_at += 1;
        last = Some(case.id.clone());
        if wanted(&case) {
            cases.push(case);
        }
    }
    Ok(Listed { cases, next: None })
}

/// Why a saved sheet was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveRefused {
    /// Another change came in between; read again.
    Changed,
    /// Its new medical record number has a case.
    NumberTaken,
}

/// Stores a changed case, if it still is as `before`.
///
/// # Errors
/// When the table cannot be written.
pub async fn save(
    store: &Store,
    before: &DeathCase,
    after: &DeathCase,
    entry: &AuditEntry,
) -> Result<Result<(), SaveRefused>, StoreError> {
    let mut transaction = Transaction::new();
    transaction.add("case", change(store, before, after)?);
    transaction.add("open", overview::open_death(store, after)?);
    let number = |case: &DeathCase| {
        keys::death_case_number(&case.account, &case.header.medical_record_number)
    };
    if number(before) != number(after) {
        let id = text(before.id.as_str());
        transaction.add("case", delete_if(store, number(before), "case", id)?);
        transaction.add("number", lead(store, after)?);
    }
    transaction.add_all("audit", audit::write_entry(store, entry)?);
    match transaction.commit(store).await {
        Ok(()) => Ok(Ok(())),
        Err(TransactionError::Refused(parts)) if parts.contains(&"case") => {
            Ok(Err(SaveRefused::Changed))
        }
        Err(TransactionError::Refused(_)) => Ok(Err(SaveRefused::NumberTaken)),
        Err(TransactionError::Store(StoreError::Conflict)) => Ok(Err(SaveRefused::Changed)),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// All attachments of a case, the deleted ones too, in the order they were registered.
///
/// # Errors
/// When the table cannot be read.
pub async fn attachments(
    store: &Store,
    account: &AccountId,
    case: &DeathCaseId,
) -> Result<Vec<Attachment>, StoreError> {
    let partition = keys::death_cases_partition(account);
    let query = below(store, partition, keys::attachment_prefix(case));
    let mut attachments: Vec<Attachment> = read_all(query, "attachment").await?;
    attachments
        .sort_by(|one, other| (one.registered_at, &one.id).cmp(&(other.registered_at, &other.id)));
    Ok(attachments)
}

/// One attachment.
///
/// # Errors
/// When the table cannot be read.
pub async fn attachment(
    store: &Store,
    account: &AccountId,
    case: &DeathCaseId,
    id: &AttachmentId,
) -> Result<Option<Attachment>, StoreError> {
    store
        .get(keys::attachment(account, case, id), "attachment")
        .await
}

/// Writes a new attachment.
///
/// # Errors
/// When the table cannot be written.
pub async fn register(
    store: &Store,
    attachment: &Attachment,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.add("attachment", put_new(store, attachment_item(attachment)?)?);
    transaction.add_all("audit", audit::write_entry(store, entry)?);
    match transaction.commit(store).await {
        Ok(()) => Ok(()),
        Err(TransactionError::Refused(_)) => Err(StoreError::Conflict),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// Whether somebody waits for an object that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// It is to be looked at. Its digest, where one was announced.
    Yes(Option<Sha256>),
    /// It has been looked at, or nobody knows of it.
    No,
    /// It was deleted before it came: its content is to go as well.
    Deleted,
}

/// Notes that an attachment's object has arrived.
///
/// # Errors
/// When the table cannot be reached.
pub async fn arrived(
    store: &Store,
    (account, case, id): (&AccountId, &DeathCaseId, &AttachmentId),
) -> Result<Awaited, StoreError> {
    for tried in 0..TRIES {
        let Some(mut found) = attachment(store, account, case, id).await? else {
            return Ok(Awaited::No);
        };
        let seen = found.version;
        if !found.arrived() {
            return Ok(match found.state {
                AttachmentState::Deleted { .. } => Awaited::Deleted,
                _ => Awaited::No,
            });
        }
        let awaited = Awaited::Yes(Some(found.sha256));
        if found.version == seen {
            return Ok(awaited);
        }
        let mut transaction = Transaction::new();
        transaction.add("attachment", change_attachment(store, &found, seen)?);
        if committed(store, transaction, tried).await? {
            return Ok(awaited);
        }
    }
    Err(StoreError::Conflict)
}

/// Notes that an attachment had no object after it was read at version `seen`; see [`Attachment::nothing_there`]. Nothing is
/// noted if it has changed since: the object may have come in between.
///
/// # Errors
/// When the table cannot be reached.
pub async fn nothing_there(
    store: &Store,
    (account, case, id): (&AccountId, &DeathCaseId, &AttachmentId),
    seen: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut found) = attachment(store, account, case, id).await? else {
        return Ok(());
    };
    if found.version != seen || !found.nothing_there(now) {
        return Ok(());
    }
    let mut transaction = Transaction::new();
    transaction.add("attachment", change_attachment(store, &found, seen)?);
    match transaction.commit(store).await {
        // It came at this very moment.
        Ok(()) | Err(TransactionError::Refused(_)) => Ok(()),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// Notes what the look at an attachment came to, and counts it in its case, both or neither. `false` when it was not awaited.
///
/// # Errors
/// When the table cannot be reached, or others keep getting in between.
pub async fn checked(
    store: &Store,
    (account, case, id): (&AccountId, &DeathCaseId, &AttachmentId),
    found: Result<Kept, String>,
) -> Result<bool, StoreError> {
    for tried in 0..TRIES {
        let Some(mut file) = attachment(store, account, case, id).await? else {
            return Ok(false);
        };
        let seen = file.version;
        if !file.checked(found.clone()) {
            return Ok(false);
        }
        let mut transaction = Transaction::new();
        transaction.add("attachment", change_attachment(store, &file, seen)?);
        if file.kept().is_some() {
            let before = find(store, account, case).await?;
            let before = before.ok_or(StoreError::NotFound)?;
            let mut after = before.clone();
            after.attachment_passed(&file.folder);
            transaction.add("case", change(store, &before, &after)?);
            transaction.add("open", overview::open_death(store, &after)?);
        }
        if committed(store, transaction, tried).await? {
            return Ok(true);
        }
    }
    Err(StoreError::Conflict)
}

/// Deletes an attachment and takes it from the count of its case; gives it as it was before, or `None` when it is not there.
///
/// # Errors
/// When the table cannot be reached, or others keep getting in between.
pub async fn delete(
    store: &Store,
    (account, case, id): (&AccountId, &DeathCaseId, &AttachmentId),
    by: &str,
    clock: &Clock,
    entry: &AuditEntry,
) -> Result<Option<Attachment>, StoreError> {
    for tried in 0..TRIES {
        let Some(was) = attachment(store, account, case, id).await? else {
            return Ok(None);
        };
        let mut file = was.clone();
        if !file.delete(by, clock.now()) {
            return Ok(None);
        }
        let mut transaction = Transaction::new();
        transaction.add("attachment", change_attachment(store, &file, was.version)?);
        if was.kept().is_some() {
            let before = find(store, account, case).await?;
            let before = before.ok_or(StoreError::NotFound)?;
            let mut after = before.clone();
            after.attachment_deleted(&file.folder);
            transaction.add("case", change(store, &before, &after)?);
            transaction.add("open", overview::open_death(store, &after)?);
        }
        transaction.add_all("audit", audit::write_entry(store, entry)?);
        if committed(store, transaction, tried).await? {
            return Ok(Some(was));
        }
    }
    Err(StoreError::Conflict)
}

/// Attachments that were registered before a moment and not looked at or not erased yet, at most `limit` of each shard, the oldest first.
///
/// The index lags behind the table: what has moved on meanwhile is left out.
///
/// # Errors
/// When the table cannot be read.
pub async fn unfinished(
    store: &Store,
    before: Timestamp,
    limit: i32,
) -> Result<Vec<Attachment>, StoreError> {
    let mut attachments = Vec::new();
    for shard in 0..keys::DEATH_CASE_SHARDS {
        let partition = keys::attachments_partition(shard);
        let end = keys::pending_moment(before);
        for key in pending(store, partition, end, Some(limit)).await? {
            let found: Option<Attachment> = store.get(key, "attachment").await?;
            attachments.extend(found.filter(Attachment::is_unfinished));
        }
    }
    Ok(attachments)
}

/// Cases that are not complete and whose last day in time is before a day, as they are now.
///
/// # Errors
/// When the table cannot be read.
pub async fn open_with_deadline_before(
    store: &Store,
    day: Date,
) -> Result<Vec<DeathCase>, StoreError> {
    let mut cases = Vec::new();
    for shard in 0..keys::DEATH_CASE_SHARDS {
        let partition = keys::open_death_cases_partition(shard);
        for key in pending(store, partition, day.to_string(), None).await? {
            let found: Option<DeathCase> = store.get(key, "death case").await?;
            cases.extend(found.filter(|case| !case.is_complete()));
        }
    }
    Ok(cases)
}

/// Writes reminders of an account's cases together with the notices that carry them, all or nothing; `false` when some of it
/// was done before, or changed meanwhile.
///
/// # Errors
/// When the table cannot be written.
pub async fn remind(
    store: &Store,
    cases: &[(DeathCase, DeathCase)],
    carried_by: &[Notice],
) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new();
    for notice in carried_by {
        transaction.add("notice", notices::write(store, notice)?);
    }
    for (before, after) in cases {
        transaction.add("case", change(store, before, after)?);
    }
    match transaction.commit(store).await {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {
            Ok(false)
        }
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// Keys of items in a partition of the index `pending` whose sort keys are less than `end`.
async fn pending(
    store: &Store,
    partition: String,
    end: String,
    limit: Option<i32>,
) -> Result<Vec<Key>, StoreError> {
    let mut keys = Vec::new();
    let mut from = None;
    loop {
        let answer = store
            .client
            .query()
            .table_name(&store.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pk = :pk AND #sk < :end")
            .expression_attribute_names("#pk", PENDING_PK)
            .expression_attribute_names("#sk", PENDING_SK)
            .expression_attribute_values(":pk", text(partition.clone()))
            .expression_attribute_values(":end", text(end.clone()))
            .set_limit(limit)
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(StoreError::call("Query"))?;
        let items = answer.items.unwrap_or_default();
        keys.extend(items.iter().filter_map(|item| {
            let attribute = |name: &str| item.get(name)?.as_s().ok().cloned();
            let pk = attribute(PK).filter(|pk| pk.starts_with(DEATH_CASES_PREFIX))?;
            Some(Key {
                pk,
                sk: attribute(SK)?,
            })
        }));
        from = answer.last_evaluated_key;
        if from.is_none() || limit.is_some() {
            return Ok(keys);
        }
    }
}

/// Whether a transaction went through; when another writer was first, a short wait, longer each time.
async fn committed(
    store: &Store,
    transaction: Transaction,
    tried: u32,
) -> Result<bool, StoreError> {
    match transaction.commit(store).await {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {
            let longest = 10_u64 << tried.min(6);
            let wait = rand::random::<u64>() % longest;
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            Ok(false)
        }
        Err(TransactionError::Store(error)) => Err(error),
    }
}

fn change(
    store: &Store,
    before: &DeathCase,
    after: &DeathCase,
) -> Result<TransactWriteItem, StoreError> {
    let seen = [(":seen", number(before.revision))];
    put_if(store, item(after)?, "revision = :seen", &[], &seen)
}

fn change_attachment(
    store: &Store,
    attachment: &Attachment,
    seen: u64,
) -> Result<TransactWriteItem, StoreError> {
    let seen = [(":seen", number(seen))];
    put_if(
        store,
        attachment_item(attachment)?,
        "version = :seen",
        &[],
        &seen,
    )
}

fn item(case: &DeathCase) -> Result<Item, StoreError> {
    let key = keys::death_case(&case.account, &case.id);
    let item = write(key, case, "death case")?;
    Ok(indexed(item, keys::death_case_pending(case)))
}

fn attachment_item(attachment: &Attachment) -> Result<Item, StoreError> {
    let key = keys::attachment(&attachment.account, &attachment.case, &attachment.id);
    let item = write(key, attachment, "attachment")?;
    Ok(indexed(item, keys::attachment_pending(attachment)))
}

fn indexed(mut item: Item, pending: Option<Key>) -> Item {
    if let Some(pending) = pending {
        item.insert(PENDING_PK.to_owned(), text(pending.pk));
        item.insert(PENDING_SK.to_owned(), text(pending.sk));
    }
    item
}

fn lead(store: &Store, case: &DeathCase) -> Result<TransactWriteItem, StoreError> {
    let key = keys::death_case_number(&case.account, &case.header.medical_record_number);
    let pointer = Pointer {
        case: case.id.clone(),
    };
    put_new(store, write(key, &pointer, "medical record number")?)
}
