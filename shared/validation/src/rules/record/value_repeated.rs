use super::arguments::Arguments;
use crate::block::{Values, those};
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

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

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        // Nearly always their first eight characters differ already.
        let mut earlier: Vec<&Values> = Vec::new();
        let mut alike = 0;
        for column in &self.columns {
            let values = records.block.field(*column);
            if asked & values.valid == 0 {
                continue;
            }
            for other in &earlier {
                alike |= those(asked & values.valid & other.valid & !alike, |record| {
                    values.numbers[record] == other.numbers[record]
                });
            }
            earlier.push(values);
        }
        alike
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for (place, column) in self.columns.iter().enumerate().skip(1) {
            if !record.is_valid(*column) {
                continue;
            }
            let value = record.bytes(*column);
            let repeated = self.columns[..place].iter().any(|earlier| {
                record.is_valid(*earlier) && record.bytes(*earlier).eq_ignore_ascii_case(value)
            });
            if repeated {
                found.at(*column);
            }
        }
    }
}
