//! 审计日志, for operators and auditors: who did what to what, when, from where. Nobody can change or delete a line of it.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::audit::{Act, AuditEntry};
use domain::{AccountId, Role, beijing};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::accounts;
use store::audit::{self, Filter};
use utoipa::ToSchema;
use utoipa_axum::routes;
use web::{
    ApiError, Caller, ClientAddress, ErrorCode, FieldError, Json, OpenApiRouter, Problem, Service,
};

/// Entries in one answer.
const PAGE: usize = 50;

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(read_audit))
        .with_state(service)
}

/// Which entries are asked for: one of the three; today's unless one is given. In the body, because addresses are kept on the way and a
/// login name, which may be a phone number, must not be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A day in China, `2026-01-31`.
    day: Option<String>,
    /// What it was done to: id of an account, application or upload.
    subject: Option<String>,
    /// Who did it: id or login name of an account.
    account: Option<String>,
    /// Where the last answer ended.
    cursor: Option<String>,
}

/// A part of the audit trail.
#[derive(Serialize, ToSchema)]
struct Trail {
    /// The newest first.
    entries: Vec<Entry>,
    /// To be sent as `cursor` for older ones; absent: there are none.
    next: Option<String>,
}

/// One line.
#[derive(Serialize, ToSchema)]
struct Entry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What was done.
    #[schema(value_type = String)]
    act: Act,
    /// Who: account id, or `applicant`, `operator` or `unknown`.
    by: String,
    /// Login name of who did it, where it is an account.
    by_login_name: Option<String>,
    /// To what: id of an account, application or upload.
    subject: String,
    /// From which address.
    address: Option<String>,
}

/// Reads the audit trail. Reading it is an act as well and stands in it.
#[utoipa::path(
    post,
    path = "/api/v1/audit/search",
    tag = "audit",
    security(("bearer" = []), ("cookie" = [])),
    request_body = Asked,
    responses(
        (status = OK, body = Trail),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither operator nor auditor"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no day, or more than one filter"),
    )
)]
async fn read_audit(
    State(service): State<Service>,
    address: ClientAddress,
    caller: Caller,
    Json(asked): Json<Asked>,
) -> Result<Json<Trail>, ApiError> {
    if !matches!(caller.account.role, Role::Operator | Role::Auditor) {
        return Err(ErrorCode::Forbidden.into());
    }
    let store = &service.store;
    let filter = filter(&service, &asked).await?;
    // `#` would end an address.
    let cursor = asked
        .cursor
        .as_deref()
        .map(|cursor| cursor.replace('_', "#"));
    let cursor = cursor.as_deref().filter(|cursor| !cursor.is_empty());
    // Pages belong to one look at the trail.
    if cursor.is_none() {
        let entry = AuditEntry {
            at: service.clock.now(),
            act: Act::AuditViewed,
            by: caller.account.id.to_string(),
            subject: match &filter {
                Filter::Subject(what) | Filter::By(what) => what.clone(),
                Filter::Day(day) => day.to_string(),
            },
            address: Some(address.text()).filter(|address| !address.is_empty()),
            request: None,
        };
        audit::note(store, &entry).await?;
    }
    let page = audit::list(store, &filter, cursor, PAGE).await?;
    let mut names = BTreeMap::new();
    let mut entries = Vec::with_capacity(page.entries.len());
    for entry in page.entries {
        if !names.contains_key(&entry.by) {
            names.insert(entry.by.clone(), login_name(&service, &entry.by).await?);
        }
        entries.push(Entry {
            at: entry.at,
            act: entry.act,
            by_login_name: names.get(&entry.by).cloned().flatten(),
            by: entry.by,
            subject: entry.subject,
            address: entry.address,
        });
    }
    let next = page.next.map(|next| next.replace('#', "_"));
    Ok(Json(Trail { entries, next }))
}

async fn login_name(service: &Service, by: &str) -> Result<Option<String>, ApiError> {
    let Ok(id) = by.parse::<AccountId>() else {
        return Ok(None);
    };
    let account = accounts::find(&service.store, &id).await?;
    Ok(account.map(|account| account.login_name.into()))
}

async fn filter(service: &Service, asked: &Asked) -> Result<Filter, ApiError> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
    let filter = match (
        given(&asked.day),
        given(&asked.subject),
        given(&asked.account),
    ) {
        (None, None, None) => Filter::Day(beijing(service.clock.now()).date()),
        (Some(day), None, None) => Filter::Day(day.trim().parse::<Date>().map_err(|_| {
            refused(
                "day",
                "请按“年-月-日”填写日期，如 2026-01-31",
                "Please give the day like 2026-01-31",
            )
        })?),
        (None, Some(subject), None) => Filter::Subject(subject.trim().to_owned()),
        (None, None, Some(account)) => {
            let account = account.trim();
            // People know login names, the trail knows ids: a name may go to another account one day.
            let found = accounts::find_by_login(&service.store, &account.to_lowercase()).await?;
            Filter::By(found.map_or_else(|| account.to_owned(), |found| found.id.to_string()))
        }
        _ => {
            return Err(refused(
                "day",
                "请只按日期、对象、账号中的一项查询",
                "Please give only one of day, subject and account",
            ));
        }
    };
    Ok(filter)
}

fn refused(field: &str, zh: &str, en: &str) -> ApiError {
    ApiError::fields(vec![FieldError::new(field, "filter", zh, en)])
}
