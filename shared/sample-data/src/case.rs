//! The cases that the six files tell of. A case is made from its number alone, so that each file can be written as a
//! stream and yet agree with the others.

use jiff::civil::DateTime;

use crate::Options;
use crate::person::Person;
use crate::random::Random;
use crate::row::{after, days_after};
use crate::words::{
    ACCOMPANYING, CHILD_DEPARTMENTS, DEPARTMENTS, EMERGENCY_DEPARTMENT, INFLUENZA, SEVERE, SYMPTOMS,
};

/// One stay in this many ends in death: the last of each dozen.
pub(crate) const DEATH_EVERY: u32 = 12;

const VISITS: u64 = 1;
const STAYS: u64 = 2;

pub(crate) type Diagnosis = (&'static str, &'static str);

/// An outpatient or emergency visit, or a stay that goes on (one flu record).
pub(crate) struct Visit {
    pub(crate) random: Random,
    pub(crate) person: Person,
    /// FLU-P7501.
    pub(crate) visit_type: &'static str,
    pub(crate) card: String,
    pub(crate) at: DateTime,
    pub(crate) department: &'static str,
    pub(crate) complaint: String,
    pub(crate) diagnoses: Vec<Diagnosis>,
}

impl Visit {
    pub(crate) fn new(options: &Options, index: u32) -> Self {
        let mut random = Random::of(options.seed, VISITS, u64::from(index));
        let at = moment(&mut random, options);
        let person = Person::new(&mut random, at.date());
        let visit_type = match random.below(100) {
            0..=69 => "01",
            70..=96 => "02",
            _ => "03",
        };
        let (department, _) = match (visit_type, person.age) {
            ("02", 15..) => EMERGENCY_DEPARTMENT,
            (_, 0..=14) => *random.pick(CHILD_DEPARTMENTS),
            _ => *random.pick(DEPARTMENTS),
        };
        let letters = match visit_type {
            "01" => "MZ",
            "02" => "JZ",
            _ => "ZY",
        };
        let complaint = format!("{}{}天", random.pick(SYMPTOMS), random.between(1, 5));
        let more = random.below(3) as usize;
        let diagnoses = diagnoses(&mut random, more);
        Self {
            person,
            visit_type,
            card: format!("{letters}{:08}", 20_000_000 + index),
            at,
            department,
            complaint,
            diagnoses,
            random,
        }
    }
}

/// A stay that has ended (one hqms record, and one hda or hdr record).
pub(crate) struct Stay {
    pub(crate) random: Random,
    pub(crate) person: Person,
    /// 病案号.
    pub(crate) record_number: String,
    pub(crate) admitted: DateTime,
    pub(crate) discharged: DateTime,
    /// Set where it ended in death; before the discharge.
    pub(crate) died: Option<DateTime>,
    pub(crate) days: i64,
    pub(crate) department: (&'static str, &'static str),
    /// Whether the patient was in intensive care.
    pub(crate) intensive: bool,
    pub(crate) complaint: String,
    pub(crate) diagnoses: Vec<Diagnosis>,
}

impl Stay {
    pub(crate) fn new(options: &Options, index: u32) -> Self {
        let mut random = Random::of(options.seed, STAYS, u64::from(index));
        let dies = index % DEATH_EVERY == DEATH_EVERY - 1;
        let discharged = moment(&mut random, options);
        let days = random.between(2, 14);
        let admitted = days_after(discharged.date(), -days).at(
            random.between(7, 22) as i8,
            random.between(0, 59) as i8,
            0,
            0,
        );
        let person = Person::new(&mut random, admitted.date());
        let department = if person.age <= 14 {
            *random.pick(CHILD_DEPARTMENTS)
        } else {
            *random.pick(DEPARTMENTS)
        };
        let complaint = format!("{}{}天", random.pick(SYMPTOMS), random.between(1, 7));
        let more = random.between(1, 5) as usize;
        let mut diagnoses = diagnoses(&mut random, more);
        if dies {
            diagnoses.extend(SEVERE);
        }
        let died = dies.then(|| after(discharged, -random.between(10, 60)));
        Self {
            intensive: dies || random.chance(0.08),
            person,
            record_number: format!("BA{:07}", 3_000_000 + index),
            admitted,
            discharged,
            died,
            days,
            department,
            complaint,
            diagnoses,
            random,
        }
    }
}

/// Number of the stay that the n-th discharge summary (or death record) tells of.
pub(crate) fn surviving_stay(n: u32) -> u32 {
    n / (DEATH_EVERY - 1) * DEATH_EVERY + n % (DEATH_EVERY - 1)
}

pub(crate) fn fatal_stay(n: u32) -> u32 {
    n * DEATH_EVERY + DEATH_EVERY - 1
}

/// A moment by day, within the days of the file.
fn moment(random: &mut Random, options: &Options) -> DateTime {
    let day = days_after(
        options.first_day,
        random.between(0, i64::from(options.days.max(1)) - 1),
    );
    day.at(
        random.between(7, 22) as i8,
        random.between(0, 59) as i8,
        random.between(0, 59) as i8,
        0,
    )
}

/// Influenza first, then this many others, none of them twice.
fn diagnoses(random: &mut Random, more: usize) -> Vec<Diagnosis> {
    let mut diagnoses = vec![*random.pick(INFLUENZA)];
    while diagnoses.len() <= more {
        let other = *random.pick(ACCOMPANYING);
        if !diagnoses.contains(&other) {
            diagnoses.push(other);
        }
    }
    diagnoses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_and_death_records_share_the_stays_between_them() {
        let mut stays: Vec<u32> = (0..22)
            .map(surviving_stay)
            .chain((0..2).map(fatal_stay))
            .collect();
        stays.sort_unstable();
        assert_eq!(stays, (0..24).collect::<Vec<_>>());
        let options = Options::new("hqms", 24);
        assert!((0..22).all(|n| Stay::new(&options, surviving_stay(n)).died.is_none()));
        assert!((0..2).all(|n| Stay::new(&options, fatal_stay(n)).died.is_some()));
    }
}
