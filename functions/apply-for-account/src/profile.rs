//! 填写资料.

use axum::extract::State;
use domain::application::{Application, Profile, ProfileDefect, ProfileDraft};
use domain::beijing;
use jiff::Timestamp;
use serde::Deserialize;
use store::applications::{self, Registered, Registrant};
use utoipa::ToSchema;
use web::{ApiError, Applicant, FieldError, Json, Problem, Service};

use crate::view::{self, ApplicationStatus};
use crate::{divisions, refused, save, texts};

/// The form as it stands in the browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileForm {
    /// The version it was filled in on.
    version: u64,
    /// The profile; blank fields may be left out.
    #[schema(value_type = Object)]
    profile: ProfileDraft,
    /// 下一步: refused while anything is missing or wrong. Without it the form is saved as it is.
    #[serde(default)]
    next: bool,
}

/// 保存 or 下一步. A profile that differs needs its documents stamped and scanned anew.
#[utoipa::path(
    put,
    path = "/api/v1/applications/profile",
    tag = "applications",
    security(("bearer" = [])),
    request_body = ProfileForm,
    responses(
        (status = OK, body = ApplicationStatus),
        (status = UNAUTHORIZED, body = Problem),
        (status = CONFLICT, body = Problem, description = "not being edited, or changed meanwhile"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "下一步 with something missing or wrong; nothing was saved"),
    )
)]
pub(crate) async fn save_profile(
    State(service): State<Service>,
    applicant: Applicant,
    Json(form): Json<ProfileForm>,
) -> Result<Json<ApplicationStatus>, ApiError> {
    let mut application = applicant.application;
    application
        .save(form.version, tidy(form.profile))
        .map_err(refused)?;
    if form.next {
        let defects = defects(&service, &application).await?;
        if !defects.is_empty() {
            return Err(ApiError::fields(defects));
        }
    }
    save(&service, &application, form.version).await?;
    Ok(Json(view::status(&service, &application).await?))
}

/// The profile, if nothing in the form itself is missing or wrong.
pub(crate) fn complete(
    draft: &ProfileDraft,
    now: Timestamp,
) -> Result<Profile, Vec<ProfileDefect>> {
    let today = beijing(now);
    draft.complete(divisions::is_last, (today.year(), today.month()))
}

/// Everything that keeps the profile from being submitted, also what only the registered institutions tell.
pub(crate) async fn defects(
    service: &Service,
    application: &Application,
) -> Result<Vec<FieldError>, ApiError> {
    let draft = &application.draft;
    let mut fields = match complete(draft, service.clock.now()) {
        Ok(_) => Vec::new(),
        Err(defects) => texts::defects(&defects),
    };
    for (field, what) in [
        (
            "institution_code",
            Registered::Code(&draft.institution_code),
        ),
        (
            "institution_name",
            Registered::Name(&draft.institution_name),
        ),
    ] {
        let owner = applications::registered(&service.store, what).await?;
        let own = Registrant::Application(application.id.clone());
        if owner.is_some_and(|owner| owner != own) {
            fields.push(texts::registered(field));
        }
    }
    Ok(fields)
}

/// Spaces around and small letters in codes are slips of the hand, and would make two of one institution.
fn tidy(mut draft: ProfileDraft) -> ProfileDraft {
    let manager = &mut draft.manager;
    for text in [
        &mut draft.institution_name,
        &mut draft.institution_code,
        &mut draft.opening_year,
        &mut draft.opening_month,
        &mut draft.division,
        &mut draft.street,
        &mut draft.legal_representative,
        &mut draft.grade,
        &mut manager.name,
        &mut manager.id_number,
        &mut manager.phone,
        &mut manager.email,
        &mut manager.office_phone,
        &mut manager.department,
    ]
    .into_iter()
    .chain(&mut draft.departments)
    {
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            *text = trimmed.to_owned();
        }
    }
    draft.institution_code.make_ascii_uppercase();
    manager.id_number.make_ascii_uppercase();
    draft
        .departments
        .retain(|department| !department.is_empty());
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_make_no_other_profile() {
        let mut draft = ProfileDraft {
            institution_name: " 示例医院 ".into(),
            institution_code: "12345678x51010212a1001 ".into(),
            departments: vec![" 内科".into(), "  ".into()],
            ..ProfileDraft::default()
        };
        draft.manager.id_number = "11010519491231002x".into();
        let tidied = tidy(draft);
        assert_eq!(tidied.institution_name, "示例医院");
        assert_eq!(tidied.institution_code, "12345678X51010212A1001");
        assert_eq!(tidied.manager.id_number, "11010519491231002X");
        assert_eq!(tidied.departments, ["内科"]);
    }
}
