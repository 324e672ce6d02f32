//! Figures of provinces, cities and hospitals, as every route of this function needs them.

use std::collections::BTreeMap;

use domain::AccountId;
use domain::overview::NO_KIND;
use jiff::civil::Date;
use standard::divisions;
use store::overview::{self, Listed, OpenDeath, RosterCounts};
use store::provinces::NOWHERE;
use web::{ApiError, Service};

use crate::asked::Window;
use crate::cells::{Buckets, Cells, cells, join};

/// Figures of a place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) code: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) hospitals: i64,
    pub(crate) cells: Cells,
    pub(crate) deaths: Deaths,
}

/// Death cases that are not complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Deaths {
    /// Still within their week.
    pub(crate) due: i64,
    /// Their week is over.
    pub(crate) overdue: i64,
}

impl Deaths {
    pub(crate) fn of<'d>(open: impl Iterator<Item = &'d OpenDeath>, today: Date) -> Self {
        let mut deaths = Self::default();
        for case in open {
            if case.deadline < today {
                deaths.overdue += 1;
            } else {
                deaths.due += 1;
            }
        }
        deaths
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.due += other.due;
        self.overdue += other.overdue;
    }
}

/// Codes of the kinds that hospitals report.
pub(crate) fn kinds(service: &Service) -> Vec<String> {
    let kinds = &service.standard(None).kinds;
    kinds.iter().map(|kind| kind.code.clone()).collect()
}

/// The same, and the one under which files are counted whose kind nobody can tell.
pub(crate) fn all_kinds(service: &Service) -> Vec<String> {
    let mut kinds = kinds(service);
    kinds.push(NO_KIND.to_owned());
    kinds
}

/// Counters of some provinces in a window.
pub(crate) struct Provinces {
    pub(crate) codes: Vec<String>,
    roster: RosterCounts,
    counters: BTreeMap<String, Buckets>,
    deaths: BTreeMap<String, Deaths>,
}

impl Provinces {
    /// Of these kinds alone.
    pub(crate) async fn read(
        service: &Service,
        codes: Vec<String>,
        kinds: &[String],
        window: &Window,
    ) -> Result<Self, ApiError> {
        let store = &service.store;
        let buckets = window.all_buckets();
        let (roster, counters, open) = tokio::try_join!(
            overview::roster_counts(store),
            overview::provinces(store, &codes, &buckets, kinds),
            overview::open_deaths_of(store, &codes),
        )?;
        let deaths = open.into_iter().map(|(province, open)| {
            let deaths = Deaths::of(open.iter(), window.today);
            (province, deaths)
        });
        let deaths = deaths.collect();
        Ok(Self {
            codes,
            roster,
            counters,
            deaths,
        })
    }

    /// Figures of each province that has hospitals or counters.
    pub(crate) fn places(&self, kinds: &[String], window: &Window) -> Vec<Place> {
        let nothing = (BTreeMap::new(), Buckets::new());
        let places = self.codes.iter().filter_map(|code| {
            let roster = self.roster.get(code).unwrap_or(&nothing.0);
            let counters = self.counters.get(code).unwrap_or(&nothing.1);
            let hospitals = roster.values().sum();
            let deaths = self.deaths.get(code).copied().unwrap_or_default();
            if hospitals == 0 && counters.is_empty() && deaths == Deaths::default() {
                return None;
            }
            let (zh, en) = province_name(code);
            Some(Place {
                code: code.clone(),
                zh,
                en,
                hospitals,
                cells: cells(kinds, roster, counters, &window.period, window),
                deaths,
            })
        });
        places.collect()
    }

    /// Figures of all of them together at each point of a chart, with its first day.
    pub(crate) fn points(&self, kinds: &[String], window: &Window) -> Vec<(Date, Cells)> {
        let nothing = (BTreeMap::new(), Buckets::new());
        let points = window.period.points();
        points
            .iter()
            .map(|point| {
                let mut sum = Cells::new();
                for code in &self.codes {
                    let roster = self.roster.get(code).unwrap_or(&nothing.0);
                    let counters = self.counters.get(code).unwrap_or(&nothing.1);
                    join(&mut sum, &cells(kinds, roster, counters, point, window));
                }
                (point.first(), sum)
            })
            .collect()
    }
}

/// All together.
pub(crate) fn total(places: &[Place]) -> Place {
    let mut total = Place::default();
    for place in places {
        total.hospitals += place.hospitals;
        total.deaths.join(place.deaths);
        join(&mut total.cells, &place.cells);
    }
    total
}

/// A hospital with its figures.
pub(crate) struct HospitalPlace {
    pub(crate) listed: Listed,
    pub(crate) cells: Cells,
    pub(crate) deaths: Deaths,
}

/// The hospitals of a province, by name.
pub(crate) async fn hospitals(
    service: &Service,
    province: &str,
    kinds: &[String],
    window: &Window,
) -> Result<Vec<HospitalPlace>, ApiError> {
    let store = &service.store;
    let buckets = window.buckets(&window.period);
    let (listed, mut counters, open) = tokio::try_join!(
        overview::listed(store, province),
        overview::hospitals(store, province, &buckets),
        overview::open_deaths(store, province),
    )?;
    let mut deaths: BTreeMap<&AccountId, Deaths> = BTreeMap::new();
    for case in &open {
        let one = Deaths::of(std::iter::once(case), window.today);
        deaths.entry(&case.account).or_default().join(one);
    }
    let places = listed.into_iter().map(|listed| {
        let counters = counters.remove(&listed.account).unwrap_or_default();
        let roster = BTreeMap::from([(listed.since, 1)]);
        HospitalPlace {
            cells: cells(kinds, &roster, &counters, &window.period, window),
            deaths: deaths.get(&listed.account).copied().unwrap_or_default(),
            listed,
        }
    });
    Ok(places.collect())
}

/// Hospitals together by city.
pub(crate) fn cities(hospitals: &[HospitalPlace]) -> Vec<Place> {
    let mut cities: BTreeMap<String, Place> = BTreeMap::new();
    for hospital in hospitals {
        let code = city_code(&hospital.listed).to_owned();
        let city = cities.entry(code.clone()).or_insert_with(|| {
            let (zh, en) = city_name(&code);
            Place {
                code,
                zh,
                en,
                ..Place::default()
            }
        });
        city.hospitals += 1;
        city.deaths.join(hospital.deaths);
        join(&mut city.cells, &hospital.cells);
    }
    cities.into_values().collect()
}

/// First four digits of a hospital's division code; blank where it has none.
pub(crate) fn city_code(listed: &Listed) -> &str {
    let division = listed.division.as_deref().unwrap_or_default();
    division.get(..4).unwrap_or_default()
}

pub(crate) fn province_name(code: &str) -> (String, String) {
    if code == NOWHERE {
        return ("未登记省份".to_owned(), "No province".to_owned());
    }
    named(&format!("{code}0000"), code)
}

fn city_name(code: &str) -> (String, String) {
    if code.is_empty() {
        return ("未登记城市".to_owned(), "No city".to_owned());
    }
    let division = format!("{code}00");
    if divisions().get(&division).is_some() {
        return named(&division, code);
    }
    // Municipalities have districts and no cities.
    named(&format!("{}0000", code.get(..2).unwrap_or_default()), code)
}

/// Divisions have Chinese names only; English readers get the code beside.
fn named(division: &str, code: &str) -> (String, String) {
    let name = divisions()
        .get(division)
        .map_or(code, |division| division.name.as_str());
    (name.to_owned(), format!("{name} ({code})"))
}
