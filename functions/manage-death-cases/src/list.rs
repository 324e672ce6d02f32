//! 死亡记录列表.

use axum::extract::State;
use domain::beijing;
use domain::death_case::{DeathCase, DeathCaseId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::death_cases;
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, Json, Problem, Service};

use crate::Manager;
use crate::view::DeathCaseLine;

const PAGE: usize = 20;
const LONGEST_PAGE: usize = 100;

/// Which cases are listed. In the body, because addresses are kept on the way and a patient's number or name must not be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// What 病案号 or 姓名 begins with; upper and lower case are the same.
    #[serde(default)]
    q: String,
    /// `incomplete`, `complete`, `due` (incomplete and in time) or `overdue`; all of them where it is left out.
    #[serde(default)]
    state: String,
    /// Where the last part ended.
    #[serde(default)]
    cursor: String,
    /// At most so many, 20 unless set, 100 at most.
    limit: Option<usize>,
}

/// A part of the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeathCaseList {
    /// Newest first.
    cases: Vec<DeathCaseLine>,
    /// Cursor of the next part; `null`: there is no more. A search may give less than asked for and still have more.
    next: Option<String>,
}

#[derive(Clone, Copy)]
enum Filter {
    All,
    Incomplete,
    Complete,
    Due,
    Overdue,
}

/// 死亡记录列表: the hospital's cases, newest first.
#[utoipa::path(
    post,
    path = "/api/v1/death-cases/search",
    tag = "death-cases",
    security(("bearer" = [])),
    request_body = Wanted,
    responses(
        (status = OK, body = DeathCaseList),
        (status = BAD_REQUEST, body = Problem, description = "no such state or cursor"),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a data manager"),
    )
)]
pub(crate) async fn list_death_cases(
    State(service): State<Service>,
    manager: Manager,
    Json(wanted): Json<Wanted>,
) -> Result<Json<DeathCaseList>, ApiError> {
    let filter = Filter::named(&wanted.state)?;
    let before = match wanted.cursor.as_str() {
        "" => None,
        cursor => Some(
            cursor
                .parse::<DeathCaseId>()
                .map_err(|_| ErrorCode::MalformedRequest)?,
        ),
    };
    let today = beijing(service.clock.now()).date();
    let q = wanted.q.trim().to_lowercase();
    let limit = wanted.limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE);
    let account = &manager.account.id;
    let listed = death_cases::list(&service.store, account, before.as_ref(), limit, |case| {
        filter.takes(case, today) && begins_with(case, &q)
    })
    .await?;
    let cases = listed.cases.iter();
    Ok(Json(DeathCaseList {
        cases: cases.map(|case| DeathCaseLine::new(case, today)).collect(),
        next: listed.next.map(String::from),
    }))
}

impl Filter {
    fn named(name: &str) -> Result<Self, ErrorCode> {
        match name {
            "" | "all" => Ok(Self::All),
            "incomplete" => Ok(Self::Incomplete),
            "complete" => Ok(Self::Complete),
            "due" => Ok(Self::Due),
            "overdue" => Ok(Self::Overdue),
            _ => Err(ErrorCode::MalformedRequest),
        }
    }

    fn takes(self, case: &DeathCase, today: Date) -> bool {
        let (complete, over) = (case.is_complete(), case.deadline().is_over(today));
        match self {
            Self::All => true,
            Self::Incomplete => !complete,
            Self::Complete => complete,
            Self::Due => !complete && !over,
            Self::Overdue => !complete && over,
        }
    }
}

fn begins_with(case: &DeathCase, q: &str) -> bool {
    let header = &case.header;
    header.medical_record_number.to_lowercase().starts_with(q)
        || header.name.to_lowercase().starts_with(q)
}
