use super::arguments::Arguments;
use super::condition::Conditions;
use super::numbers::Number;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// Two counts are equal where they cannot be: every resuscitation of a patient who died is said to have succeeded.
///
/// ## Why
/// The success rate of resuscitation is an indicator of the department.
///
/// ## How to mend
/// Lower the number of successes, or correct the manner of discharge.
///
/// ## Arguments
/// `when` (see [`super::condition`]), `one`, `other`; reported at `one`. A success more than there were resuscitations is
/// another rule's matter.
///
/// ## Source
/// Front-page QC of hospitals (HQMS-034).
struct EqualWhen {
    when: Conditions,
    one: Number,
    other: Number,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["when", "one", "other"])?;
    Ok(Box::new(EqualWhen {
        when: Conditions::parse(binding, arguments.required("when")?)?,
        one: Number::of(binding, arguments.column("one")?)?,
        other: Number::of(binding, arguments.column("other")?)?,
    }))
}

impl RecordCheck for EqualWhen {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([self.one.field, self.other.field]))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        self.when.among(records, asked)
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let equal = self
            .one
            .value(record)
            .is_some_and(|one| self.other.value(record) == Some(one));
        if equal && self.when.hold(record) {
            found.at(self.one.field);
        }
    }
}
