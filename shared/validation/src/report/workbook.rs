//! A workbook of ours, mended and sent back: its sheets are turned into CSV text, which the check then reads like any other.
//! A sheet's rows become the text's records one to one, so findings name the row that the spreadsheet shows.

mod cell;
mod guard;

use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, Xlsx};
use serde::{Deserialize, Serialize};
use standard::{Field, FieldType, Standard};

use super::neutral::restored;
use super::words;
use super::xlsx::LACKING;
use crate::{Limits, workbooks};

/// A sheet of rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Sheet {
    /// Name of the file it stands for.
    pub(crate) name: String,
    /// Its rows as CSV, UTF-8.
    pub(crate) csv: Vec<u8>,
}

/// Why a workbook is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refused {
    /// Not a workbook of ours: no sheet has our columns.
    NotOurs,
    /// It expands to more than a report ever holds.
    TooLarge,
    /// It cannot be read as a workbook.
    Damaged,
    /// The process that read it died over it.
    ReaderDied,
    /// Reading it took too long.
    ReaderTooLong,
}

/// Turns the sheets of a workbook into CSV text, one after the other; others than those with our columns are left out.
/// Memory is bounded by the limits whatever the bytes are.
pub(crate) fn sheets<R: Read + Seek>(
    mut reader: R,
    standard: &Standard,
    limits: &Limits,
) -> Result<Vec<Sheet>, Refused> {
    let mut bytes = Vec::new();
    reader.rewind().map_err(|_| Refused::Damaged)?;
    (&mut reader)
        .take(limits.archive_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| Refused::Damaged)?;
    if bytes.len() as u64 > limits.archive_bytes {
        return Err(Refused::TooLarge);
    }
    guard::judge(&bytes, limits)?;
    workbooks::report(&bytes, &Dates::of(standard))
}

/// Reads a workbook that was judged by the guard.
pub(crate) fn read(bytes: &[u8], dates: &Dates) -> Result<Vec<Sheet>, Refused> {
    // The reader is another's code over a stranger's bytes: whatever it runs into ends here as a refusal.
    catch_unwind(AssertUnwindSafe(|| read_sheets(bytes, dates))).unwrap_or(Err(Refused::Damaged))
}

fn read_sheets(bytes: &[u8], dates: &Dates) -> Result<Vec<Sheet>, Refused> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_| Refused::Damaged)?;
    let mut sheets = Vec::new();
    let mut room = guard::TEXT_BYTES;
    for name in workbook.sheet_names() {
        if let Some(csv) = sheet(&mut workbook, &name, dates, room)? {
            room -= csv.len();
            sheets.push(Sheet {
                name: format!("{name}.csv"),
                csv,
            });
        }
    }
    if sheets.is_empty() {
        return Err(Refused::NotOurs);
    }
    Ok(sheets)
}

/// The columns of days and moments, by the prefix of their kind: all that reading wants to know of the standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dates(Vec<(String, Vec<(String, Column)>)>);

impl Dates {
    pub(crate) fn of(standard: &Standard) -> Self {
        let column = |field: &Field| match field.field_type {
            FieldType::Date => Some((field.code.clone(), Column::Date)),
            FieldType::DateTime => Some((field.code.clone(), Column::DateTime)),
            _ => None,
        };
        let kinds = standard.kinds.iter().map(|kind| {
            let columns = kind.fields.iter().filter_map(column);
            (kind.prefix.to_lowercase(), columns.collect())
        });
        Self(kinds.collect())
    }

    fn of_sheet(&self, name: &str) -> &[(String, Column)] {
        let lower = name.to_lowercase();
        let mut kinds = self.0.iter();
        let kind = kinds.find(|(prefix, _)| lower.starts_with(prefix));
        kind.map_or(&[], |(_, columns)| columns)
    }
}

/// What the header says of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Column {
    /// Days.
    Date,
    /// Moments.
    DateTime,
    /// Anything else.
    Other,
}

fn sheet<R: Read + Seek>(
    workbook: &mut Xlsx<R>,
    name: &str,
    dates: &Dates,
    room: usize,
) -> Result<Option<Vec<u8>>, Refused> {
    let is_1904 = workbook.has_1904_epoch();
    let Ok(mut cells) = workbook.worksheet_cells_reader(name) else {
        return Ok(None);
    };
    let mut columns: Vec<Column> = Vec::new();
    let mut csv = Vec::new();
    let mut record: Vec<String> = Vec::new();
    let mut row = 0;
    loop {
        let next = cells.next_cell().map_err(|_| Refused::Damaged)?;
        let place = next.as_ref().map(calamine::Cell::get_position);
        if place.is_none_or(|(at, _)| at > row) {
            if row == 0 {
                if !record.first().is_some_and(|mark| is_ours(mark)) {
                    return Ok(None);
                }
                columns = header(&mut record, name, dates);
            }
            write_record(&mut csv, &mut record, columns.len());
            // Rows without any cell are records too: the numbers must stay those of the sheet.
            let (Some((at, _)), true) = (place, csv.len() <= room) else {
                break;
            };
            let blank = (at - row - 1) as usize * 2;
            if csv.len() + blank > room {
                return Err(Refused::TooLarge);
            }
            for _ in row + 1..at {
                csv.extend_from_slice(b"\r\n");
            }
            row = at;
        }
        let (Some(cell), Some((at, column))) = (next, place) else {
            break;
        };
        let column = column as usize;
        // A cell before the last one written is out of order, which no spreadsheet program does.
        if at < row || column >= 16_384 || column < record.len() {
            return Err(Refused::Damaged);
        }
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        record.resize(column, String::new());
        let kind = columns.get(column).copied().unwrap_or(Column::Other);
        record.push(cell::text(cell.get_value(), kind, is_1904));
    }
    if csv.len() > room {
        return Err(Refused::TooLarge);
    }
    Ok(Some(csv))
}

fn is_ours(first: &str) -> bool {
    let first = first.trim();
    first == words::ROW.0 || first == words::ROW.1
}

// Below the code stands the column's name, for the reader.
fn header(record: &mut [String], name: &str, dates: &Dates) -> Vec<Column> {
    let known = dates.of_sheet(name);
    let column = |code: &str| {
        let mut known = known.iter();
        let (_, column) = known.find(|(field, _)| field.eq_ignore_ascii_case(code))?;
        Some(*column)
    };
    let mut columns = Vec::new();
    for cell in record {
        if let Some((code, _)) = cell.split_once('\n') {
            *cell = code.trim_end_matches('\r').to_owned();
        }
        columns.push(column(cell.trim()).unwrap_or(Column::Other));
    }
    columns
}

fn write_record(csv: &mut Vec<u8>, record: &mut Vec<String>, width: usize) {
    let is_lacking = |cell: &String| *cell == LACKING.0 || *cell == LACKING.1;
    let lacks = record.last().is_some_and(is_lacking);
    while record.last().is_some_and(is_lacking) {
        record.pop();
    }
    // A spreadsheet does not keep blank cells at the end of a row.
    if !lacks && !record.is_empty() && record.len() < width {
        record.resize(width, String::new());
    }
    for (index, cell) in record.iter().enumerate() {
        if index > 0 {
            csv.push(b',');
        }
        // The check takes our apostrophes off; a cell's own must outlast that.
        let apostrophe = if restored(cell) == cell { "" } else { "'" };
        let cell = format!("{apostrophe}{cell}");
        if cell.contains([',', '"', '\r', '\n']) {
            csv.push(b'"');
            csv.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            csv.push(b'"');
        } else {
            csv.extend_from_slice(cell.as_bytes());
        }
    }
    csv.extend_from_slice(b"\r\n");
    record.clear();
}
