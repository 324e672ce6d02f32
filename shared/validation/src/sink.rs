use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::Finding;

/// A file of the archive, known once its header has been read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileInfo {
    /// Name inside the ZIP, without folders.
    pub name: String,
    /// Code of its kind, e.g. `flu`; `None` where the name tells none.
    pub kind: Option<String>,
    /// Header cells as written, in the file's order.
    pub header: Vec<String>,
    /// For each column of the file the index of its field; `None`: not in the standard.
    pub columns: Vec<Option<u16>>,
}

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Expanded bytes read.
    pub bytes: u64,
    /// Expanded bytes in all, as the archive declares them.
    pub bytes_total: u64,
    /// Data records judged.
    pub records: u64,
}

/// Takes what a check finds, as it finds it: files in order, in each its records in order, a record's findings before it.
pub trait Sink {
    /// A file begins.
    fn file(&mut self, _index: u16, _file: &FileInfo) {}
    /// A finding. Those of a record come before [`Sink::record`] of that record; findings about a file may come after its records.
    fn finding(&mut self, _finding: &Finding<'_>) {}
    /// A record has been judged.
    fn record(&mut self, _record: &JudgedRecord<'_>) {}
    /// Called every few thousand records; `Break` stops the check with [`crate::CheckError::Cancelled`].
    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A record after its check.
pub struct JudgedRecord<'a> {
    /// Index of the file.
    pub file: u16,
    /// Index of the file's kind in the standard.
    pub kind: usize,
    /// Row as a spreadsheet shows it.
    pub row: u32,
    /// Whether it has no finding of severity error (接口达标).
    pub passed: bool,
    pub(crate) cells: &'a [&'a str],
}

impl<'a> JudgedRecord<'a> {
    /// Cells as written, decoded, in the file's order.
    pub fn written(&self) -> impl Iterator<Item = Cow<'a, str>> + '_ {
        self.cells.iter().map(|cell| Cow::Borrowed(*cell))
    }

    /// The value of a field, trimmed and in the standard's form (dates as `yyyy-MM-dd[ HH:mm:ss]`); blank where there is no value.
    pub fn value(&self, _field: usize) -> Cow<'a, str> {
        Cow::Borrowed("")
    }

    /// The natural key: the values of the kind's key fields, joined with U+001F.
    pub fn key(&self) -> String {
        String::new()
    }

    /// Digest of all values in the standard's form and order: equal for a record sent again unchanged, whatever its
    /// encoding, column order, quoting or date form. Stable across versions of this program.
    pub fn digest(&self) -> u128 {
        0
    }
}
