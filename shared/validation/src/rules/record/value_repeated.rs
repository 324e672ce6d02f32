use super::arguments::Arguments;
use crate::field_set::FieldMask;
use crate::record::{Record, State};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};
use crate::word;

/// Makes letters small. It takes some other characters for each other as well: only a first look is taken this way.
const SMALL: u64 = 0x2020_2020_2020_2020;

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
struct ValueRepeated {
    columns: Vec<usize>,
    columns_mask: FieldMask,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["columns"])?;
    let columns = arguments.columns("columns")?;
    Ok(Box::new(ValueRepeated {
        columns_mask: FieldMask::of(columns.iter().copied()),
        columns,
    }))
}

impl RecordCheck for ValueRepeated {
    fn concern(&self) -> Concern {
        Concern::AnyValid(self.columns_mask.clone())
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        // Nearly always their first eight characters differ already.
        let mut starts = [0; 64];
        let mut count = 0;
        let mut alike = false;
        for column in record.valid_of(&self.columns_mask) {
            let start = word::head(record.bytes(column)) | SMALL;
            alike |= count == starts.len() || starts[..count].contains(&start);
            if let Some(place) = starts.get_mut(count) {
                *place = start;
                count += 1;
            }
        }
        if !alike {
            return;
        }
        for (place, column) in self.columns.iter().enumerate().skip(1) {
            if record.states[*column] != State::Valid {
                continue;
            }
            let value = record.bytes(*column);
            let repeated = self.columns[..place].iter().any(|earlier| {
                record.states[*earlier] == State::Valid
                    && record.bytes(*earlier).eq_ignore_ascii_case(value)
            });
            if repeated {
                found.at(*column);
            }
        }
    }
}
