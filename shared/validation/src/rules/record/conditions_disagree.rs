use super::arguments::Arguments;
use super::condition::Condition;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// Two columns that say the same thing in two ways say different things: died without a time of death, or a time of
/// death of somebody who did not die.
///
/// ## Why
/// Deaths are counted from either column; both counts have to be the same.
///
/// ## How to mend
/// Correct the column that is wrong.
///
/// ## Arguments
/// `first`, `second`: one condition each (see [`super::condition`]); one without the other is reported at the first one's
/// column. Neither is judged while a column it takes a value from is blank or invalid.
///
/// ## Source
/// Conditions of the field files; front-page QC (outcome and manner of discharge).
struct ConditionsDisagree {
    first: Condition,
    second: Condition,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["first", "second"])?;
    Ok(Box::new(ConditionsDisagree {
        first: Condition::parse(binding, arguments.required("first")?)?,
        second: Condition::parse(binding, arguments.required("second")?)?,
    }))
}

impl RecordCheck for ConditionsDisagree {
    fn concern(&self) -> Concern {
        Concern::Every
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let known = self.first.known_among(records.block) & self.second.known_among(records.block);
        let asked = asked & known;
        self.first.among(records, asked) ^ self.second.among(records, asked)
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if self.first.known(record)
            && self.second.known(record)
            && self.first.holds(record) != self.second.holds(record)
        {
            found.at(self.first.fields()[0]);
        }
    }
}
