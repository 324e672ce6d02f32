use axum::extract::State;
use domain::audit::{Act, AuditEntry};
use domain::{Account, Role, Sha256};
use serde::{Deserialize, Serialize};
use store::{audit, death_cases};
use utoipa::ToSchema;
use web::{
    ApiError, Caller, ClientAddress, ErrorCode, FieldError, Json, Language, Problem, Service,
};

use crate::steps::{self, Step};
use crate::{reasons, versions};

/// Which case. In the body, because addresses are kept on the way and a patient's number must not be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceQuery {
    /// 病案号, or 就诊卡号.
    number: String,
}

/// A case across its uploads.
#[derive(Serialize, ToSchema)]
pub(crate) struct CaseHistory {
    /// The number that was asked for.
    number: String,
    /// Whether nothing is missing and nothing is refused.
    complete: bool,
    /// One for each kind of data, in the order they come in, the attachments of a death case last.
    steps: Vec<Step>,
    /// Whether the hospital has more uploads than were looked through: the newest 300.
    older_left: bool,
}

/// Follows a case through the hospital's uploads.
#[utoipa::path(
    post,
    path = "/api/v1/case-history/search",
    tag = "uploads",
    security(("bearer" = [])),
    request_body = TraceQuery,
    responses(
        (status = OK, body = CaseHistory),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "no data manager"),
        (status = NOT_FOUND, body = Problem, description = "no record of this hospital has the number"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no number"),
    )
)]
pub(crate) async fn trace_case(
    State(service): State<Service>,
    caller: Caller,
    address: ClientAddress,
    language: Language,
    Json(query): Json<TraceQuery>,
) -> Result<Json<CaseHistory>, ApiError> {
    let account = &caller.account;
    if account.role != Role::DataManager {
        return Err(ErrorCode::Forbidden.into());
    }
    let number = query.number.trim();
    if number.is_empty() || number.chars().count() > 50 {
        return Err(ApiError::fields(vec![FieldError::new(
            "number",
            "no_number",
            "请输入病案号或就诊卡号（不超过50个字符）",
            "Please give a medical record number or visit card number of at most 50 characters",
        )]));
    }
    let seen = entry(&service, account, &address, number);
    audit::note(&service.store, &seen).await?;
    let mut found = versions::find(&service, account, number).await?;
    let case = death_cases::of_number(&service.store, &account.id, number).await?;
    if found.versions.is_empty() && case.is_none() {
        return Err(ErrorCode::CaseNotFound.into());
    }
    reasons::add(&service, &mut found.versions, language).await?;
    let steps = steps::of(&service, found.versions, case.as_ref());
    Ok(Json(CaseHistory {
        number: number.to_owned(),
        complete: steps.iter().all(Step::is_settled),
        steps,
        older_left: found.older_left,
    }))
}

/// The trail holds no value of a patient: the number stands there as a digest, so that two looks at one case can be told to be.
fn entry(
    service: &Service,
    account: &Account,
    address: &ClientAddress,
    number: &str,
) -> AuditEntry {
    let named = format!("{}\u{1f}{}", account.id, number.to_uppercase());
    let mut subject = format!("case-{}", Sha256::of(named.as_bytes()));
    subject.truncate(21);
    let address = address.text();
    AuditEntry {
        at: service.clock.now(),
        act: Act::CaseTraced,
        by: account.id.to_string(),
        subject,
        address: (!address.is_empty()).then_some(address),
        request: None,
    }
}
