//! Checks on one value. What passes is decided on the bytes as they are; only what does not is decoded.

mod code;
pub(crate) mod date;
mod number;
mod placeholder;

pub(crate) use code::Codes;

use std::borrow::Cow;

use ecow::EcoString;
use standard::Standard;
use standard::id_number::check_character;

use crate::block::{Values, members, those};
use crate::code_start::CodeStart;
use crate::decode::TextEncoding;
use crate::finding::{OPEN_TABLE, numbered};
use crate::invisible::{self, Seen};
use crate::parse::{Cell, ROWS, RowPlace, Text};
use crate::plan::{ColumnPlan, Form, Plan};
use crate::record::State;
use crate::rules::own::{OwnCheck, OwnRules};
use crate::word;

/// A finding whose value and texts are not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Which row of those taken together.
    pub(crate) index: u8,
    /// Index of the rule.
    pub(crate) rule: u16,
    /// Column of the file.
    pub(crate) column: Option<u16>,
    /// Field of the kind.
    pub(crate) field: Option<u16>,
    /// See [`crate::Finding::detail`].
    pub(crate) detail: Option<Cow<'static, str>>,
    /// See [`crate::Finding::suggestion`].
    pub(crate) suggestion: Option<EcoString>,
}

impl Pending {
    /// Tells it from those that are counted under something else: by rule, column and field, and whether its severity is that
    /// of its rule.
    #[inline]
    pub(crate) fn counted_under(&self) -> u64 {
        let lenient = self.detail.as_deref() == Some(OPEN_TABLE);
        u64::from(self.rule) << 48
            | numbered(self.column) << 24
            | numbered(self.field) << 1
            | u64::from(lenient)
    }
}

/// Seconds of 1900-01-01, before which no date lies (GEN-016).
const EARLIEST: i64 = -2_208_988_800;

/// Rows whose cells are judged column by column.
pub(crate) struct Lines<'r> {
    /// What the cells point into.
    pub(crate) buffer: &'r [u8],
    /// The same as text, where the rows are known to be.
    pub(crate) text: Option<Text<'r>>,
    /// Cells of all rows.
    pub(crate) cells: &'r [Cell],
    /// Which rows they are.
    pub(crate) places: &'r [RowPlace],
    /// For each row its first cell.
    pub(crate) firsts: [u32; ROWS],
    /// Rows in which each cell has to be looked at for what does not belong into text.
    pub(crate) unclean: Unclean,
}

impl Lines<'_> {
    /// Of some rows those that have something in a column.
    pub(crate) fn filled(&self, column: usize, rows: u64) -> u64 {
        let cells = self.cells.get(column..).unwrap_or_default();
        those(rows, |row| {
            let cell = cells.get(self.firsts[row % ROWS] as usize);
            let cell = cell.copied().unwrap_or_default();
            cell.start != cell.end
        })
    }
}

/// Rows that hold, or may hold, what does not belong into text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unclean {
    /// Control characters or line breaks.
    pub(crate) controls: u64,
    /// Bytes that are no text in the file's encoding.
    pub(crate) invalid: u64,
}

/// A cell whose bytes are looked at as they are written.
#[derive(Clone, Copy)]
struct Written<'r> {
    buffer: &'r [u8],
    start: usize,
    length: usize,
}

impl<'r> Written<'r> {
    /// Eight bytes from its first on, whether they are its own or not, if it has one at least and no more than so many.
    #[inline]
    fn short(self, longest: usize) -> Option<u64> {
        (self.length.wrapping_sub(1) < longest).then(|| word::at(self.buffer, self.start))
    }

    /// Its bytes, if there are so many.
    #[inline]
    fn all<const N: usize>(self) -> Option<&'r [u8; N]> {
        let bytes = self.buffer.get(self.start..)?.first_chunk()?;
        (self.length == N).then_some(bytes)
    }

    /// Its first eight bytes, zero beyond its end.
    #[inline]
    fn head(self) -> u64 {
        word::head_at(self.buffer, self.start, self.length)
    }

    #[inline]
    fn bytes(self) -> &'r [u8] {
        &self.buffer[self.start..self.start + self.length]
    }
}

/// A value that needs thought, without what stands around it.
#[derive(Clone, Copy)]
struct Value<'r> {
    bytes: &'r [u8],
    place: Cell,
    /// The rows as text, where they are known to be.
    text: &'r Option<Text<'r>>,
    encoding: TextEncoding,
}

impl<'r> Value<'r> {
    /// The value as text.
    fn decoded(&self) -> Cow<'r, str> {
        match self.text.and_then(|text| text.get(self.place)) {
            Some(text) => Cow::Borrowed(text),
            None => self.encoding.decode(self.bytes),
        }
    }

    /// Its first bytes as text, which must be ASCII.
    fn beginning(&self, length: usize) -> EcoString {
        let beginning = Self {
            bytes: &self.bytes[..length],
            place: Cell {
                end: self.place.start + length as u32,
                ..self.place
            },
            ..*self
        };
        beginning.decoded().as_ref().into()
    }
}

/// Judges the values of one file.
pub(crate) struct CellJudge<'a> {
    standard: &'a Standard,
    own: &'a OwnRules,
    /// Moment of receipt, after which no date lies.
    latest: i64,
    /// Columns whose form of date has been told.
    variants_told: Vec<bool>,
    encoding: TextEncoding,
    /// Whether some value had tabs around it.
    pub(crate) tabs: bool,
    /// Values that had invisible characters around them, or in a date.
    pub(crate) invisible: Seen,
    /// The first of those that were left out of the value in hand.
    left_out: Option<char>,
    /// The row of that.
    row: u8,
}

impl<'a> CellJudge<'a> {
    /// A judge for a file with so many columns.
    pub(crate) fn new(
        standard: &'a Standard,
        own: &'a OwnRules,
        latest: i64,
        columns: usize,
    ) -> Self {
        Self {
            standard,
            own,
            latest,
            variants_told: vec![false; columns],
            encoding: TextEncoding::Ascii,
            tabs: false,
            invisible: Seen::default(),
            left_out: None,
            row: 0,
        }
    }

    /// The encoding the next values are in.
    pub(crate) fn set_encoding(&mut self, encoding: TextEncoding) {
        self.encoding = encoding;
    }

    /// Judges the cells of a column in some of the rows.
    #[inline(never)]
    pub(crate) fn column(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        lines: &Lines<'_>,
        rows: u64,
        (values, found): (&mut Values, &mut Vec<Pending>),
    ) {
        let into = (values, found);
        let latest = self.latest;
        // The years of plain dates begin with the earliest day.
        let in_range = |seconds: &i64| *seconds <= latest;
        let fits = |cell: Written<'_>| cell.length <= column.max_length;
        let longest = column.max_length.min(8);
        match column.form {
            Form::Text if column.key || column.name => {
                let encoding = self.encoding;
                self.each(plan, column, lines, rows, into, |cell| {
                    let bytes = cell.bytes();
                    let clean = (!column.key || word::is_ascii(bytes))
                        && (!column.identifier || !may_be_damaged(bytes))
                        && (!column.name
                            || (!placeholder::is_placeholder(bytes, encoding)
                                && !invisible::stands_around(bytes, encoding)));
                    (is_plain_text(bytes) && fits(cell) && clean).then_some(0)
                });
            }
            Form::Text => {
                let encoding = self.encoding;
                self.each(plan, column, lines, rows, into, |cell| {
                    let bytes = cell.bytes();
                    (is_plain_text(bytes) && fits(cell) && !invisible::is_all(bytes, encoding))
                        .then_some(0)
                });
            }
            Form::Pattern => self.each(plan, column, lines, rows, into, |cell| {
                let bytes = cell.bytes();
                (is_plain_text(bytes) && word::is_ascii(bytes) && fits(cell))
                    .then(|| CodeStart::of_head(cell.head(), cell.length).number())
            }),
            Form::Integer => self.each(plan, column, lines, rows, into, |cell| {
                number::plain_integer(cell.short(longest)?, cell.length)
            }),
            Form::Decimal(scale) => self.each(plan, column, lines, rows, into, |cell| {
                number::plain_decimal(cell.short(longest)?, cell.length, scale)
            }),
            Form::Date => self.each(plan, column, lines, rows, into, |cell| {
                date::plain_date(cell.all()?).filter(in_range)
            }),
            Form::DateTime { .. } => self.each(plan, column, lines, rows, into, |cell| {
                date::plain_moment(cell.all()?).filter(in_range)
            }),
            Form::Code { codes, .. } => {
                let codes = &plan.codes[codes];
                self.each(plan, column, lines, rows, into, |cell| {
                    codes
                        .find(cell.head(), cell.length)
                        .map(|index| index as i64)
                });
            }
        }
    }

    /// Takes the values that `plain` knows to be right as they are written, and judges the others one by one.
    #[inline(always)]
    fn each(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        lines: &Lines<'_>,
        rows: u64,
        (values, found): (&mut Values, &mut Vec<Pending>),
        plain: impl Fn(Written<'_>) -> Option<i64>,
    ) {
        // The rows' cells of this column and those to the right of it.
        let cells = lines
            .cells
            .get(usize::from(column.column)..)
            .unwrap_or_default();
        let mut valid = 0;
        for row in members(rows) {
            let row = row % ROWS;
            let Some(cell) = cells.get(lines.firsts[row] as usize) else {
                continue;
            };
            values.places[row] = *cell;
            let number = plain(Written {
                buffer: lines.buffer,
                start: cell.start as usize,
                length: (cell.end - cell.start) as usize,
            });
            if let Some(number) = number {
                values.numbers[row] = number;
                valid |= 1 << row;
            }
        }
        valid &= !lines.unclean.invalid;
        // A row is told by any of its cells: mostly it is another one.
        for row in members(valid & lines.unclean.controls) {
            let cell = values.places[row % ROWS];
            let bytes = &lines.buffer[cell.start as usize..cell.end as usize];
            if holds_control(bytes) {
                valid &= !(1 << row);
            }
        }
        values.valid |= valid;
        for row in members(rows & !valid) {
            self.one(plan, column, lines, row, (values, found));
        }
    }

    /// Judges a value that needs thought.
    #[cold]
    fn one(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        lines: &Lines<'_>,
        row: usize,
        (values, found): (&mut Values, &mut Vec<Pending>),
    ) {
        let cell = values.places[row];
        let written = &lines.buffer[cell.start as usize..cell.end as usize];
        let (blanks, value) = trim(written);
        let (front, value) = self.bare(column, value);
        let start = cell.start + (blanks + front) as u32;
        let cell = Cell {
            start,
            end: start + value.len() as u32,
        };
        values.places[row] = cell;
        self.row = row as u8;
        if lines.unclean.controls >> row & 1 == 1 && !written.is_empty() {
            self.tabs |= written.len() != value.len() && written.contains(&b'\t');
            if holds_control(value) {
                self.add(found, column, OwnCheck::ControlCharacters);
            }
        }
        let (state, number) =
            if lines.unclean.invalid >> row & 1 == 1 && !self.encoding.is_valid(value) {
                self.add(found, column, OwnCheck::Encoding);
                (State::Invalid, 0)
            } else {
                let value = Value {
                    bytes: value,
                    place: cell,
                    text: &lines.text,
                    encoding: self.encoding,
                };
                self.judge(plan, column, &value, found)
            };
        if let Some(character) = self.left_out.take() {
            let number = lines.places.get(row).map_or(0, |place| place.number);
            self.invisible.add(number, column.column, character);
        }
        // Without a branch: nobody can guess what comes next of values that are wrong.
        let bit = |is: State| u64::from(state == is) << row;
        values.valid |= bit(State::Valid);
        values.invalid |= bit(State::Invalid);
        values.dash |= bit(State::Dash);
        // Nothing but the numbers of valid values are looked at, and sums do not ask which they are.
        values.numbers[row] = if state == State::Valid { number } else { 0 };
    }

    /// A trimmed value without the invisible characters around it, and how many bytes there were in front. In free text they
    /// stay: paragraphs begin with them.
    fn bare<'v>(&mut self, column: &ColumnPlan, value: &'v [u8]) -> (usize, &'v [u8]) {
        self.left_out = None;
        let (Some(first), Some(last)) = (value.first(), value.last()) else {
            return (0, value);
        };
        // In GB18030 the last byte of some of them is a digit.
        let ascii = self.encoding != TextEncoding::Gb18030 || value.is_ascii();
        if (first.is_ascii() && last.is_ascii() && ascii)
            || !invisible::stands_around(value, self.encoding)
        {
            return (0, value);
        }
        let (front, bare, character) = invisible::trim(value, self.encoding);
        let free = matches!(column.form, Form::Text) && !column.key && !column.name;
        if character.is_none() || (free && !bare.is_empty() && !is_dash(bare, self.encoding)) {
            return (0, value);
        }
        self.left_out = character;
        (front, bare)
    }

    /// Judges a trimmed value: what it is, and the number it stands for.
    fn judge(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        value: &Value<'_>,
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        let bytes = value.bytes;
        if bytes.is_empty() {
            if column.required {
                self.add(found, column, OwnCheck::ValueMissing);
            }
            return (State::Blank, 0);
        }
        if is_dash(bytes, self.encoding) {
            if column.required && !column.dash {
                self.add(found, column, OwnCheck::DashForValue);
            }
            return (State::Dash, 0);
        }
        let parsed = match column.form {
            Form::Text => return self.text(column, value, found),
            Form::Pattern => {
                self.invisible_inside(column, value, found);
                self.length(column, bytes, found);
                return (State::Valid, CodeStart::of(bytes).number());
            }
            Form::Integer => number::integer(bytes),
            Form::Decimal(scale) => number::decimal(bytes, scale),
            Form::Date => date::standard_date(bytes),
            Form::DateTime { .. } => date::standard_moment(bytes),
            Form::Code { codes, .. } => plan.codes[codes].get(bytes).map(|index| index as i64),
        };
        match (parsed, column.form) {
            (Some(number), Form::Date | Form::DateTime { .. }) => {
                self.in_range(column, number, found);
                (State::Valid, number)
            }
            (Some(number), Form::Integer | Form::Decimal(_)) => {
                self.length(column, bytes, found);
                (State::Valid, number)
            }
            (Some(number), _) => (State::Valid, number),
            (None, _) => self.unparsed(plan, column, value, found),
        }
    }

    fn text(
        &self,
        column: &ColumnPlan,
        value: &Value<'_>,
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        let bytes = value.bytes;
        if column.identifier
            && let Some((detail, meant)) = damage(bytes)
        {
            self.add_with(
                found,
                column,
                OwnCheck::SpreadsheetDamage,
                detail,
                meant.map(|meant| value.beginning(meant.len())),
            );
            return (State::Invalid, 0);
        }
        if column.key {
            self.invisible_inside(column, value, found);
        }
        if column.name && placeholder::is_placeholder(bytes, self.encoding) {
            self.add(found, column, OwnCheck::PlaceholderName);
        }
        self.length(column, bytes, found);
        (State::Valid, 0)
    }

    /// Tells of an invisible character in a value that would be taken for another one.
    fn invisible_inside(&self, column: &ColumnPlan, value: &Value<'_>, found: &mut Vec<Pending>) {
        if value.bytes.is_ascii() {
            return;
        }
        let text = value.decoded();
        if let Some(place) = invisible::inside(&text) {
            let detail = invisible::detail(place);
            let mended = Some(invisible::without(&text).into());
            self.add_with(found, column, OwnCheck::ControlCharacters, detail, mended);
        }
    }

    /// Judges a value with an invisible character inside that keeps it from being what its column asks for; `None` where it
    /// has none. A date is read as it was meant.
    fn unparsed_invisible(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        value: &Value<'_>,
        found: &mut Vec<Pending>,
    ) -> Option<(State, i64)> {
        if value.bytes.is_ascii() {
            return None;
        }
        let text = value.decoded();
        let place = invisible::inside(&text)?;
        let mended = invisible::without(&text);
        let (check, right) = match column.form {
            Form::Date | Form::DateTime { .. } => {
                let from = found.len();
                let read = self.not_standard_date(column, mended.as_bytes(), found);
                // A day alone is told from a moment by its length.
                let whole = mended.len() > 10 || column.form == Form::Date;
                if read.0 == State::Valid && whole {
                    self.left_out = self.left_out.or(Some(place.1));
                    return Some(read);
                }
                found.truncate(from);
                let check = match column.form {
                    Form::Date => OwnCheck::DateForm,
                    _ => OwnCheck::DateTimeForm,
                };
                (check, read.0 == State::Valid)
            }
            Form::Integer => (
                OwnCheck::IntegerForm,
                number::integer(mended.as_bytes()).is_some(),
            ),
            Form::Decimal(scale) => (
                OwnCheck::DecimalForm,
                number::decimal(mended.as_bytes(), scale).is_some(),
            ),
            Form::Code { codes, .. } => (
                OwnCheck::UnknownCode,
                plan.codes[codes].get(mended.as_bytes()).is_some(),
            ),
            Form::Text | Form::Pattern => return None,
        };
        // What is wrong without it too is told as ever.
        if !right {
            return None;
        }
        let detail = invisible::detail(place);
        self.add_with(found, column, check, detail, Some(mended.into()));
        Some((State::Invalid, 0))
    }

    fn length(&self, column: &ColumnPlan, bytes: &[u8], found: &mut Vec<Pending>) {
        // A character has at least one byte.
        if bytes.len() > column.max_length && self.encoding.characters(bytes) > column.max_length {
            self.add(found, column, OwnCheck::ValueLength);
        }
    }

    fn in_range(&self, column: &ColumnPlan, seconds: i64, found: &mut Vec<Pending>) {
        if seconds < EARLIEST || seconds > self.latest {
            self.add(found, column, OwnCheck::DateRange);
        }
    }

    fn unparsed(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        value: &Value<'_>,
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        if let Some(judged) = self.unparsed_invisible(plan, column, value, found) {
            return judged;
        }
        let bytes = value.bytes;
        match column.form {
            Form::Text | Form::Pattern => (State::Valid, 0),
            Form::Integer | Form::Decimal(_) => self.not_number(column, value, found),
            Form::Date | Form::DateTime { .. } => self.not_standard_date(column, bytes, found),
            Form::Code {
                codes,
                labels,
                zeros,
                list,
            } => {
                let codes = &plan.codes[codes];
                if list {
                    let mut parts = bytes.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                    if let Some(Some(first)) = parts.next().map(|part| codes.get(part))
                        && parts.all(|part| codes.get(part).is_some())
                    {
                        return (State::Valid, first as i64);
                    }
                }
                let text = value.decoded();
                let table = &self.standard.code_tables[codes.table];
                let labelled = table.codes.iter().position(|code| code.label_zh == text);
                let unpadded = codes.but_for_zeros(bytes);
                match (labelled, unpadded) {
                    (Some(index), _) if labels => return (State::Valid, index as i64),
                    (_, Some(index)) if zeros => return (State::Valid, index as i64),
                    (Some(index), _) => self.add_with(
                        found,
                        column,
                        OwnCheck::LabelForCode,
                        text.into_owned(),
                        Some(table.codes[index].code.as_str().into()),
                    ),
                    (None, Some(index)) => self.add_with(
                        found,
                        column,
                        OwnCheck::UnknownCode,
                        "leading_zero",
                        Some(table.codes[index].code.as_str().into()),
                    ),
                    (None, None) => {
                        let whole = number::before_zero_fraction(bytes).and_then(|whole| {
                            let index = codes.get(whole).or_else(|| codes.but_for_zeros(whole))?;
                            Some(table.codes[index].code.as_str().into())
                        });
                        if whole.is_some() {
                            self.add_with(
                                found,
                                column,
                                OwnCheck::UnknownCode,
                                "decimal_suffix",
                                whole,
                            );
                        } else if codes.open {
                            self.add_with(found, column, OwnCheck::UnknownCode, OPEN_TABLE, None);
                        } else {
                            self.add(found, column, OwnCheck::UnknownCode);
                        }
                    }
                }
                (State::Invalid, 0)
            }
        }
    }

    fn not_number(
        &self,
        column: &ColumnPlan,
        value: &Value<'_>,
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        let bytes = value.bytes;
        let (check, scale) = match column.form {
            Form::Decimal(scale) => (OwnCheck::DecimalForm, scale),
            _ => (OwnCheck::IntegerForm, 0),
        };
        if number::is_scientific(bytes) {
            self.add_with(found, column, check, "scientific", None);
        } else if number::has_thousands(bytes, scale) {
            let joined = bytes
                .iter()
                .filter(|byte| **byte != b',')
                .map(|byte| char::from(*byte));
            self.add_with(found, column, check, "thousands", Some(joined.collect()));
        } else if let Some(whole) = number::before_zero_fraction(bytes) {
            let whole = value.beginning(whole.len());
            self.add_with(found, column, check, "decimal_suffix", Some(whole));
        } else {
            self.add(found, column, check);
        }
        (State::Invalid, 0)
    }

    fn not_standard_date(
        &mut self,
        column: &ColumnPlan,
        bytes: &[u8],
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        let day: fn(i64) -> String = date::date_text;
        let read = date::variant(bytes).and_then(|moment| match column.form {
            // A day with a time of zero is what a date column holds in a database.
            Form::Date => (moment.seconds.rem_euclid(86_400) == 0).then_some((moment.seconds, day)),
            Form::DateTime { .. } if moment.timed => {
                Some((moment.seconds, date::moment_text as fn(i64) -> String))
            }
            Form::DateTime { day_alone: true } => Some((moment.seconds, day)),
            _ => None,
        });
        let Some((seconds, in_words)) = read else {
            let check = match column.form {
                Form::Date => OwnCheck::DateForm,
                _ => OwnCheck::DateTimeForm,
            };
            self.add(found, column, check);
            return (State::Invalid, 0);
        };
        // Once told of a column it is not written out again.
        if let Some(told) = self.variants_told.get_mut(usize::from(column.column))
            && !*told
        {
            let text = in_words(seconds);
            if bytes != text.as_bytes() {
                *told = true;
                self.add_with(found, column, OwnCheck::DateVariant, text, None);
            }
        }
        self.in_range(column, seconds, found);
        (State::Valid, seconds)
    }

    /// A finding at a column; nothing where its rule is switched off.
    fn add(&self, found: &mut Vec<Pending>, column: &ColumnPlan, check: OwnCheck) {
        if let Some(rule) = self.own.get(check) {
            found.push(Pending {
                index: self.row,
                rule,
                column: Some(column.column),
                field: Some(column.field),
                detail: None,
                suggestion: None,
            });
        }
    }

    fn add_with(
        &self,
        found: &mut Vec<Pending>,
        column: &ColumnPlan,
        check: OwnCheck,
        detail: impl Into<Cow<'static, str>>,
        suggestion: Option<EcoString>,
    ) {
        if let Some(rule) = self.own.get(check) {
            found.push(Pending {
                index: self.row,
                rule,
                column: Some(column.column),
                field: Some(column.field),
                detail: Some(detail.into()),
                suggestion,
            });
        }
    }
}

/// Text that is no more than that: no blanks around it, and not the standard's own "no value".
#[inline]
fn is_plain_text(bytes: &[u8]) -> bool {
    match bytes {
        [first, .., last] => *first > b' ' && *last > b' ' && !matches!(first, 0xa1 | 0xe2),
        [only] => *only > b' ' && !matches!(only, b'-' | b'_'),
        [] => false,
    }
}

/// A value without the blanks and tabs around it, and how many there were in front.
#[inline]
fn trim(bytes: &[u8]) -> (usize, &[u8]) {
    if let ([first, ..], [.., last]) = (bytes, bytes)
        && *first > b' '
        && *last > b' '
    {
        return (0, bytes);
    }
    let begun = bytes.trim_ascii_start();
    (bytes.len() - begun.len(), begun.trim_ascii_end())
}

/// Whether a control character is among the bytes. Line breaks are none: they are part of narratives.
fn holds_control(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| matches!(byte, 0..0x20 | 0x7f) && !matches!(byte, b'\n' | b'\r');
    word::may_hold_control(bytes) && bytes.iter().any(is_control)
}

/// The standard's own "no value".
fn is_dash(bytes: &[u8], encoding: TextEncoding) -> bool {
    match bytes {
        b"-" | b"_" => true,
        // U+2014 in the two encodings rows come in.
        [0xa1, 0xaa] => encoding == TextEncoding::Gb18030,
        [0xe2, 0x80, 0x94] => encoding != TextEncoding::Gb18030,
        _ => false,
    }
}

/// Whether a spreadsheet may have made something of an identifier: little is asked of those that nothing happened to.
#[inline]
fn may_be_damaged(bytes: &[u8]) -> bool {
    matches!(bytes, [b'0'..=b'9', ..])
        && (matches!(bytes, [_, b'.' | b'e' | b'E', ..])
            || matches!(bytes, [.., b'.' | b'0', b'0']))
}

/// What a spreadsheet has made of an identifier, and the identifier where it can be told.
fn damage(bytes: &[u8]) -> Option<(&'static str, Option<&[u8]>)> {
    if !may_be_damaged(bytes) {
        return None;
    }
    if number::is_scientific(bytes) {
        return Some(("scientific", None));
    }
    if let Some(whole) = number::before_zero_fraction(bytes) {
        return Some(("decimal_suffix", Some(whole)));
    }
    let digits: &[u8; 18] = bytes.try_into().ok()?;
    let rounded = digits.iter().all(u8::is_ascii_digit)
        && digits.ends_with(b"000")
        && !has_check_digit(digits);
    rounded.then_some(("rounded", None))
}

/// Whether eighteen digits are an identity card number.
fn has_check_digit(digits: &[u8; 18]) -> bool {
    digits
        .split_first_chunk()
        .is_some_and(|(first, last)| last == [check_character(first)])
}
