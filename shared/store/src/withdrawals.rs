//! What hospitals took back.

use domain::audit::AuditEntry;
use domain::{AccountId, UploadId, UploadStatus, Withdrawal, WithdrawnRecord, WithdrawnUpload};
use jiff::Timestamp;

use crate::keys::{self, Key, PENDING_PK, PENDING_SK, PK, SK, WITHDRAWAL_PREFIX};
use crate::table::{Item, below, pending_before, put_new, read_all, text, update_if, value, write};
use crate::{Store, StoreError, Transaction, TransactionError, audit, claims, provinces};

/// All withdrawals of an account.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(store: &Store, account: &AccountId) -> Result<Vec<Withdrawal>, StoreError> {
    let query = below(store, keys::account_partition(account), WITHDRAWAL_PREFIX);
    let mut found: Vec<Withdrawal> = read_all(query, "withdrawal").await?;
    found.sort_by_key(|withdrawal| withdrawal.sequence);
    Ok(found)
}

/// The withdrawal of an upload, or of a record of it.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
    record: Option<&WithdrawnRecord>,
) -> Result<Option<Withdrawal>, StoreError> {
    let key = keys::withdrawal(account, upload, record);
    store.get(key, "withdrawal").await
}

/// What came of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It counts from now on.
    Now,
    /// It was withdrawn before; nothing was written.
    Before,
    /// The upload has no records to withdraw: it is not done, or was a dry run.
    Nothing,
}

/// Writes a withdrawal together with its audit entry, and marks the upload where all of it is withdrawn. Until it is settled it
/// stands among the unfinished work.
///
/// # Errors
/// When the table cannot be written.
pub async fn write_new(
    store: &Store,
    withdrawal: &Withdrawal,
    entry: &AuditEntry,
) -> Result<Written, StoreError> {
    let (account, upload) = (&withdrawal.account, &withdrawal.upload);
    let key = keys::withdrawal(account, upload, withdrawal.record.as_ref());
    let mut item = write(key, withdrawal, "withdrawal")?;
    let place = keys::withdrawal_place(keys::WITHDRAWALS_OPEN, withdrawal);
    item.insert(PENDING_PK.to_owned(), text(place.pk));
    item.insert(PENDING_SK.to_owned(), text(place.sk));
    let mut transaction = Transaction::new();
    transaction.add("withdrawal", put_new(store, item)?);
    // A record's upload is looked at as well: it must not be another kind of upload than was read.
    let mark = WithdrawnUpload {
        at: withdrawal.at,
        reason: withdrawal.reason.clone(),
    };
    let mut values = vec![
        (":done", text(UploadStatus::Done.as_str())),
        (":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false)),
    ];
    let change = match withdrawal.record {
        None => {
            values.push((":mark", value(&mark, "withdrawal")?));
            "SET withdrawal = :mark"
        }
        Some(_) => {
            values.push((":one", crate::table::number(1)));
            "ADD withdrawn_records :one"
        }
    };
    transaction.add(
        "upload",
        update_if(
            store,
            keys::upload(account, upload),
            change,
            "#status = :done AND dry_run = :no",
            &[("#status", "status")],
            &values,
        )?,
    );
    transaction.add_all("audit", audit::write_entry(store, entry)?);
    match transaction.commit(store).await {
        Ok(()) => Ok(Written::Now),
        Err(TransactionError::Refused(parts)) if parts.contains(&"withdrawal") => {
            Ok(Written::Before)
        }
        Err(TransactionError::Refused(_)) => Ok(Written::Nothing),
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// Notes that every later upload knows of a withdrawal: it leaves the unfinished work, and reviewers see it.
///
/// # Errors
/// When the table cannot be written.
pub async fn settled(store: &Store, withdrawal: &Withdrawal) -> Result<(), StoreError> {
    let key = keys::withdrawal(
        &withdrawal.account,
        &withdrawal.upload,
        withdrawal.record.as_ref(),
    );
    let province = withdrawal.province.as_deref().unwrap_or(provinces::NOWHERE);
    let place = keys::withdrawal_place(&keys::withdrawals_partition(province), withdrawal);
    claims::update(store, key)
        .update_expression(format!(
            "SET settled = :yes, {PENDING_PK} = :pk, {PENDING_SK} = :sk"
        ))
        .condition_expression("attribute_exists(pk)")
        .expression_attribute_values(":yes", aws_sdk_dynamodb::types::AttributeValue::Bool(true))
        .expression_attribute_values(":pk", text(place.pk))
        .expression_attribute_values(":sk", text(place.sk))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
}

/// Withdrawals that not every later upload knows of, as far as the index shows them: it lags behind.
///
/// # Errors
/// When the table cannot be read.
pub async fn open(store: &Store, before: Timestamp) -> Result<Vec<Withdrawal>, StoreError> {
    let before = keys::pending_moment(before);
    let (found, _) = page(store, keys::WITHDRAWALS_OPEN.to_owned(), &before, 100).await?;
    Ok(found)
}

/// Withdrawals of a province's hospitals, newest first, older than `before`; and where to go on.
///
/// # Errors
/// When the table cannot be read.
pub async fn of_province(
    store: &Store,
    province: &str,
    before: Option<&str>,
    limit: usize,
) -> Result<(Vec<Withdrawal>, Option<String>), StoreError> {
    let partition = keys::withdrawals_partition(province);
    // `~` follows every character of a moment.
    page(store, partition, before.unwrap_or("~"), limit).await
}

async fn page(
    store: &Store,
    partition: String,
    before: &str,
    limit: usize,
) -> Result<(Vec<Withdrawal>, Option<String>), StoreError> {
    let answer = pending_before(store, partition, before)
        .scan_index_forward(false)
        .limit(i32::try_from(limit).unwrap_or(i32::MAX - 1) + 1)
        .send()
        .await
        .map_err(StoreError::call("Query"))?;
    let mut places: Vec<(Key, String)> = answer
        .items
        .unwrap_or_default()
        .iter()
        .filter_map(place)
        .collect();
    let more = places.len() > limit;
    places.truncate(limit);
    let next = places.last().filter(|_| more).map(|(_, sort)| sort.clone());
    let mut found = Vec::with_capacity(places.len());
    for (key, _) in places {
        found.extend(store.get::<Withdrawal>(key, "withdrawal").await?);
    }
    Ok((found, next))
}

fn place(item: &Item) -> Option<(Key, String)> {
    let attribute = |name: &str| item.get(name)?.as_s().ok().cloned();
    let key = Key {
        pk: attribute(PK)?,
        sk: attribute(SK)?,
    };
    Some((key, attribute(PENDING_SK)?))
}
