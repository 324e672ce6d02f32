//! 数据输入: the sheet is saved as it is, and everything that is missing or wrong is named.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use domain::audit::Act;
use domain::death_case::{ARCHIVED_ON, Header, HeaderField, KIND, Sheet, Stale, header_fields};
use domain::{beijing, death_case::DeathCase};
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use standard::{Severity, Standard};
use store::death_cases::{self, SaveRefused};
use utoipa::ToSchema;
use validation::{Language, Limits, Links, Settings, check_record};
use web::{ApiError, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::Manager;
use crate::create::{exists, names_a_case, read_moment};
use crate::view::DeathCaseDetail;

/// Tries of a saving that changes of attachments keep getting in between.
const TRIES: usize = 8;

/// The sheet as it stands in the browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SheetForm {
    /// The version it was filled in on.
    version: u64,
    /// Values by field code; blank fields may be left out.
    values: BTreeMap<String, String>,
}

/// Something that is missing or wrong in the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Defect {
    /// Code of the field; none where several together are wrong.
    field: Option<String>,
    /// The rule, as for data files.
    rule: String,
    /// `error`: the case is not complete with it; `warning`: worth a look.
    severity: &'static str,
    /// What is wrong, Chinese.
    detail_zh: String,
    /// What is wrong, English.
    detail_en: String,
    /// How to mend it, Chinese.
    mend_zh: String,
    /// How to mend it, English.
    mend_en: String,
    /// What was probably meant.
    suggestion: Option<String>,
}

/// A sheet after its check.
pub(crate) struct Judged {
    pub(crate) sheet: Sheet,
    pub(crate) defects: Vec<Defect>,
}

/// 保存. What is incomplete is saved as it is. When another browser saved since `version`, nothing is saved, and `facts` tell
/// `by` whom and `at` what time, and the `version` now.
#[utoipa::path(
    put,
    path = "/api/v1/death-cases/{id}/sheet",
    tag = "death-cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the case's id")),
    request_body = SheetForm,
    responses(
        (status = OK, body = DeathCaseDetail),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "saved meanwhile, or the new number has a case"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "a field that the sheet does not have"),
    )
)]
pub(crate) async fn save_sheet(
    State(service): State<Service>,
    manager: Manager,
    Path(id): Path<String>,
    Json(form): Json<SheetForm>,
) -> Result<Json<DeathCaseDetail>, ApiError> {
    let values = known(&service, form.values)?;
    let now = service.clock.now();
    for _ in 0..TRIES {
        let before = manager.case(&service, &id).await?;
        let judged = judge(&service, values.clone(), before.header.clone());
        let mut after = before.clone();
        let saved = after.save(form.version, judged.sheet.clone(), manager.name(), now);
        saved.map_err(stale)?;
        let entry = manager.entry(&service, Act::DeathCaseSaved, before.id.as_str());
        match death_cases::save(&service.store, &before, &after, &entry).await? {
            Ok(()) => {
                return Ok(Json(DeathCaseDetail::new(&service, &after, judged.defects)));
            }
            Err(SaveRefused::NumberTaken) => {
                let number = &after.header.medical_record_number;
                let account = &manager.account.id;
                let other = death_cases::of_number(&service.store, account, number).await?;
                return Err(
                    other.map_or_else(|| ErrorCode::DeathCaseExists.into(), |it| exists(&it))
                );
            }
            // An attachment of it was looked at, or another browser saved: reading again tells.
            Err(SaveRefused::Changed) => {}
        }
    }
    Err(store::StoreError::Conflict.into())
}

fn stale(stale: Stale) -> ApiError {
    ApiError::from(ErrorCode::DeathCaseChanged)
        .fact("by", stale.by)
        .fact("at", stale.at)
        .fact("version", stale.version)
}

/// The values without blank ones, if each is of a field the sheet has.
fn known(
    service: &Service,
    values: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let standard = standard(service);
    let kind = standard.kind_index(KIND).map(|kind| &standard.kinds[kind]);
    let is_known = |code: &String| {
        code == ARCHIVED_ON
            || kind.is_some_and(|kind| kind.fields.iter().any(|field| field.code == *code))
    };
    let unknown: Vec<FieldError> = values
        .keys()
        .filter(|code| !is_known(code))
        .map(|code| {
            FieldError::new(
                &code.chars().take(40).collect::<String>(),
                "unknown",
                "病历信息表中没有此项",
                "The sheet has no such field",
            )
        })
        .collect();
    if !unknown.is_empty() {
        return Err(ApiError::fields(unknown));
    }
    let filled = values
        .into_iter()
        .map(|(code, value)| (code, value.trim().to_owned()));
    Ok(filled.filter(|(_, value)| !value.is_empty()).collect())
}

/// The version of the standard that sheets are judged by: the one in force today.
pub(crate) fn standard(service: &Service) -> &'static Standard {
    let today = beijing(service.clock.now()).date();
    let in_force = service.standards.iter().rev().find(|standard| {
        standard.first_day <= today && standard.last_day.is_none_or(|last| today <= last)
    });
    in_force.unwrap_or_else(|| service.standard(None))
}

/// Everything that is wrong with the sheet of a case, by the rules for death records in data files.
pub(crate) fn judge(service: &Service, values: BTreeMap<String, String>, before: Header) -> Judged {
    let standard = standard(service);
    let now = beijing(service.clock.now());
    let settings = Settings {
        standard,
        received_at: now,
        institution: None,
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let mut defects = Vec::new();
    if let Some(found) = check_record(KIND, &values, &settings) {
        defects.extend(found.findings.iter().map(|finding| {
            let zh = finding.view(standard, &found.files, Language::Chinese);
            let en = finding.view(standard, &found.files, Language::English);
            Defect {
                field: zh.code,
                rule: zh.rule,
                severity: match finding.severity(standard) {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                detail_zh: zh.message,
                detail_en: en.message,
                mend_zh: zh.mend,
                mend_en: en.mend,
                suggestion: zh.suggestion,
            }
        }));
    }
    let header = header(&values, before);
    let written = values.get(ARCHIVED_ON).map_or("", String::as_str);
    let archived = archived_on(written, Some(header.discharged_on), now.date());
    let archived = archived.unwrap_or_else(|field| {
        defects.push(Defect {
            field: Some(field.field),
            rule: field.code,
            severity: "error",
            mend_zh: field.detail_zh.clone(),
            mend_en: field.detail_en.clone(),
            detail_zh: field.detail_zh,
            detail_en: field.detail_en,
            suggestion: None,
        });
        None
    });
    Judged {
        sheet: Sheet {
            header,
            archived_on: archived,
            defects: count(&defects),
            values,
        },
        defects,
    }
}

/// Fields with an error; a field with two counts once.
fn count(defects: &[Defect]) -> u32 {
    let errors = defects.iter().filter(|defect| defect.severity == "error");
    let fields: BTreeSet<_> = errors
        .map(|defect| {
            (
                &defect.field,
                defect.field.is_none().then_some(&defect.rule),
            )
        })
        .collect();
    u32::try_from(fields.len()).unwrap_or(u32::MAX)
}

/// What the case is known by from now on: where the sheet holds nothing that could be it, what it was known by before.
fn header(values: &BTreeMap<String, String>, before: Header) -> Header {
    let mut header = before;
    for (field, code) in header_fields() {
        let Some(value) = values.get(code) else {
            continue;
        };
        let moment = || read_moment(value);
        match field {
            HeaderField::MedicalRecordNumber if names_a_case(value, true) => {
                header.medical_record_number.clone_from(value);
            }
            HeaderField::Name if names_a_case(value, false) => header.name.clone_from(value),
            HeaderField::AdmittedOn => header.admitted_on = moment().unwrap_or(header.admitted_on),
            HeaderField::DischargedOn => {
                header.discharged_on = moment().unwrap_or(header.discharged_on);
            }
            HeaderField::DiedAt => header.died_at = moment().unwrap_or(header.died_at),
            HeaderField::MedicalRecordNumber | HeaderField::Name => {}
        }
    }
    header
}

/// The sheet's values that a header holds.
pub(crate) fn of_header(header: &Header) -> [(String, String); 5] {
    let moment = |moment: DateTime| moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
    header_fields().map(|(field, code)| {
        let value = match field {
            HeaderField::MedicalRecordNumber => header.medical_record_number.clone(),
            HeaderField::Name => header.name.clone(),
            HeaderField::AdmittedOn => moment(header.admitted_on),
            HeaderField::DischargedOn => moment(header.discharged_on),
            HeaderField::DiedAt => moment(header.died_at),
        };
        (code.to_owned(), value)
    })
}

/// 归档日期 as it was typed: nothing, or a day from discharge to today.
pub(crate) fn archived_on(
    written: &str,
    discharged: Option<DateTime>,
    today: Date,
) -> Result<Option<Date>, Box<FieldError>> {
    let written = written.trim();
    if written.is_empty() {
        return Ok(None);
    }
    let wrong = |code, zh, en| Err(Box::new(FieldError::new(ARCHIVED_ON, code, zh, en)));
    let Ok(day) = Date::strptime("%Y-%m-%d", written) else {
        return wrong(
            "not_a_day",
            "归档日期请按“年-月-日”填写，例如2019-11-14",
            "Please write the day of archiving as yyyy-MM-dd, e.g. 2019-11-14",
        );
    };
    if day > today || discharged.is_some_and(|discharged| day < discharged.date()) {
        return wrong(
            "out_of_range",
            "归档日期不能早于出院日期，也不能晚于今天",
            "The day of archiving is not before the discharge and not in the future",
        );
    }
    Ok(Some(day))
}

/// The defects of a case's sheet as it is.
pub(crate) fn defects(service: &Service, case: &DeathCase) -> Vec<Defect> {
    judge(service, case.values.clone(), case.header.clone()).defects
}
