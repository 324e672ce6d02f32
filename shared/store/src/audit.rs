//! The audit trail: written together with what it tells of, read by operators, changed by nobody.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditEntry;
use domain::beijing;
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::keys::{self, Key, PENDING_INDEX, PENDING_PK, PENDING_SK, PK, SK};
use crate::table::{Item, expire, put_new, text, write};
use crate::{Store, StoreError, Transaction};

/// How long entries are kept: the law asks for six months, records of dealings with personal data for three years.
pub const KEPT: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// The entry as parts of the transaction that does what it tells of, so that there is no act without an entry and no entry
/// without an act: one to be found by its subject and by its day, and one by who did it.
///
/// # Errors
/// When the entry cannot be written as items.
pub fn write_entry(
    store: &Store,
    entry: &AuditEntry,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let number = rand::random::<u64>();
    let sort = keys::audit_sort(entry.at, number);
    let item = |partition: String| -> Result<Item, StoreError> {
        let key = Key {
            pk: partition,
            sk: sort.clone(),
        };
        let mut item = write(key, entry, "audit entry")?;
        expire(&mut item, entry.at, KEPT);
        Ok(item)
    };
    let mut by_subject = item(keys::audit_subject(&entry.subject))?;
    let shard = u8::try_from(number % u64::from(keys::AUDIT_SHARDS)).unwrap_or_default();
    let day = keys::audit_day(beijing(entry.at).date(), shard);
    by_subject.insert(PENDING_PK.to_owned(), text(day));
    by_subject.insert(PENDING_SK.to_owned(), text(&sort));
    let by_whom = item(keys::audit_by(&entry.by))?;
    Ok(vec![put_new(store, by_subject)?, put_new(store, by_whom)?])
}

/// Writes an entry of an act that writes nothing itself, such as a look at somebody's data. The caller does not go on when
/// this fails: what cannot be noted does not happen.
///
/// # Errors
/// When the table cannot be written.
pub async fn note(store: &Store, entry: &AuditEntry) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.add_all("audit", write_entry(store, entry)?);
    transaction.settle(store).await
}

/// Which entries are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// What was done to an account, application or upload.
    Subject(String),
    /// What an account did.
    By(String),
    /// Everything that was done on a day in China. The index lags a little behind.
    Day(Date),
}

/// A part of the trail, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// At most as many entries as were asked for.
    pub entries: Vec<AuditEntry>,
    /// Where the next part begins; `None`: there is no more.
    pub next: Option<String>,
}

/// Entries, newest first, at most `limit`, older than `before`, which is where the last part ended.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    filter: &Filter,
    before: Option<&str>,
    limit: usize,
) -> Result<AuditPage, StoreError> {
    // `~` follows every character of a moment.
    let before = before.unwrap_or("~");
    let mut found = match filter {
        Filter::Subject(subject) => {
            newest(store, keys::audit_subject(subject), false, before, limit).await?
        }
        Filter::By(who) => newest(store, keys::audit_by(who), false, before, limit).await?,
        Filter::Day(day) => {
            let mut found = Vec::new();
            for shard in 0..keys::AUDIT_SHARDS {
                let partition = keys::audit_day(*day, shard);
                found.extend(newest(store, partition, true, before, limit).await?);
            }
            found
        }
    };
    found.sort_by(|one, other| other.sk.cmp(&one.sk));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.sk.clone());
    let mut entries = Vec::with_capacity(found.len());
    for key in found {
        entries.extend(store.get::<AuditEntry>(key, "audit entry").await?);
    }
    Ok(AuditPage { entries, next })
}

/// Keys of the newest entries of one partition, one more than `limit`.
async fn newest(
    store: &Store,
    partition: String,
    by_index: bool,
    before: &str,
    limit: usize,
) -> Result<Vec<Key>, StoreError> {
    let (pk, sk) = if by_index {
        (PENDING_PK, PENDING_SK)
    } else {
        (PK, SK)
    };
    let answer = store
        .client
        .query()
        .table_name(&store.table)
        .set_index_name(by_index.then(|| PENDING_INDEX.to_owned()))
        .key_condition_expression("#pk = :pk AND #sk < :before")
        .expression_attribute_names("#pk", pk)
        .expression_attribute_names("#sk", sk)
        .expression_attribute_values(":pk", text(partition))
        .expression_attribute_values(":before", text(before))
        .scan_index_forward(false)
        .consistent_read(!by_index)
        .limit(i32::try_from(limit).unwrap_or(i32::MAX - 1) + 1)
        .send()
        .await
        .map_err(StoreError::call("Query"))?;
    let items = answer.items.unwrap_or_default();
    let key = |item: &Item| {
        let attribute = |name: &str| item.get(name)?.as_s().ok().cloned();
        Some(Key {
            pk: attribute(PK)?,
            sk: attribute(SK)?,
        })
    };
    Ok(items.iter().filter_map(key).collect())
}
