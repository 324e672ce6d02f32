use super::arguments::Arguments;
use super::moments::completed_years;
use super::numbers::{Number, ONE, Range};
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// The age is not the number of completed years from birth to the visit.
///
/// ## Why
/// Age groups are what influenza is reported by.
///
/// ## How to mend
/// Compute the age from the birth date and the day of the visit, 0 under one year; not from today.
///
/// ## Arguments
/// `birth`, `age`, `on`; `tolerated_years` either way, because registration systems count calendar years or round;
/// `ages` a range outside which another rule speaks. A birth date after `on` is another rule's matter as well.
///
/// ## Source
/// 2019 front-page standard, definition of age.
struct AgeDiffersFromBirthDate {
    birth: usize,
    age: Number,
    on: usize,
    tolerated: i64,
    ages: Option<Range>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["birth", "age", "on", "tolerated_years", "ages"])?;
    let ages = arguments
        .optional("ages")?
        .map(|text| {
            Range::parse(text).ok_or_else(|| binding.wrong(format!("`{text}` is not a range")))
        })
        .transpose()?;
    Ok(Box::new(AgeDiffersFromBirthDate {
        birth: arguments.column("birth")?,
        age: Number::of(binding, arguments.column("age")?)?,
        on: arguments.column("on")?,
        tolerated: arguments.number("tolerated_years", 0)? * ONE,
        ages,
    }))
}

impl RecordCheck for AgeDiffersFromBirthDate {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([self.birth, self.age.field, self.on]))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let (Some(birth), Some(age), Some(on)) = (
            record.day(self.birth),
            self.age.value(record),
            record.day(self.on),
        ) else {
            return;
        };
        if birth > on || self.ages.is_some_and(|ages| !ages.contains(age)) {
            return;
        }
        // Most ages are right; then the calendar need not be asked: this is the completed years or one more or less.
        let about = (on - birth) * 400 / 146_097;
        if self.tolerated >= ONE && age == about * ONE {
            return;
        }
        let years = completed_years(birth, on) * ONE;
        if age.saturating_sub(years).saturating_abs() > self.tolerated {
            found.at(self.age.field);
        }
    }
}
