//! The queue: 待审核 by age, 审核通过 and 审核不通过 by the day of the decision.

use axum::extract::State;
use domain::application::{Application, Claim, Stage};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use standard::divisions;
use store::applications;
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Json, Problem, Query, Service};

use crate::ReviewerCaller;

/// Applications on one page.
const PAGE: usize = 20;

/// What is to be listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `waiting` (unless given), `approved` or `rejected`.
    stage: Option<String>,
    /// First two digits of the division code; a reviewer of one province sees only that one.
    province: Option<String>,
    /// What the page before answered as `next`.
    cursor: Option<String>,
}

/// A page of the queue.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueuePage {
    /// Those that wait the longest first; those decided on the newest first.
    applications: Vec<QueueLine>,
    /// Leads to the next page.
    next: Option<String>,
}

/// An application in the queue.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueueLine {
    /// Its id.
    id: String,
    /// 医疗机构名称.
    institution_name: String,
    /// 医疗机构代码.
    institution_code: String,
    /// Province.
    province: String,
    /// Whether a profile is in force already, so that this is a change of it.
    is_change: bool,
    /// When it was submitted.
    #[schema(value_type = Option<String>, format = DateTime)]
    submitted_at: Option<Timestamp>,
    /// Who is looking at it.
    claimed: Option<Claimed>,
}

/// Another reviewer, or oneself, has it open.
#[derive(Serialize, ToSchema)]
pub(crate) struct Claimed {
    /// Login name.
    by: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<&Claim> for Claimed {
    fn from(claim: &Claim) -> Self {
        Self {
            by: claim.by.clone(),
            at: claim.at,
        }
    }
}

/// Lists applications.
#[utoipa::path(
    get,
    path = "/api/v1/review/applications",
    tag = "review",
    security(("bearer" = [])),
    params(Wanted),
    responses(
        (status = OK, body = QueuePage),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a reviewer"),
    )
)]
pub(crate) async fn list_applications(
    State(service): State<Service>,
    caller: ReviewerCaller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<QueuePage>, ApiError> {
    let stage = match wanted.stage.as_deref() {
        Some("approved") => Stage::Approved,
        Some("rejected") => Stage::Rejected,
        _ => Stage::Waiting,
    };
    let scope = caller.reviewer.province.as_deref();
    let asked = wanted.province.as_deref().filter(|code| !code.is_empty());
    if let (Some(scope), Some(asked)) = (scope, asked)
        && scope != asked
    {
        // Another province is empty for this reviewer.
        let applications = Vec::new();
        return Ok(Json(QueuePage {
            applications,
            next: None,
        }));
    }
    let cursor = wanted.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let province = scope.or(asked);
    let listed = applications::list(&service.store, stage, province, cursor, PAGE).await?;
    Ok(Json(QueuePage {
        applications: listed.applications.iter().map(line).collect(),
        next: listed.next,
    }))
}

fn line(application: &Application) -> QueueLine {
    let draft = &application.draft;
    let province = divisions().path(&draft.division);
    QueueLine {
        id: application.id.to_string(),
        institution_name: draft.institution_name.clone(),
        institution_code: draft.institution_code.clone(),
        province: province
            .first()
            .map_or_else(String::new, |p| p.name.clone()),
        is_change: application.account.is_some() && application.stage != Stage::Approved,
        submitted_at: application.submitted_at,
        claimed: application.claim.as_ref().map(Claimed::from),
    }
}
