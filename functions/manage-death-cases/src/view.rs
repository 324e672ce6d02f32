//! A case as pages show it.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::audit::Act;
use domain::beijing;
use domain::death_case::{DeathCase, Missing, folder};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::Serialize;
use store::audit;
use utoipa::ToSchema;
use web::{ApiError, Json, Path, Problem, Service};

use crate::Manager;
use crate::sheet::{self, Defect};

/// A case in the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeathCaseLine {
    id: String,
    /// 记录编号.
    number: u64,
    /// 病案号.
    medical_record_number: String,
    /// 姓名.
    name: String,
    /// 入院日期, `yyyy-MM-dd HH:mm:ss`.
    admitted_on: String,
    /// 出院日期.
    discharged_on: String,
    /// 死亡时间.
    died_at: String,
    /// 归档日期, `yyyy-MM-dd`; where none is known, the week runs from the day of discharge.
    #[schema(value_type = Option<String>, format = Date)]
    archived_on: Option<Date>,
    /// The last day in time: one week after archiving.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// Days left, none on the last day; less than none once it is over.
    days_left: i32,
    /// Whether nothing is missing.
    complete: bool,
    /// Whether something is missing and the last day is over.
    overdue: bool,
    /// How many things are missing: fields, and folders without a file.
    missing: u32,
    /// Attachments that passed.
    attachments: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the sheet was last saved.
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
    /// Login name of who saved it.
    saved_by: String,
    /// Version of the sheet, to be named when it is saved.
    version: u64,
}

/// Something that keeps a case from being complete.
#[derive(Serialize, ToSchema)]
pub(crate) struct MissingThing {
    /// `sheet` or `attachments`.
    what: &'static str,
    /// Code of the folder that has no file.
    folder: Option<&'static str>,
    /// Chinese text.
    detail_zh: String,
    /// English text.
    detail_en: String,
}

/// A case with its sheet.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeathCaseDetail {
    #[serde(flatten)]
    line: DeathCaseLine,
    /// Values of the sheet by field code; blank ones are left out.
    values: BTreeMap<String, String>,
    /// Everything that is missing or wrong in the sheet.
    defects: Vec<Defect>,
    /// What keeps the case from being complete.
    missing_things: Vec<MissingThing>,
}

/// 打开 a case. That it was looked at is noted before it is shown.
#[utoipa::path(
    get,
    path = "/api/v1/death-cases/{id}",
    tag = "death-cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the case's id")),
    responses(
        (status = OK, body = DeathCaseDetail),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn show_death_case(
    State(service): State<Service>,
    manager: Manager,
    Path(id): Path<String>,
) -> Result<Json<DeathCaseDetail>, ApiError> {
    let case = manager.case(&service, &id).await?;
    let entry = manager.entry(&service, Act::DeathCaseViewed, case.id.as_str());
    audit::note(&service.store, &entry).await?;
    let defects = sheet::defects(&service, &case);
    Ok(Json(DeathCaseDetail::new(&service, &case, defects)))
}

impl DeathCaseLine {
    pub(crate) fn new(case: &DeathCase, today: Date) -> Self {
        let moment = |moment: DateTime| moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let deadline = case.deadline();
        Self {
            id: case.id.to_string(),
            number: case.id.number(),
            medical_record_number: case.header.medical_record_number.clone(),
            name: case.header.name.clone(),
            admitted_on: moment(case.header.admitted_on),
            discharged_on: moment(case.header.discharged_on),
            died_at: moment(case.header.died_at),
            archived_on: case.archived_on,
            due_on: deadline.day(),
            days_left: deadline.days_left(today),
            complete: case.is_complete(),
            overdue: !case.is_complete() && deadline.is_over(today),
            missing: case.missing_count(),
            attachments: case.passed.values().sum(),
            created_at: case.created_at,
            saved_at: case.saved_at,
            saved_by: case.saved_by.clone(),
            version: case.version,
        }
    }
}

impl DeathCaseDetail {
    pub(crate) fn new(service: &Service, case: &DeathCase, defects: Vec<Defect>) -> Self {
        let today = beijing(service.clock.now()).date();
        Self {
            line: DeathCaseLine::new(case, today),
            values: case.values.clone(),
            defects,
            missing_things: case.missing().into_iter().map(missing).collect(),
        }
    }
}

fn missing(missing: Missing) -> MissingThing {
    match missing {
        Missing::Sheet(fields) => MissingThing {
            what: "sheet",
            folder: None,
            detail_zh: format!("病历信息表有{fields}项未填写或填写有误"),
            detail_en: format!("{fields} fields of the sheet are missing or wrong"),
        },
        Missing::Attachments(code) => {
            let (zh, en) = folder(code).map_or((code, code), |it| (it.name_zh, it.name_en));
            MissingThing {
                what: "attachments",
                folder: Some(code),
                detail_zh: format!("“{zh}”文件夹中还没有通过检查的文件"),
                detail_en: format!("No file in the folder “{en}” has passed yet"),
            }
        }
    }
}
