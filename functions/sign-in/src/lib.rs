//! Signs people and machines in: login name or phone and password against a token, and out again.

mod change_password;
mod password;

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::{Act, AuditEntry};
use domain::{Account, AccountState, Role, Session, SessionToken};
use serde::{Deserialize, Serialize};
use store::attempts::{self, ADDRESS, Allowed, LOGIN};
use store::{accounts, audit, sessions};
use utoipa::ToSchema;
use utoipa_axum::routes;
use web::{
    ApiError, ClientAddress, CookieName, ErrorCode, FieldError, Json, Newcomer, OpenApiRouter,
    Problem, Service, SetCookie,
};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sign_in, who_am_i, sign_out))
        .routes(routes!(change_password::change_password))
        .with_state(service)
}

/// Login name or phone, and password.
#[derive(Deserialize, ToSchema)]
struct Credentials {
    /// Login name or phone.
    login: String,
    /// Password.
    password: String,
}

/// A new session.
///
/// The token is also set as a cookie, which is all that pages use. It stands in the body for programs, and for everybody: who may read
/// the body of this answer knows the password already, and a page does not keep it.
#[derive(Debug, Serialize, ToSchema)]
struct SignedIn {
    /// For programs, to be sent as `Authorization: Bearer …` with every request.
    token: String,
    /// When the session ends unless it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: jiff::Timestamp,
    /// Whose it is.
    account: Person,
}

/// A session and whose it is.
#[derive(Debug, Serialize, ToSchema)]
struct Signed {
    /// When the session ends unless it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: jiff::Timestamp,
    /// Whose it is.
    account: Person,
}

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
struct Person {
    /// 登录名.
    login_name: String,
    /// What it may do: `data_manager`, `reviewer`, `analyst` or `operator`.
    #[schema(value_type = String)]
    role: Role,
    /// 医疗机构代码.
    institution_code: Option<String>,
    /// 医疗机构名称.
    institution_name: Option<String>,
    /// Whether the initial password has to be changed first.
    must_change_password: bool,
}

impl From<Account> for Person {
    fn from(account: Account) -> Self {
        let (code, name) = account
            .institution
            .map(|institution| (institution.code, institution.name))
            .unzip();
        Self {
            login_name: account.login_name.into(),
            role: account.role,
            institution_code: code,
            institution_name: name,
            must_change_password: account.state == AccountState::MustChangePassword,
        }
    }
}

/// Signs in; the answer also sets the cookie `__Host-session`.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "session",
    request_body = Credentials,
    responses(
        (status = OK, body = SignedIn),
        (status = UNAUTHORIZED, body = Problem, description = "unknown user or wrong password"),
        (status = FORBIDDEN, body = Problem, description = "the initial password has expired"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "too many failures; see Retry-After"),
    )
)]
async fn sign_in(
    State(service): State<Service>,
    address: ClientAddress,
    Json(credentials): Json<Credentials>,
) -> Result<(SetCookie, Json<SignedIn>), ApiError> {
    credentials.check()?;
    let (store, now) = (&service.store, service.clock.now());
    let login = credentials.login.trim().to_lowercase();
    let address = address.text();
    for (policy, who) in [(ADDRESS, &address), (LOGIN, &login)] {
        if let Allowed::After(wait) = attempts::charge(store, policy, who, now).await? {
            tracing::warn!(what = policy.what, "sign-in refused: too many attempts");
            let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + 1;
            return Err(ApiError::after(ErrorCode::TooManyAttempts, seconds));
        }
    }
    let account = accounts::find_by_login(store, &login).await?;
    let matches = password::matches(account.as_ref(), credentials.password).await?;
    let may = |account: &Account| {
        account.state != AccountState::Disabled && !account.initial_password_is_over(now)
    };
    let outcome = if matches && account.as_ref().is_some_and(may) {
        Act::SignedIn
    } else {
        Act::SignInRefused
    };
    note(&service, account.as_ref(), outcome, &address).await?;
    // An account that is disabled answers as if the password were wrong: it must not tell that the password is right.
    let account = account
        .filter(|account| matches && account.state != AccountState::Disabled)
        .ok_or_else(|| {
            tracing::info!("sign-in refused: wrong login or password");
            ApiError::from(ErrorCode::WrongLogin)
        })?;
    // Told only to who has the password: it says what to do next.
    if account.initial_password_is_over(now) {
        return Err(ErrorCode::InitialPasswordOver.into());
    }
    let (token, session) = sessions::begin(store, &account, now).await?;
    attempts::forget(store, LOGIN, &login).await?;
    attempts::forgive(store, ADDRESS, &address).await?;
    tracing::info!(account = %account.id, "account {} signed in", account.id);
    Ok(SignedIn::answer(&token, &session, account))
}

impl SignedIn {
    fn answer(
        token: &SessionToken,
        session: &Session,
        account: Account,
    ) -> (SetCookie, Json<Self>) {
        let signed_in = Self {
            token: token.expose().to_owned(),
            expires_at: session.ends_at(),
            account: account.into(),
        };
        (SetCookie::new(CookieName::Session, token), Json(signed_in))
    }
}

/// An entry in the audit trail. Unknown names are written under one subject, and take as long to write as known ones.
async fn note(
    service: &Service,
    account: Option<&Account>,
    act: Act,
    address: &str,
) -> Result<(), ApiError> {
    let who = account.map_or("unknown", |account| account.id.as_str());
    let entry = AuditEntry {
        at: service.clock.now(),
        act,
        by: who.to_owned(),
        subject: who.to_owned(),
        address: Some(address.to_owned()).filter(|address| !address.is_empty()),
        request: None,
    };
    Ok(audit::note(&service.store, &entry).await?)
}

/// Tells whose session this is.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = OK, body = Signed), (status = UNAUTHORIZED, body = Problem))
)]
async fn who_am_i(Newcomer(caller): Newcomer) -> Json<Signed> {
    Json(Signed {
        expires_at: caller.session.ends_at(),
        account: caller.account.into(),
    })
}

/// Ends the session, and makes the browser forget its cookie.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = Problem))
)]
async fn sign_out(
    State(service): State<Service>,
    Newcomer(caller): Newcomer,
) -> Result<(StatusCode, SetCookie), ApiError> {
    sessions::end(&service.store, &caller.token).await?;
    note(&service, Some(&caller.account), Act::SignedOut, "").await?;
    tracing::info!(account = %caller.account.id, "account {} signed out", caller.account.id);
    let cookie = SetCookie::cleared(CookieName::Session);
    Ok((StatusCode::NO_CONTENT, cookie))
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
