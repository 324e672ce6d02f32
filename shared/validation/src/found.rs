//! What was found of rows: counted column after column, since one is much like the one before, and told row after row.

use std::borrow::Cow;

use standard::Severity;

use crate::Finding;
use crate::cells::Pending;
use crate::parse::Rows;
use crate::run::{Counted, Run, shown_cell, shown_part};
use crate::word;

/// Counts what is found in one file.
pub(crate) struct FindingCounter {
    file: u16,
    kind: usize,
    /// What findings are counted under, found again without a search: nearly all have the cause of one before. Most causes of
    /// one file have a place of their own; of those that share one the last is known.
    known: Box<[Known; PLACES]>,
}

/// Places of known causes, told by one byte.
const PLACES: usize = 1 << u8::BITS;

#[derive(Clone, Copy)]
struct Known {
    /// `None`: nothing is known here.
    key: Option<u64>,
    /// `None`: such findings are counted elsewhere.
    counted: Option<Counted>,
}

/// Findings of some rows after they were counted.
pub(crate) struct CountedFindings<'r> {
    /// The value of each.
    pub(crate) values: Vec<Cow<'r, str>>,
    /// Rows with one that keeps them from being accepted.
    pub(crate) failed: u64,
}

impl FindingCounter {
    /// For a file, and its kind.
    pub(crate) fn new(file: u16, kind: usize) -> Self {
        Self {
            file,
            kind,
            known: Box::new(
                [Known {
                    key: None,
                    counted: None,
                }; PLACES],
            ),
        }
    }

    /// Counts what was found of rows; each is to be told afterwards ([`Run::tell`]).
    pub(crate) fn count<'r>(
        &mut self,
        run: &mut Run<'_>,
        rows: &Rows<'r>,
        found: &[Pending],
    ) -> CountedFindings<'r> {
        let mut values = Vec::with_capacity(found.len());
        let mut failed = 0;
        for pending in found {
            let value = value(rows, pending);
            let key = pending.counted_under();
            let place = word::spread(key) >> (u64::BITS - u8::BITS);
            let known = &mut self.known[place as usize % PLACES];
            if known.key != Some(key) {
                let finding = finding(self.file, rows, pending, &value);
                let counted = !run.may_wait(&finding);
                known.counted = counted.then(|| run.cause(&finding, Some(self.kind)));
                known.key = Some(key);
            }
            if let Some(counted) = &known.counted {
                let row = rows.places[usize::from(pending.index)].number;
                run.count(counted, Some(row), &value, pending.suggestion.as_deref());
                failed |= u64::from(counted.severity == Severity::Error) << pending.index;
            }
            values.push(value);
        }
        CountedFindings { values, failed }
    }
}

/// The value that something was found of, as findings show it.
#[inline]
pub(crate) fn value<'r>(rows: &Rows<'r>, pending: &Pending) -> Cow<'r, str> {
    let Some(column) = pending.column else {
        return Cow::Borrowed("");
    };
    let cell = rows.cell(usize::from(pending.index), usize::from(column));
    match rows.text.and_then(|text| text.get(cell)) {
        Some(value) => Cow::Borrowed(shown_part(value)),
        None => {
            let bytes = &rows.buffer[cell.start as usize..cell.end as usize];
            shown_cell(bytes, rows.encoding)
        }
    }
}

/// What was found of a row, with the value it was found of.
#[inline]
pub(crate) fn finding<'r>(
    file: u16,
    rows: &Rows<'_>,
    pending: &'r Pending,
    value: &'r str,
) -> Finding<'r> {
    Finding {
        file: Some(file),
        row: Some(rows.places[usize::from(pending.index)].number),
        column: pending.column,
        field: pending.field,
        rule: pending.rule,
        value: Cow::Borrowed(value),
        detail: pending.detail.as_deref().map(Cow::Borrowed),
        suggestion: pending.suggestion.as_deref().map(Cow::Borrowed),
    }
}
