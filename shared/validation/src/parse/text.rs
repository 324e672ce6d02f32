use simdutf8::basic::from_utf8;

use super::Cell;
use crate::decode::TextEncoding;

/// Rows of a buffer as text: found out once for all of them, so that a cell need not be looked at to be text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    text: &'a str,
    /// Where it begins in the buffer.
    start: usize,
}

impl<'a> Text<'a> {
    /// What stands from the first to the last of some cells, which stand in the buffer one after the other; `None` where it is
    /// not UTF-8.
    pub(crate) fn of(buffer: &'a [u8], cells: &[Cell], encoding: TextEncoding) -> Option<Self> {
        let (first, last) = cells.first().zip(cells.last())?;
        if encoding == TextEncoding::Gb18030 {
            return None;
        }
        let start = first.start as usize;
        let bytes = buffer.get(start..last.end as usize)?;
        let text = from_utf8(bytes).ok()?;
        Some(Self { text, start })
    }

    /// What a cell holds; `None` where it is not one of those, or begins or ends inside a character.
    #[inline]
    pub(crate) fn get(&self, cell: Cell) -> Option<&'a str> {
        let place = |place: u32| (place as usize).wrapping_sub(self.start);
        self.text.get(place(cell.start)..place(cell.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{ROWS, RowSource, Splitter};

    fn cell(start: u32, end: u32) -> Cell {
        Cell { start, end }
    }

    #[test]
    fn cells_are_text_where_all_that_is_between_them_is() {
        let buffer = "\u{ff}男,女\n".as_bytes();
        let cells = [cell(2, 5), cell(6, 9)];
        let text = Text::of(buffer, &cells, TextEncoding::Utf8).unwrap();
        assert_eq!(text.get(cells[0]), Some("男"));
        assert_eq!(text.get(cells[1]), Some("女"));
        assert_eq!(text.get(cell(5, 5)), Some(""));
        for outside in [cell(0, 5), cell(6, 10), cell(3, 5), cell(6, 8)] {
            assert_eq!(text.get(outside), None, "{outside:?}");
        }
        assert!(Text::of(buffer, &cells, TextEncoding::Gb18030).is_none());
        assert!(Text::of(buffer, &[cell(1, 5)], TextEncoding::Utf8).is_none());
        assert!(Text::of(buffer, &[], TextEncoding::Utf8).is_none());
    }

    #[test]
    fn rows_are_text_though_quotes_in_them_were_written_twice() {
        let file = "a,\"x\"\"中\",\"\"\"\"\"病\"\n".repeat(3);
        let mut splitter = Splitter::new(file.as_bytes(), 1000);
        splitter.set_width(3);
        let rows = splitter.next_rows(ROWS).unwrap();
        assert_eq!(rows.places.len(), 3);
        for row in 0..3 {
            let text = |column| rows.text.unwrap().get(rows.cell(row, column));
            assert_eq!(
                [0, 1, 2].map(text),
                [Some("a"), Some("x\"中"), Some("\"\"病")]
            );
        }
    }
}
