//! One application beside its documents.

use axum::extract::State;
use domain::application::{ProfileDraft, Scan, ScanSlot, ScanState, Stage};
use domain::audit::Act;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use store::audit;
use utoipa::ToSchema;
use web::{ApiError, Json, Path, Problem, Service};

use crate::ReviewerCaller;
use crate::difference::{self, Difference};
use crate::queue::Claimed;

/// What a reviewer decides on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Detail {
    /// Its id.
    id: String,
    /// `editing`, `waiting`, `rejected` or `approved`.
    #[schema(value_type = String)]
    stage: Stage,
    /// The version a decision must name.
    version: u64,
    /// 表格版本号: must stand on the stamped forms.
    form_code: String,
    /// What was submitted; nothing while it is being changed.
    #[schema(value_type = Option<Object>)]
    profile: Option<ProfileDraft>,
    /// What is in force.
    #[schema(value_type = Option<Object>)]
    approved: Option<ProfileDraft>,
    /// What the approval would change of it.
    differences: Vec<Difference>,
    /// Whether the approval would reset the account for another data manager.
    resets_account: bool,
    /// The documents that were submitted.
    scans: Vec<Document>,
    /// Who is looking at it.
    claimed: Option<Claimed>,
    /// The last decision: who, when, and the reason of a rejection.
    decision: Option<Decision>,
    /// When it was submitted.
    #[schema(value_type = Option<String>, format = DateTime)]
    submitted_at: Option<Timestamp>,
}

/// A document, to be looked at.
#[derive(Serialize, ToSchema)]
pub(crate) struct Document {
    /// `information_form`, `consent` or `licence`.
    #[schema(value_type = String)]
    slot: ScanSlot,
    /// Name of the applicant's file.
    file_name: String,
    /// By content.
    media_type: String,
    /// Leads for a few minutes to exactly the version that was checked.
    url: String,
}

/// A decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decision {
    /// `approved` or `rejected`.
    outcome: &'static str,
    /// Login name of the reviewer.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why it was turned down.
    reason: Option<String>,
}

/// Shows an application. That it was looked at is noted before anything is shown.
#[utoipa::path(
    get,
    path = "/api/v1/review/applications/{id}",
    tag = "review",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the application's id")),
    responses(
        (status = OK, body = Detail),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a reviewer"),
        (status = NOT_FOUND, body = Problem, description = "none, or of another province"),
    )
)]
pub(crate) async fn show_application(
    State(service): State<Service>,
    caller: ReviewerCaller,
    Path(id): Path<String>,
) -> Result<Json<Detail>, ApiError> {
    let application = caller.find(&service, &id).await?;
    let entry = caller.entry(&service, Act::ApplicationViewed, application.id.as_str());
    audit::note(&service.store, &entry).await?;
    let approved = application
        .approved
        .as_ref()
        .map(|approved| approved.profile.fields());
    let being_changed = application.stage == Stage::Editing;
    let shown = (!being_changed).then_some(&application.draft);
    let differences = match (approved, shown) {
        (Some(approved), Some(shown)) => difference::between(approved, shown),
        _ => Vec::new(),
    };
    let resets_account = differences.iter().any(Difference::is_of_manager);
    let mut scans = Vec::new();
    if !being_changed {
        for scan in &application.scans {
            scans.extend(document(&service, scan).await?);
        }
    }
    let decision = match (&application.rejection, &application.approved) {
        (Some(rejection), _) => Some(Decision {
            outcome: "rejected",
            by: rejection.by.clone(),
            at: rejection.at,
            reason: Some(rejection.reason.clone()),
        }),
        (None, Some(approved)) => Some(Decision {
            outcome: "approved",
            by: approved.by.clone(),
            at: approved.at,
            reason: None,
        }),
        (None, None) => None,
    };
    Ok(Json(Detail {
        id: application.id.to_string(),
        stage: application.stage,
        version: application.version,
        form_code: application.id.form_code(application.form_version),
        profile: shown.cloned(),
        approved: approved.cloned(),
        differences,
        resets_account,
        scans,
        claimed: application.claim.as_ref().map(Claimed::from),
        decision,
        submitted_at: application.submitted_at,
    }))
}

async fn document(service: &Service, scan: &Scan) -> Result<Option<Document>, ApiError> {
    let ScanState::Passed {
        object_version,
        media_type,
    } = &scan.state
    else {
        return Ok(None);
    };
    // As a download: a PDF of a stranger is not shown as a page of the store.
    let name = utf8_percent_encode(&scan.file_name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let url = service
        .files
        .presign_get_version(&scan.key, object_version, &disposition, media_type)
        .await?;
    Ok(Some(Document {
        slot: scan.slot,
        file_name: scan.file_name.clone(),
        media_type: media_type.clone(),
        url,
    }))
}
