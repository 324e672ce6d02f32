//! 动态验证码, for those who see or decide on what belongs to others. The front-end machine of a hospital could not type one.

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Act;
use domain::{Account, Role, SecondFactor};
use serde::{Deserialize, Serialize};
use store::attempts::{self, LOGIN};
use store::{StoreError, accounts, audit};
use utoipa::ToSchema;
use web::{ApiError, Caller, ClientAddress, ErrorCode, Json, Problem, Service};

use crate::audit::entry;
use crate::password;
use crate::sign_in::charge;

/// The password once more: an unlocked computer alone must not be enough.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begin {
    /// The password.
    password: String,
}

/// What an app needs to know.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// To be typed into an app that can't read the picture.
    secret: String,
    /// To be shown as a QR code.
    otpauth_uri: String,
}

/// Begins to set up a second factor. It is asked for once a first code was confirmed.
#[utoipa::path(
    post,
    path = "/api/v1/second-factor",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    request_body = Begin,
    responses(
        (status = OK, body = Begun),
        (status = UNAUTHORIZED, body = Problem, description = "no session, or the password is wrong"),
        (status = FORBIDDEN, body = Problem, description = "a data manager's account"),
        (status = CONFLICT, body = Problem, description = "there is one already"),
    )
)]
pub(crate) async fn begin_second_factor(
    State(service): State<Service>,
    caller: Caller,
    Json(begin): Json<Begin>,
) -> Result<Json<Begun>, ApiError> {
    let before = allowed(caller)?;
    if before.has_second_factor() {
        return Err(ErrorCode::SecondFactorState.into());
    }
    let login = before.login_name.as_str();
    charge(&service, LOGIN, login, service.clock.now()).await?;
    if !password::matches(Some(&before), begin.password).await? {
        return Err(ErrorCode::WrongLogin.into());
    }
    attempts::forget(&service.store, LOGIN, login).await?;
    let factor = SecondFactor::random();
    let begun = Begun {
        secret: factor.secret(),
        otpauth_uri: factor.uri(login),
    };
    save(&service, &before, Some(factor), None).await?;
    Ok(Json(begun))
}

/// A code the app shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// Six digits; to turn the second factor off, a recovery code will do.
    code: String,
}

/// The second factor is on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Confirmed {
    /// Each is good for one sign-in without the app. Shown this once: only digests are kept.
    recovery_codes: Vec<String>,
}

/// Turns the second factor on, with a first code that shows that the app has it.
#[utoipa::path(
    post,
    path = "/api/v1/second-factor/confirm",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    request_body = Code,
    responses(
        (status = OK, body = Confirmed),
        (status = UNAUTHORIZED, body = Problem, description = "no session, or the code is wrong"),
        (status = FORBIDDEN, body = Problem, description = "a data manager's account"),
        (status = CONFLICT, body = Problem, description = "none was begun, or it is on already"),
    )
)]
pub(crate) async fn confirm_second_factor(
    State(service): State<Service>,
    address: ClientAddress,
    caller: Caller,
    Json(code): Json<Code>,
) -> Result<Json<Confirmed>, ApiError> {
    let before = allowed(caller)?;
    let now = service.clock.now();
    let begun = before.second_factor.clone();
    let begun = begun.filter(|factor| !factor.confirmed);
    let mut factor = begun.ok_or(ErrorCode::SecondFactorState)?;
    charge(&service, LOGIN, before.login_name.as_str(), now).await?;
    let recovery_codes = factor
        .confirm(&code.code, now)
        .ok_or(ErrorCode::WrongSecondFactor)?;
    let act = Some((Act::SecondFactorOn, address));
    save(&service, &before, Some(factor), act).await?;
    attempts::forget(&service.store, LOGIN, before.login_name.as_str()).await?;
    Ok(Json(Confirmed { recovery_codes }))
}

/// Turns the second factor off, with one of its codes.
#[utoipa::path(
    post,
    path = "/api/v1/second-factor/end",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    request_body = Code,
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem, description = "no session, or the code is wrong"),
        (status = CONFLICT, body = Problem, description = "there is none"),
    )
)]
pub(crate) async fn end_second_factor(
    State(service): State<Service>,
    address: ClientAddress,
    caller: Caller,
    Json(code): Json<Code>,
) -> Result<StatusCode, ApiError> {
    let before = allowed(caller)?;
    let now = service.clock.now();
    let on = before.second_factor.clone().filter(|on| on.confirmed);
    let mut factor = on.ok_or(ErrorCode::SecondFactorState)?;
    charge(&service, LOGIN, before.login_name.as_str(), now).await?;
    if !factor.use_code(&code.code, now) {
        return Err(ErrorCode::WrongSecondFactor.into());
    }
    save(
        &service,
        &before,
        None,
        Some((Act::SecondFactorOff, address)),
    )
    .await?;
    attempts::forget(&service.store, LOGIN, before.login_name.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn allowed(caller: Caller) -> Result<Account, ApiError> {
    match caller.account.role {
        Role::DataManager => Err(ErrorCode::Forbidden.into()),
        Role::Reviewer | Role::Analyst | Role::Operator | Role::Auditor => Ok(caller.account),
    }
}

async fn save(
    service: &Service,
    before: &Account,
    factor: Option<SecondFactor>,
    act: Option<(Act, ClientAddress)>,
) -> Result<(), ApiError> {
    let mut after = before.clone();
    after.second_factor = factor;
    after.version += 1;
    let entry = match act {
        Some((act, address)) => {
            let entry = entry(Some(&after), act, address, service.clock.now());
            audit::write_entry(&service.store, &entry)?
        }
        None => Vec::new(),
    };
    match accounts::save(&service.store, &after, before.version, entry).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => Err(ErrorCode::SecondFactorState.into()),
        Err(error) => Err(error.into()),
    }
}
