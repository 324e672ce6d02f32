use super::arguments::Arguments;
use crate::record::{Record, State};
use crate::rules::{BindError, Binding, Found, RecordCheck};

/// ## What
/// The same code stands in two columns of one list, such as the diagnoses of a stay.
///
/// ## Why
/// A disease that is counted twice makes a case look graver than it is.
///
/// ## How to mend
/// Delete the later one and let the others move up.
///
/// ## Arguments
/// `columns` in their order, or the rule's own; reported at every later one. Capital and small letters are the same.
///
/// ## Source
/// Front-page QC of hospitals.
struct ValueRepeated(Vec<usize>);

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["columns"])?;
    Ok(Box::new(ValueRepeated(arguments.columns("columns")?)))
}

impl RecordCheck for ValueRepeated {
    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for (place, column) in self.0.iter().enumerate().skip(1) {
            if record.states[*column] != State::Valid {
                continue;
            }
            let value = record.bytes(*column);
            let repeated = self.0[..place].iter().any(|earlier| {
                record.states[*earlier] == State::Valid
                    && record.bytes(*earlier).eq_ignore_ascii_case(value)
            });
            if repeated {
                found.at(*column);
            }
        }
    }
}
