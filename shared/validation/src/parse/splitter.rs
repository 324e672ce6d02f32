use std::io::{self, Read};

use super::scan::{BLOCK, Structure, structure};
use super::{Cell, RowDefect, RowPlace, RowSource, Rows, Text};
use crate::decode::{TextBuffer, TextEncoding, TextReader};

/// Line ends in one quoted cell beyond which the quote is taken for a stray one.
const MOST_LINES: u32 = 500;
/// Bytes that may be read twice because of stray quotes before quotes no longer span lines; with as many again as the
/// file has, the work stays linear whatever the file holds.
const REREAD_BYTES: u64 = 8 * 1024 * 1024;

/// Splits CSV into rows in a buffer that is used again for the next ones.
///
/// Follows RFC 4180 and forgives what hospitals write: a quote inside a quoted cell that is not doubled, blanks around
/// quotes, any line ends. A quote that swallows rows is found out and read as if it were not there.
pub(crate) struct Splitter<R> {
    text: TextReader<R>,
    buffer: TextBuffer,
    /// Up to here the buffer is valid text in an encoding other than UTF-8: found for all of it at once, which is several times
    /// as fast as row by row.
    valid: usize,
    /// Positions of the row being read.
    row_start: usize,
    cell_start: usize,
    /// Bits of the block at `block` not yet looked at; the scan goes on at `next`.
    mask: u64,
    /// Which bits of the block are commas.
    commas: u64,
    block: usize,
    next: usize,
    ended: bool,
    /// Cells of the rows to be given, then those of the row being read, then room for more.
    cells: Vec<Cell>,
    /// How many there are.
    count: usize,
    /// The first of the row being read.
    first: usize,
    /// Rows to be given.
    rows: Vec<RowPlace>,
    quote: Quote,
    /// Columns of the row being read that hold doubled quotes.
    doubled: Vec<usize>,
    /// Position of the quote of the last cell that held a line break, and of its cell.
    spanning: Option<(usize, usize)>,
    lines: u32,
    controls: bool,
    /// A row ended with CR: an LF right behind belongs to it.
    after_return: bool,
    number: u32,
    width: Option<usize>,
    limit: usize,
    reading: Reading,
    consumed: u64,
    reread: u64,
}

/// Where the scan is with respect to quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// Not in a quoted cell.
    Outside,
    /// In one that began here.
    Inside { open: usize, doubled: bool },
    /// In one, after a quote that may close it.
    Closing {
        open: usize,
        at: usize,
        doubled: bool,
    },
}

/// How a row is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As written.
    Plain,
    /// The quote here (and its cell) is not one, if that gives the right number of cells.
    Trial(usize, usize),
    /// As written, after the trial failed.
    Settled,
    /// The quote here (and its cell) is not one.
    Without(usize, usize),
    /// No quote counts; the first stray one is reported at its cell.
    Unquoted(usize),
}

impl<R: Read> Splitter<R> {
    /// A splitter whose rows may have `limit` bytes.
    pub(crate) fn new(reader: R, limit: usize) -> Self {
        Self {
            text: TextReader::new(reader),
            buffer: TextBuffer::default(),
            valid: 0,
            row_start: 0,
            cell_start: 0,
            mask: 0,
            commas: 0,
            block: 0,
            next: 0,
            ended: false,
            cells: Vec::new(),
            count: 0,
            first: 0,
            rows: Vec::new(),
            quote: Quote::Outside,
            doubled: Vec::new(),
            spanning: None,
            lines: 0,
            controls: false,
            after_return: false,
            number: 0,
            width: None,
            limit,
            reading: Reading::Plain,
            consumed: 0,
            reread: 0,
        }
    }

    /// Position of the next byte that structures the row.
    fn advance(&mut self) -> io::Result<Place> {
        while self.mask == 0 {
            let rest = self.buffer.len() - self.next;
            if rest >= BLOCK || (self.ended && rest > 0) {
                self.block = self.next;
                let bytes = &self.buffer[self.next..];
                let found = match bytes.first_chunk::<BLOCK>() {
                    Some(block) => structure(block),
                    None => {
                        let mut block = [b'a'; BLOCK];
                        block[..rest].copy_from_slice(bytes);
                        structure(&block)
                    }
                };
                (self.mask, self.commas) = (found.all, found.commas);
                self.next += rest.min(BLOCK);
            } else if self.ended {
                return Ok(Place::End);
            } else if self.buffer.len() - self.row_start > self.limit {
                return Ok(Place::Beyond);
            } else if !self.rows.is_empty() {
                return Ok(Place::Unread);
            } else {
                self.refill()?;
            }
        }
        let at = self.block + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        Ok(if at - self.row_start > self.limit {
            Place::Beyond
        } else {
            Place::At(at)
        })
    }

    /// Takes cells and rows up to the next byte that needs thought, or until there are `most` rows: nearly all cells end with a
    /// comma outside quotes, and nearly all rows hold no quote.
    fn skim(&mut self, most: usize) {
        if self.quote != Quote::Outside
            || self.reading != Reading::Plain
            || self.spanning.is_some()
            || self.after_return
            || !self.doubled.is_empty()
        {
            return;
        }
        let buffer = &self.buffer[..];
        let (mut mask, mut commas, mut block, mut next) =
            (self.mask, self.commas, self.block, self.next);
        let (mut count, mut first) = (self.count, self.first);
        let (mut start, mut row_start) = (self.cell_start, self.row_start);
        'blocks: loop {
            // Room for all that a block can hold, so that the place of each cell is known without asking.
            if self.cells.len() < count + BLOCK {
                self.cells.resize(2 * count + BLOCK, Cell::default());
            }
            let Some(room) = self.cells[count..].first_chunk_mut::<BLOCK>() else {
                break;
            };
            let before = count;
            let mut take = |start: usize, end: usize| {
                room[(count - before) % BLOCK] = Cell {
                    start: start as u32,
                    end: end as u32,
                };
                count += 1;
                count
            };
            while mask != 0 {
                // Up to the first bit that is no comma.
                let others = mask & !commas;
                let mut plain = mask & (others & others.wrapping_neg()).wrapping_sub(1);
                mask &= !plain;
                while plain != 0 {
                    let at = block + plain.trailing_zeros() as usize;
                    plain &= plain - 1;
                    take(start, at);
                    start = at + 1;
                }
                if mask == 0 {
                    break;
                }
                let at = block + mask.trailing_zeros() as usize;
                let byte = buffer[at];
                if !matches!(byte, b'\n' | b'\r') || at - row_start > self.limit {
                    break 'blocks;
                }
                let mut behind = mask & (mask - 1);
                let mut end = at + 1;
                if byte == b'\r' {
                    // Its line feed may stand in the next block.
                    if end == block + BLOCK {
                        break 'blocks;
                    }
                    if behind & 1 << (end - block) != 0 && buffer[end] == b'\n' {
                        behind &= behind - 1;
                        end += 1;
                    }
                }
                mask = behind;
                let cells = take(start, at);
                self.number += 1;
                self.rows.push(RowPlace {
                    number: self.number,
                    first: first as u32,
                    end: cells as u32,
                    controls: self.controls,
                    valid: end <= self.valid,
                    defect: None,
                });
                self.controls = false;
                first = cells;
                row_start = end;
                start = end;
                if self.rows.len() == most {
                    break 'blocks;
                }
            }
            // The limit on rows is looked at where a row ends, so a few cells more do no harm.
            if next - row_start > self.limit {
                break;
            }
            let Some(bytes) = buffer[next..].first_chunk::<BLOCK>() else {
                break;
            };
            Structure { all: mask, commas } = structure(bytes);
            block = next;
            next += BLOCK;
        }
        (self.mask, self.commas, self.block, self.next) = (mask, commas, block, next);
        (self.count, self.first) = (count, first);
        (self.cell_start, self.row_start) = (start, row_start);
    }

    /// Moves the unfinished row to the front and reads on behind it. Rows before it must have been given.
    fn refill(&mut self) -> io::Result<()> {
        let gone = self.row_start;
        if gone > 0 {
            self.buffer.drop_front(gone);
            self.consumed += gone as u64;
            self.row_start = 0;
            self.cell_start -= gone;
            self.next -= gone;
            self.block = self.block.saturating_sub(gone);
            for cell in &mut self.cells[self.first..self.count] {
                cell.start -= gone as u32;
                cell.end -= gone as u32;
            }
            if let Some((open, _)) = &mut self.spanning {
                *open -= gone;
            }
            match &mut self.quote {
                Quote::Outside => {}
                Quote::Inside { open, .. } => *open -= gone,
                Quote::Closing { open, at, .. } => {
                    *open -= gone;
                    *at -= gone;
                }
            }
            match &mut self.reading {
                Reading::Trial(open, _) | Reading::Without(open, _) => *open -= gone,
                Reading::Plain | Reading::Settled | Reading::Unquoted(_) => {}
            }
        }
        self.ended = !self.text.fill(&mut self.buffer)?;
        let encoding = self.text.encoding();
        // Rows in UTF-8 are looked at when they are given. A row begins with a whole character, so a character cut off at the
        // end is looked at again.
        self.valid = if encoding.is_utf8() {
            0
        } else {
            self.row_start + encoding.valid_up_to(&self.buffer[self.row_start..])
        };
        Ok(())
    }

    /// Reads the row from its start again.
    fn again(&mut self, at: usize, reading: Reading) {
        self.reread += (at - self.row_start) as u64;
        self.next = self.row_start;
        self.mask = 0;
        self.begin(reading);
    }

    fn begin(&mut self, reading: Reading) {
        self.reading = reading;
        self.cell_start = self.row_start;
        self.count = self.first;
        self.doubled.clear();
        self.quote = Quote::Outside;
        self.spanning = None;
        self.lines = 0;
        self.controls = false;
    }

    /// Column of the cell being read.
    fn column(&self) -> usize {
        self.count - self.first
    }

    /// Whether the bytes between hold nothing but blanks.
    fn is_blank(&self, from: usize, to: usize) -> bool {
        self.buffer[from..to]
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t'))
    }

    fn end_cell(&mut self, at: usize) {
        let (start, end) = match self.quote {
            Quote::Closing { open, at, doubled } => {
                if doubled {
                    self.doubled.push(self.column());
                }
                (open + 1, at)
            }
            Quote::Outside | Quote::Inside { .. } => match self.reading {
                Reading::Trial(open, cell) | Reading::Without(open, cell)
                    if cell == self.column() =>
                {
                    (open + 1, at)
                }
                _ => (self.cell_start, at),
            },
        };
        self.quote = Quote::Outside;
        if self.cells.len() == self.count {
            self.cells.resize(2 * self.count + BLOCK, Cell::default());
        }
        self.cells[self.count] = Cell {
            start: start as u32,
            end: end as u32,
        };
        self.count += 1;
        self.cell_start = at + 1;
    }

    /// Handles one structuring byte; whether it ends the row.
    fn take(&mut self, at: usize) -> Step {
        let byte = self.buffer[at];
        match self.quote {
            Quote::Outside => return self.take_outside(at, byte),
            Quote::Inside { .. } => {}
            Quote::Closing {
                open,
                at: quote,
                doubled,
            } => {
                let adjacent = self.is_blank(quote + 1, at);
                match byte {
                    b'"' if at == quote + 1 => {
                        self.quote = Quote::Inside {
                            open,
                            doubled: true,
                        };
                        return Step::On;
                    }
                    b',' if adjacent => {
                        self.end_cell(at);
                        return Step::On;
                    }
                    b'\n' | b'\r' if adjacent => return Step::End,
                    b'\t' if adjacent => return Step::On,
                    // The quote was neither doubled nor an end: part of the text.
                    _ => self.quote = Quote::Inside { open, doubled },
                }
            }
        }
        if let Quote::Inside { open, doubled } = self.quote {
            match byte {
                b'"' => self.quote = Quote::Closing { open, at, doubled },
                b'\n' | b'\r' => {
                    self.controls = true;
                    self.spanning = Some((open, self.column()));
                    if byte == b'\r' || at == 0 || self.buffer[at - 1] != b'\r' {
                        self.lines += 1;
                    }
                    if self.lines > MOST_LINES || self.reread > REREAD_BYTES + self.consumed {
                        return Step::Stray(open, self.column());
                    }
                }
                b',' => {}
                _ => self.controls = true,
            }
        }
        Step::On
    }

    fn take_outside(&mut self, at: usize, byte: u8) -> Step {
        match byte {
            b',' => self.end_cell(at),
            b'\n' | b'\r' => return Step::End,
            b'"' => {
                let ignored = match self.reading {
                    Reading::Trial(open, _) | Reading::Without(open, _) => open == at,
                    Reading::Unquoted(_) => true,
                    Reading::Plain | Reading::Settled => false,
                };
                if !ignored && self.is_blank(self.cell_start, at) {
                    self.quote = Quote::Inside {
                        open: at,
                        doubled: false,
                    };
                }
            }
            _ => self.controls = true,
        }
        Step::On
    }

    /// What to do with a row that ends here: take it, or read it again because a quote swallowed others.
    fn settle(&self, end: usize) -> Option<Reading> {
        let width = self.width?;
        let fits =
            self.column() == width || (self.column() > width && self.filled_cells() <= width);
        match (self.reading, self.spanning) {
            (Reading::Plain, Some((open, cell))) if !fits => Some(Reading::Trial(open, cell)),
            (Reading::Plain, Some((open, cell))) if self.every_line_is_a_row(end, width) => {
                Some(Reading::Without(open, cell))
            }
            (Reading::Trial(..), _) if !fits => Some(Reading::Settled),
            _ => None,
        }
    }

    /// Whether each line of the row has the cells of a whole row: two stray quotes in the same column make one row of
    /// several, with the right number of cells.
    fn every_line_is_a_row(&self, end: usize, width: usize) -> bool {
        width > 1
            && self.buffer[self.row_start..end]
                .split(|byte| matches!(byte, b'\n' | b'\r'))
                .filter(|line| !line.is_empty())
                .all(|line| memchr::memchr_iter(b',', line).count() + 1 == width)
    }

    fn filled_cells(&self) -> usize {
        self.cells[self.first..self.count]
            .iter()
            .rposition(|cell| cell.start != cell.end)
            .map_or(0, |last| last + 1)
    }

    /// Takes the second of each pair of quotes out of the cells that hold such.
    fn undouble(&mut self) {
        for column in self.doubled.drain(..) {
            let cell = &mut self.cells[self.first + column];
            let mut to = cell.start as usize;
            let mut skip = false;
            for from in cell.start as usize..cell.end as usize {
                let byte = self.buffer[from];
                if skip && byte == b'"' {
                    skip = false;
                    continue;
                }
                skip = byte == b'"';
                self.buffer[to] = byte;
                to += 1;
            }
            // What is left over may be half a character, and rows are looked at as text.
            self.buffer[to..cell.end as usize].fill(b'"');
            cell.end = to as u32;
        }
    }

    fn stray(&self, open: usize, cell: usize) -> Reading {
        match self.reading {
            Reading::Without(_, first) | Reading::Unquoted(first) => Reading::Unquoted(first),
            _ => Reading::Without(open, cell),
        }
    }

    /// Skips to the end of a line that has no end in sight.
    fn skip_line(&mut self) -> io::Result<()> {
        self.count = self.first;
        self.doubled.clear();
        self.quote = Quote::Outside;
        self.spanning = None;
        self.reading = Reading::Plain;
        loop {
            // The block in hand may begin before its next position: nothing before that is looked at again.
            self.row_start = if self.mask == 0 {
                self.next
            } else {
                self.block
            };
            self.cell_start = self.row_start;
            match self.advance()? {
                Place::At(at) if matches!(self.buffer[at], b'\n' | b'\r') => {
                    self.after_return = self.buffer[at] == b'\r';
                    self.row_start = at + 1;
                    return Ok(());
                }
                Place::At(_) | Place::Beyond | Place::Unread => {}
                Place::End => {
                    self.row_start = self.buffer.len();
                    return Ok(());
                }
            }
        }
    }

    /// Reads on to the end of a row, or of several; `false` where there is none, or where it cannot be reached before the rows in hand are
    /// given.
    fn read_row(&mut self, most: usize) -> io::Result<bool> {
        let mut endless = false;
        loop {
            self.skim(most);
            if self.rows.len() == most {
                return Ok(true);
            }
            let place = match self.advance()? {
                Place::End if self.buffer.len() - self.row_start > self.limit => Place::Beyond,
                place => place,
            };
            let at = match place {
                Place::At(at) => at,
                Place::Unread => return Ok(false),
                Place::End => {
                    let at = self.buffer.len();
                    match self.quote {
                        Quote::Inside { open, .. } => {
                            let reading = self.stray(open, self.column());
                            self.again(at, reading);
                            continue;
                        }
                        Quote::Closing {
                            open, at: quote, ..
                        } if !self.is_blank(quote + 1, at) => {
                            let reading = self.stray(open, self.column());
                            self.again(at, reading);
                            continue;
                        }
                        Quote::Outside | Quote::Closing { .. } => {}
                    }
                    if at == self.row_start {
                        return Ok(false);
                    }
                    self.end_cell(at);
                    if let Some(reading) = self.settle(at) {
                        self.again(at, reading);
                        continue;
                    }
                    self.row_start = at;
                    break;
                }
                Place::Beyond => match self.quote {
                    Quote::Inside { open, .. } | Quote::Closing { open, .. } => {
                        let reading = self.stray(open, self.column());
                        self.again(self.row_start + self.limit, reading);
                        continue;
                    }
                    // The line is left behind on the way to its end, and the rows before it with it.
                    Quote::Outside if !self.rows.is_empty() => return Ok(false),
                    Quote::Outside => {
                        endless = true;
                        self.next = self.next.min(self.row_start + self.limit + 1);
                        self.mask = 0;
                        self.skip_line()?;
                        break;
                    }
                },
            };
            if self.after_return {
                self.after_return = false;
                if at == self.row_start && self.buffer[at] == b'\n' {
                    self.row_start += 1;
                    self.cell_start += 1;
                    continue;
                }
            }
            match self.take(at) {
                Step::On => {}
                Step::Stray(open, cell) => {
                    let reading = self.stray(open, cell);
                    self.again(at, reading);
                }
                Step::End => {
                    self.end_cell(at);
                    if let Some(reading) = self.settle(at) {
                        self.again(at, reading);
                        continue;
                    }
                    self.after_return = self.buffer[at] == b'\r';
                    self.row_start = at + 1;
                    break;
                }
            }
        }
        if !self.doubled.is_empty() {
            self.undouble();
        }
        self.number += 1;
        let defect = match self.reading {
            _ if endless => Some(RowDefect::Endless),
            Reading::Trial(_, cell) | Reading::Without(_, cell) | Reading::Unquoted(cell) => {
                Some(RowDefect::StrayQuote(cell))
            }
            Reading::Plain | Reading::Settled => None,
        };
        self.rows.push(RowPlace {
            number: self.number,
            first: self.first as u32,
            end: self.count as u32,
            controls: self.controls,
            valid: self.row_start <= self.valid,
            defect,
        });
        self.first = self.count;
        self.begin(Reading::Plain);
        Ok(true)
    }
}

/// Where the scan has come to.
enum Place {
    /// A byte that structures the row.
    At(usize),
    /// The row is longer than any may be.
    Beyond,
    /// What goes on behind the buffer, which rows not yet given still point into.
    Unread,
    /// The end of the text.
    End,
}

/// What follows from a structuring byte.
enum Step {
    On,
    End,
    /// The quote at this position, of this cell, has no end.
    Stray(usize, usize),
}

impl<R: Read> RowSource for Splitter<R> {
    fn next_rows(&mut self, most: usize) -> io::Result<Rows<'_>> {
        self.cells.copy_within(self.first..self.count, 0);
        self.count -= self.first;
        self.first = 0;
        self.rows.clear();
        while self.rows.len() < most && self.read_row(most)? {}
        let (cells, encoding) = (&self.cells[..self.first], self.text.encoding());
        Ok(Rows {
            buffer: &self.buffer,
            text: Text::of(&self.buffer, cells, encoding),
            cells,
            places: &self.rows,
            encoding,
        })
    }

    fn position(&self) -> u64 {
        self.consumed + self.row_start as u64
    }

    fn set_width(&mut self, width: usize) {
        self.width = Some(width);
    }

    fn encoding(&self) -> TextEncoding {
        self.text.encoding()
    }
}
