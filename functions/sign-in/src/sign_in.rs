//! 登录.

use axum::Extension;
use axum::extract::State;
use domain::audit::Act;
use domain::machine::MachineLogin;
use domain::{Account, AccountState, PasswordPolicy, SessionPurpose};
use jiff::Timestamp;
use metrics::Metric;
use serde::Deserialize;
use store::attempts::{self, ADDRESS, Allowed, LOGIN, Policy};
use store::{StoreError, accounts, audit, sessions};
use utoipa::ToSchema;
use web::{
    ApiError, ClientAddress, ClientPlace, ErrorCode, FieldError, Json, Newcomer, Problem, Service,
    SetCookie,
};

use crate::audit::{entry, note};
use crate::machine;
use crate::password;
use crate::view::SignedIn;

/// Login name or phone, and password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// Login name or phone.
    login: String,
    /// Password.
    password: String,
    /// 动态验证码 or a recovery code, once `second_factor_required` was answered.
    code: Option<String>,
}

/// Signs in; the answer also sets the cookie `__Host-session`. The session the request was made in, if any, ends.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "session",
    request_body = Credentials,
    responses(
        (status = OK, body = SignedIn),
        (status = UNAUTHORIZED, body = Problem, description = "unknown user or wrong password; or the code of the second factor is missing or wrong"),
        (status = FORBIDDEN, body = Problem, description = "the initial password has expired or was used, or the page is another site's"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "too many failures; see Retry-After"),
    )
)]
pub(crate) async fn sign_in(
    State(service): State<Service>,
    Extension(policy): Extension<PasswordPolicy>,
    address: ClientAddress,
    ClientPlace(place): ClientPlace,
    earlier: Result<Newcomer, ApiError>,
    Json(credentials): Json<Credentials>,
) -> Result<(SetCookie, Json<SignedIn>), ApiError> {
    credentials.check()?;
    let (store, now) = (&service.store, service.clock.now());
    let login = credentials.login.trim().to_lowercase();
    charge(&service, ADDRESS, &address.text(), now).await?;
    charge(&service, LOGIN, &login, now).await?;

    if let Ok(machine) = login.parse::<MachineLogin>() {
        let secret = credentials.password;
        let (account, token, session) =
            machine::sign_in(&service, &machine, &secret, address, place).await?;
        attempts::forget(store, LOGIN, &login).await?;
        attempts::forgive(store, ADDRESS, &address.text()).await?;
        return Ok(SignedIn::answer(&token, &session, account, policy));
    }
    let account = accounts::find_by_login(store, &login).await?;
    let matches = password::matches(account.as_ref(), credentials.password).await?;
    // An account that is disabled answers as if the password were wrong: it must not tell that the password is right.
    let known = account
        .as_ref()
        .filter(|account| matches && account.state != AccountState::Disabled);
    let Some(known) = known else {
        note(&service, account.as_ref(), Act::SignInRefused, address).await?;
        tracing::info!("sign-in refused: wrong login or password");
        metrics::record(&[(Metric::SignInsRefused, 1)]);
        return Err(ErrorCode::WrongLogin.into());
    };
    // From here on the answer tells more: it says what to do next to who has the password.
    let account = match admit(&service, known, credentials.code.as_deref(), address).await {
        Ok(account) => account,
        Err(error) => {
            note(&service, Some(known), Act::SignInRefused, address).await?;
            return Err(error);
        }
    };
    let too_old = account
        .password_ends_at(policy)
        .is_some_and(|end| end <= now);
    let purpose = if account.state == AccountState::MustChangePassword || too_old {
        SessionPurpose::ChoosePassword
    } else {
        SessionPurpose::Work
    };
    let (token, session) = sessions::begin_at(store, &account, purpose, place, now).await?;
    attempts::forget(store, LOGIN, &login).await?;
    attempts::forgive(store, ADDRESS, &address.text()).await?;
    // The browser forgets its earlier session now; whoever else may have got hold of it must not go on.
    if let Ok(Newcomer(earlier)) = earlier {
        sessions::end(store, &earlier.session, &earlier.token).await?;
        note(&service, Some(&earlier.account), Act::SessionEnded, address).await?;
    }
    tracing::info!(account = %account.id, "account {} signed in", account.id);
    Ok(SignedIn::answer(&token, &session, account, policy))
}

/// Counts an attempt, or tells how long to wait.
pub(crate) async fn charge(
    service: &Service,
    policy: Policy,
    who: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    match attempts::charge(&service.store, policy, who, now).await? {
        Allowed::Yes => Ok(()),
        Allowed::After(wait) => {
            tracing::warn!(what = policy.what, "refused: too many attempts");
            metrics::record(&[(Metric::AttemptsRefused, 1)]);
            Err(ApiError::too_often(wait))
        }
    }
}

/// What else is asked of who has the password. What is good for one use is used up in the transaction that leaves the audit
/// entry, so that of two at once one is let in.
async fn admit(
    service: &Service,
    known: &Account,
    code: Option<&str>,
    address: ClientAddress,
) -> Result<Account, ApiError> {
    let (store, now) = (&service.store, service.clock.now());
    let mut before = known.clone();
    for _ in 0..4 {
        let after = used(&before, code, now)?;
        let entry = entry(Some(&after), Act::SignedIn, address, now);
        if after == before {
            audit::note(store, &entry).await?;
            return Ok(after);
        }
        let entry = audit::write_entry(store, &entry)?;
        match accounts::save(store, &after, before.version, entry).await {
            Ok(()) => return Ok(after),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        // Another sign-in was first, or a reset, which makes another password of it.
        before = accounts::find(store, &known.id)
            .await?
            .filter(|account| account.password_hash == known.password_hash)
            .ok_or(ErrorCode::WrongLogin)?;
    }
    Err(StoreError::Conflict.into())
}

/// The account after what is good for one use was used.
fn used(before: &Account, code: Option<&str>, now: Timestamp) -> Result<Account, ApiError> {
    let mut after = before.clone();
    if before.initial_password_is_over(now) {
        return Err(ErrorCode::InitialPasswordOver.into());
    }
    if before.initial_password_until.is_some() {
        if before.initial_password_used {
            return Err(ErrorCode::InitialPasswordUsed.into());
        }
        after.initial_password_used = true;
    }
    if let Some(factor) = &mut after.second_factor
        && factor.confirmed
    {
        let code = code.ok_or(ErrorCode::SecondFactorRequired)?;
        if !factor.use_code(code, now) {
            tracing::info!("sign-in refused: wrong code of the second factor");
            metrics::record(&[(Metric::SignInsRefused, 1)]);
            return Err(ErrorCode::WrongSecondFactor.into());
        }
    }
    if after != *before {
        after.version += 1;
    }
    Ok(after)
}

impl Credentials {
    /// Longer than any password or name: hashing a megabyte would cost more than sending it.
    const LONGEST: usize = 256;

    fn check(&self) -> Result<(), ApiError> {
        let mut fields = Vec::new();
        for (field, value) in [("login", &self.login), ("password", &self.password)] {
            if value.trim().is_empty() {
                fields.push(FieldError::new(
                    field,
                    "required",
                    "请填写此项",
                    "Please fill this in",
                ));
            } else if value.len() > Self::LONGEST {
                fields.push(FieldError::new(
                    field,
                    "too_long",
                    "内容过长",
                    "This is too long",
                ));
            }
        }
        if fields.is_empty() {
            Ok(())
        } else {
            Err(ApiError::fields(fields))
        }
    }
}
