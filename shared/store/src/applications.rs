//! 申请: one for a phone, found by phone or id, listed for reviewers by stage, province and age.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::application::{Application, Refusal, ScanState, Stage};
use domain::{Account, AccountId, ApplicationId, Sha256};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::keys::{self, APPLICATION_PREFIX, Key, PENDING_INDEX, PENDING_PK, PENDING_SK, PK};
use crate::table::{Item, delete_if, number, put_if, put_new, replace, text, write};
use crate::{Store, StoreError, Transaction, TransactionError, provinces};

/// Leads from a phone to the application.
#[derive(Serialize, Deserialize)]
struct Pointer {
    application: ApplicationId,
}

/// Who has registered an institution's code or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registrant {
    /// The application whose approval did.
    Application(ApplicationId),
    /// An account that was brought along.
    Account(AccountId),
}

/// The same as it is stored.
#[derive(Serialize, Deserialize)]
struct Registration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application: Option<ApplicationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<AccountId>,
}

/// The application with this id.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(store: &Store, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    store.get(keys::application(id), "application").await
}

/// The application that goes on with this phone.
///
/// # Errors
/// When the table cannot be read.
pub async fn of_phone(store: &Store, phone: &str) -> Result<Option<Application>, StoreError> {
    let pointer: Option<Pointer> = store.get(keys::applicant(phone), "applicant").await?;
    match pointer {
        Some(pointer) => find(store, &pointer.application).await,
        None => Ok(None),
    }
}

/// The application of a phone whose code was right, begun unless there is one.
///
/// # Errors
/// When the table cannot be reached.
pub async fn open(store: &Store, phone: &str, now: Timestamp) -> Result<Application, StoreError> {
    for _ in 0..4 {
        if let Some(application) = of_phone(store, phone).await? {
            return Ok(application);
        }
        let application = Application::begin(phone, now);
        let mut transaction = Transaction::new();
        transaction.add("application", put_new(store, item(&application)?)?);
        transaction.add("phone", lead(store, keys::applicant(phone), &application)?);
        match transaction.commit(store).await {
            Ok(()) => return Ok(application),
            // Of two that begin at once one does; the other goes on with what it began.
            Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {}
            Err(TransactionError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// Stores a changed application, if it is still at version `seen`.
///
/// # Errors
/// [`StoreError::Conflict`] when another writer was first.
pub async fn save(store: &Store, application: &Application, seen: u64) -> Result<(), StoreError> {
    replace(
        store,
        keys::application(&application.id),
        item(application)?,
        seen,
    )
    .await
}

/// The change as part of a transaction, if the application is still at version `seen`.
///
/// # Errors
/// When it cannot be written as an item.
pub fn write_change(
    store: &Store,
    application: &Application,
    seen: u64,
) -> Result<TransactWriteItem, StoreError> {
    let seen = [(":seen", number(seen))];
    put_if(store, item(application)?, "version = :seen", &[], &seen)
}

/// Notes what the look at an uploaded document came to, whatever else happens to the application meanwhile. `false` when
/// no scan with this key is awaited: it was looked at before, deleted, or replaced.
///
/// # Errors
/// When the table cannot be reached.
pub async fn record_scan(
    store: &Store,
    id: &ApplicationId,
    key: &str,
    state: ScanState,
) -> Result<bool, StoreError> {
    for _ in 0..8 {
        let Some(mut application) = find(store, id).await? else {
            return Ok(false);
        };
        let seen = application.version;
        if let Err(Refusal::NoSuchScan) = application.scan_checked(key, state.clone()) {
            return Ok(false);
        }
        match save(store, &application, seen).await {
            Ok(()) => return Ok(true),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// Applications with a scan that was announced before a moment and not looked at, the longest waiting first, at most `limit` of each shard.
///
/// # Errors
/// When the table cannot be read.
pub async fn awaiting_scans(
    store: &Store,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<Application>, StoreError> {
    let end = keys::pending_moment(before);
    let mut applications = Vec::new();
    for shard in 0..keys::SCAN_SHARDS {
        let found = page(store, keys::scans_partition(shard), None, true, limit).await?;
        for (_, id) in found.iter().filter(|(sort, _)| *sort < end) {
            applications.extend(find(store, id).await?);
        }
    }
    Ok(applications)
}

/// Notes that a scan had no object after its application was read at version `seen`; once its address is no longer good it is forgotten.
///
/// # Errors
/// When the table cannot be reached.
pub async fn nothing_there(
    store: &Store,
    id: &ApplicationId,
    key: &str,
    seen: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut application) = find(store, id).await? else {
        return Ok(());
    };
    if !application.scan_never_came(seen, key, now) {
        return Ok(());
    }
    match save(store, &application, seen).await {
        // It came at this very moment, or somebody is at work on the application.
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What makes an institution: no two accounts may be for one code or for one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered<'a> {
    /// 医疗机构代码.
    Code(&'a str),
    /// 医疗机构名称.
    Name(&'a str),
}

impl Registered<'_> {
    fn key(self) -> Key {
        // Neither case nor spaces make another institution.
        let plain = |text: &str| -> Sha256 {
            let text: String = text.split_whitespace().collect();
            Sha256::of(text.to_uppercase().as_bytes())
        };
        match self {
            Self::Code(code) => keys::institution("CODE", &plain(code)),
            Self::Name(name) => keys::institution("NAME", &plain(name)),
        }
    }
}

/// Who has this code or name.
///
/// # Errors
/// When the table cannot be read.
pub async fn registered(
    store: &Store,
    what: Registered<'_>,
) -> Result<Option<Registrant>, StoreError> {
    let found: Option<Registration> = store.get(what.key(), "institution").await?;
    Ok(found.and_then(|found| {
        let application = found.application.map(Registrant::Application);
        application.or(found.account.map(Registrant::Account))
    }))
}

/// Adds to a transaction the registration of an account that was brought along. The parts are called `institution_code` and
/// `institution_name`.
///
/// # Errors
/// When it cannot be written as items.
pub fn add_imported(
    store: &Store,
    transaction: &mut Transaction,
    account: &Account,
) -> Result<(), StoreError> {
    let Some(institution) = &account.institution else {
        return Ok(());
    };
    let registration = Registration {
        application: None,
        account: Some(account.id.clone()),
    };
    for (part, what) in [
        ("institution_code", Registered::Code(&institution.code)),
        ("institution_name", Registered::Name(&institution.name)),
    ] {
        let item = write(what.key(), &registration, "institution")?;
        transaction.add(part, put_new(store, item)?);
    }
    Ok(())
}

/// Adds to the transaction of an approval what leads to the application from its phone and its institution, and takes away
/// what led there before. The parts are called `applicant`, `institution_code` and `institution_name`.
///
/// `before` is the application as it was read. They are registered with the approval and not earlier: else anybody with a
/// phone could keep a hospital from applying by typing its name.
///
/// # Errors
/// When it cannot be written as items.
pub fn add_registration(
    store: &Store,
    transaction: &mut Transaction,
    before: &Application,
    after: &Application,
) -> Result<(), StoreError> {
    if before.phone != after.phone {
        let id = text(before.id.as_str());
        let old = keys::applicant(&before.phone);
        transaction.add("applicant", delete_if(store, old, "application", id)?);
        transaction.add(
            "applicant",
            lead(store, keys::applicant(&after.phone), after)?,
        );
    }
    let names = |application: &'_ Application| {
        application.approved.as_ref().map(|approved| {
            let fields = approved.profile.fields();
            (
                Registered::Code(&fields.institution_code).key(),
                Registered::Name(&fields.institution_name).key(),
            )
        })
    };
    let (old, new) = (names(before).unzip(), names(after).unzip());
    for (part, old, new) in [
        ("institution_code", old.0, new.0),
        ("institution_name", old.1, new.1),
    ] {
        if old == new {
            continue;
        }
        if let Some(old) = old {
            let id = text(before.id.as_str());
            transaction.add(part, delete_if(store, old, "application", id)?);
        }
        if let Some(new) = new {
            transaction.add(part, lead(store, new, after)?);
        }
    }
    Ok(())
}

/// A part of the reviewers' list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Applications as they are now.
    pub applications: Vec<Application>,
    /// Where the next part begins; `None`: there is no more.
    pub next: Option<String>,
}

/// Applications in a stage, of one province or of all: those that wait the longest first, those decided on the newest
/// first. `after` is where the last part ended, at most `limit` are given.
///
/// The index lags a little behind the table; what has moved on meanwhile is left out.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    stage: Stage,
    province: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Listed, StoreError> {
    let provinces: Vec<String> = match province {
        Some(province) => vec![province.to_owned()],
        None => provinces::of_the_country().map(str::to_owned).collect(),
    };
    let oldest_first = stage == Stage::Waiting;
    let mut queries = JoinSet::new();
    for province in provinces {
        let (store, after) = (store.clone(), after.map(str::to_owned));
        let partition = keys::applications_partition(stage, &province);
        queries.spawn(async move { page(&store, partition, after, oldest_first, limit).await });
    }
    let mut found = Vec::new();
    while let Some(page) = queries.join_next().await {
        let page = page.map_err(|error| StoreError::Unavailable {
            operation: "Query",
            message: error.to_string(),
        })?;
        found.extend(page?);
    }
    found.sort();
    if !oldest_first {
        found.reverse();
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(sort, _)| sort.clone());
    let mut applications = Vec::with_capacity(found.len());
    for (_, id) in found {
        let application = find(store, &id).await?;
        applications.extend(application.filter(|application| application.stage == stage));
    }
    Ok(Listed { applications, next })
}

/// Sort keys and ids of one partition, one more than `limit`.
async fn page(
    store: &Store,
    partition: String,
    after: Option<String>,
    oldest_first: bool,
    limit: usize,
) -> Result<Vec<(String, ApplicationId)>, StoreError> {
    let (condition, after) = match (after, oldest_first) {
        (Some(after), true) => ("#pk = :pk AND #sk > :after", after),
        (Some(after), false) => ("#pk = :pk AND #sk < :after", after),
        // Every sort key begins with a digit.
        (None, _) => ("#pk = :pk AND #sk > :after", "!".to_owned()),
    };
    let answer = store
        .client
        .query()
        .table_name(&store.table)
        .index_name(PENDING_INDEX)
        .key_condition_expression(condition)
        .expression_attribute_names("#pk", PENDING_PK)
        .expression_attribute_names("#sk", PENDING_SK)
        .expression_attribute_values(":pk", text(partition))
        .expression_attribute_values(":after", text(after))
        .scan_index_forward(oldest_first)
        .limit(i32::try_from(limit).unwrap_or(i32::MAX - 1) + 1)
        .send()
        .await
        .map_err(StoreError::call("Query"))?;
    let read = |item: &Item| -> Option<(String, ApplicationId)> {
        let attribute = |name: &str| item.get(name)?.as_s().ok();
        let id = attribute(PK)?.strip_prefix(APPLICATION_PREFIX)?.parse();
        Some((attribute(PENDING_SK)?.clone(), id.ok()?))
    };
    let items = answer.items.unwrap_or_default();
    Ok(items.iter().filter_map(read).collect())
}

fn item(application: &Application) -> Result<Item, StoreError> {
    let key = keys::application(&application.id);
    let mut item = write(key, application, "application")?;
    if let Some(pending) = keys::application_pending(application) {
        item.insert(PENDING_PK.to_owned(), text(pending.pk));
        item.insert(PENDING_SK.to_owned(), text(pending.sk));
    }
    Ok(item)
}

fn lead(
    store: &Store,
    key: Key,
    application: &Application,
) -> Result<TransactWriteItem, StoreError> {
    let pointer = Pointer {
        application: application.id.clone(),
    };
    put_new(store, write(key, &pointer, "application")?)
}
