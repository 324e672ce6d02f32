//! ICD编码文件: the ticket, the claim of a worker, the commit of its result, the deletion. Every change is one conditional
//! write.

use domain::audit::AuditEntry;
use domain::{AccountId, FailureReason, IcdFile, IcdFileId, IcdFileResult, IcdFileStatus, Lease};
use jiff::Timestamp;

pub use crate::claims::Claim;
use crate::claims::{self, Claimable, fenced};
use crate::keys::{self, ICD_FILES_PENDING, ICD_PREFIX, Key, PENDING_PK, PENDING_SK, PK};
use crate::table::{below, read_all, text, value};
use crate::{Files, Store, StoreError, Transaction, TransactionError, audit};

/// What came of the claim of a code file.
pub type Claimed = claims::Claimed<IcdFile>;

impl Claimable for IcdFile {
    const WHAT: &'static str = "ICD code file";

    fn key(&self) -> Key {
        keys::icd_file(&self.account, &self.id)
    }

    fn pending(&self) -> Key {
        keys::icd_file_pending(&self.id, self.registered_at)
    }

    fn status(&self) -> &'static str {
        self.status.as_str()
    }

    fn is_open(&self) -> bool {
        matches!(
            self.status,
            IcdFileStatus::Registered | IcdFileStatus::Expired
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

/// Writes a new ticket.
///
/// # Errors
/// When the table cannot be written.
pub async fn register(store: &Store, file: &IcdFile) -> Result<(), StoreError> {
    claims::register(store, file).await
}

/// One code file of an account, deleted ones included.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(
    store: &Store,
    account: &AccountId,
    file: &IcdFileId,
) -> Result<Option<IcdFile>, StoreError> {
    store
        .get(keys::icd_file(account, file), IcdFile::WHAT)
        .await
}

/// An account's code files, newest first, without those that were deleted. They are bounded by how many may be registered.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(store: &Store, account: &AccountId) -> Result<Vec<IcdFile>, StoreError> {
    let query = below(store, keys::account_partition(account), ICD_PREFIX)
        .scan_index_forward(false)
        .filter_expression("#status <> :deleted")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":deleted", text(IcdFileStatus::Deleted.as_str()));
    read_all(query, IcdFile::WHAT).await
}

/// The code files of an account that codes are looked up in now, newest first.
///
/// # Errors
/// When the table cannot be read.
pub async fn in_use(store: &Store, account: &AccountId) -> Result<Vec<IcdFileId>, StoreError> {
    let files = list(store, account).await?;
    let in_use = files
        .into_iter()
        .filter(|file| file.status == IcdFileStatus::InUse);
    Ok(in_use.map(|file| file.id).collect())
}

/// The stored list of a file's codes, whether the file is deleted or not; `None` where there is no such file, or none that
/// ever was in use.
///
/// # Errors
/// When table or bucket cannot be read.
pub async fn codes(
    store: &Store,
    files: &Files,
    account: &AccountId,
    file: &IcdFileId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = find(store, account, file).await?;
    let Some(generation) = found.and_then(|found| found.generation) else {
        return Ok(None);
    };
    let key = keys::codes_object(account, file, generation);
    // Written once under a key and never deleted, so the version need not be told.
    let object = files.read(&key, "null", u64::MAX).await?;
    Ok(object.map(|object| object.bytes))
}

/// Claims a code file for a worker: pins the versions of object and standard, and raises the fence.
///
/// # Errors
/// When the table cannot be reached, or other workers keep getting in between.
pub async fn claim(
    store: &Store,
    account: &AccountId,
    file: &IcdFileId,
    claim: &Claim<'_>,
    now: Timestamp,
) -> Result<Claimed, StoreError> {
    claims::claim(store, keys::icd_file(account, file), claim, &[], now).await
}

/// Ends the claim of a worker that is known to be dead, so that the next need not wait for it to run out.
///
/// # Errors
/// When the table cannot be written.
pub async fn bury(store: &Store, seen: &IcdFile) -> Result<(), StoreError> {
    claims::bury(store, seen).await
}

/// Gives a claim back, so that the next delivery need not wait for it to run out.
///
/// # Errors
/// [`StoreError::Conflict`] when it was lost already.
pub async fn release(store: &Store, held: &IcdFile) -> Result<(), StoreError> {
    claims::release(store, held).await
}

/// How a worker ends its code file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was read; it is in use where it holds a code.
    Read(IcdFileResult),
    /// The object is not what was announced, or is gone.
    Failed(FailureReason),
}

/// Commits a worker's result: from here on uploads that are claimed are held against its codes.
///
/// # Errors
/// [`StoreError::Conflict`] when the claim was lost, or the file was deleted meanwhile.
pub async fn commit(
    store: &Store,
    held: &IcdFile,
    ending: &Ending,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (status, field, what) = match ending {
        Ending::Read(result) if result.codes > 0 => {
            (IcdFileStatus::InUse, "result", value(result, "result")?)
        }
        Ending::Read(result) => (IcdFileStatus::Refused, "result", value(result, "result")?),
        Ending::Failed(reason) => (IcdFileStatus::Failed, "reason", value(reason, "reason")?),
    };
    let request = fenced(store, held)
        .update_expression(format!(
            "SET #status = :status, #field = :what, generation = :fence, finished_at = :now \
             REMOVE lease, {PENDING_PK}, {PENDING_SK}"
        ))
        .expression_attribute_names("#field", field)
        .expression_attribute_values(":status", text(status.as_str()))
        .expression_attribute_values(":what", what)
        .expression_attribute_values(":now", text(now.to_string()));
    claims::commit(store, held, request, None).await
}

/// Gives up a ticket whose object never came.
///
/// # Errors
/// [`StoreError::Conflict`] when it was claimed or deleted since it was read.
pub async fn expire(store: &Store, seen: &IcdFile, now: Timestamp) -> Result<(), StoreError> {
    claims::update(store, seen.key())
        .update_expression(format!(
            "SET #status = :expired, finished_at = :now REMOVE {PENDING_PK}, {PENDING_SK}"
        ))
        .condition_expression("#status = :registered")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":expired", text(IcdFileStatus::Expired.as_str()))
        .expression_attribute_values(":registered", text(IcdFileStatus::Registered.as_str()))
        .expression_attribute_values(":now", text(now.to_string()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
}

/// Deletes a code file, together with the entry that tells of it. `false`: it was deleted before, or there is none.
///
/// What is left keeps its codes' generation: uploads that pinned the file are judged with it to their end.
///
/// # Errors
/// When the table cannot be written.
pub async fn delete(
    store: &Store,
    account: &AccountId,
    file: &IcdFileId,
    entry: &AuditEntry,
) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new();
    let deletion = crate::table::update_if(
        store,
        keys::icd_file(account, file),
        &format!(
            "SET #status = :deleted, deleted_at = :now REMOVE lease, {PENDING_PK}, {PENDING_SK}"
        ),
        "attribute_exists(#pk) AND #status <> :deleted",
        &[("#pk", PK), ("#status", "status")],
        &[
            (":deleted", text(IcdFileStatus::Deleted.as_str())),
            (":now", text(entry.at.to_string())),
        ],
    )?;
    transaction.add("file", deletion);
    transaction.add_all("audit", audit::write_entry(store, entry)?);
    match transaction.commit(store).await {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_)) => Ok(false),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// Code files registered before a moment with work left, oldest first.
///
/// The index lags behind the table: read the file itself before acting on it.
///
/// # Errors
/// When the table cannot be read.
pub async fn pending(
    store: &Store,
    before: Timestamp,
) -> Result<Vec<(AccountId, IcdFileId)>, StoreError> {
    claims::pending(store, ICD_FILES_PENDING.to_owned(), ICD_PREFIX, before).await
}
