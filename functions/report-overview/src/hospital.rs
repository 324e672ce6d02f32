use std::collections::BTreeMap;

use axum::extract::State;
use domain::audit::Act;
use domain::overview::{DayStatus, Facts};
use domain::{Upload, beijing};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use store::{overview, uploads};
use utoipa::ToSchema;
use web::{ApiError, Json, Path, Problem, Query, Service};

use crate::Viewer;
use crate::asked::{Asked, refused};
use crate::cells::Cells;
use crate::places::{self, Deaths};
use crate::summary::{KindView, kind_views};

/// Most days shown one by one.
const MOST_DAYS: i32 = 62;
/// Most uploads listed.
const UPLOADS: usize = 50;

/// What a hospital reported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hospital {
    /// Its id.
    id: String,
    /// 医疗机构代码.
    code: String,
    /// 医疗机构名称.
    name: String,
    /// First two digits of the division code.
    province: String,
    /// Where it lies.
    place_zh: String,
    /// Since when it is to report.
    #[schema(value_type = String, format = Date)]
    since: Date,
    /// Kinds of file.
    kinds: Vec<KindView>,
    /// Figures of the whole period by kind.
    total: Cells,
    /// Death cases that are not complete.
    deaths: Deaths,
    /// The newest day first.
    days: Vec<DayView>,
    /// Uploads that were registered in the period, the newest first, at most 50 of the newest.
    uploads: Vec<UploadLine>,
}

/// A day of a hospital.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayView {
    /// Which.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// What it comes to, by kind.
    kinds: BTreeMap<String, DayOfKind>,
}

/// A day of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayOfKind {
    /// `on_time`, `late`, `zero` or `silent`.
    #[schema(value_type = String)]
    status: DayStatus,
    /// Whether the last day in time is over.
    is_over: bool,
    /// Whether records came although it was declared to be without a case.
    contradicted: bool,
    /// Records that stand accepted.
    records: i64,
}

/// An upload in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadLine {
    /// Its id.
    id: String,
    /// Kinds of file in it.
    kinds: Vec<String>,
    /// `registered`, `checking`, `done`, `expired` or `failed`.
    status: String,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// 数据包记录总数.
    total: Option<u64>,
    /// 接口达标数.
    passed: Option<u64>,
}

/// Shows what a hospital reported day by day, and its uploads. Looking at it leaves an entry in the audit trail.
#[utoipa::path(
    get,
    path = "/api/v1/overview/hospitals/{id}",
    tag = "overview",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the hospital's id"), Asked),
    responses(
        (status = OK, body = Hospital),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither reviewer nor analyst"),
        (status = NOT_FOUND, body = Problem, description = "none of the caller's province"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days, or too many"),
    )
)]
pub(crate) async fn show_hospital(
    State(service): State<Service>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Hospital>, ApiError> {
    let (province, listed) = viewer.hospital(&service, &id).await?;
    let window = asked.window(&service)?;
    if window.period.days() > MOST_DAYS {
        return Err(refused(
            "to",
            "too_long",
            "按日查看最多选择62天",
            "Days can be shown one by one for 62 days at most",
        ));
    }
    viewer
        .note(&service, Act::HospitalReportsViewed, &id)
        .await?;
    let store = &service.store;
    let account = &listed.account;
    let mut all = Vec::new();
    let mut day = window.period.first();
    while day <= window.period.last() {
        all.push(day);
        day = day.saturating_add(1.day());
    }
    let (facts, (uploads, _), open) = tokio::try_join!(
        overview::hospital_days(store, &province, account, &all),
        uploads::list(store, account, None, UPLOADS),
        overview::open_deaths(store, &province),
    )?;
    let kinds = places::kinds(&service);
    let mut counters = BTreeMap::new();
    for (day, (facts, _)) in &facts {
        let counts = facts
            .iter()
            .map(|(kind, facts)| (kind.clone(), facts.counts()));
        counters.insert(domain::overview::Bucket::Day(*day), counts.collect());
    }
    let roster = BTreeMap::from([(listed.since, 1)]);
    let nothing = Facts::default();
    let of = |day: Date| DayView {
        day,
        kinds: kinds
            .iter()
            .map(|kind| {
                let known = facts.get(&day).and_then(|(facts, _)| facts.get(kind));
                let facts = known.unwrap_or(&nothing);
                let of = DayOfKind {
                    status: DayStatus::of(facts),
                    is_over: window.today > window.standard.last_day_in_time(kind, day),
                    contradicted: facts.counts().contradicted > 0,
                    records: facts.records,
                };
                (kind.clone(), of)
            })
            .collect(),
    };
    let in_period = |upload: &Upload| {
        let day = beijing(upload.registered_at).date();
        (window.period.first()..=window.period.last()).contains(&day)
    };
    let path = listed
        .division
        .as_deref()
        .map(|code| standard::divisions().path(code));
    let names = path
        .unwrap_or_default()
        .into_iter()
        .map(|one| one.name.as_str());
    Ok(Json(Hospital {
        id: account.to_string(),
        place_zh: names.collect(),
        total: crate::cells::cells(&kinds, &roster, &counters, &window.period, &window),
        deaths: Deaths::of(
            open.iter().filter(|case| case.account == *account),
            window.today,
        ),
        days: all.iter().rev().map(|day| of(*day)).collect(),
        uploads: uploads
            .iter()
            .filter(|upload| in_period(upload))
            .map(line)
            .collect(),
        kinds: kind_views(service.standard(None), &kinds),
        code: listed.code,
        name: listed.name,
        since: listed.since,
        province,
    }))
}

fn line(upload: &Upload) -> UploadLine {
    let figures = upload.figures.as_ref();
    UploadLine {
        id: upload.id.to_string(),
        kinds: figures
            .map(|figures| figures.kinds.clone())
            .unwrap_or_default(),
        status: upload.status.as_str().to_owned(),
        registered_at: upload.registered_at,
        total: figures.map(|figures| figures.total),
        passed: figures.map(|figures| figures.passed),
    }
}
