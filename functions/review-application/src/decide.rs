//! Claims and rejections, and what both decisions have in common.

use axum::extract::State;
use axum::http::StatusCode;
use domain::application::{Application, Refusal, Stage};
use domain::audit::Act;
use domain::beijing;
use domain::notice::{Channel, Notice, NoticeKind};
use serde::Deserialize;
use store::{StoreError, Transaction, TransactionError, applications, audit, notices};
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::ReviewerCaller;

/// Takes an application up. Others see that, and may still decide.
#[utoipa::path(
    post,
    path = "/api/v1/review/applications/{id}/claim",
    tag = "review",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the application's id")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a reviewer"),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "it does not wait any more"),
    )
)]
pub(crate) async fn claim(
    State(service): State<Service>,
    caller: ReviewerCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut application = caller.find(&service, &id).await?;
    let now = service.clock.now();
    if let Err(refusal) = application.claim(&caller.reviewer, now) {
        return Err(refused(refusal, &application));
    }
    match applications::save(&service.store, &application, application.version).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(StoreError::Conflict) => Err(changed(&caller, &service, &id).await?),
        Err(error) => Err(error.into()),
    }
}

/// A rejection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejecting {
    /// The version that was looked at.
    version: u64,
    /// What the applicant reads, 1 to 500 characters.
    reason: String,
}

/// 审核不通过. The reason goes out by mail in the same breath.
#[utoipa::path(
    post,
    path = "/api/v1/review/applications/{id}/reject",
    tag = "review",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the application's id")),
    request_body = Rejecting,
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a reviewer"),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "decided on or changed meanwhile"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no reason"),
    )
)]
pub(crate) async fn reject(
    State(service): State<Service>,
    caller: ReviewerCaller,
    Path(id): Path<String>,
    Json(rejecting): Json<Rejecting>,
) -> Result<StatusCode, ApiError> {
    let mut application = caller.find(&service, &id).await?;
    let (store, now) = (&service.store, service.clock.now());
    let (seen, reason) = (rejecting.version, one_line(&rejecting.reason));
    if is_repeat(&application, &caller, seen, Stage::Rejected)
        && application
            .rejection
            .as_ref()
            .is_some_and(|it| it.reason == reason)
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    if let Err(refusal) = application.reject(seen, &reason, &caller.reviewer, now) {
        return Err(refused(refusal, &application));
    }
    let (id_text, draft) = (application.id.as_str(), &application.draft);
    let mut transaction = Transaction::new();
    transaction.add(
        "application",
        applications::write_change(store, &application, seen)?,
    );
    let entry = caller.entry(&service, Act::ApplicationRejected, id_text);
    transaction.add_all("audit", audit::write_entry(store, &entry)?);
    let key = format!("rejected/{id_text}/{seen}/mail");
    let mail = Notice::new(
        &key,
        NoticeKind::ApplicationRejected,
        Channel::Mail,
        &draft.manager.email,
        now,
    )
    .with("institution", &draft.institution_name)
    .with("manager", &draft.manager.name)
    .with("reason", &reason);
    transaction.add("notice", notices::write(store, &mail)?);
    match transaction.commit(store).await {
        Ok(()) => {}
        Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {
            return Err(changed(&caller, &service, &id).await?);
        }
        Err(TransactionError::Store(error)) => return Err(error.into()),
    }
    tracing::info!(application = id_text, "application {id_text} rejected");
    Ok(StatusCode::NO_CONTENT)
}

/// Whether this very decision took effect before, so that the request repeats one whose answer was lost.
pub(crate) fn is_repeat(
    application: &Application,
    caller: &ReviewerCaller,
    seen: u64,
    stage: Stage,
) -> bool {
    let by = match stage {
        Stage::Approved => application.approved.as_ref().map(|it| &it.by),
        _ => application.rejection.as_ref().map(|it| &it.by),
    };
    application.stage == stage
        && application.version == seen + 1
        && by.is_some_and(|by| *by == caller.reviewer.login_name)
}

/// Why a decision did not take place, as the reviewer is told.
pub(crate) fn refused(refusal: Refusal, application: &Application) -> ApiError {
    match refusal {
        Refusal::Province => ErrorCode::ApplicationNotFound.into(),
        Refusal::Reason => ApiError::fields(vec![FieldError::new(
            "reason",
            "length",
            "请填写审核不通过的原因，不超过500个字",
            "Please give a reason of at most 500 characters",
        )]),
        _ => stands(application),
    }
}

/// What became of an application while somebody else decided on it.
pub(crate) async fn changed(
    caller: &ReviewerCaller,
    service: &Service,
    id: &str,
) -> Result<ApiError, ApiError> {
    Ok(stands(&caller.find(service, id).await?))
}

/// Who has decided, and when; or that the applicant has taken it back.
fn stands(application: &Application) -> ApiError {
    let decided = match application.stage {
        Stage::Approved => application.approved.as_ref().map(|it| (&it.by, it.at)),
        Stage::Rejected => application.rejection.as_ref().map(|it| (&it.by, it.at)),
        Stage::Editing | Stage::Waiting => None,
    };
    let Some((by, at)) = decided else {
        return ErrorCode::ApplicationChanged.into();
    };
    let when = beijing(at).strftime("%Y-%m-%d %H:%M");
    let (code, zh, en) = match application.stage {
        Stage::Approved => ("approved", "审核通过", "approved"),
        _ => ("rejected", "审核不通过", "rejected"),
    };
    let zh = format!("审核员 {by} 已于 {when} 处理：{zh}");
    let en = format!("{by} decided at {when} (Beijing): {en}");
    let field = FieldError::new("decision", code, &zh, &en);
    ApiError::with(ErrorCode::DecidedAlready, vec![field])
}

/// Line ends and other control characters become spaces: the reason stands in a mail.
fn one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    text.trim().to_owned()
}
