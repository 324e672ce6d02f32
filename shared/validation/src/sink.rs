use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use standard::{FieldType, FileKind};

use crate::Finding;
use crate::cells::date;
use crate::parse::Rows;
use crate::record::{Record, Records, State};

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
///
/// Records are handed over while the file is still being expanded. When the rest of it turns out to be damaged, its
/// summary is marked [`crate::FileSummary::unreadable`] and counts none of them as passed: nothing may be made lasting
/// before the summary is known.
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
    /// Whether it has no finding of severity error (接口达标), nor has its file.
    pub passed: bool,
    pub(crate) kind_data: &'a FileKind,
    /// Which of the rows it is. A row and a record are put together where they are asked for: hardly anybody does.
    pub(crate) index: usize,
    pub(crate) rows: &'a Rows<'a>,
    pub(crate) records: &'a Records<'a>,
}

/// A value as the type of its column has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedValue<'a> {
    /// Blank, the standard's own "no value", or not of the column's type.
    None,
    /// Of text and code columns, trimmed.
    Text(Cow<'a, str>),
    /// Of integer columns.
    Integer(i64),
    /// Of decimal columns, in ten-thousandths.
    TenThousandths(i64),
    /// Of columns of days and moments: seconds of Beijing time since 1970-01-01 00:00:00.
    Seconds(i64),
}

impl<'a> JudgedRecord<'a> {
    /// Cells as written, decoded, in the file's order.
    pub fn written(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let (row, encoding) = (self.rows.row(self.index), self.rows.encoding);
        (0..row.cells.len()).map(move |column| encoding.decode(row.bytes(column)))
    }

    /// As the rules saw it.
    #[inline]
    pub(crate) fn record(&self) -> Record<'a> {
        self.records.record(self.index)
    }

    /// The value of a field, trimmed and in the standard's form (dates as `yyyy-MM-dd[ HH:mm:ss]`); blank where there is
    /// no value.
    pub fn value(&self, field: usize) -> Cow<'a, str> {
        let Some(state) = self.records.block.state(field, self.index) else {
            return Cow::Borrowed("");
        };
        let number = self.records.block.field(field).numbers[self.index];
        match (state, self.kind_data.fields[field].field_type) {
            (State::Blank | State::Dash, _) => Cow::Borrowed(""),
            (State::Valid, FieldType::Date) => Cow::Owned(date::date_text(number)),
            // Where a day alone will do, a day stays a day.
            (State::Valid, FieldType::DateTime) if self.record().bytes(field).len() > 10 => {
                Cow::Owned(date::moment_text(number))
            }
            (State::Valid, FieldType::DateTime) => Cow::Owned(date::date_text(number)),
            _ => self.rows.encoding.decode(self.record().bytes(field)),
        }
    }

    /// The value of a field as its type has it, of a record that passed or not.
    pub fn typed(&self, field: usize) -> TypedValue<'a> {
        let Some(state) = self.records.block.state(field, self.index) else {
            return TypedValue::None;
        };
        let number = || self.records.block.field(field).numbers[self.index];
        match (state, self.kind_data.fields[field].field_type) {
            (State::Blank | State::Dash, _) => TypedValue::None,
            (State::Valid, FieldType::Date | FieldType::DateTime) => TypedValue::Seconds(number()),
            (State::Valid, FieldType::Integer) => TypedValue::Integer(number()),
            (State::Valid, FieldType::Decimal { .. }) => TypedValue::TenThousandths(number()),
            // What is not of the column's type is no value of it.
            (State::Invalid, field_type) if !matches!(field_type, FieldType::Text) => {
                TypedValue::None
            }
            _ => TypedValue::Text(self.rows.encoding.decode(self.record().bytes(field))),
        }
    }

    /// The natural key: the values of the kind's key fields, joined with U+001F.
    pub fn key(&self) -> String {
        let mut key = String::new();
        for (index, field) in self.kind_data.natural_key.iter().enumerate() {
            if index > 0 {
                key.push('\u{1f}');
            }
            key.push_str(&self.value(*field));
        }
        key
    }

    /// Digest of all values in the standard's form and order: equal for a record sent again unchanged, whatever its
    /// encoding, column order, quoting or date form. The first 16 bytes of the SHA-256 of `<kind>` and, for each field of
    /// the kind, U+001F and its value; the same in every version of this program.
    pub fn digest(&self) -> u128 {
        let mut hash = Sha256::new();
        hash.update(self.kind_data.code.as_bytes());
        for field in 0..self.kind_data.fields.len() {
            hash.update([0x1f]);
            hash.update(self.value(field).as_bytes());
        }
        let digest = hash.finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        u128::from_be_bytes(first)
    }
}
