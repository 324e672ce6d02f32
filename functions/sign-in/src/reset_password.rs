//! 忘记密码: a code by SMS against a new password. An account that was brought along gets its first password in the same way.
//!
//! Whether what was typed leads to an account is told by nothing: not by status or body, which are the same, and not by the time,
//! since the same calls are made and as much is written.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Act;
use domain::sms_code::{CodePurpose, CodeTry, SmsCode};
use domain::{Account, AccountState, PasswordPolicy, SessionToken, Sha256};
use serde::Deserialize;
use store::attempts::{self, Allowed, LOGIN};
use store::password_resets::{self, PasswordReset};
use store::{StoreError, accounts, audit, notices, sms_codes};
use utoipa::ToSchema;
use web::{
    ApiError, ClientAddress, CodeSent, ErrorCode, FieldError, Json, Language, Problem, Service,
    code_message,
};

use crate::audit::entry;
use crate::notices::password_changed;
use crate::password;

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// Login name or phone.
    login_or_phone: String,
}

/// Asks for a code to set a new password with. The answer is the same whether there is such an account or not.
#[utoipa::path(
    post,
    path = "/api/v1/password/codes",
    tag = "session",
    request_body = Ask,
    responses(
        (status = ACCEPTED, body = CodeSent),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "nothing was typed"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "asked too often; see Retry-After"),
    )
)]
pub(crate) async fn request_code(
    State(service): State<Service>,
    address: ClientAddress,
    language: Language,
    Json(ask): Json<Ask>,
) -> Result<(StatusCode, Json<CodeSent>), ApiError> {
    let typed = ask.login_or_phone.trim().to_lowercase();
    if typed.is_empty() || typed.len() > 256 {
        return Err(ApiError::fields(vec![FieldError::new(
            "login_or_phone",
            "required",
            "请填写登录名或手机号码",
            "Please give the login name or the phone",
        )]));
    }
    let (store, now) = (&service.store, service.clock.now());
    if let Allowed::After(wait) = sms_codes::allow(store, &typed, &address.text(), now).await? {
        tracing::warn!("no code sent: asked too often");
        return Err(ApiError::too_often(wait));
    }
    let account = accounts::find_by_login(store, &typed).await?;
    let account = account.filter(|account| account.state != AccountState::Disabled);
    let phone = account.as_ref().and_then(|account| account.phone.as_ref());
    let phone = phone.map(|phone| phone.as_str().to_owned());
    // Who typed a login name must not send more to its phone than who typed the phone. Nothing is said of this limit: it would
    // tell which phone belongs to which name.
    let counted = match &phone {
        Some(phone) if *phone != typed => phone.clone(),
        _ => format!("{typed}#"),
    };
    let allowed = sms_codes::allow_phone(store, &counted, now).await? == Allowed::Yes;
    let found = account.zip(phone).filter(|_| allowed);

    // As unguessable as a session, which it is a half of.
    let request = SessionToken::random().expose().to_owned();
    let reset = match &found {
        Some((account, phone)) => PasswordReset {
            account: Some(account.id.clone()),
            kept_under: phone.clone(),
        },
        None => PasswordReset {
            account: None,
            kept_under: Sha256::of(typed.as_bytes()).to_string(),
        },
    };
    let (code, digits) = SmsCode::new(CodePurpose::PasswordReset, &reset.kept_under, &request, now);
    let purpose = ("设置登录密码", "setting your password");
    let message = found
        .as_ref()
        .map(|(_, phone)| code_message(phone, &request, &digits, language, purpose, now));
    password_resets::ask(store, &reset, &code, message.as_ref(), now).await?;
    Ok((StatusCode::ACCEPTED, Json(CodeSent::new(request))))
}

/// A code and a new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    /// What the request for the code answered.
    request: String,
    /// The six digits.
    code: String,
    /// The new password.
    new_password: String,
}

/// Sets a new password. All sessions end, and the owner is told; then one signs in as usual.
#[utoipa::path(
    post,
    path = "/api/v1/password/reset",
    tag = "session",
    request_body = Reset,
    responses(
        (status = NO_CONTENT),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "`wrong_code`: wrong, late, used up or of another request; `invalid_fields`: the new password is not acceptable, the code can be used again"),
    )
)]
pub(crate) async fn reset_password(
    State(service): State<Service>,
    Extension(policy): Extension<PasswordPolicy>,
    address: ClientAddress,
    Json(reset): Json<Reset>,
) -> Result<StatusCode, ApiError> {
    // What can be said without knowing whose password it is does not cost a try.
    password::check(policy, "new_password", &reset.new_password, "", None)?;
    let (store, now) = (&service.store, service.clock.now());
    let (asked, before) = prove(&service, &reset).await?;
    password::check(
        policy,
        "new_password",
        &reset.new_password,
        "",
        Some(&before),
    )?;
    if password::matches(Some(&before), reset.new_password.clone()).await? {
        return Err(password::refused(
            "new_password",
            domain::PasswordDefect::Known,
        ));
    }
    let mut after = before.clone();
    after.set_own_password(password::hash(reset.new_password).await?, now);
    after.version += 1;
    let entry = entry(Some(&after), Act::PasswordReset, address, now);
    let mut others = audit::write_entry(store, &entry)?;
    for notice in password_changed(&after, now) {
        others.push(notices::write(store, &notice)?);
    }
    let finished = password_resets::finish(store, &asked, &reset.request, &before, &after, others);
    match finished.await {
        Ok(()) => {}
        // Used at this very moment, or the account was reset for another data manager.
        Err(StoreError::Conflict) => return Err(ErrorCode::WrongCode.into()),
        Err(error) => return Err(error.into()),
    }
    attempts::forget(store, LOGIN, after.login_name.as_str()).await?;
    if let Some(phone) = &after.phone {
        attempts::forget(store, LOGIN, phone.as_str()).await?;
    }
    tracing::info!(account = %after.id, "account {} has a new password by SMS", after.id);
    Ok(StatusCode::NO_CONTENT)
}

/// The account whose phone got the code.
async fn prove(service: &Service, reset: &Reset) -> Result<(PasswordReset, Account), ApiError> {
    let (store, now) = (&service.store, service.clock.now());
    let wrong = || ApiError::from(ErrorCode::WrongCode);
    let asked = password_resets::find(store, &reset.request).await?;
    let asked = asked.ok_or_else(wrong)?;
    let (purpose, digits) = (CodePurpose::PasswordReset, reset.code.trim());
    let under = &asked.kept_under;
    let tried = sms_codes::look(store, purpose, under, &reset.request, digits, now).await?;
    let account = match &asked.account {
        Some(id) if tried == CodeTry::Right => accounts::find(store, id).await?,
        _ => None,
    };
    let account = account
        .filter(|account| account.state != AccountState::Disabled)
        // The phone may have gone to another data manager since the code was sent.
        .filter(|account| {
            let phone = account.phone.as_ref();
            phone.is_some_and(|phone| phone.as_str() == asked.kept_under)
        });
    let Some(account) = account else {
        tracing::info!("password not reset: wrong code");
        return Err(wrong());
    };
    Ok((asked, account))
}
