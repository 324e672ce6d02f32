use jiff::civil::Date;

use crate::identity;
use crate::random::Random;
use crate::row::days_after;
use crate::words::{
    GIVEN_FEMALE, GIVEN_MALE, GIVEN_RARE, GIVEN_VERY_RARE, MINORITY_NAMES, SURNAMES,
};

/// The patient of a case. All parts agree with each other.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) female: bool,
    pub(crate) birth: Date,
    /// Completed years on the day of the case.
    pub(crate) age: u16,
    /// Days since birth on the day of the case.
    pub(crate) age_days: i64,
    /// 18 characters; `None` where no card was shown.
    pub(crate) identity: Option<String>,
    /// A passport number in place of a card.
    pub(crate) passport: Option<String>,
    pub(crate) ethnic_group: &'static str,
}

impl Person {
    /// A patient as the influenza season brings them: half of them children. Nobody is younger than 60 days, so that
    /// no newborn's columns are due.
    pub(crate) fn new(random: &mut Random, day: Date) -> Self {
        let years = match random.below(100) {
            0..=4 => 0,
            5..=29 => random.between(1, 6),
            30..=49 => random.between(7, 14),
            50..=79 => random.between(15, 59),
            _ => random.between(60, 93),
        };
        let age_days = years * 365 + years / 4 + random.between(60, 364);
        let birth = days_after(day, -age_days);
        let age = age_on(birth, day);
        let mut female = random.chance(0.49);
        let mut ethnic_group = "1";
        let name = match random.below(200) {
            0..=2 => {
                let (name, sex) = random.pick(MINORITY_NAMES);
                female = *sex == '2';
                ethnic_group = if name.starts_with('巴') { "2" } else { "5" };
                (*name).to_owned()
            }
            3..=7 => format!("{}{}", random.pick(SURNAMES), random.pick(GIVEN_RARE)),
            8 => format!("{}{}", random.pick(SURNAMES), random.pick(GIVEN_VERY_RARE)),
            _ => {
                let given = if female { GIVEN_FEMALE } else { GIVEN_MALE };
                format!("{}{}", random.pick(SURNAMES), random.pick(given))
            }
        };
        let shown = random.chance(if age < 6 { 0.6 } else { 0.95 });
        let foreign = random.chance(0.01);
        let number = identity::number(random, birth, female);
        let passport = random.between(10_000_000, 99_999_999);
        Self {
            name,
            female,
            birth,
            age,
            age_days,
            identity: (shown && !foreign).then_some(number),
            passport: foreign.then(|| format!("G{passport}")),
            ethnic_group,
        }
    }

    /// RC001.
    pub(crate) fn sex(&self) -> &'static str {
        if self.female { "2" } else { "1" }
    }
}

/// Completed years.
pub(crate) fn age_on(birth: Date, day: Date) -> u16 {
    let before_birthday = (day.month(), day.day()) < (birth.month(), birth.day());
    u16::try_from(day.year() - birth.year() - i16::from(before_birthday)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_year_is_complete_on_the_birthday() {
        assert_eq!(age_on(date(1980, 12, 3), date(2019, 12, 2)), 38);
        assert_eq!(age_on(date(1980, 12, 3), date(2019, 12, 3)), 39);
        assert_eq!(age_on(date(2019, 3, 1), date(2019, 12, 3)), 0);
    }

    #[test]
    fn patients_are_of_every_age_but_never_newborn() {
        let day = date(2019, 12, 3);
        let people: Vec<Person> = (0..500)
            .map(|index| Person::new(&mut Random::of(1, 9, index), day))
            .collect();
        assert!(people.iter().all(|person| person.age_days >= 60));
        assert!(people.iter().any(|person| person.age == 0));
        assert!(people.iter().any(|person| person.age > 80));
        assert!(people.iter().any(|person| person.name.contains('·')));
        assert!(people.iter().any(|person| person.identity.is_none()));
    }
}
