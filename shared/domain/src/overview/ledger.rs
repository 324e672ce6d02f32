use std::collections::BTreeMap;

use super::{Bucket, CauseKey, Contribution, Counts, DayFacts, Facts, FillKey};
use crate::AccountId;

/// Counters of a hospital in a bucket: the province it was counted in, its account, the bucket.
pub type HospitalBucket = (String, AccountId, Bucket);
/// Counters of a province in a bucket.
pub type ProvinceBucket = (String, Bucket);

/// All counters, made from contributions alone: what the table must hold, whatever came twice, late or after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Facts of a hospital's days; buckets here are days.
    pub days: BTreeMap<HospitalBucket, DayFacts>,
    /// Sums of a hospital's days over months and years.
    pub hospitals: BTreeMap<HospitalBucket, BTreeMap<String, Counts>>,
    /// Sums over the hospitals of a province.
    pub provinces: BTreeMap<ProvinceBucket, BTreeMap<String, Counts>>,
    /// Findings by cause, on the day of arrival and in its month and year.
    pub causes: BTreeMap<ProvinceBucket, BTreeMap<CauseKey, i64>>,
    /// How columns were filled, in the month and year of arrival.
    pub fills: BTreeMap<ProvinceBucket, BTreeMap<FillKey, i64>>,
}

impl Ledger {
    /// The counters that these contributions add up to. Of each origin and month only one may be among them.
    pub fn of<'c>(contributions: impl IntoIterator<Item = &'c Contribution>) -> Self {
        let mut ledger = Self::default();
        for contribution in contributions {
            for (day, facts) in &contribution.days {
                let key = (
                    contribution.province.clone(),
                    contribution.account.clone(),
                    Bucket::Day(*day),
                );
                let known = ledger.days.entry(key).or_default();
                for (kind, facts) in facts {
                    *known.entry(kind.clone()).or_default() += facts;
                }
            }
            if let Some(day) = contribution.arrived_on {
                for bucket in Bucket::of(day) {
                    let key = (contribution.province.clone(), bucket);
                    let known = ledger.causes.entry(key).or_default();
                    for (cause, findings) in &contribution.causes {
                        *known.entry(cause.clone()).or_default() += findings;
                    }
                }
                let [_, month, year] = Bucket::of(day);
                for bucket in [month, year] {
                    let key = (contribution.province.clone(), bucket);
                    let known = ledger.fills.entry(key).or_default();
                    for (name, uploads) in &contribution.fills {
                        *known.entry(name.clone()).or_default() += uploads;
                    }
                }
            }
        }
        for ((province, account, day), facts) in &ledger.days {
            let [_, month, year] = Bucket::of(day.first());
            for (kind, facts) in facts {
                let counts = facts.counts();
                for bucket in [month, year] {
                    let key = (province.clone(), account.clone(), bucket);
                    let known = ledger.hospitals.entry(key).or_default();
                    *known.entry(kind.clone()).or_default() += &counts;
                }
                for bucket in [*day, month, year] {
                    let known = ledger
                        .provinces
                        .entry((province.clone(), bucket))
                        .or_default();
                    *known.entry(kind.clone()).or_default() += &counts;
                }
            }
        }
        ledger.tidied()
    }

    /// Without what is zero: a counter that came back to nothing is as if it had never been.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        self.days
            .values_mut()
            .for_each(|kinds| kinds.retain(|_, facts| *facts != Facts::default()));
        self.days.retain(|_, kinds| !kinds.is_empty());
        for kinds in self
            .hospitals
            .values_mut()
            .chain(self.provinces.values_mut())
        {
            kinds.retain(|_, counts| !counts.is_zero());
        }
        self.hospitals.retain(|_, kinds| !kinds.is_empty());
        self.provinces.retain(|_, kinds| !kinds.is_empty());
        for sums in [&mut self.causes, &mut self.fills] {
            sums.values_mut()
                .for_each(|numbers| numbers.retain(|_, count| *count != 0));
            sums.retain(|_, numbers| !numbers.is_empty());
        }
        self
    }
}
