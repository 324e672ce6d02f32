//! What was found of rows: counted column after column, since one is much like the one before, and told row after row.

use std::borrow::Cow;

use standard::Severity;

use crate::Finding;
use crate::cells::Pending;
use crate::mixed::Mixed;
use crate::parse::Rows;
use crate::run::{Counted, Run};
use crate::shown::{shown_cell, shown_part};
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
    /// Each of them, made here, where one is like the one before.
    pub(crate) findings: Vec<Finding<'r>>,
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
        found: &'r [Pending],
    ) -> CountedFindings<'r> {
        let mut findings = Vec::with_capacity(found.len());
        let mut failed = 0;
        for pending in found {
            let (finding, hash) = finding_and_hash(self.file, rows, pending);
            let key = pending.counted_under();
            let place = word::spread(key) >> (u64::BITS - u8::BITS);
            let known = &mut self.known[place as usize % PLACES];
            if known.key != Some(key) {
                let counted = !run.may_wait(&finding);
                known.counted = counted.then(|| run.cause(&finding, Some(self.kind)));
                known.key = Some(key);
            }
            if let Some(counted) = &known.counted {
                run.count(counted, &finding, hash);
                failed |= u64::from(counted.severity == Severity::Error) << pending.index;
            }
            findings.push(finding);
        }
        CountedFindings { findings, failed }
    }
}

/// What was found of a row.
pub(crate) fn finding<'r>(file: u16, rows: &Rows<'r>, pending: &'r Pending) -> Finding<'r> {
    finding_and_hash(file, rows, pending).0
}

/// What was found of a row, and the hash of its value.
#[inline]
fn finding_and_hash<'r>(file: u16, rows: &Rows<'r>, pending: &'r Pending) -> (Finding<'r>, Mixed) {
    let (value, hash) = value(rows, pending);
    let finding = Finding {
        file: Some(file),
        row: Some(rows.places[usize::from(pending.index)].number),
        column: pending.column,
        field: pending.field,
        rule: pending.rule,
        value,
        detail: pending.detail.as_deref().map(Cow::Borrowed),
        suggestion: pending.suggestion.as_deref().map(Cow::Borrowed),
    };
    (finding, hash)
}

/// The value that something was found of, as findings show it, and its hash.
#[inline]
fn value<'r>(rows: &Rows<'r>, pending: &Pending) -> (Cow<'r, str>, Mixed) {
    let Some(column) = pending.column else {
        return (Cow::Borrowed(""), Mixed::of_ends(""));
    };
    let cell = rows.cell(usize::from(pending.index), usize::from(column));
    let start = cell.start as usize;
    if let Some(value) = rows.text.and_then(|text| text.get(cell)) {
        let value = shown_part(value);
        let hash = Mixed::of_ends_at(rows.buffer, start, value.len());
        return (Cow::Borrowed(value), hash);
    }
    let value = shown_cell(&rows.buffer[start..cell.end as usize], rows.encoding);
    let hash = Mixed::of_ends(&value);
    (value, hash)
}
