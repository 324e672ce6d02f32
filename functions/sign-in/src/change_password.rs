//! Changes a password, the initial one before anything else.

use axum::extract::State;
use domain::audit::{Act, AuditEntry};
use domain::{PasswordDefect, PasswordPolicy};
use serde::Deserialize;
use store::attempts::{self, Allowed, LOGIN};
use store::{StoreError, accounts, audit, sessions};
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, FieldError, Json, Newcomer, Problem, Service, SetCookie};

use crate::{SignedIn, password};

/// The old password and a new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Change {
    /// The password until now.
    old: String,
    /// The new one.
    new: String,
}

/// Sets a new password. All sessions end; the answer is a new one.
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
    Newcomer(caller): Newcomer,
    Json(change): Json<Change>,
) -> Result<(SetCookie, Json<SignedIn>), ApiError> {
    let (store, now) = (&service.store, service.clock.now());
    let before = caller.account;
    check(&change, &before)?;
    // A stolen session must not be a way to guess the password.
    let login = before.login_name.as_str();
    if let Allowed::After(wait) = attempts::charge(store, LOGIN, login, now).await? {
        let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + 1;
        return Err(ApiError::after(ErrorCode::TooManyAttempts, seconds));
    }
    if !password::matches(Some(&before), change.old).await? {
        return Err(ErrorCode::WrongLogin.into());
    }
    if before.initial_password_is_over(now) {
        return Err(ErrorCode::InitialPasswordOver.into());
    }
    let mut after = before.clone();
    after.set_own_password(password::hash(change.new).await?);
    after.version += 1;
    let entry = AuditEntry {
        at: now,
        act: Act::PasswordChanged,
        by: after.id.to_string(),
        subject: after.id.to_string(),
        address: None,
        request: None,
    };
    let entry = audit::write_entry(store, &entry)?;
    match accounts::save(store, &after, before.version, entry).await {
        Ok(()) => {}
        // Reset or changed at this very moment: this session is over.
        Err(StoreError::Conflict) => return Err(ErrorCode::NotSignedIn.into()),
        Err(error) => return Err(error.into()),
    }
    attempts::forget(store, LOGIN, login).await?;
    let (token, session) = sessions::begin(store, &after, now).await?;
    tracing::info!(account = %after.id, "account {} has a new password", after.id);
    Ok(SignedIn::answer(&token, &session, after))
}

fn check(change: &Change, account: &domain::Account) -> Result<(), ApiError> {
    let names = [
        account.login_name.as_str(),
        account.phone.as_ref().map_or("", |phone| phone.as_str()),
    ];
    let policy = PasswordPolicy::default();
    let (code, zh, en) = match policy.defect(&change.new, &change.old, &names) {
        None => return Ok(()),
        Some(PasswordDefect::Weak) => (
            "weak",
            "密码至少12个字符，并包含大写字母、小写字母、数字、符号中的三种；15个字符以上不限种类",
            "At least 12 characters of three kinds (upper case, lower case, digits, signs), or 15 of any kind",
        ),
        Some(PasswordDefect::Long) => (
            "too_long",
            "密码不能超过128个字符",
            "At most 128 characters",
        ),
        Some(PasswordDefect::Known) => (
            "known",
            "新密码不能与原密码相同，也不能包含登录名或手机号码",
            "The new password must differ from the old one and must not contain the login name or phone",
        ),
        Some(PasswordDefect::Common) => (
            "common",
            "该密码过于常见，容易被猜到，请换一个",
            "This password is too common and easily guessed; please choose another",
        ),
    };
    Err(ApiError::fields(vec![FieldError::new("new", code, zh, en)]))
}
