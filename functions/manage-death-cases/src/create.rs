//! 新增死亡记录.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Act;
use domain::beijing;
use domain::death_case::{DeathCase, Header};
use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use store::death_cases;
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, FieldError, Json, Problem, Service};

use crate::view::DeathCaseDetail;
use crate::{Manager, sheet};

/// Most characters of the standard's fields P3 and P4.
const LONGEST_NUMBER: usize = 20;
const LONGEST_NAME: usize = 40;

/// 流感相关死亡病例基本信息. Moments are written `yyyy-MM-dd HH:mm:ss`; `T` between and no seconds are taken too.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasicData {
    /// 病案号.
    #[serde(default)]
    medical_record_number: String,
    /// 姓名.
    #[serde(default)]
    name: String,
    /// 入院日期.
    #[serde(default)]
    admitted_on: String,
    /// 出院日期.
    #[serde(default)]
    discharged_on: String,
    /// 死亡时间.
    #[serde(default)]
    died_at: String,
    /// 归档日期, `yyyy-MM-dd`; may be told later. The week runs from it, or from the day of discharge.
    #[serde(default)]
    archived_on: Option<String>,
}

/// 保存并进入数据输入页面. All defects are told at once. A medical record number has one case: a second one is refused, and
/// `facts` name the first by `id` and `number`.
#[utoipa::path(
    post,
    path = "/api/v1/death-cases",
    tag = "death-cases",
    security(("bearer" = [])),
    request_body = BasicData,
    responses(
        (status = CREATED, body = DeathCaseDetail),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a data manager"),
        (status = CONFLICT, body = Problem, description = "the number has a case"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "something is missing or wrong"),
    )
)]
pub(crate) async fn create_death_case(
    State(service): State<Service>,
    manager: Manager,
    Json(data): Json<BasicData>,
) -> Result<(StatusCode, Json<DeathCaseDetail>), ApiError> {
    let now = service.clock.now();
    let (header, archived_on) = data.check(beijing(now))?;
    let account = &manager.account.id;
    let number = &header.medical_record_number;
    if let Some(existing) = death_cases::of_number(&service.store, account, number).await? {
        return Err(exists(&existing));
    }
    let judged = sheet::judge(&service, prefilled(&header, archived_on), header.clone());
    let running = death_cases::next_number(&service.store, account).await?;
    let mut case = DeathCase::new(
        account.clone(),
        running,
        judged.sheet.clone(),
        manager.name(),
        now,
    );
    case.province.clone_from(&manager.account.province);
    let entry = manager.entry(&service, Act::DeathCaseCreated, case.id.as_str());
    if !death_cases::create(&service.store, &case, &entry).await? {
        // Of two at once one is made.
        let existing = death_cases::of_number(&service.store, account, number).await?;
        return Err(existing.map_or_else(|| ErrorCode::DeathCaseExists.into(), |it| exists(&it)));
    }
    tracing::info!(case = %case.id, "death case {} made", case.id);
    let detail = DeathCaseDetail::new(&service, &case, judged.defects);
    Ok((StatusCode::CREATED, Json(detail)))
}

/// The number has a case; which one is told, so that the page can lead there.
pub(crate) fn exists(existing: &DeathCase) -> ApiError {
    let (number, day) = (existing.id.number(), beijing(existing.created_at).date());
    let field = FieldError::new(
        "medical_record_number",
        "exists",
        &format!("该病案号已于{day}建立死亡病例记录，记录编号为{number}"),
        &format!("A death case with this number was made on {day}; its record number is {number}"),
    );
    ApiError::with(ErrorCode::DeathCaseExists, vec![field])
        .fact("id", &existing.id)
        .fact("number", number)
}

/// The sheet as far as the header tells it.
fn prefilled(header: &Header, archived_on: Option<Date>) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = sheet::of_header(header).into();
    if let Some(day) = archived_on {
        values.insert(domain::death_case::ARCHIVED_ON.to_owned(), day.to_string());
    }
    values
}

impl BasicData {
    fn check(&self, now: DateTime) -> Result<(Header, Option<Date>), ApiError> {
        let mut fields = Vec::new();
        let text = |field: &str,
                    (zh, en): (&str, &str),
                    value: &str,
                    longest: usize,
                    fields: &mut Vec<FieldError>| {
            let value = value.trim();
            if value.is_empty() {
                fields.push(missing(field, zh, en));
            } else if value.chars().count() > longest || value.chars().any(char::is_control) {
                fields.push(FieldError::new(
                    field,
                    "too_long",
                    &format!("{zh}最多{longest}个字符，不能含有换行等控制字符"),
                    &format!("{en} has at most {longest} characters and no line breaks"),
                ));
            }
            value.to_owned()
        };
        let number = text(
            "medical_record_number",
            ("病案号", "The medical record number"),
            &self.medical_record_number,
            LONGEST_NUMBER,
            &mut fields,
        );
        let name = text(
            "name",
            ("姓名", "The name"),
            &self.name,
            LONGEST_NAME,
            &mut fields,
        );
        let mut moment = |field: &str, zh: &str, en: &str, value: &str| -> Option<DateTime> {
            if value.trim().is_empty() {
                fields.push(missing(field, zh, en));
                return None;
            }
            let Some(moment) = read_moment(value) else {
                fields.push(FieldError::new(
                    field,
                    "not_a_moment",
                    &format!("{zh}请按“年-月-日 时:分:秒”填写，例如2019-11-11 16:19:26"),
                    &format!("Please write {en} as yyyy-MM-dd HH:mm:ss, e.g. 2019-11-11 16:19:26"),
                ));
                return None;
            };
            if moment > now || moment.year() < 1900 {
                fields.push(FieldError::new(
                    field,
                    "out_of_range",
                    &format!("{zh}不能晚于当前时间，也不能早于1900年"),
                    &format!("{en} is not in the future and not before 1900"),
                ));
                return None;
            }
            Some(moment)
        };
        let admitted = moment(
            "admitted_on",
            "入院日期",
            "The admission",
            &self.admitted_on,
        );
        let discharged = moment(
            "discharged_on",
            "出院日期",
            "The discharge",
            &self.discharged_on,
        );
        let died = moment("died_at", "死亡时间", "The time of death", &self.died_at);
        for (field, zh, en, later) in [
            ("discharged_on", "出院日期", "The discharge", discharged),
            ("died_at", "死亡时间", "The time of death", died),
        ] {
            if let (Some(admitted), Some(later)) = (admitted, later)
                && admitted > later
            {
                fields.push(FieldError::new(
                    field,
                    "before_admission",
                    &format!("{zh}不能早于入院日期"),
                    &format!("{en} is not before the admission"),
                ));
            }
        }
        let written = self.archived_on.as_deref().unwrap_or_default();
        let archived_on = sheet::archived_on(written, discharged, now.date());
        let archived_on = archived_on.unwrap_or_else(|field| {
            fields.push(*field);
            None
        });
        match (admitted, discharged, died) {
            (Some(admitted_on), Some(discharged_on), Some(died_at)) if fields.is_empty() => Ok((
                Header {
                    medical_record_number: number,
                    name,
                    admitted_on,
                    discharged_on,
                    died_at,
                },
                archived_on,
            )),
            _ => Err(ApiError::fields(fields)),
        }
    }
}

fn missing(field: &str, zh: &str, en: &str) -> FieldError {
    FieldError::new(
        field,
        "missing",
        &format!("请填写{zh}"),
        &format!("{en} is missing"),
    )
}

/// A moment as the standard writes it, or as a browser's field for moments does.
pub(crate) fn read_moment(text: &str) -> Option<DateTime> {
    ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .into_iter()
        .find_map(|form| DateTime::strptime(form, text.trim().replace('T', " ")).ok())
}

/// Whether a text can be a case's number or name; what cannot leaves the case known as it was.
pub(crate) fn names_a_case(value: &str, is_number: bool) -> bool {
    let longest = if is_number {
        LONGEST_NUMBER
    } else {
        LONGEST_NAME
    };
    !value.is_empty() && value.chars().count() <= longest && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn check(change: impl FnOnce(&mut BasicData)) -> Result<(Header, Option<Date>), ApiError> {
        let mut data = BasicData {
            medical_record_number: " 123 ".to_owned(),
            name: "张三".to_owned(),
            admitted_on: "2019-10-23 16:19:09".to_owned(),
            discharged_on: "2019-11-11T16:19".to_owned(),
            died_at: "2019-11-11 16:19:00".to_owned(),
            archived_on: None,
        };
        change(&mut data);
        data.check(date(2019, 11, 20).at(9, 0, 0, 0))
    }

    #[test]
    fn the_manuals_example_is_taken() {
        let (header, archived_on) = check(|_| {}).unwrap();
        assert_eq!(header.medical_record_number, "123");
        assert_eq!(header.discharged_on, date(2019, 11, 11).at(16, 19, 0, 0));
        assert_eq!(archived_on, None);
        let same_moment = check(|data| data.died_at = data.admitted_on.clone());
        assert!(same_moment.is_ok(), "admission and death may be one moment");
    }

    #[test]
    fn every_defect_is_refused() {
        let defects: [fn(&mut BasicData); 10] = [
            |data| data.medical_record_number.clear(),
            |data| data.medical_record_number = "1".repeat(21),
            |data| data.name = " ".to_owned(),
            |data| data.name = "张\n三".to_owned(),
            |data| data.admitted_on = "2019-11-31 00:00:00".to_owned(),
            |data| data.admitted_on = "2019-11-11 16:19:01".to_owned(),
            |data| data.died_at = "2019-10-23 16:19:08".to_owned(),
            |data| data.died_at = "2019-11-20 09:00:01".to_owned(),
            |data| data.archived_on = Some("2019-11-10".to_owned()),
            |data| data.archived_on = Some("2019-11-21".to_owned()),
        ];
        for (number, defect) in defects.into_iter().enumerate() {
            assert!(check(defect).is_err(), "defect {number}");
        }
    }
}
