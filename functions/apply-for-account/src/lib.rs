//! 申请账号, in four steps (manual 3.1): identity by SMS code, profile, documents, status.
//!
//! Every route but the first two works on the application its token opens and on no other; no id of an application ever
//! stands in a request.

mod divisions;
mod forms;
mod identity;
mod profile;
mod scans;
mod submit;
mod texts;
mod view;

use axum::extract::State;
use domain::application::{Application, Refusal};
use store::{StoreError, applications};
use utoipa_axum::routes;
use web::{ApiError, Applicant, ErrorCode, Json, OpenApiRouter, Problem, Service};

use crate::view::ApplicationStatus;

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(identity::request_code))
        .routes(routes!(identity::identify, identity::leave))
        .routes(routes!(divisions::list_divisions))
        .routes(routes!(show))
        .routes(routes!(profile::save_profile))
        .routes(routes!(edit))
        .routes(routes!(forms::download_form))
        .routes(routes!(
            scans::announce_scan,
            scans::show_scan,
            scans::delete_scan
        ))
        .routes(routes!(submit::submit))
        .with_state(service)
}

/// 审批状态: everything about the application, and what can be done next.
#[utoipa::path(
    get,
    path = "/api/v1/applications",
    tag = "applications",
    security(("bearer" = [])),
    responses((status = OK, body = ApplicationStatus), (status = UNAUTHORIZED, body = Problem))
)]
async fn show(
    State(service): State<Service>,
    applicant: Applicant,
) -> Result<Json<ApplicationStatus>, ApiError> {
    Ok(Json(view::status(&service, &applicant.application).await?))
}

/// 修改 or 变更资料: back to the form. A waiting application leaves the queue; what is approved stays in force.
#[utoipa::path(
    post,
    path = "/api/v1/applications/edit",
    tag = "applications",
    security(("bearer" = [])),
    responses(
        (status = OK, body = ApplicationStatus),
        (status = UNAUTHORIZED, body = Problem),
        (status = CONFLICT, body = Problem, description = "it is being edited already, or was changed meanwhile"),
    )
)]
async fn edit(
    State(service): State<Service>,
    applicant: Applicant,
) -> Result<Json<ApplicationStatus>, ApiError> {
    let mut application = applicant.application;
    let seen = application.version;
    application.edit(seen).map_err(refused)?;
    save(&service, &application, seen).await?;
    Ok(Json(view::status(&service, &application).await?))
}

/// Stores a change made on version `seen`.
async fn save(service: &Service, application: &Application, seen: u64) -> Result<(), ApiError> {
    match applications::save(&service.store, application, seen).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => Err(ErrorCode::ApplicationChanged.into()),
        Err(error) => Err(error.into()),
    }
}

/// Why an action did not take place, as the applicant is told.
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Stale { .. } => ErrorCode::ApplicationChanged.into(),
        Refusal::Stage(_) => ErrorCode::NotInThisStage.into(),
        Refusal::Profile(defects) => ApiError::fields(texts::defects(&defects)),
        Refusal::Scans(missing) => ApiError::with(
            ErrorCode::ScansMissing,
            missing.into_iter().map(texts::missing_scan).collect(),
        ),
        Refusal::NoSuchScan => ErrorCode::ScanNotFound.into(),
        // Only reviewers give reasons and have provinces.
        Refusal::Reason | Refusal::Province => ErrorCode::NotInThisStage.into(),
    }
}
