use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use web::{ApiError, ErrorCode, Path, Problem, Query, Service};

use crate::Viewer;
use crate::asked::{Asked, Window, refused};
use crate::cells::Cell;
use crate::chart::{Bar, Fill, Names, Stack, bars, percent, stacks, stacks_across};
use crate::places::{self, Place, Provinces};
use crate::summary;

/// Words of one language.
#[derive(Clone, Copy)]
struct Words {
    is_english: bool,
}

impl Words {
    fn of<'w>(self, zh: &'w str, en: &'w str) -> &'w str {
        if self.is_english { en } else { zh }
    }
}

/// Draws a chart: `days` (reported, late or silent by day or month), `places` (the same by province, or by city of one province),
/// `passes` (share of records that passed, likewise), `delays` (days from visit to report) or `causes` (commonest errors).
#[utoipa::path(
    get,
    path = "/api/v1/overview/charts/{chart}",
    tag = "overview",
    security(("bearer" = [])),
    params(("chart" = String, Path, description = "`days`, `places`, `passes`, `delays` or `causes`"), Asked),
    responses(
        (status = OK, content_type = "image/svg+xml", description = "the chart"),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither reviewer nor analyst"),
        (status = NOT_FOUND, body = Problem, description = "no such chart"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no such days or kind"),
    )
)]
pub(crate) async fn draw_chart(
    State(service): State<Service>,
    viewer: Viewer,
    Path(chart): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, ApiError> {
    let window = asked.window(&service)?;
    let kind = kind(&service, &asked)?;
    let words = Words {
        is_english: asked.lang.as_deref() == Some("en"),
    };
    let codes = viewer.provinces(asked.province.as_deref());
    let drawing = Drawing {
        service: &service,
        window,
        kind,
        words,
        codes,
    };
    let svg = match chart.as_str() {
        "days" => drawing.days().await?,
        "places" => drawing.places().await?,
        "passes" => drawing.passes().await?,
        "delays" => drawing.delays().await?,
        "causes" => drawing.causes().await?,
        _ => return Err(ErrorCode::NoSuchPath.into()),
    };
    let headers = [
        (CONTENT_TYPE, "image/svg+xml; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, svg).into_response())
}

fn kind(service: &Service, asked: &Asked) -> Result<String, ApiError> {
    let kinds = places::kinds(service);
    let kind = asked
        .kind
        .as_deref()
        .filter(|kind| !kind.is_empty())
        .unwrap_or("flu");
    if kinds.iter().any(|known| known == kind) {
        return Ok(kind.to_owned());
    }
    let (zh, en) = (kinds.join("、"), kinds.join(", "));
    Err(refused(
        "kind",
        "unknown",
        &format!("没有“{kind}”这一类数据，可填：{zh}"),
        &format!("There is no kind `{kind}`; there are {en}"),
    ))
}

struct Drawing<'a> {
    service: &'a Service,
    window: Window,
    kind: String,
    words: Words,
    codes: Vec<String>,
}

const FILLS: [Fill; 4] = [Fill::Solid, Fill::Slanted, Fill::Dotted, Fill::Blank];

impl Drawing<'_> {
    fn fills(&self) -> [(Fill, &'static str); 4] {
        let words = [
            self.words.of("按时上报", "In time"),
            self.words.of("迟报", "Late"),
            self.words.of("本期无病例", "No case"),
            self.words.of("未上报", "Silent"),
        ];
        std::array::from_fn(|index| (FILLS[index], words[index]))
    }

    /// What a chart is about, its kind and days.
    fn names(&self, zh: &str, en: &str, zh_says: String, en_says: String) -> Names {
        let (from, to) = (self.window.period.first(), self.window.period.last());
        let standard = self.service.standard(None);
        let kind = standard.kinds.iter().find(|kind| kind.code == self.kind);
        let name = kind.map_or("", |kind| self.words.of(&kind.name_zh, &kind.name_en));
        Names {
            title: if self.words.is_english {
                format!("{en}: {name}, {from} to {to}")
            } else {
                format!("{zh}：{name}，{from} 至 {to}")
            },
            description: if self.words.is_english {
                en_says
            } else {
                zh_says
            },
        }
    }

    fn reporting(&self, place: &Place) -> Vec<i64> {
        place.cells.get(&self.kind).map(parts).unwrap_or_default()
    }

    async fn provinces(&self) -> Result<Provinces, ApiError> {
        Provinces::read(self.service, self.codes.clone(), &self.window).await
    }

    /// Provinces, or the cities of the only one.
    async fn all_places(&self) -> Result<Vec<Place>, ApiError> {
        let kinds = [self.kind.clone()];
        if let [province] = self.codes.as_slice() {
            let hospitals = places::hospitals(self.service, province, &kinds, &self.window).await?;
            return Ok(places::cities(&hospitals));
        }
        Ok(self.provinces().await?.places(&kinds, &self.window))
    }

    async fn days(&self) -> Result<String, ApiError> {
        let kinds = [self.kind.clone()];
        let by_day = self.window.period.points().len() as i32 == self.window.period.days();
        let points = self.provinces().await?.points(&kinds, &self.window);
        let mut sum = Cell::default();
        let all: Vec<Stack> = points
            .iter()
            .map(|(day, cells)| {
                let cell = cells.get(&self.kind).cloned().unwrap_or_default();
                sum.join(&cell);
                Stack {
                    name: point_name(*day, by_day),
                    parts: parts(&cell),
                }
            })
            .collect();
        let names = self.names("上报情况", "Reports", says_zh(&sum), says_en(&sum));
        Ok(stacks(&names, &self.fills(), &all))
    }

    async fn places(&self) -> Result<String, ApiError> {
        let all = self.all_places().await?;
        let total = places::total(&all);
        let sum = total.cells.get(&self.kind).cloned().unwrap_or_default();
        let (zh, en) = self.by_place("上报情况", "Reports");
        let names = self.names(&zh, &en, says_zh(&sum), says_en(&sum));
        let all: Vec<Stack> = all
            .iter()
            .map(|place| Stack {
                name: self.words.of(&place.zh, &place.en).to_owned(),
                parts: self.reporting(place),
            })
            .collect();
        Ok(stacks_across(&names, &self.fills(), &all))
    }

    async fn passes(&self) -> Result<String, ApiError> {
        let all = self.all_places().await?;
        let total = places::total(&all);
        let sum = total.cells.get(&self.kind).cloned().unwrap_or_default();
        let (zh, en) = self.by_place("接口达标率", "Share of records that passed");
        let rate = percent(sum.pass_rate);
        let names = self.names(
            &zh,
            &en,
            format!(
                "共收到 {} 条记录，{} 条达标（{rate}）。",
                sum.total, sum.passed
            ),
            format!(
                "{} records arrived, {} passed ({rate}).",
                sum.total, sum.passed
            ),
        );
        let all: Vec<Bar> = all
            .iter()
            .map(|place| {
                let cell = place.cells.get(&self.kind).cloned().unwrap_or_default();
                Bar {
                    name: self.words.of(&place.zh, &place.en).to_owned(),
                    share: cell.pass_rate.unwrap_or(0.0),
                    label: match cell.pass_rate {
                        Some(_) => percent(cell.pass_rate),
                        None => self.words.of("无数据", "no data").to_owned(),
                    },
                }
            })
            .collect();
        Ok(bars(&names, &all))
    }

    async fn delays(&self) -> Result<String, ApiError> {
        let kinds = [self.kind.clone()];
        let total = places::total(&self.provinces().await?.places(&kinds, &self.window));
        let delays = total
            .cells
            .get(&self.kind)
            .map(|cell| cell.delays)
            .unwrap_or_default();
        let all: i64 = delays.iter().sum();
        let classes = [
            ("当日", "Same day"),
            ("1天", "1 day"),
            ("2–3天", "2–3 days"),
            ("4–7天", "4–7 days"),
            ("8–30天", "8–30 days"),
            ("30天以上", "Over 30 days"),
        ];
        let quick: i64 = delays[..2].iter().sum();
        let rate = percent(crate::cells::share(quick, all));
        let names = self.names(
            "就诊（出院）至上报的时间",
            "Time from visit or discharge to report",
            format!("共 {all} 条记录，{quick} 条（{rate}）在1天内上报。"),
            format!("{all} records, {quick} of them ({rate}) reported within a day."),
        );
        let rows: Vec<Bar> = delays
            .iter()
            .zip(classes)
            .map(|(records, (zh, en))| {
                let of = crate::cells::share(*records, all);
                Bar {
                    name: self.words.of(zh, en).to_owned(),
                    share: of.unwrap_or(0.0),
                    label: format!("{records} ({})", percent(of.or(Some(0.0)))),
                }
            })
            .collect();
        Ok(bars(&names, &rows))
    }

    async fn causes(&self) -> Result<String, ApiError> {
        let causes = summary::causes(self.service, &self.codes, &self.window).await?;
        let most = causes.first().map_or(0, |cause| cause.findings);
        let (from, to) = (self.window.period.first(), self.window.period.last());
        let names = Names {
            title: if self.words.is_english {
                format!("Commonest causes of errors, {from} to {to}")
            } else {
                format!("最常见的错误原因，{from} 至 {to}")
            },
            description: match causes.first() {
                Some(first) => self
                    .words
                    .of(&first.message_zh, &first.message_en)
                    .to_owned(),
                None => self.words.of("没有错误。", "No errors.").to_owned(),
            },
        };
        let rows: Vec<Bar> = causes
            .iter()
            .map(|cause| Bar {
                name: format!(
                    "{} {}",
                    cause.rule,
                    self.words.of(&cause.column_zh, &cause.column_en)
                ),
                share: crate::cells::share(cause.findings, most).unwrap_or(0.0),
                label: cause.findings.to_string(),
            })
            .collect();
        Ok(bars(&names, &rows))
    }

    /// A title by province, or by city of the only one.
    fn by_place(&self, zh: &str, en: &str) -> (String, String) {
        match self.codes.as_slice() {
            [only] => {
                let (name, english) = places::province_name(only);
                (
                    format!("{zh}（{name}各市）"),
                    format!("{en} by city, {english}"),
                )
            }
            _ => (format!("{zh}（各省）"), format!("{en} by province")),
        }
    }
}

fn parts(cell: &Cell) -> Vec<i64> {
    vec![cell.on_time, cell.late, cell.zero, cell.silent]
}

fn point_name(day: Date, by_day: bool) -> String {
    if by_day {
        day.strftime("%m-%d").to_string()
    } else {
        day.strftime("%Y-%m").to_string()
    }
}

fn says_zh(cell: &Cell) -> String {
    format!(
        "应报 {} 个医院日：按时 {}，迟报 {}，本期无病例 {}，未上报 {}。",
        cell.expected, cell.on_time, cell.late, cell.zero, cell.silent
    )
}

fn says_en(cell: &Cell) -> String {
    format!(
        "Of {} days of hospitals that were due, {} were reported in time, {} late, {} declared without a case, {} silent.",
        cell.expected, cell.on_time, cell.late, cell.zero, cell.silent
    )
}
