//! A year of reports of many hospitals, as contributions to the counters of the overview: not one record is made, so that a thousand
//! hospitals take seconds.

use std::collections::BTreeMap;

use domain::overview::{Contribution, Facts, NO_KIND, Origin, delay_class};
use domain::{AccountId, Sha256, UploadId};
use jiff::ToSpan;
use jiff::civil::Date;
use standard::divisions;

use crate::random::Random;

/// A hospital that never was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleHospital {
    /// 医疗机构代码.
    pub code: String,
    /// 医疗机构名称.
    pub name: String,
    /// Code of its division.
    pub division: String,
}

/// The `number`-th hospital: they spread over all counties evenly.
pub fn sample_hospital(number: u64) -> SampleHospital {
    let provinces: Vec<_> = divisions().provinces().collect();
    let mut random = Random::of(17, 1, number);
    let province = &provinces[number as usize % provinces.len()];
    let mut place: &standard::Division = province;
    loop {
        let below: Vec<_> = divisions().children(&place.code).collect();
        if below.is_empty() {
            break;
        }
        place = *random.pick(below.as_slice());
    }
    let names: Vec<&str> = divisions()
        .path(&place.code)
        .iter()
        .map(|division| division.name.as_str())
        .collect();
    SampleHospital {
        code: format!("{:09}PDY{:06}A{:03}", number, number, number % 1000),
        name: format!("{}第{}人民医院（示例）", names.concat(), number + 1),
        division: place.code.clone(),
    }
}

/// Rules and columns that the made-up errors are about.
const CAUSES: [&str; 8] = [
    "flu|GEN-009|P13",
    "flu|FLU-006|P13",
    "flu|GEN-014|P7506",
    "flu|GEN-017|P5",
    "hqms|HQMS-007|P27",
    "hqms|GEN-009|P321",
    "lis|LIS-002|P8005",
    "pdr|PDR-002|P8018",
];

/// Columns that some hospitals fill with fillers, or with one and the same value.
const FILLED: [&str; 10] = [
    "flu|P7508|same",
    "flu|P7512|same",
    "flu|P801|dash",
    "flu|P7506|midnight",
    "hqms|P782|same",
    "hqms|P801|dash",
    "hqms|P25|midnight",
    "hda|P25|midnight",
    "pdr|P7500|same",
    "lis|P8005|same",
];

/// What a hospital contributes in these days, one contribution for each month. The same number and days always give the same.
pub fn sample_contributions(
    number: u64,
    account: &AccountId,
    province: &str,
    (first, last): (Date, Date),
) -> Vec<Contribution> {
    // Most hospitals report well; some are late by habit, some hardly report at all.
    let mut habit = Random::of(17, 2, number);
    let (silent, late) = match habit.below(10) {
        0 => (0.8, 0.1),
        1 | 2 => (0.05, 0.4),
        _ => (0.02, 0.05),
    };
    let size = habit.between(2, 40);
    let mut months: BTreeMap<Date, Contribution> = BTreeMap::new();
    let mut day = first;
    while day <= last {
        let index = number.wrapping_mul(100_000) + u64::from(day.day_of_year().unsigned_abs());
        let mut random = Random::of(17, 3, index);
        for kind in ["flu", "hqms", "hda", "hdr", "pdr", "lis"] {
            if random.chance(silent) {
                continue;
            }
            let month = months.entry(day.first_of_month()).or_insert_with(|| {
                let month = day.first_of_month();
                Contribution {
                    account: account.clone(),
                    province: province.to_owned(),
                    origin: Origin::Upload(sample_upload(number, month)),
                    month,
                    rank: 1,
                    days: BTreeMap::new(),
                    causes: BTreeMap::new(),
                    fills: BTreeMap::new(),
                    arrived_on: Some(day),
                }
            });
            let facts = facts(&mut random, kind, day, size, late);
            if facts.total > facts.passed {
                let cause = *random.pick(&CAUSES);
                *month.causes.entry(cause.to_owned()).or_default() += facts.total - facts.passed;
            }
            month.add(day, kind, &facts);
            if facts.total > 0 {
                let uploads = month.fills.entry(format!("{kind}|||uploads")).or_default();
                *uploads += 1;
            }
            for (at, column) in FILLED.iter().enumerate() {
                let (of, _) = column.split_once('|').unwrap_or_default();
                if of == kind && facts.total > 0 && (number + at as u64).is_multiple_of(7) {
                    let tenth = random.between(1, 10);
                    *month.fills.entry(format!("{column}|{tenth}")).or_default() += 1;
                }
            }
        }
        if random.chance(0.01)
            && let Some(month) = months.get_mut(&day.first_of_month())
        {
            let unreadable = Facts {
                files: 1,
                unreadable: 1,
                ..Facts::default()
            };
            month.add(day, NO_KIND, &unreadable);
        }
        day = day.saturating_add(1.day());
    }
    months.into_values().collect()
}

/// Ids are random elsewhere; here they follow from what they are of.
fn sample_upload(number: u64, month: Date) -> UploadId {
    let digest = Sha256::of(format!("{number} {month}").as_bytes()).to_string();
    // Only letters that the ids' own alphabet has.
    let letters: String = digest
        .chars()
        .filter(|letter| letter.is_ascii_digit())
        .take(26)
        .collect();
    let text = format!("{}-{letters:0>26}", &UploadId::new(1).as_str()[..8]);
    text.parse().unwrap_or_else(|_| UploadId::new(number))
}

fn facts(random: &mut Random, kind: &str, day: Date, size: i64, late: f64) -> Facts {
    // Influenza comes in winter: most in January, hardly any in July.
    let from_winter = i64::from((day.month() as i32 - 1).min(13 - day.month() as i32));
    let records = random.between(0, (size * (7 - from_winter) / 6).max(1));
    let is_late = random.chance(late);
    if records == 0 {
        return Facts {
            zero_on_time: i64::from(!is_late),
            zero_late: i64::from(is_late),
            ..Facts::default()
        };
    }
    let allowed = standard::latest().days_allowed(kind);
    let waited = if is_late {
        allowed + 1 + random.between(0, 20) as i32
    } else {
        random.between(0, i64::from(allowed)) as i32
    };
    let failed = random.between(0, records / 8);
    let mut facts = Facts {
        uploads_on_time: i64::from(!is_late),
        uploads_late: i64::from(is_late),
        records,
        files: 1,
        total: records + failed,
        passed: records,
        ..Facts::default()
    };
    *facts.delay_mut(delay_class(waited)) += records;
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_errors_are_about_rules_and_columns_that_there_are() {
        let standard = standard::latest();
        for cause in CAUSES {
            let [kind, rule, column] = cause.split('|').collect::<Vec<_>>()[..] else {
                panic!("{cause}");
            };
            let rule = standard.rules.iter().find(|known| known.id == rule);
            assert!(rule.is_some(), "{cause}");
            let kind = standard.kinds.iter().find(|known| known.code == kind);
            assert!(kind.unwrap().field_index(column).is_some(), "{cause}");
        }
    }

    #[test]
    fn a_year_is_the_same_every_time_and_has_all_that_the_overview_shows() {
        let account = AccountId::random();
        let days = ("2025-01-01".parse().unwrap(), "2025-12-31".parse().unwrap());
        let year = sample_contributions(3, &account, "31", days);
        assert_eq!(year.len(), 12);
        assert_eq!(year, sample_contributions(3, &account, "31", days));
        let mut sum = Facts::default();
        for month in &year {
            for facts in month.days.values().flat_map(BTreeMap::values) {
                sum += facts;
            }
        }
        assert!(sum.records > 1000 && sum.uploads_on_time > 500 && sum.zero_on_time > 10);
        assert!(year.iter().any(|month| !month.causes.is_empty()));
        assert!(year.iter().all(|month| !month.fills.is_empty()));
        let hospital = sample_hospital(3);
        assert_eq!(hospital.code.len(), 22);
        assert!(hospital.name.contains("人民医院"));
        assert_ne!(hospital, sample_hospital(4));
    }
}
