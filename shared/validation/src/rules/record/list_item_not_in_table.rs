use super::arguments::Arguments;
use crate::record::{Record, State};
use crate::rules::{BindError, Binding, Found, RecordCheck};

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
    codes: Vec<Vec<u8>>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["column", "table"])?;
    let id = arguments.required("table")?;
    let table = binding
        .standard
        .code_table(id)
        .ok_or_else(|| binding.wrong(format!("there is no table `{id}`")))?;
    let mut codes: Vec<Vec<u8>> = table
        .codes
        .iter()
        .map(|entry| entry.code.as_bytes().to_vec())
        .collect();
    codes.sort_unstable();
    Ok(Box::new(ListItemNotInTable {
        column: arguments.column("column")?,
        codes,
    }))
}

impl RecordCheck for ListItemNotInTable {
    fn check(&self, record: &Record<'_>, found: &mut Found) {
        if record.states[self.column] != State::Valid {
            return;
        }
        // A comma is no part of a two-byte character in GB18030, so bytes can be split without decoding.
        let wrong = record
            .bytes(self.column)
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|item| {
                self.codes
                    .binary_search_by(|code| code.as_slice().cmp(item))
                    .is_err()
            });
        if wrong {
            found.at(self.column);
        }
    }
}
