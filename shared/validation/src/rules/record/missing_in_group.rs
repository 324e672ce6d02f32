use super::arguments::Arguments;
use super::condition::Condition;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// One of several numbered groups needs more columns than are filled: an operation without its surgeon.
///
/// ## Why
/// The front page asks for them only where the procedure is an operation, so no column can be required as such.
///
/// ## How to mend
/// Fill the columns of that procedure from the operation record.
///
/// ## Arguments
/// `when` one condition on the numbered columns, `missing` the numbered columns that go with them; each blank one is
/// reported. Which procedures are operations is told by the ICD-9-CM-3 code, since the front page does not say: chapters
/// 01 to 86 without the punctures, endoscopies and catheters among them that no surgeon does; interventions add 00.5
/// and 00.6. It is a warning for this reason.
///
/// ## Source
/// 2019 front-page standard: level, surgeon, anaesthesia, healing are expected of operations and interventions.
struct MissingInGroup {
    when: Condition,
    groups: Vec<Vec<usize>>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["when", "missing"])?;
    let when = Condition::parse(binding, arguments.required("when")?)?;
    let groups = arguments.groups("missing")?;
    if groups.len() != when.fields().len() {
        return Err(binding.wrong("`when` and `missing` are not equally many columns"));
    }
    Ok(Box::new(MissingInGroup { when, groups }))
}

impl RecordCheck for MissingInGroup {
    fn concern(&self) -> Concern {
        Concern::AnyFilled(FieldMask::of(self.when.fields().iter().copied()))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let groups = self.groups.iter().enumerate();
        groups.fold(0, |any, (place, group)| {
            let all = group.iter().fold(u64::MAX, |all, column| {
                all & records.block.field(*column).filled()
            });
            any | self.when.among_at(records, asked & !all, place)
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for (place, group) in self.groups.iter().enumerate() {
            if record.is_blank(self.when.fields()[place]) || !self.when.holds_at(record, place) {
                continue;
            }
            for column in group {
                if record.is_blank(*column) {
                    found.at(*column);
                }
            }
        }
    }
}
