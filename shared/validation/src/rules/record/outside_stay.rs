use super::arguments::Arguments;
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// Something dated outside the hospital stay it belongs to, such as a procedure.
///
/// ## Why
/// It was done in another stay, or its date is wrong; either way it is counted for the wrong one.
///
/// ## How to mend
/// Correct the date, or move the procedure to the stay it belongs to.
///
/// ## Arguments
/// `dates`, `from`, `to`; `days_before` how many days earlier are right: a patient operated on in an emergency is often
/// admitted only after midnight, so the day before admission is tolerated. Days are compared, not times.
///
/// ## Source
/// Front-page QC of hospitals (HQMS-025).
struct OutsideStay {
    dates: Vec<usize>,
    from: usize,
    to: usize,
    days_before: i64,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["dates", "from", "to", "days_before"])?;
    Ok(Box::new(OutsideStay {
        dates: arguments.columns("dates")?,
        from: arguments.column("from")?,
        to: arguments.column("to")?,
        days_before: arguments.number("days_before", 0)?,
    }))
}

impl RecordCheck for OutsideStay {
    fn concern(&self) -> Concern {
        Concern::AnyValid(FieldMask::of(self.dates.iter().copied()))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for date in &self.dates {
            let Some(day) = record.day(*date) else {
                continue;
            };
            let too_early = record
                .day(self.from)
                .is_some_and(|from| day < from - self.days_before);
            let too_late = record.day(self.to).is_some_and(|to| day > to);
            if too_early || too_late {
                found.at(*date);
            }
        }
    }
}
