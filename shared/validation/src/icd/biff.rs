//! Measures the workbook stream of an xls before it is parsed. calamine reserves what a sheet declares and spreads its
//! cells over a rectangle, so two cells in opposite corners, or one false size, would take all memory there is.

use super::compound::{u16_at, u32_at};

const BOUND_SHEET: u16 = 0x0085;
const END: u16 = 0x000a;
const DIMENSIONS: u16 = 0x0200;
/// Records that put a value, or a formula, at the row and column they begin with.
const CELLS: [u16; 9] = [
    0x0006, 0x00bd, 0x00d6, 0x00fd, 0x0201, 0x0203, 0x0204, 0x0205, 0x027e,
];
/// A run of numbers; its last column stands at its end.
const NUMBERS: u16 = 0x00bd;
/// Excel allows as many sheets as there is memory; a code file has a handful.
const SHEETS: usize = 64;

/// Whether all sheets together span and declare at most `cells` cells.
pub(super) fn is_bounded(stream: &[u8], cells: usize) -> bool {
    let mut sheets = Vec::new();
    for (kind, data) in Records(stream) {
        match kind {
            BOUND_SHEET => sheets.extend(u32_at(data, 0)),
            END => break,
            _ => {}
        }
    }
    if sheets.len() > SHEETS {
        return false;
    }
    let spanned = sheets.iter().map(|position| {
        let sheet = stream.get(*position as usize..).unwrap_or_default();
        spanned(sheet)
    });
    spanned.fold(0_u64, u64::saturating_add) <= cells as u64
}

/// Cells that a sheet makes its reader allocate. Records of embedded charts are counted as well: their values are few,
/// and not telling them apart leaves nothing to be told wrong.
fn spanned(sheet: &[u8]) -> u64 {
    let mut declared = 0_u64;
    let mut corners: Option<[u64; 4]> = None;
    for (kind, data) in Records(sheet) {
        if kind == DIMENSIONS {
            declared = declared.saturating_add(declared_cells(data));
        }
        if !CELLS.contains(&kind) {
            continue;
        }
        let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else {
            continue;
        };
        let (row, column) = (u64::from(row), u64::from(column));
        let last = match kind {
            NUMBERS => data
                .len()
                .checked_sub(2)
                .and_then(|end| u16_at(data, end))
                .map_or(column, u64::from)
                .max(column),
            _ => column,
        };
        let [top, left, bottom, right] = corners.unwrap_or([row, column, row, last]);
        corners = Some([
            top.min(row),
            left.min(column),
            bottom.max(row),
            right.max(last),
        ]);
    }
    let rectangle = corners.map_or(0, |[top, left, bottom, right]| {
        (bottom - top + 1) * (right - left + 1)
    });
    declared.max(rectangle)
}

/// First row, row after the last, first column, column after the last.
fn declared_cells(data: &[u8]) -> u64 {
    let (first_row, end_row, columns) = if data.len() == 10 {
        let row = |at| u16_at(data, at).map(u32::from);
        (row(0), row(2), 4)
    } else {
        (u32_at(data, 0), u32_at(data, 4), 8)
    };
    let (Some(first_row), Some(end_row)) = (first_row, end_row) else {
        return 0;
    };
    let end_column = u16_at(data, columns + 2).unwrap_or(0);
    if end_row == 0 || end_column == 0 {
        return 1;
    }
    match end_row.checked_sub(first_row) {
        // From the first column: where the first one lies is not to be believed either.
        Some(rows) => (u64::from(rows) + 1) * u64::from(end_column),
        // The end lies before the beginning.
        None => u64::MAX,
    }
}

/// Records one after another, as far as they are whole.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let kind = u16_at(self.0, 0)?;
        let length = usize::from(u16_at(self.0, 2)?);
        let data = self.0.get(4..4 + length)?;
        self.0 = self.0.get(4 + length..)?;
        Some((kind, data))
    }
}
