//! 提交审核.

use axum::extract::State;
use domain::audit::{Act, AuditEntry};
use serde::Deserialize;
use store::{StoreError, Transaction, TransactionError, applications, audit};
use utoipa::ToSchema;
use web::{ApiError, Applicant, ClientAddress, ErrorCode, Json, Problem, Service};

use crate::view::{self, ApplicationStatus};
use crate::{profile, refused};

/// What is submitted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submission {
    /// The version that was looked at.
    version: u64,
}

/// Submits the application. All of the profile must be complete and all three documents must have passed for it.
#[utoipa::path(
    post,
    path = "/api/v1/applications/submit",
    tag = "applications",
    security(("bearer" = [])),
    request_body = Submission,
    responses(
        (status = OK, body = ApplicationStatus),
        (status = UNAUTHORIZED, body = Problem),
        (status = CONFLICT, body = Problem, description = "not being edited, changed meanwhile, or documents are missing"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "the profile is not complete, or the institution has an account"),
    )
)]
pub(crate) async fn submit(
    State(service): State<Service>,
    applicant: Applicant,
    address: ClientAddress,
    Json(submission): Json<Submission>,
) -> Result<Json<ApplicationStatus>, ApiError> {
    let mut application = applicant.application;
    let (store, now) = (&service.store, service.clock.now());
    let profile = profile::complete(&application.draft, now);
    application
        .submit(submission.version, profile, now)
        .map_err(refused)?;
    let taken = profile::defects(&service, &application).await?;
    if !taken.is_empty() {
        return Err(ApiError::fields(taken));
    }
    let entry = AuditEntry {
        at: now,
        act: Act::ApplicationSubmitted,
        by: "applicant".to_owned(),
        subject: application.id.to_string(),
        address: Some(address.text()).filter(|address| !address.is_empty()),
        request: None,
    };
    let mut transaction = Transaction::new();
    let change = applications::write_change(store, &application, submission.version)?;
    transaction.add("application", change);
    transaction.add_all("audit", audit::write_entry(store, &entry)?);
    match transaction.commit(store).await {
        Ok(()) => {}
        Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {
            return Err(ErrorCode::ApplicationChanged.into());
        }
        Err(TransactionError::Store(error)) => return Err(error.into()),
    }
    tracing::info!(application = %application.id, "application {} submitted", application.id);
    Ok(Json(view::status(&service, &application).await?))
}
