//! Sessions, stored under the digest of their token, and listed with their account.

use domain::machine::MachineId;
use domain::{Account, AccountId, Place, Session, SessionPurpose, SessionToken, TokenHash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{self, PK, SESSION_PREFIX, SK};
use crate::table::{below, delete, expire, key_item, put_new, read, text, write};
use crate::{Store, StoreError, Transaction, accounts, machines};

/// Leads from an account to one of its sessions.
#[derive(Serialize, Deserialize)]
struct Pointer {
    token: TokenHash,
}

/// Begins a session and gives its token, which is stored nowhere.
///
/// # Errors
/// When the table cannot be written.
pub async fn begin(
    store: &Store,
    account: &Account,
    now: Timestamp,
) -> Result<(SessionToken, Session), StoreError> {
    let (purpose, place) = (SessionPurpose::Work, Place::default());
    begin_at(store, account, purpose, place, now).await
}

/// Begins a session for a purpose, from a place that its owner will know again.
///
/// # Errors
/// When the table cannot be written.
pub async fn begin_at(
    store: &Store,
    account: &Account,
    purpose: SessionPurpose,
    place: Place,
    now: Timestamp,
) -> Result<(SessionToken, Session), StoreError> {
    let session = Session {
        purpose,
        place,
        ..Session::new(account.id.clone(), account.session_epoch, now)
    };
    start(store, session, now).await
}

/// Begins a session for a machine that showed its own credential.
///
/// # Errors
/// When the table cannot be written.
pub async fn begin_for_machine(
    store: &Store,
    account: &Account,
    machine: &MachineId,
    place: Place,
    now: Timestamp,
) -> Result<(SessionToken, Session), StoreError> {
    let session = Session {
        place,
        machine: Some(machine.clone()),
        ..Session::new(account.id.clone(), account.session_epoch, now)
    };
    start(store, session, now).await
}

async fn start(
    store: &Store,
    session: Session,
    now: Timestamp,
) -> Result<(SessionToken, Session), StoreError> {
    let token = SessionToken::random();
    let hash = token.hash();
    let mut item = write(keys::session(&hash), &session, "session")?;
    let key = keys::session_of(&session.account, &session.id);
    let mut listed = write(key, &Pointer { token: hash }, "session")?;
    for item in [&mut item, &mut listed] {
        expire(item, now, Session::ABSOLUTE);
    }
    let mut transaction = Transaction::new();
    transaction.add("session", put_new(store, item)?);
    transaction.add("listed", put_new(store, listed)?);
    transaction.settle(store).await?;
    Ok((token, session))
}

/// The live session of a token with its account as it is now; `None` when it is over, ended, or never was.
///
/// # Errors
/// When the table cannot be read.
pub async fn resume(
    store: &Store,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, StoreError> {
    // Expiry deletes within days, not at the second: the item may outlive the session.
    let Some(session) = store
        .get::<Session>(keys::session(token), "session")
        .await?
        .filter(|session| session.is_live(now))
    else {
        return Ok(None);
    };
    // Read on every request, so that a right taken away, a reset or a disabled account works at once.
    let Some(account) = accounts::find(store, &session.account)
        .await?
        .filter(|account| account.session_epoch == session.epoch)
    else {
        return Ok(None);
    };
    // A credential taken back ends what it began, at once.
    if let Some(machine) = &session.machine
        && machines::live(store, &account, machine).await?.is_none()
    {
        return Ok(None);
    }
    if session.needs_touch(now) {
        touch(store, token, now).await?;
    }
    Ok(Some((session, account)))
}

/// An account's sessions that are not over, the newest first.
///
/// # Errors
/// When the table cannot be read.
pub async fn list(
    store: &Store,
    account: &Account,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let live = |session: &Session| session.is_live(now) && session.epoch == account.session_epoch;
    let mut sessions = Vec::new();
    for (_, token) in listed(store, &account.id).await? {
        let session = store.get::<Session>(keys::session(&token), "session");
        sessions.extend(session.await?.filter(live));
    }
    sessions.sort_by_key(|session| std::cmp::Reverse(session.started_at));
    Ok(sessions)
}

/// Ends a session; one that is over already stays so.
///
/// # Errors
/// When the table cannot be written.
pub async fn end(store: &Store, session: &Session, token: &TokenHash) -> Result<(), StoreError> {
    // What opens it goes first: killed in between, only a line that leads nowhere is left.
    delete(store, keys::session(token)).await?;
    delete(store, keys::session_of(&session.account, &session.id)).await
}

/// Ends an account's sessions but the one called `keep`; of those one called `only`, or all of them. Gives how many that were.
///
/// # Errors
/// When the table cannot be reached.
pub async fn end_others(
    store: &Store,
    account: &AccountId,
    only: Option<&str>,
    keep: &str,
) -> Result<usize, StoreError> {
    let mut ended = 0;
    for (id, token) in listed(store, account).await? {
        if id != keep && only.is_none_or(|only| only == id) {
            delete(store, keys::session(&token)).await?;
            delete(store, keys::session_of(account, &id)).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Ids and tokens of an account's sessions, some of which may be over.
async fn listed(
    store: &Store,
    account: &AccountId,
) -> Result<Vec<(String, TokenHash)>, StoreError> {
    let mut items = below(store, keys::account_partition(account), SESSION_PREFIX)
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(StoreError::call("Query"))?;
        let id = item.get(SK).and_then(|sort| sort.as_s().ok());
        let id = id.and_then(|sort| sort.strip_prefix(SESSION_PREFIX));
        if let Some(id) = id.map(str::to_owned) {
            found.push((id, read::<Pointer>(item, "session")?.token));
        }
    }
    Ok(found)
}

/// Records a use. The condition keeps a request that races a sign-out from bringing the session back.
async fn touch(store: &Store, token: &TokenHash, now: Timestamp) -> Result<(), StoreError> {
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(keys::session(token))))
        .update_expression("SET used_at = :now")
        .condition_expression("attribute_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_values(":now", text(now.to_string()))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    StoreError::unless_conflict(answer)
}
