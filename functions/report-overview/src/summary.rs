use std::collections::BTreeMap;

use axum::extract::State;
use domain::overview::{Bucket, Fills};
use jiff::civil::Date;
use serde::Serialize;
use standard::Standard;
use store::overview;
use utoipa::ToSchema;
use web::{ApiError, Json, Problem, Query, Service};

use crate::Viewer;
use crate::asked::{Asked, Window};
use crate::cells::Cells;
use crate::charts::{Charts, Drawing};
use crate::places::{self, Deaths, Place, Provinces};

/// Causes that are listed.
const CAUSES: usize = 12;

/// Who reports, what fails, what is overdue: all that the viewer may see, by province.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Overview {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// First two digits of the division code, where the viewer sees that province only.
    own_province: Option<String>,
    /// Kinds of file.
    kinds: Vec<KindView>,
    /// Everything together.
    total: PlaceView,
    /// By province.
    provinces: Vec<PlaceView>,
    /// By day, or by month where there are many days.
    points: Vec<PointView>,
    /// The charts, where they were asked for.
    charts: Option<Charts>,
}

/// What stands in the way: errors by cause, and columns without content.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Causes {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// The commonest causes of errors, by findings.
    causes: Vec<CauseView>,
    /// Columns that are filled with fillers, or with one and the same value, in most uploads of the months of the period.
    fillers: Vec<FillerView>,
    /// The causes as a chart, as SVG, where it was asked for.
    chart: Option<String>,
}

/// A column with fillers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FillerView {
    /// Kind of file.
    kind: String,
    /// Column code.
    column: String,
    /// What the column is called, Chinese.
    column_zh: String,
    /// The same in English.
    column_en: String,
    /// `dash`, `same` or `midnight`.
    check: String,
    /// Uploads in which nine tenths of the records or more are so.
    nearly_all: i64,
    /// Uploads with records of the kind.
    uploads: i64,
    /// The median share of all of them, in tenths; null while there are too few.
    median: Option<u64>,
}

/// A kind of file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindView {
    /// Its code; `none` for files whose kind nobody can tell.
    code: String,
    /// Chinese name.
    name_zh: String,
    /// English name.
    name_en: String,
    /// Days after its day within which a record is in time.
    days_allowed: i32,
}

/// Figures of a place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlaceView {
    /// Its code; blank for several together.
    code: String,
    /// Chinese name.
    name_zh: String,
    /// English name.
    name_en: String,
    /// Hospitals that are to report.
    hospitals: i64,
    /// Figures by kind.
    kinds: Cells,
    /// Death cases that are not complete.
    deaths: Deaths,
}

/// Figures of a day or month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PointView {
    /// First day of it.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Figures by kind.
    kinds: Cells,
}

/// Findings with something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CauseView {
    /// Rule id.
    pub(crate) rule: String,
    /// Kind of file.
    pub(crate) kind: String,
    /// Column code; blank where it is about no column.
    pub(crate) column: String,
    /// What the column is called, Chinese.
    pub(crate) column_zh: String,
    /// The same in English.
    pub(crate) column_en: String,
    /// Findings.
    pub(crate) findings: i64,
    /// What is wrong, Chinese, without any value.
    pub(crate) message_zh: String,
    /// The same in English.
    pub(crate) message_en: String,
}

impl From<Place> for PlaceView {
    fn from(place: Place) -> Self {
        Self {
            code: place.code,
            name_zh: place.zh,
            name_en: place.en,
            hospitals: place.hospitals,
            kinds: place.cells,
            deaths: place.deaths,
        }
    }
}

/// Shows who reports, who is late, what fails and what is overdue, by province and day.
#[utoipa::path(
    get,
    path = "/api/v1/overview",
    tag = "overview",
    security(("bearer" = [])),
    params(Asked),
    responses(
        (status = OK, body = Overview),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither reviewer nor analyst"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days"),
    )
)]
pub(crate) async fn show_overview(
    State(service): State<Service>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Json<Overview>, ApiError> {
    let window = asked.window(&service)?;
    let codes = viewer.provinces(asked.province.as_deref());
    let all_kinds = places::all_kinds(&service);
    let (drawing, kinds) = match asked.kind.as_deref() {
        None if !asked.charts => (None, all_kinds.clone()),
        _ => {
            let drawing = Drawing::new(&service, &asked, window, codes.clone())?;
            let kinds = drawing.kinds().to_vec();
            (Some(drawing).filter(|_| asked.charts), kinds)
        }
    };
    let (provinces, cities) = tokio::try_join!(
        Provinces::read(&service, codes.clone(), &kinds, &window),
        async {
            match &drawing {
                Some(drawing) => drawing.cities().await,
                None => Ok(None),
            }
        },
    )?;
    let places = provinces.places(&kinds, &window);
    let points = provinces.points(&kinds, &window);
    let charts = drawing.map(|drawing| {
        let drawn = cities.as_ref().unwrap_or(&places);
        drawing.all(&points, drawn, &places)
    });
    Ok(Json(Overview {
        from: window.period.first(),
        to: window.period.last(),
        own_province: viewer.account.province.clone(),
        kinds: kind_views(service.standard(None), &all_kinds),
        total: places::total(&places).into(),
        provinces: places.into_iter().map(PlaceView::from).collect(),
        points: points
            .into_iter()
            .map(|(from, kinds)| PointView { from, kinds })
            .collect(),
        charts,
    }))
}

/// Shows the commonest causes of errors, and columns that are filled with fillers or one and the same value.
#[utoipa::path(
    get,
    path = "/api/v1/overview/causes",
    tag = "overview",
    security(("bearer" = [])),
    params(Asked),
    responses(
        (status = OK, body = Causes),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither reviewer nor analyst"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days or kind"),
    )
)]
pub(crate) async fn show_causes(
    State(service): State<Service>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Json<Causes>, ApiError> {
    let window = asked.window(&service)?;
    let codes = viewer.provinces(asked.province.as_deref());
    let drawing = Drawing::new(&service, &asked, window, codes.clone())?;
    let (causes, fillers) = tokio::try_join!(
        causes(&service, &codes, &window),
        fillers(&service, &codes, &window),
    )?;
    Ok(Json(Causes {
        from: window.period.first(),
        to: window.period.last(),
        chart: asked.charts.then(|| drawing.causes(&causes)),
        causes,
        fillers,
    }))
}

pub(crate) fn kind_views(standard: &Standard, codes: &[String]) -> Vec<KindView> {
    let view = |code: &String| {
        let kind = standard.kinds.iter().find(|kind| kind.code == *code);
        let (zh, en) = kind.map_or(("无法识别的文件", "Files of no known kind"), |kind| {
            (kind.name_zh.as_str(), kind.name_en.as_str())
        });
        KindView {
            code: code.clone(),
            name_zh: zh.to_owned(),
            name_en: en.to_owned(),
            days_allowed: standard.days_allowed(code),
        }
    };
    codes.iter().map(view).collect()
}

/// The commonest causes of errors in what arrived.
pub(crate) async fn causes(
    service: &Service,
    provinces: &[String],
    window: &Window,
) -> Result<Vec<CauseView>, ApiError> {
    let buckets: Vec<Bucket> = window.period.buckets();
    let found = overview::causes(&service.store, provinces, &buckets).await?;
    Ok(commonest(service.standard(None), found))
}

fn commonest(standard: &Standard, found: BTreeMap<String, i64>) -> Vec<CauseView> {
    let mut causes: Vec<(String, i64)> = found.into_iter().collect();
    causes.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
    let views = causes.into_iter().filter_map(|(key, findings)| {
        let mut parts = key.splitn(3, '|');
        let (kind, rule, column) = (parts.next()?, parts.next()?, parts.next()?);
        Some(cause_view(standard, kind, rule, column, findings))
    });
    views.take(CAUSES).collect()
}

/// Columns with fillers in the months of a window, those of most uploads first.
async fn fillers(
    service: &Service,
    provinces: &[String],
    window: &Window,
) -> Result<Vec<FillerView>, ApiError> {
    let counted = overview::fills(&service.store, provinces, &window.months()).await?;
    let mut fills = Fills::of(&counted);
    fills.retain(|fills| fills.nearly_all() > 0);
    fills.sort_by_key(|fills| std::cmp::Reverse(fills.nearly_all()));
    let standard = service.standard(None);
    let view = |fills: Fills| {
        let kind = standard.kinds.iter().find(|kind| kind.code == fills.kind);
        let field = kind.and_then(|kind| kind.fields.get(kind.field_index(&fills.column)?));
        FillerView {
            column_zh: field.map_or_else(String::new, |field| field.name_zh.clone()),
            column_en: field.map_or_else(String::new, |field| field.name_en.clone()),
            nearly_all: fills.nearly_all(),
            uploads: fills.uploads(),
            median: fills.median(),
            kind: fills.kind,
            column: fills.column,
            check: fills.check,
        }
    };
    Ok(fills.into_iter().take(CAUSES).map(view).collect())
}

/// A cause in words that name no value of any file.
pub(crate) fn cause_view(
    standard: &Standard,
    kind: &str,
    rule: &str,
    column: &str,
    findings: i64,
) -> CauseView {
    let known = standard.rules.iter().find(|known| known.id == rule);
    let field = standard
        .kinds
        .iter()
        .find(|known| known.code == kind)
        .and_then(|kind| {
            let index = kind.field_index(column)?;
            kind.fields.get(index)
        });
    let (zh, en) = field.map_or(("", ""), |field| {
        (field.name_zh.as_str(), field.name_en.as_str())
    });
    let text = |template: &str, name: &str| {
        let template = template.replace("{column}", name).replace("{name}", name);
        without_values(&template)
    };
    let (message_zh, message_en) = known.map_or((String::new(), String::new()), |known| {
        (text(&known.message_zh, zh), text(&known.message_en, en))
    });
    CauseView {
        rule: rule.to_owned(),
        kind: kind.to_owned(),
        column: column.to_owned(),
        column_zh: zh.to_owned(),
        column_en: en.to_owned(),
        findings,
        message_zh,
        message_en,
    }
}

/// A template with `…` where a finding's own values stand.
fn without_values(template: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}') {
            Some((_, behind)) => {
                text.push('…');
                rest = behind;
            }
            None => {
                rest = after;
                break;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_cause_comes_first_and_names_no_value() {
        let standard = standard::latest();
        let found = standard
            .rules
            .iter()
            .enumerate()
            .map(|(index, rule)| (format!("flu|{}|P5", rule.id), index as i64 + 1));
        let causes = commonest(standard, found.collect());
        assert_eq!(causes.len(), CAUSES);
        assert!(causes.is_sorted_by_key(|cause| -cause.findings));
        for rule in &standard.rules {
            let view = cause_view(standard, "flu", &rule.id, "P5", 1);
            assert_eq!(view.column_zh, "性别");
            for message in [&view.message_zh, &view.message_en] {
                assert!(
                    !message.is_empty() && !message.contains(['{', '}']),
                    "{message}"
                );
            }
        }
    }
}
