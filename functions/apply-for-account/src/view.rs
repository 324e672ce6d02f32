//! An application as the applicant sees it.

use domain::application::{Application, ProfileDraft, Scan, ScanSlot, ScanState, Stage};
use file_check::Refusal;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, FieldError, Service};

use crate::profile;

/// The application with everything the four pages show.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationStatus {
    /// `editing`, `waiting` (请等待审核), `rejected` (审核不通过) or `approved` (审核通过).
    #[schema(value_type = String)]
    stage: Stage,
    /// The page to begin with: `profile`, `documents` or `status`.
    step: &'static str,
    /// Counts every change; saving and submitting name the one they were made on.
    version: u64,
    /// 表格版本号, as printed on the forms.
    form_code: String,
    /// The phone it is continued with.
    phone: String,
    /// The form.
    #[schema(value_type = Object)]
    profile: ProfileDraft,
    /// What keeps the profile from being submitted.
    defects: Vec<FieldError>,
    /// The three documents.
    scans: Vec<ScanStatus>,
    /// What can be done now: `save_profile`, `upload_scans`, `submit`, `edit`.
    allowed: Vec<&'static str>,
    /// Why it was turned down last; gone with an approval.
    rejection: Option<Rejected>,
    /// The profile in force.
    approved: Option<InForce>,
    /// When it was submitted last.
    #[schema(value_type = Option<String>, format = DateTime)]
    submitted_at: Option<Timestamp>,
}

/// Where one document stands.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ScanStatus {
    /// `information_form`, `consent` or `licence`.
    #[schema(value_type = String)]
    slot: ScanSlot,
    /// `missing`, `awaited` (being uploaded or looked at), `passed` or `refused`.
    state: &'static str,
    /// Name of the file.
    file_name: Option<String>,
    /// Bytes.
    size: Option<u64>,
    /// Stable code of why it was refused.
    reason: Option<String>,
    /// The same in words, and what to do, Chinese.
    detail_zh: Option<&'static str>,
    /// The same in English.
    detail_en: Option<&'static str>,
}

/// 审核不通过.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejected {
    /// The reason.
    reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// 审核通过.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InForce {
    /// 医疗机构名称.
    institution_name: String,
    /// 医疗机构代码.
    institution_code: String,
    /// 数据管理员.
    manager_name: String,
    /// When it was approved.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// The application as it is now.
pub(crate) async fn status(
    service: &Service,
    application: &Application,
) -> Result<ApplicationStatus, ApiError> {
    let defects = match application.stage {
        Stage::Editing => profile::defects(service, application).await?,
        _ => Vec::new(),
    };
    let scans = scans(application);
    let all_passed = scans.iter().all(|scan| scan.state == "passed");
    let (step, allowed) = match application.stage {
        Stage::Editing if !defects.is_empty() => ("profile", vec!["save_profile"]),
        Stage::Editing => {
            let mut allowed = vec!["save_profile", "upload_scans"];
            allowed.extend(all_passed.then_some("submit"));
            ("documents", allowed)
        }
        _ => ("status", vec!["edit"]),
    };
    let in_force = application.approved.as_ref().map(|approved| {
        let fields = approved.profile.fields();
        InForce {
            institution_name: fields.institution_name.clone(),
            institution_code: fields.institution_code.clone(),
            manager_name: fields.manager.name.clone(),
            at: approved.at,
        }
    });
    Ok(ApplicationStatus {
        stage: application.stage,
        step,
        version: application.version,
        form_code: application.id.form_code(application.form_version),
        phone: application.phone.clone(),
        profile: application.draft.clone(),
        defects,
        scans,
        allowed,
        rejection: application.rejection.as_ref().map(|rejection| Rejected {
            reason: rejection.reason.clone(),
            at: rejection.at,
        }),
        approved: in_force,
        submitted_at: application.submitted_at,
    })
}

fn scans(application: &Application) -> Vec<ScanStatus> {
    let of = |slot: ScanSlot| -> Option<&Scan> {
        let mut scans = application.scans.iter();
        // One of an older form does not count, as if it were not there.
        scans.find(|scan| scan.slot == slot && scan.form_version == application.form_version)
    };
    let statuses = ScanSlot::ALL.into_iter().map(|slot| {
        let scan = of(slot);
        let (state, reason) = match scan.map(|scan| &scan.state) {
            None => ("missing", None),
            Some(ScanState::Awaited) => ("awaited", None),
            Some(ScanState::Passed { .. }) => ("passed", None),
            Some(ScanState::Refused { reason }) => ("refused", Some(reason.clone())),
        };
        let (detail_zh, detail_en) = reason.as_deref().and_then(Refusal::texts).unzip();
        ScanStatus {
            slot,
            state,
            file_name: scan.map(|scan| scan.file_name.clone()),
            size: scan.map(|scan| scan.size),
            reason,
            detail_zh,
            detail_en,
        }
    });
    statuses.collect()
}
