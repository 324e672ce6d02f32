//! What an upload adds to the counters of the overview, and the counting of it.

use std::collections::BTreeMap;

use domain::overview::{Contribution, DayFacts, Facts, NO_KIND, Origin, delay_class};
use domain::{Upload, UploadId, beijing};
use jiff::ToSpan;
use jiff::civil::Date;
use standard::Standard;
use store::{accounts, overview, provinces};
use validation::links::KindDays;
use validation::{Filler, Summary};

use crate::{Intake, IntakeError};

/// Records older than this when they arrive count by arrival only: a file of a hundred years ago must not make a thousand
/// counters.
const OLDEST: i64 = 800;
/// Causes of one upload that are counted, those with most findings: a file can be wrong in thousands of ways at once.
const CAUSES: usize = 20;

/// The days that the records of each kind stand on, and what the upload changes about them.
pub(crate) type Movements = Vec<(String, KindDays)>;

/// The rank of what is counted of an upload on a basis of so many earlier uploads and withdrawals. Its own withdrawal, which
/// comes once and stays, counts as one more.
pub(crate) fn rank(upload: &Upload, basis: u64) -> u64 {
    basis + 1 + u64::from(upload.withdrawal.is_some())
}

/// The rank of what is counted of a withdrawal, likewise.
pub(crate) fn withdrawal_rank(basis: u64) -> u64 {
    basis + 1
}

/// Counts an upload, settled on a basis of so many earlier uploads and withdrawals. Of a withdrawn one is left what it did to
/// the records that stand on each day; its withdrawal takes those away ([`take_back`]). `arrival` is what its check came to; `None`: that is no longer
/// kept, and what was counted of it stays.
pub(crate) async fn count(
    intake: &Intake,
    upload: &Upload,
    arrival: Option<Arrival>,
    movements: &Movements,
    basis: u64,
) -> Result<(), IntakeError> {
    let account = accounts::find(&intake.store, &upload.account).await?;
    let province = account.and_then(|account| account.province);
    let arrival = match arrival {
        _ if upload.withdrawal.is_some() => Arrival::default(),
        Some(arrival) => arrival,
        None => {
            let earlier = overview::of_upload(&intake.store, &upload.account, &upload.id).await?;
            Arrival::kept(&earlier)
        }
    };
    let new = New {
        upload,
        standard: intake.standard(upload.standard.as_deref()),
        province: province.as_deref().unwrap_or(provinces::NOWHERE),
        origin: &upload.id,
        rank: rank(upload, basis),
    };
    let wanted = new.contributions(&arrival, movements);
    let who = (&upload.account, &upload.id);
    overview::count_upload(&intake.store, who, new.rank, &wanted).await?;
    Ok(())
}

/// Counts a withdrawal from an upload: `place` is its number among the uploads, under which it stands like one.
pub(crate) async fn take_back(
    intake: &Intake,
    upload: &Upload,
    place: &UploadId,
    taken: &Movements,
    rank: u64,
) -> Result<(), IntakeError> {
    // Taken from where it was counted: the hospital may have moved to another province since.
    let counted = overview::of_upload(&intake.store, &upload.account, &upload.id).await?;
    let province = match counted.into_iter().next() {
        Some(counted) => Some(counted.province),
        None => {
            let account = accounts::find(&intake.store, &upload.account).await?;
            account.and_then(|account| account.province)
        }
    };
    let new = New {
        upload,
        standard: intake.standard(upload.standard.as_deref()),
        province: province.as_deref().unwrap_or(provinces::NOWHERE),
        origin: place,
        rank,
    };
    let mut months = BTreeMap::new();
    new.add_movements(&mut months, taken);
    let wanted: Vec<Contribution> = months.into_values().collect();
    overview::count_upload(&intake.store, (&upload.account, place), rank, &wanted).await?;
    Ok(())
}

/// What counts on the day of arrival.
#[derive(Default)]
pub(crate) struct Arrival {
    kinds: DayFacts,
    causes: BTreeMap<String, i64>,
    fills: BTreeMap<String, i64>,
}

impl Arrival {
    /// From what the check came to.
    pub(crate) fn of(summary: &Summary, fillers: &[Filler]) -> Self {
        let mut arrival = Self::default();
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for file in &summary.files {
            let kind = file.info.kind.as_deref().unwrap_or(NO_KIND);
            let facts = arrival.kinds.entry(kind.to_owned()).or_default();
            facts.files += 1;
            facts.unreadable += i64::from(file.unreadable || file.total == 0 && summary.unreadable);
            facts.total += count(file.total);
            facts.passed += count(file.passed);
        }
        if summary.files.is_empty() {
            let facts = arrival.kinds.entry(NO_KIND.to_owned()).or_default();
            facts.files += 1;
            facts.unreadable += 1;
        }
        let errors = summary
            .causes
            .iter()
            .filter(|cause| cause.severity == "error");
        for cause in errors.take(CAUSES) {
            let (kind, column) = (cause.kind.as_deref(), cause.code.as_deref());
            let key = format!(
                "{}|{}|{}",
                kind.unwrap_or(NO_KIND),
                cause.rule,
                column.unwrap_or_default()
            );
            *arrival.causes.entry(key).or_default() += count(cause.findings);
        }
        for kind in arrival.kinds.iter().filter(|(_, facts)| facts.total > 0) {
            arrival.fills.insert(format!("{}|||uploads", kind.0), 1);
        }
        for filler in fillers {
            let (kind, column, check) = (&filler.kind, &filler.column, filler.check.as_str());
            let key = format!("{kind}|{column}|{check}|{}", filler.class());
            arrival.fills.insert(key, 1);
        }
        arrival
    }

    /// What earlier contributions of the same upload say.
    fn kept(earlier: &[Contribution]) -> Self {
        let mut arrival = Self::default();
        for contribution in earlier {
            let Some(facts) = contribution
                .arrived_on
                .and_then(|day| contribution.days.get(&day))
            else {
                continue;
            };
            for (kind, facts) in facts {
                let own = Facts {
                    files: facts.files,
                    unreadable: facts.unreadable,
                    total: facts.total,
                    passed: facts.passed,
                    ..Facts::default()
                };
                if !own.is_zero() {
                    *arrival.kinds.entry(kind.clone()).or_default() += &own;
                }
            }
            arrival.causes.clone_from(&contribution.causes);
            arrival.fills.clone_from(&contribution.fills);
        }
        arrival
    }
}

struct New<'a> {
    upload: &'a Upload,
    standard: &'a Standard,
    province: &'a str,
    /// The upload, or the place of its withdrawal.
    origin: &'a UploadId,
    rank: u64,
}

impl New<'_> {
    /// The day of arrival by Beijing time.
    fn arrived(&self) -> Date {
        let received = self.upload.received_at.unwrap_or(self.upload.registered_at);
        beijing(received).date()
    }

    fn contributions(&self, arrival: &Arrival, movements: &Movements) -> Vec<Contribution> {
        let arrived = self.arrived();
        let mut months: BTreeMap<Date, Contribution> = BTreeMap::new();
        if self.upload.withdrawal.is_none() {
            let month = self.month(&mut months, arrived);
            month.arrived_on = Some(arrived);
            month.causes.clone_from(&arrival.causes);
            month.fills.clone_from(&arrival.fills);
            for (kind, facts) in &arrival.kinds {
                month.add(arrived, kind, facts);
            }
        }
        self.add_movements(&mut months, movements);
        months.into_values().collect()
    }

    fn add_movements(&self, months: &mut BTreeMap<Date, Contribution>, movements: &Movements) {
        let arrived = self.arrived();
        let oldest = arrived.saturating_sub(OLDEST.days());
        let newest = arrived.saturating_add(1.day());
        for (kind, days) in movements {
            for (number, movement) in days {
                let day = Date::constant(1970, 1, 1).checked_add(i64::from(*number).days());
                let Some(day) = day.ok().filter(|day| (oldest..=newest).contains(day)) else {
                    continue;
                };
                let mut facts = Facts {
                    records: movement.records,
                    ..Facts::default()
                };
                if self.upload.withdrawal.is_none() {
                    let in_time = arrived <= self.standard.last_day_in_time(kind, day);
                    facts.uploads_on_time = i64::from(in_time && movement.sent > 0);
                    facts.uploads_late = i64::from(!in_time && movement.sent > 0);
                    let waited = day.until(arrived).map_or(0, |span| span.get_days());
                    *facts.delay_mut(delay_class(waited)) +=
                        i64::try_from(movement.new).unwrap_or(0);
                } else if facts.is_zero() {
                    continue;
                }
                self.month(months, day).add(day, kind, &facts);
            }
        }
    }

    fn month<'m>(
        &self,
        months: &'m mut BTreeMap<Date, Contribution>,
        day: Date,
    ) -> &'m mut Contribution {
        let month = day.first_of_month();
        months.entry(month).or_insert_with(|| Contribution {
            account: self.upload.account.clone(),
            province: self.province.to_owned(),
            origin: Origin::Upload(self.origin.clone()),
            month,
            rank: self.rank,
            days: BTreeMap::new(),
            causes: BTreeMap::new(),
            fills: BTreeMap::new(),
            arrived_on: None,
        })
    }
}
