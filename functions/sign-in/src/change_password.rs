//! Changes a password, the initial one before anything else.

use axum::Extension;
use axum::extract::State;
use domain::PasswordPolicy;
use domain::audit::Act;
use serde::Deserialize;
use store::attempts::{self, LOGIN};
use store::{StoreError, accounts, audit, notices, sessions};
use utoipa::ToSchema;
use web::{
    ApiError, ClientAddress, ClientPlace, ErrorCode, Json, Newcomer, Problem, Service, SetCookie,
};

use crate::audit::entry;
use crate::notices::password_changed;
use crate::password;
use crate::sign_in::charge;
use crate::view::SignedIn;

/// The old password and a new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Change {
    /// The password until now.
    old: String,
    /// The new one.
    new: String,
}

/// Sets a new password. All sessions end; the answer is a new one, and its cookie.
#[utoipa::path(
    post,
    path = "/api/v1/password",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    request_body = Change,
    responses(
        (status = OK, body = SignedIn),
        (status = UNAUTHORIZED, body = Problem, description = "no session, or the old password is wrong"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "the new password is not acceptable"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "too many failures; see Retry-After"),
    )
)]
pub(crate) async fn change_password(
    State(service): State<Service>,
    Extension(policy): Extension<PasswordPolicy>,
    address: ClientAddress,
    ClientPlace(place): ClientPlace,
    Newcomer(caller): Newcomer,
    Json(change): Json<Change>,
) -> Result<(SetCookie, Json<SignedIn>), ApiError> {
    let (store, now) = (&service.store, service.clock.now());
    // A machine has no business with the password of its account.
    if caller.session.machine.is_some() {
        return Err(ErrorCode::NotForMachines.into());
    }
    let before = caller.account;
    password::check(policy, "new", &change.new, &change.old, Some(&before))?;
    // A stolen session must not be a way to guess the password.
    let login = before.login_name.as_str();
    charge(&service, LOGIN, login, now).await?;
    if !password::matches(Some(&before), change.old).await? {
        return Err(ErrorCode::WrongLogin.into());
    }
    if before.initial_password_is_over(now) {
        return Err(ErrorCode::InitialPasswordOver.into());
    }
    let mut after = before.clone();
    after.set_own_password(password::hash(change.new).await?, now);
    after.version += 1;
    let entry = entry(Some(&after), Act::PasswordChanged, address, now);
    let mut others = audit::write_entry(store, &entry)?;
    for notice in password_changed(&after, now) {
        others.push(notices::write(store, &notice)?);
    }
    match accounts::save(store, &after, before.version, others).await {
        Ok(()) => {}
        // Reset or changed at this very moment: this session is over.
        Err(StoreError::Conflict) => return Err(ErrorCode::NotSignedIn.into()),
        Err(error) => return Err(error.into()),
    }
    attempts::forget(store, LOGIN, login).await?;
    let purpose = domain::SessionPurpose::Work;
    let (token, session) = sessions::begin_at(store, &after, purpose, place, now).await?;
    tracing::info!(account = %after.id, "account {} has a new password", after.id);
    Ok(SignedIn::answer(&token, &session, after, policy))
}
