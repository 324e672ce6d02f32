//! Stage 3: bytes to rows. Every cell knows its row as a spreadsheet counts it and its column.

mod scan;
mod splitter;
mod text;

pub(crate) use splitter::Splitter;
pub(crate) use text::Text;

use std::io;

use crate::decode::TextEncoding;

/// Where a cell's text lies in the buffer of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// First byte.
    pub(crate) start: u32,
    /// Byte after the last.
    pub(crate) end: u32,
}

/// Something wrong with how a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowDefect {
    /// A quote at the start of this cell has no end; it was read as if it were not there.
    StrayQuote(usize),
    /// The row is longer than any honest row; its cells are not given.
    Endless,
}

/// Most rows that are taken together: one bit of a word for each.
pub(crate) const ROWS: usize = 64;

/// Rows that stand one behind the other in a file and lie in one buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// What the cells point into.
    pub(crate) buffer: &'a [u8],
    /// The same as text, where the rows are valid UTF-8.
    pub(crate) text: Option<Text<'a>>,
    /// Cells of all rows, without their quotes.
    pub(crate) cells: &'a [Cell],
    /// Which cells are whose.
    pub(crate) places: &'a [RowPlace],
    /// Encoding of the buffer.
    pub(crate) encoding: TextEncoding,
}

/// One of several rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowPlace {
    /// Row as a spreadsheet shows it, from 1.
    pub(crate) number: u32,
    /// Its first cell.
    pub(crate) first: u32,
    /// The cell after its last.
    pub(crate) end: u32,
    /// Whether some cell may hold a control character or line break.
    pub(crate) controls: bool,
    /// Whether its text is known to be valid in its encoding; otherwise that is to be looked at.
    pub(crate) valid: bool,
    /// What is wrong with the row itself.
    pub(crate) defect: Option<RowDefect>,
}

impl<'a> Rows<'a> {
    /// Each row by itself.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let rows = *self;
        (0..rows.places.len()).map(move |index| rows.row(index))
    }

    /// One of the rows.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> Row<'a> {
        let place = &self.places[index];
        Row {
            number: place.number,
            buffer: self.buffer,
            cells: &self.cells[place.first as usize..place.end as usize],
            defect: place.defect,
        }
    }

    /// Which of them are blank.
    pub(crate) fn blank(&self) -> u64 {
        let places = self.places.iter().enumerate();
        places.fold(0, |blank, (index, place)| {
            // Nearly every row begins with something.
            let first = self.cells.get(place.first as usize);
            let begins = first.is_some_and(|cell| {
                cell.start < cell.end && self.buffer[cell.start as usize] > b' '
            });
            blank | u64::from(!begins && self.row(index).is_blank()) << index
        })
    }

    /// A cell; an empty one beyond the last of its row.
    #[inline]
    pub(crate) fn cell(&self, index: usize, column: usize) -> Cell {
        let place = &self.places[index];
        let cells = &self.cells[place.first as usize..place.end as usize];
        cells.get(column).copied().unwrap_or_default()
    }

    /// Whether all rows are known to be valid in their encoding; otherwise each may be ([`RowPlace::valid`]).
    pub(crate) fn is_valid(&self) -> bool {
        self.encoding.is_utf8() && self.text.is_some()
    }
}

/// One row of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    /// Row as a spreadsheet shows it, from 1.
    pub(crate) number: u32,
    /// What the cells point into.
    pub(crate) buffer: &'a [u8],
    /// Cells without their quotes.
    pub(crate) cells: &'a [Cell],
    /// What is wrong with the row itself.
    pub(crate) defect: Option<RowDefect>,
}

impl<'a> Row<'a> {
    /// Bytes of a cell; empty beyond the last.
    pub(crate) fn bytes(&self, column: usize) -> &'a [u8] {
        self.cells.get(column).map_or(&[], |cell| {
            &self.buffer[cell.start as usize..cell.end as usize]
        })
    }

    /// Whether no cell holds anything but blanks.
    pub(crate) fn is_blank(&self) -> bool {
        self.defect.is_none()
            && self.cells.iter().all(|cell| {
                self.buffer[cell.start as usize..cell.end as usize]
                    .iter()
                    .all(|byte| matches!(byte, b' ' | b'\t'))
            })
    }

    /// Cells up to the last that is not empty.
    pub(crate) fn filled_width(&self) -> usize {
        self.cells
            .iter()
            .rposition(|cell| cell.start != cell.end)
            .map_or(0, |last| last + 1)
    }
}

/// Gives the rows of one file, whatever it is stored as: CSV bytes, or the sheet of a workbook.
pub(crate) trait RowSource {
    /// The next rows, `most` at most but hardly ever fewer; none at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read on.
    fn next_rows(&mut self, most: usize) -> io::Result<Rows<'_>>;

    /// How many columns the header has: what a stray quote is told by.
    fn set_width(&mut self, width: usize);

    /// Bytes of the rows given so far.
    fn position(&self) -> u64;

    /// Encoding of the rows given so far.
    fn encoding(&self) -> TextEncoding;
}
