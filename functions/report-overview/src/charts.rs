use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, Path, Problem, Query, Service};

use crate::Viewer;
use crate::asked::{Asked, Window, refused};
use crate::cells::{Cell, Cells};
use crate::chart::{Bar, Fill, Names, Stack, bars, percent, stacks, stacks_across};
use crate::places::{self, Place, Provinces};
use crate::summary::{self, CauseView};

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
    let codes = viewer.provinces(asked.province.as_deref());
    let drawing = Drawing::new(&service, &asked, window, codes.clone())?;
    let svg = match chart.as_str() {
        "days" => {
            let provinces = drawing.provinces().await?;
            drawing.days(&provinces.points(drawing.kinds(), &window))
        }
        "places" => drawing.places(&drawing.all_places().await?),
        "passes" => drawing.passes(&drawing.all_places().await?),
        "delays" => {
            let provinces = drawing.provinces().await?;
            drawing.delays(&provinces.places(drawing.kinds(), &window))
        }
        "causes" => drawing.causes(&summary::causes(&service, &codes, &window).await?),
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

/// The charts of one kind of file, as SVG.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Charts {
    /// Reported, late or silent by day or month.
    days: String,
    /// The same by province, or by city of one province.
    places: String,
    /// Share of records that passed, likewise.
    passes: String,
    /// Days from visit to report.
    delays: String,
}

/// What is drawn: a kind of file, in some provinces and days.
pub(crate) struct Drawing<'a> {
    service: &'a Service,
    window: Window,
    kind: [String; 1],
    words: Words,
    codes: Vec<String>,
}

const FILLS: [Fill; 4] = [Fill::Solid, Fill::Slanted, Fill::Dotted, Fill::Blank];

impl<'a> Drawing<'a> {
    pub(crate) fn new(
        service: &'a Service,
        asked: &Asked,
        window: Window,
        codes: Vec<String>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            service,
            window,
            kind: [kind(service, asked)?],
            words: Words {
                is_english: asked.lang.as_deref() == Some("en"),
            },
            codes,
        })
    }

    /// The kind it is about.
    pub(crate) fn kinds(&self) -> &[String] {
        &self.kind
    }

    /// All that show reports, from figures by day, of what is shown by place, and of the provinces.
    pub(crate) fn all(
        &self,
        points: &[(Date, Cells)],
        shown: &[Place],
        provinces: &[Place],
    ) -> Charts {
        Charts {
            days: self.days(points),
            places: self.places(shown),
            passes: self.passes(shown),
            delays: self.delays(provinces),
        }
    }

    fn cell(&self, cells: &Cells) -> Cell {
        cells.get(&self.kind[0]).cloned().unwrap_or_default()
    }

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
        let kind = standard.kinds.iter().find(|kind| kind.code == self.kind[0]);
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
        parts(&self.cell(&place.cells))
    }

    async fn provinces(&self) -> Result<Provinces, ApiError> {
        Provinces::read(self.service, self.codes.clone(), &self.kind, &self.window).await
    }

    /// The cities of the only province; `None`: there are several.
    pub(crate) async fn cities(&self) -> Result<Option<Vec<Place>>, ApiError> {
        let [province] = self.codes.as_slice() else {
            return Ok(None);
        };
        let hospitals = places::hospitals(self.service, province, &self.kind, &self.window).await?;
        Ok(Some(places::cities(&hospitals)))
    }

    /// Provinces, or the cities of the only one.
    async fn all_places(&self) -> Result<Vec<Place>, ApiError> {
        match self.cities().await? {
            Some(cities) => Ok(cities),
            None => Ok(self.provinces().await?.places(&self.kind, &self.window)),
        }
    }

    fn days(&self, points: &[(Date, Cells)]) -> String {
        let by_day = self.window.period.points().len() as i32 == self.window.period.days();
        let mut sum = Cell::default();
        let all: Vec<Stack> = points
            .iter()
            .map(|(day, cells)| {
                let cell = self.cell(cells);
                sum.join(&cell);
                Stack {
                    name: point_name(*day, by_day),
                    parts: parts(&cell),
                }
            })
            .collect();
        let names = self.names("上报情况", "Reports", says_zh(&sum), says_en(&sum));
        stacks(&names, &self.fills(), &all)
    }

    fn places(&self, all: &[Place]) -> String {
        let sum = self.cell(&places::total(all).cells);
        let (zh, en) = self.by_place("上报情况", "Reports");
        let names = self.names(&zh, &en, says_zh(&sum), says_en(&sum));
        let all: Vec<Stack> = all
            .iter()
            .map(|place| Stack {
                name: self.words.of(&place.zh, &place.en).to_owned(),
                parts: self.reporting(place),
            })
            .collect();
        stacks_across(&names, &self.fills(), &all)
    }

    fn passes(&self, all: &[Place]) -> String {
        let sum = self.cell(&places::total(all).cells);
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
                let cell = self.cell(&place.cells);
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
        bars(&names, &all)
    }

    fn delays(&self, provinces: &[Place]) -> String {
        let delays = self.cell(&places::total(provinces).cells).delays;
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
        bars(&names, &rows)
    }

    pub(crate) fn causes(&self, causes: &[CauseView]) -> String {
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
        bars(&names, &rows)
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
