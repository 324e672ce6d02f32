//! 本期无病例: a hospital's word that a day had no case, so that silence is not taken for none; and what its days look like.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use domain::audit::{Act, AuditEntry};
use domain::overview::{DayStatus, Facts, Period, PeriodError};
use domain::{Account, Role, beijing};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use standard::Standard;
use store::overview::{self, ZeroCase, ZeroCases};
use store::provinces::NOWHERE;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use web::{
    ApiError, Caller, ClientAddress, ErrorCode, FieldError, Json, OpenApiRouter, Problem, Query,
    Service,
};

/// Most days told of or declared at once.
const MOST_DAYS: i32 = 92;

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_days, declare, withdraw))
        .with_state(service)
}

/// A signed-in data manager.
struct Hospital {
    account: Account,
    address: ClientAddress,
}

impl FromRequestParts<Service> for Hospital {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let Ok(address) = ClientAddress::from_request_parts(parts, service).await;
        if caller.account.role != Role::DataManager {
            return Err(ErrorCode::Forbidden.into());
        }
        Ok(Self {
            account: caller.account,
            address,
        })
    }
}

impl Hospital {
    fn province(&self) -> &str {
        self.account.province.as_deref().unwrap_or(NOWHERE)
    }

    fn entry(&self, act: Act, now: Timestamp) -> AuditEntry {
        AuditEntry {
            at: now,
            act,
            by: self.account.id.to_string(),
            subject: self.account.id.to_string(),
            address: Some(self.address.text()).filter(|address| !address.is_empty()),
            request: None,
        }
    }
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// First day, `yyyy-MM-dd`; two weeks before the last one unless given.
    from: Option<String>,
    /// Last day; today in China unless given.
    to: Option<String>,
}

/// What is declared, or taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Declaration {
    /// First day, `yyyy-MM-dd`.
    from: String,
    /// Last day; the first one unless given.
    to: Option<String>,
    /// Codes of the kinds of file.
    kinds: Vec<String>,
}

/// A hospital's days.
#[derive(Debug, Serialize, ToSchema)]
struct Days {
    /// Codes of the kinds, in the standard's order.
    kinds: Vec<String>,
    /// The newest day first.
    days: Vec<Day>,
}

/// A day of a hospital.
#[derive(Debug, Serialize, ToSchema)]
struct Day {
    /// Which.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// What it comes to, by kind.
    kinds: BTreeMap<String, DayOfKind>,
}

/// A day of a kind.
#[derive(Debug, Serialize, ToSchema)]
struct DayOfKind {
    /// `on_time`, `late`, `zero`, or `silent`.
    #[schema(value_type = String)]
    status: DayStatus,
    /// Records of the day that stand accepted.
    records: i64,
    /// The last day on which its records are in time.
    #[schema(value_type = String, format = Date)]
    due: Date,
    /// Whether that day is over.
    is_over: bool,
    /// When it was declared to be without a case, and by whom.
    #[schema(value_type = Option<Object>)]
    zero: Option<ZeroCase>,
    /// Whether records came although it was declared to be without a case: one of the two is wrong.
    contradicted: bool,
}

/// Shows what the hospital's days look like: reported, declared to be without a case, or silent.
#[utoipa::path(
    get,
    path = "/api/v1/zero-cases",
    tag = "zero cases",
    security(("bearer" = [])),
    params(Asked),
    responses(
        (status = OK, body = Days),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a data manager"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days"),
    )
)]
async fn show_days(
    State(service): State<Service>,
    hospital: Hospital,
    Query(asked): Query<Asked>,
) -> Result<Json<Days>, ApiError> {
    let today = beijing(service.clock.now()).date();
    let to = match asked.to.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => day("to", text)?,
        None => today,
    };
    let from = match asked.from.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => day("from", text)?,
        None => to.saturating_sub(13.days()),
    };
    let period = period(from, to)?;
    Ok(Json(days(&service, &hospital, period, today).await?))
}

/// Declares days to be without a case. The same again answers the same; days for which records stand accepted are refused, and
/// then nothing is declared.
#[utoipa::path(
    post,
    path = "/api/v1/zero-cases",
    tag = "zero cases",
    security(("bearer" = [])),
    request_body = Declaration,
    responses(
        (status = OK, body = Days),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a data manager"),
        (status = CONFLICT, body = Problem, description = "there are records of these days"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days or kinds"),
    )
)]
async fn declare(
    State(service): State<Service>,
    hospital: Hospital,
    Json(declaration): Json<Declaration>,
) -> Result<Json<Days>, ApiError> {
    let now = service.clock.now();
    let today = beijing(now).date();
    let (period, kinds) = declaration.read(service.standard(None), today)?;
    let known = days(&service, &hospital, period, today).await?;
    let contradicted = known.days.iter().flat_map(|day| {
        let kinds = day
            .kinds
            .iter()
            .filter(|(kind, of)| kinds.contains(*kind) && of.records > 0);
        kinds.map(|(kind, of)| (day.day, kind.clone(), of.records))
    });
    let fields: Vec<FieldError> = contradicted
        .map(|(day, kind, records)| {
            FieldError::new(
                "kinds",
                "records_exist",
                &format!("{day} {kind} 已有 {records} 条记录"),
                &format!("{records} records of kind {kind} on {day}"),
            )
        })
        .collect();
    if !fields.is_empty() {
        return Err(ApiError::with(ErrorCode::RecordsExist, fields));
    }
    let by = hospital.account.login_name.as_str();
    change(
        &service,
        &hospital,
        period,
        Act::ZeroCasesDeclared,
        |known, day| {
            let known = known.days.entry(day).or_default();
            for kind in &kinds {
                // Whoever was first said so first: when it was said tells whether it was in time.
                known.entry(kind.clone()).or_insert_with(|| ZeroCase {
                    at: now,
                    by: by.to_owned(),
                });
            }
        },
    )
    .await?;
    Ok(Json(days(&service, &hospital, period, today).await?))
}

/// Takes declarations back. Days that were never declared stay as they are.
#[utoipa::path(
    delete,
    path = "/api/v1/zero-cases",
    tag = "zero cases",
    security(("bearer" = [])),
    request_body = Declaration,
    responses(
        (status = OK, body = Days),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a data manager"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days or kinds"),
    )
)]
async fn withdraw(
    State(service): State<Service>,
    hospital: Hospital,
    Json(declaration): Json<Declaration>,
) -> Result<Json<Days>, ApiError> {
    let today = beijing(service.clock.now()).date();
    let (period, kinds) = declaration.read(service.standard(None), today)?;
    change(
        &service,
        &hospital,
        period,
        Act::ZeroCasesWithdrawn,
        |known, day| {
            if let Some(known) = known.days.get_mut(&day) {
                known.retain(|kind, _| !kinds.contains(kind));
            }
        },
    )
    .await?;
    Ok(Json(days(&service, &hospital, period, today).await?))
}

impl Declaration {
    fn read(
        &self,
        standard: &Standard,
        today: Date,
    ) -> Result<(Period, BTreeSet<String>), ApiError> {
        let from = day("from", &self.from)?;
        let to = match self.to.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => day("to", text)?,
            None => from,
        };
        let period = period(from, to)?;
        if to > today {
            return Err(refused(
                "to",
                "future",
                "不能填报今天以后的日期",
                "Days after today cannot be declared",
            ));
        }
        let kinds: BTreeSet<String> = self.kinds.iter().cloned().collect();
        if kinds.is_empty() {
            return Err(refused(
                "kinds",
                "required",
                "请至少选择一类数据",
                "Please choose at least one kind of data",
            ));
        }
        match kinds
            .iter()
            .find(|kind| standard.kind_index(kind).is_none())
        {
            Some(unknown) => Err(refused(
                "kinds",
                "unknown",
                &format!(
                    "没有“{unknown}”这一类数据，可填：{}",
                    codes(standard).join("、")
                ),
                &format!(
                    "There is no kind `{unknown}`; there are {}",
                    codes(standard).join(", ")
                ),
            )),
            None => Ok((period, kinds)),
        }
    }
}

fn codes(standard: &Standard) -> Vec<String> {
    standard
        .kinds
        .iter()
        .map(|kind| kind.code.clone())
        .collect()
}

/// Changes the declarations of a period, month by month.
async fn change(
    service: &Service,
    hospital: &Hospital,
    period: Period,
    act: Act,
    change: impl Fn(&mut ZeroCases, Date),
) -> Result<(), ApiError> {
    let who = (&hospital.account.id, hospital.province());
    let entry = hospital.entry(act, service.clock.now());
    let standard = service.standard(None);
    for (month, days) in months(period) {
        overview::change_zero_cases(&service.store, standard, who, month, &entry, |known| {
            days.iter().for_each(|day| change(known, *day));
        })
        .await?;
    }
    Ok(())
}

fn months(period: Period) -> BTreeMap<Date, Vec<Date>> {
    let mut months: BTreeMap<Date, Vec<Date>> = BTreeMap::new();
    let mut day = period.first();
    while day <= period.last() {
        months.entry(day.first_of_month()).or_default().push(day);
        day = day.saturating_add(1.day());
    }
    months
}

async fn days(
    service: &Service,
    hospital: &Hospital,
    period: Period,
    today: Date,
) -> Result<Days, ApiError> {
    let (store, account) = (&service.store, &hospital.account.id);
    let months = months(period);
    let all: Vec<Date> = months.values().flatten().copied().collect();
    let facts = overview::hospital_days(store, hospital.province(), account, &all).await?;
    let mut zero_cases: BTreeMap<Date, BTreeMap<String, ZeroCase>> = BTreeMap::new();
    for month in months.keys() {
        let known = overview::find_zero_cases(store, account, *month).await?;
        zero_cases.extend(known.days);
    }
    let standard = service.standard(None);
    let kinds = codes(standard);
    let nothing = Facts::default();
    let of = |day: Date| {
        let known = facts.get(&day).map(|(facts, _)| facts);
        let kinds = kinds.iter().map(|kind| {
            let facts = known.and_then(|facts| facts.get(kind)).unwrap_or(&nothing);
            let due = standard.last_day_in_time(kind, day);
            let of = DayOfKind {
                status: DayStatus::of(facts),
                records: facts.records,
                due,
                is_over: today > due,
                zero: zero_cases
                    .get(&day)
                    .and_then(|kinds| kinds.get(kind))
                    .cloned(),
                contradicted: facts.counts().contradicted > 0,
            };
            (kind.clone(), of)
        });
        Day {
            day,
            kinds: kinds.collect(),
        }
    };
    let days = all.iter().rev().map(|day| of(*day)).collect();
    Ok(Days { kinds, days })
}

fn day(field: &str, text: &str) -> Result<Date, ApiError> {
    text.trim().parse().map_err(|_| {
        refused(
            field,
            "not_a_day",
            "请按“年-月-日”填写日期，如 2026-01-31",
            "Please give the day like 2026-01-31",
        )
    })
}

fn period(from: Date, to: Date) -> Result<Period, ApiError> {
    let too_long = || {
        refused(
            "to",
            "too_long",
            "一次最多选择92天",
            "At most 92 days can be chosen at once",
        )
    };
    match Period::new(from, to) {
        Ok(period) if period.days() <= MOST_DAYS => Ok(period),
        Ok(_) | Err(PeriodError::TooLong) => Err(too_long()),
        Err(_) => Err(refused(
            "to",
            "backwards",
            "结束日期不能早于开始日期",
            "The last day must not be before the first",
        )),
    }
}

fn refused(field: &str, code: &str, zh: &str, en: &str) -> ApiError {
    ApiError::fields(vec![FieldError::new(field, code, zh, en)])
}
