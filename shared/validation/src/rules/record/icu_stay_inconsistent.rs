use super::arguments::Arguments;
use super::moments::is_before;
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A stay in intensive care without its unit or its times, left before it was entered, or outside the hospital stay.
///
/// ## Why
/// Intensive care is the measure of severe influenza.
///
/// ## How to mend
/// Fill unit, entry and exit of each stay; a patient who came back has a second stay.
///
/// ## Arguments
/// `stays`: the numbered columns of unit, entry and exit; `exit=required|open`: whether a patient may still be there (cases
/// in hospital); `from`, `to`: the hospital stay, where times are compared with it. Of each stay one finding, at the first
/// column that is wrong. `{n}` of the message is the number of the stay. Bare days are compared by the day.
///
/// ## Source
/// Conditions of the field files; the exit of an inpatient's stay is blank while it lasts.
struct IcuStayInconsistent {
    stays: Vec<Vec<usize>>,
    may_be_open: bool,
    from: Option<usize>,
    to: Option<usize>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["stays", "exit", "from", "to"])?;
    let stays = arguments.groups("stays")?;
    if stays.iter().any(|stay| stay.len() != 3) {
        return Err(binding.wrong("`stays` needs unit, entry and exit"));
    }
    Ok(Box::new(IcuStayInconsistent {
        stays,
        may_be_open: arguments.word("exit", &[("required", false), ("open", true)])?,
        from: arguments.optional_column("from")?,
        to: arguments.optional_column("to")?,
    }))
}

impl RecordCheck for IcuStayInconsistent {
    fn concern(&self) -> Concern {
        Concern::AnyFilled(FieldMask::of(self.stays.iter().flatten().copied()))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for (place, stay) in self.stays.iter().enumerate() {
            let [unit, entry, exit] = stay[..] else {
                continue;
            };
            let blank = [unit, entry, exit].map(|column| record.is_blank(column));
            if blank == [true; 3] {
                continue;
            }
            let moment = |column: Option<usize>| column.and_then(|column| record.moment(column));
            let before = |one: Option<usize>, other: Option<usize>| {
                moment(one)
                    .zip(moment(other))
                    .is_some_and(|(one, other)| is_before(one, other))
            };
            let wrong = match blank {
                [true, ..] => Some(unit),
                [_, true, _] => Some(entry),
                [.., true] if !self.may_be_open => Some(exit),
                _ if before(Some(entry), self.from) => Some(entry),
                _ if before(Some(exit), Some(entry)) || before(self.to, Some(exit)) => Some(exit),
                _ if before(self.to, Some(entry)) => Some(entry),
                _ => None,
            };
            if let Some(column) = wrong {
                found.at_with(column, (place + 1).to_string());
            }
        }
    }
}
