use super::arguments::Arguments;
use super::condition::Conditions;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A value that cannot stand there, alone or beside another: a married child, intensive care of an outpatient, a
/// pregnancy of a man, an external cause as the principal diagnosis.
///
/// ## Why
/// One of the two is wrong, and nothing tells a later reader which.
///
/// ## How to mend
/// Compare both columns with the record of the patient and correct the wrong one.
///
/// ## Arguments
/// `never` (see [`super::condition`]), repeated for several combinations. It is reported at the columns of the first
/// condition that hold, each once.
///
/// ## Source
/// Front-page QC rules of hospitals (sex and diagnosis, age and occupation, fees and procedures); conditions of the field
/// files.
struct ForbiddenValues(Vec<Conditions>);

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["never"])?;
    let combinations: Vec<Conditions> = arguments
        .all("never")
        .map(|text| Conditions::parse(binding, text))
        .collect::<Result<_, _>>()?;
    if combinations.is_empty() {
        return Err(binding.wrong("`never` is missing"));
    }
    Ok(Box::new(ForbiddenValues(combinations)))
}

impl RecordCheck for ForbiddenValues {
    fn concern(&self) -> Concern {
        Concern::Every
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let combinations = self.0.iter();
        combinations.fold(0, |any, combination| {
            any | combination.among(records, asked)
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for combination in &self.0 {
            if !combination.hold(record) {
                continue;
            }
            let first = combination.first();
            for (place, field) in first.fields().iter().enumerate() {
                if !found.is_at(*field) && first.holds_at(record, place) {
                    found.at(*field);
                }
            }
        }
    }
}
