//! Sessions, stored under the digest of their token.

use domain::{Account, Session, SessionToken, TokenHash};
use jiff::Timestamp;

use crate::keys::{self, PK};
use crate::table::{delete, expire, key_item, put, text, write};
use crate::{Store, StoreError, accounts};

/// Begins a session and gives its token, which is stored nowhere.
///
/// # Errors
/// When the table cannot be written.
pub async fn begin(
    store: &Store,
    account: &Account,
    now: Timestamp,
) -> Result<(SessionToken, Session), StoreError> {
    let token = SessionToken::random();
    let session = Session {
        account: account.id.clone(),
        epoch: account.session_epoch,
        started_at: now,
        used_at: now,
    };
    let mut item = write(keys::session(&token.hash()), &session, "session")?;
    expire(&mut item, now, Session::ABSOLUTE);
    put(store, item).await?;
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
    if session.needs_touch(now) {
        touch(store, token, now).await?;
    }
    Ok(Some((session, account)))
}

/// Ends a session; one that is over already stays so.
///
/// # Errors
/// When the table cannot be written.
pub async fn end(store: &Store, token: &TokenHash) -> Result<(), StoreError> {
    delete(store, keys::session(token)).await
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
    match answer {
        Ok(_) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}
