//! A code file as csv.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

use super::rows::{COLUMNS, Sheet, trimmed};
use super::{IcdLimits, IcdProblem};

/// Reads UTF-8 with or without mark, UTF-16 with mark, and otherwise GB18030, which Excel on Chinese Windows writes.
pub(super) fn read(bytes: &[u8], limits: &IcdLimits) -> Result<Sheet, IcdProblem> {
    let text = decode(bytes);
    // One line end everywhere: CR alone is that of old Macintosh programs, and rows are counted by it below.
    let text: Cow<'_, str> = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::default();
    let mut record = csv::StringRecord::new();
    let mut within_cells = 0;
    let mut cells = 0;
    while reader
        .read_record(&mut record)
        .map_err(|_| IcdProblem::Unreadable)?
    {
        cells += record.len();
        if cells > limits.cells {
            return Err(IcdProblem::TooLarge);
        }
        // A spreadsheet counts rows, not lines: those inside quoted cells do not count, blank ones do, which the reader
        // skips from where the position lies.
        let position = record.position();
        let line = position.map_or(0, csv::Position::line);
        let start = position.map_or(0, |position| position.byte() as usize);
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| **byte == b'\n').count() as u64;
        let row = u32::try_from(line + blank - within_cells).unwrap_or(u32::MAX);
        let breaks = |cell: &str| cell.bytes().filter(|byte| *byte == b'\n').count();
        within_cells += record.iter().map(breaks).sum::<usize>() as u64;
        let mut values: Vec<String> = record
            .iter()
            .take(COLUMNS)
            .map(|cell| trimmed(cell).to_owned())
            .collect();
        let filled = values.iter().rposition(|value| !value.is_empty());
        values.truncate(filled.map_or(0, |last| last + 1));
        if !values.is_empty() {
            sheet.rows.push((row, values));
        }
    }
    Ok(sheet)
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let rest = bytes.get(length..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0;
    }
    match UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => text,
        None => GB18030.decode_without_bom_handling(bytes).0,
    }
}

/// Comma, unless the header has none and has tabs or semicolons instead.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty());
    let header = header.unwrap_or_default();
    [b',', b'\t', b';']
        .into_iter()
        .find(|delimiter| header.as_bytes().contains(delimiter))
        .unwrap_or(b',')
}
