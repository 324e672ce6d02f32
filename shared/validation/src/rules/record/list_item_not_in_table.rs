use super::arguments::Arguments;
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A column that lists codes, separated by English commas, holds one that is not in their table, or none between two
/// commas.
///
/// ## Why
/// The way of a patient through the departments cannot be followed.
///
/// ## How to mend
/// Write the codes of the table, separated by `,`; not names, not `，` or `、`.
///
/// ## Arguments
/// `column`, `table`. Blanks around a code do not count.
///
/// ## Source
/// 2019 front-page standard (转科科别).
struct ListItemNotInTable {
    column: usize,
    /// Sorted.
    codes: Vec<u64>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["column", "table"])?;
    let id = arguments.required("table")?;
    let table = binding
        .standard
        .code_table(id)
        .ok_or_else(|| binding.wrong(format!("there is no table `{id}`")))?;
    let mut codes = table
        .codes
        .iter()
        .map(|entry| {
            as_number(entry.code.as_bytes())
                .ok_or_else(|| binding.wrong(format!("`{}` is longer than 8", entry.code)))
        })
        .collect::<Result<Vec<u64>, _>>()?;
    codes.sort_unstable();
    Ok(Box::new(ListItemNotInTable {
        column: arguments.column("column")?,
        codes,
    }))
}

impl RecordCheck for ListItemNotInTable {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([self.column]))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if !record.is_valid(self.column) {
            return;
        }
        // A comma is no part of a two-byte character in GB18030, so bytes can be split without decoding.
        let wrong = record
            .bytes(self.column)
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|item| {
                as_number(item).is_none_or(|item| self.codes.binary_search(&item).is_err())
            });
        if wrong {
            found.at(self.column);
        }
    }
}

/// Up to eight characters as one number; no code holds a zero byte, so no two are the same.
fn as_number(code: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..code.len())?.copy_from_slice(code);
    Some(u64::from_be_bytes(bytes))
}
