//! Applicants' sessions, stored under the digest of their token.

use domain::application::{ApplicantSession, Application};
use domain::{SessionToken, TokenHash};
use jiff::Timestamp;

use crate::keys;
use crate::table::{delete, expire, put, write};
use crate::{Store, StoreError, applications};

/// Begins a session for an application and gives its token, which is stored nowhere.
///
/// # Errors
/// When the table cannot be written.
pub async fn begin(
    store: &Store,
    application: &Application,
    now: Timestamp,
) -> Result<(SessionToken, ApplicantSession), StoreError> {
    let token = SessionToken::random();
    let session = ApplicantSession {
        application: application.id.clone(),
        phone: application.phone.clone(),
        started_at: now,
    };
    let key = keys::applicant_session(&token.hash());
    let mut item = write(key, &session, "applicant's session")?;
    expire(&mut item, now, ApplicantSession::LIFETIME);
    put(store, item).await?;
    Ok((token, session))
}

/// Ends a session; one that is over already stays so.
///
/// # Errors
/// When the table cannot be written.
pub async fn end(store: &Store, token: &TokenHash) -> Result<(), StoreError> {
    delete(store, keys::applicant_session(token)).await
}

/// The application a token opens, as it is now; `None` when the session is over or never was.
///
/// # Errors
/// When the table cannot be read.
pub async fn resume(
    store: &Store,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<(ApplicantSession, Application)>, StoreError> {
    let key = keys::applicant_session(token);
    let Some(session) = store
        .get::<ApplicantSession>(key, "applicant's session")
        .await?
    else {
        return Ok(None);
    };
    let application = applications::find(store, &session.application).await?;
    Ok(application
        .filter(|application| session.is_live(&application.phone, now))
        .map(|application| (session, application)))
}
