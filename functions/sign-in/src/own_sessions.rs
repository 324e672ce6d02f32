//! Sessions as their owner sees and ends them.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Act;
use domain::{PasswordPolicy, Session};
use jiff::Timestamp;
use serde::Serialize;
use store::sessions;
use utoipa::ToSchema;
use web::{
    ApiError, Caller, ClientAddress, CookieName, ErrorCode, Json, Newcomer, Path, Problem, Service,
    SetCookie,
};

use crate::audit::note;
use crate::view::{Person, Signed};

/// Tells whose session this is.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = OK, body = Signed), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn who_am_i(
    Extension(policy): Extension<PasswordPolicy>,
    Newcomer(caller): Newcomer,
) -> Json<Signed> {
    Json(Signed {
        expires_at: caller.session.ends_at(),
        account: Person::of(caller.account, &caller.session, policy),
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
pub(crate) async fn sign_out(
    State(service): State<Service>,
    address: ClientAddress,
    Newcomer(caller): Newcomer,
) -> Result<(StatusCode, SetCookie), ApiError> {
    sessions::end(&service.store, &caller.session, &caller.token).await?;
    note(&service, Some(&caller.account), Act::SignedOut, address).await?;
    tracing::info!(account = %caller.account.id, "account {} signed out", caller.account.id);
    let cookie = SetCookie::cleared(CookieName::Session);
    Ok((StatusCode::NO_CONTENT, cookie))
}

/// The account's sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// The newest first.
    sessions: Vec<OwnSession>,
}

/// One session.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSession {
    /// Names it; opens nothing.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    used_at: Timestamp,
    /// When it ends unless it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Address it was begun from.
    address: Option<String>,
    /// What browser or program began it, in its own words.
    client: Option<String>,
}

impl OwnSession {
    fn of(session: Session, current: &str) -> Self {
        Self {
            current: session.id == current,
            expires_at: session.ends_at(),
            started_at: session.started_at,
            used_at: session.used_at,
            id: session.id,
            address: session.place.address,
            client: session.place.client,
        }
    }
}

/// Lists where the account is signed in.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = OK, body = Sessions), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn list_sessions(
    State(service): State<Service>,
    caller: Caller,
) -> Result<Json<Sessions>, ApiError> {
    let now = service.clock.now();
    let sessions = sessions::list(&service.store, &caller.account, now).await?;
    let sessions = sessions
        .into_iter()
        .map(|session| OwnSession::of(session, &caller.session.id))
        .collect();
    Ok(Json(Sessions { sessions }))
}

/// Ends another session of the account. One's own ends with `DELETE /api/v1/session`.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    params(("id" = String, Path, description = "the session's id")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem, description = "no other session of this account"),
    )
)]
pub(crate) async fn end_session(
    State(service): State<Service>,
    address: ClientAddress,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    // Looked up among the account's own: an id of somebody else's is one that does not exist.
    if end(&service, address, &caller, Some(&id)).await? == 0 {
        return Err(ErrorCode::SessionNotFound.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all other sessions of the account.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions",
    tag = "session",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn end_other_sessions(
    State(service): State<Service>,
    address: ClientAddress,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    end(&service, address, &caller, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end(
    service: &Service,
    address: ClientAddress,
    caller: &Caller,
    only: Option<&str>,
) -> Result<usize, ApiError> {
    let (account, keep) = (&caller.account, caller.session.id.as_str());
    let ended = sessions::end_others(&service.store, &account.id, only, keep).await?;
    if ended > 0 {
        note(service, Some(account), Act::SessionEnded, address).await?;
        tracing::info!(account = %account.id, "account {} ended {ended} sessions", account.id);
    }
    Ok(ended)
}
