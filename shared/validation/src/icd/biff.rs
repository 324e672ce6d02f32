//! Measures the workbook stream of an xls before it is parsed. calamine reserves what a sheet declares and spreads its
//! cells over a rectangle, and copies a shared string into every cell that shows it: two cells in opposite corners, one
//! false size, or one long text shown a million times would take all memory there is.

use super::compound::{u16_at, u32_at};

const SHARED_STRINGS: u16 = 0x00fc;
const CONTINUED: u16 = 0x003c;
/// A cell that shows one of the shared strings.
const SHARED_STRING: u16 = 0x00fd;
const BOUND_SHEET: u16 = 0x0085;
const BEGIN: u16 = 0x0809;
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

/// Whether all sheets together span and declare at most `cells` cells, and their shared strings, once for every cell that
/// shows one, take at most `text` bytes.
pub(super) fn is_bounded(stream: &[u8], cells: usize, text: u64) -> bool {
    let mut sheets = Vec::new();
    let mut lengths: Vec<u64> = Vec::new();
    let mut records = Records(stream);
    while let Some((kind, data)) = records.next() {
        match kind {
            BOUND_SHEET => sheets.extend(u32_at(data, 0)),
            SHARED_STRINGS => {
                let mut parts = vec![data];
                let mut ahead = Records(records.0);
                while let Some((CONTINUED, data)) = ahead.next() {
                    parts.push(data);
                }
                lengths = Strings::new(parts).lengths();
            }
            END => break,
            _ => {}
        }
    }
    if sheets.len() > SHEETS {
        return false;
    }
    let mut spanned_cells = 0_u64;
    let mut shown_text = 0_u64;
    for position in sheets {
        let sheet = stream.get(position as usize..).unwrap_or_default();
        spanned_cells = spanned_cells.saturating_add(spanned(sheet));
        for (kind, data) in of_sheet(sheet) {
            if kind == SHARED_STRING {
                let index = u32_at(data, 6).and_then(|index| usize::try_from(index).ok());
                let length = index.and_then(|index| lengths.get(index));
                shown_text = shown_text.saturating_add(length.copied().unwrap_or(0));
            }
        }
    }
    spanned_cells <= cells as u64 && shown_text <= text
}

/// Cells that a sheet makes its reader allocate. Records of embedded charts are counted as well: their values are few,
/// and not telling them apart leaves nothing to be told wrong.
fn spanned(sheet: &[u8]) -> u64 {
    let mut declared = 0_u64;
    let mut corners: Option<[u64; 4]> = None;
    for (kind, data) in of_sheet(sheet) {
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

/// Records of a sheet up to its end, those of charts within it included.
fn of_sheet(sheet: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    // The first beginning is the sheet's own, and need not be there.
    let mut depth = 0_usize;
    let mut begun = false;
    Records(sheet).take_while(move |(kind, _)| {
        match *kind {
            BEGIN if begun => depth += 1,
            BEGIN => begun = true,
            END if depth == 0 => return false,
            END => depth -= 1,
            _ => {}
        }
        true
    })
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

/// The shared strings, which run on from one record to the next.
struct Strings<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
}

impl<'a> Strings<'a> {
    fn new(parts: Vec<&'a [u8]>) -> Self {
        Self { parts, part: 0 }
    }

    /// Bytes that each takes as UTF-8, at most. Stops where something is not whole, as the parser does.
    fn lengths(mut self) -> Vec<u64> {
        let mut lengths = Vec::new();
        if self.skip(8).is_none() {
            return lengths;
        }
        while let Some(length) = self.string() {
            lengths.push(length);
        }
        lengths
    }

    fn string(&mut self) -> Option<u64> {
        let characters = self.number::<2>()?;
        let flags = self.number::<1>()?;
        let runs = if flags & 8 == 0 {
            0
        } else {
            self.number::<2>()?
        };
        let extension = if flags & 4 == 0 {
            0
        } else {
            self.number::<4>()?
        };
        let mut width = 1 + (flags & 1);
        let mut left = characters;
        while left > 0 {
            if self.rest().is_empty() {
                // Each continued part tells anew how wide its characters are.
                self.next_part()?;
                width = 1 + (self.number::<1>()? & 1);
            }
            let here = (self.rest().len() as u64 / width).min(left);
            if here == 0 {
                return None;
            }
            self.skip(here * width)?;
            left -= here;
        }
        self.skip(runs * 4 + extension)?;
        Some(characters * 3)
    }

    fn rest(&self) -> &'a [u8] {
        self.parts.get(self.part).copied().unwrap_or_default()
    }

    fn next_part(&mut self) -> Option<()> {
        self.part += 1;
        self.parts.get(self.part).map(|_| ())
    }

    fn number<const N: usize>(&mut self) -> Option<u64> {
        if self.rest().is_empty() {
            self.next_part()?;
        }
        let bytes = self.rest().get(..N)?;
        let number = bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.skip(N as u64)?;
        Some(number)
    }

    fn skip(&mut self, mut bytes: u64) -> Option<()> {
        while bytes > 0 {
            if self.rest().is_empty() {
                self.next_part()?;
            }
            let here = (self.rest().len() as u64).min(bytes);
            let part = self.parts.get_mut(self.part)?;
            *part = part.get(here as usize..)?;
            bytes -= here;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_strings_are_measured_across_records() {
        let first = [
            [0; 8].as_slice(),
            &[2, 0, 0, b'a', b'b'],
            &[5, 0, 0, b'x', b'y'],
        ]
        .concat();
        let second = [
            [1, b'x', 0, b'y', 0, b'z', 0].as_slice(),
            // With a run of formats and an extension after its text.
            &[1, 0, 12, 1, 0, 2, 0, 0, 0, b'z', 1, 1, 1, 1, 2, 2],
            &[1, 0, 0, b'q'],
            // Cut short.
            &[9, 0, 0, b'q'],
        ]
        .concat();
        let lengths = Strings::new(vec![&first, &second]).lengths();
        assert_eq!(lengths, [6, 15, 3, 3]);
    }
}
