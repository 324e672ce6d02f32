//! Checks on one value. What passes is decided on the bytes as they are; only what does not is decoded.

mod code;
pub(crate) mod date;
mod number;
mod placeholder;

pub(crate) use code::Codes;

use std::borrow::Cow;

use standard::Standard;
use standard::id_number::check_character;

use crate::decode::TextEncoding;
use crate::plan::{ColumnPlan, Form, Plan};
use crate::record::State;
use crate::rules::own::{OwnCheck, OwnRules};
use crate::word;

/// A finding whose value and texts are not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Index of the rule.
    pub(crate) rule: u16,
    /// Column of the file.
    pub(crate) column: Option<u16>,
    /// Field of the kind.
    pub(crate) field: Option<u16>,
    /// See [`crate::Finding::detail`].
    pub(crate) detail: Option<Cow<'static, str>>,
    /// See [`crate::Finding::suggestion`].
    pub(crate) suggestion: Option<String>,
}

/// Seconds of 1900-01-01, before which no date lies (GEN-016).
const EARLIEST: i64 = -2_208_988_800;

/// Judges the values of one file.
pub(crate) struct CellJudge<'a> {
    standard: &'a Standard,
    own: &'a OwnRules,
    /// Moment of receipt, after which no date lies.
    latest: i64,
    /// Columns whose form of date has been told.
    variants_told: Vec<bool>,
    encoding: TextEncoding,
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
        }
    }

    /// The encoding the next values are in.
    pub(crate) fn set_encoding(&mut self, encoding: TextEncoding) {
        self.encoding = encoding;
    }

    /// Judges a trimmed value, which starts at `start` of the buffer: what it is, and the number it stands for.
    #[inline(always)]
    pub(crate) fn judge(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        buffer: &[u8],
        start: usize,
        bytes: &[u8],
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        let head = || word::head_at(buffer, start, bytes.len());
        let Some(first) = bytes.first() else {
            if column.required {
                self.add(found, column, OwnCheck::ValueMissing);
            }
            return (State::Blank, 0);
        };
        if matches!(first, b'-' | b'_' | 0xa1 | 0xe2) && is_dash(bytes, self.encoding) {
            if column.required && !column.dash {
                self.add(found, column, OwnCheck::DashForValue);
            }
            return (State::Dash, 0);
        }
        let parsed = match column.form {
            Form::Text => return self.text(column, bytes, found),
            Form::Pattern => {
                self.length(column, bytes, found);
                return (State::Valid, 0);
            }
            Form::Integer => {
                number::plain_integer(head(), bytes.len()).or_else(|| number::integer(bytes))
            }
            Form::Decimal(scale) => number::plain_decimal(head(), bytes.len(), scale)
                .or_else(|| number::decimal(bytes, scale)),
            Form::Date => date::standard_date(bytes),
            Form::DateTime { .. } => date::standard_moment(bytes),
            Form::Code { codes, .. } => plan.codes[codes]
                .find(head(), bytes.len())
                .map(|index| index as i64),
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
            (None, _) => self.unparsed(plan, column, bytes, found),
        }
    }

    fn text(&self, column: &ColumnPlan, bytes: &[u8], found: &mut Vec<Pending>) -> (State, i64) {
        if column.identifier
            && let Some((detail, suggestion)) = damage(bytes)
        {
            self.add_with(
                found,
                column,
                OwnCheck::SpreadsheetDamage,
                detail,
                suggestion,
            );
            return (State::Invalid, 0);
        }
        if column.name && placeholder::is_placeholder(bytes, self.encoding) {
            self.add(found, column, OwnCheck::PlaceholderName);
        }
        self.length(column, bytes, found);
        (State::Valid, 0)
    }

    #[inline(always)]
    fn length(&self, column: &ColumnPlan, bytes: &[u8], found: &mut Vec<Pending>) {
        // A character has at least one byte.
        if bytes.len() > column.max_length {
            self.counted_length(column, bytes, found);
        }
    }

    #[inline(never)]
    fn counted_length(&self, column: &ColumnPlan, bytes: &[u8], found: &mut Vec<Pending>) {
        if self.encoding.decode(bytes).chars().count() > column.max_length {
            self.add(found, column, OwnCheck::ValueLength);
        }
    }

    #[inline(always)]
    fn in_range(&self, column: &ColumnPlan, seconds: i64, found: &mut Vec<Pending>) {
        if seconds < EARLIEST || seconds > self.latest {
            self.add(found, column, OwnCheck::DateRange);
        }
    }

    #[cold]
    fn unparsed(
        &mut self,
        plan: &Plan,
        column: &ColumnPlan,
        bytes: &[u8],
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
        match column.form {
            Form::Text | Form::Pattern => (State::Valid, 0),
            Form::Integer | Form::Decimal(_) => self.not_number(column, bytes, found),
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
                let text = self.encoding.decode(bytes);
                let table = &self.standard.code_tables[codes.table];
                let labelled = table.codes.iter().position(|code| code.label_zh == text);
                let unpadded = code::but_for_zeros(table, &text);
                match (labelled, unpadded) {
                    (Some(index), _) if labels => return (State::Valid, index as i64),
                    (_, Some((index, _))) if zeros => return (State::Valid, index as i64),
                    (Some(index), _) => self.add_with(
                        found,
                        column,
                        OwnCheck::LabelForCode,
                        text.into_owned(),
                        Some(table.codes[index].code.clone()),
                    ),
                    (None, Some((_, code))) => self.add_with(
                        found,
                        column,
                        OwnCheck::UnknownCode,
                        "leading_zero",
                        Some(code.to_owned()),
                    ),
                    (None, None) => {
                        let whole = number::before_zero_fraction(bytes).and_then(|whole| {
                            let index = codes.get(whole).or_else(|| {
                                code::but_for_zeros(table, &self.encoding.decode(whole))
                                    .map(|(index, _)| index)
                            })?;
                            Some(table.codes[index].code.clone())
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
                            self.add_with(found, column, OwnCheck::UnknownCode, "open_table", None);
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
        bytes: &[u8],
        found: &mut Vec<Pending>,
    ) -> (State, i64) {
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
            let whole = self.encoding.decode(whole).into_owned();
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
        let read = date::variant(bytes).and_then(|moment| match column.form {
            // A day with a time of zero is what a date column holds in a database.
            Form::Date => (moment.seconds.rem_euclid(86_400) == 0)
                .then(|| (moment.seconds, date::date_text(moment.seconds))),
            Form::DateTime { .. } if moment.timed => {
                Some((moment.seconds, date::moment_text(moment.seconds)))
            }
            Form::DateTime { day_alone: true } => {
                Some((moment.seconds, date::date_text(moment.seconds)))
            }
            _ => None,
        });
        let Some((seconds, text)) = read else {
            let check = match column.form {
                Form::Date => OwnCheck::DateForm,
                _ => OwnCheck::DateTimeForm,
            };
            self.add(found, column, check);
            return (State::Invalid, 0);
        };
        let as_it_should_be = bytes == text.as_bytes();
        if let Some(told) = self.variants_told.get_mut(usize::from(column.column))
            && !*told
            && !as_it_should_be
        {
            *told = true;
            self.add_with(found, column, OwnCheck::DateVariant, text, None);
        }
        self.in_range(column, seconds, found);
        (State::Valid, seconds)
    }

    /// A finding at a column; nothing where its rule is switched off.
    #[cold]
    pub(crate) fn add(&self, found: &mut Vec<Pending>, column: &ColumnPlan, check: OwnCheck) {
        if let Some(rule) = self.own.get(check) {
            found.push(Pending {
                rule,
                column: Some(column.column),
                field: Some(column.field),
                detail: None,
                suggestion: None,
            });
        }
    }

    #[cold]
    fn add_with(
        &self,
        found: &mut Vec<Pending>,
        column: &ColumnPlan,
        check: OwnCheck,
        detail: impl Into<Cow<'static, str>>,
        suggestion: Option<String>,
    ) {
        if let Some(rule) = self.own.get(check) {
            found.push(Pending {
                rule,
                column: Some(column.column),
                field: Some(column.field),
                detail: Some(detail.into()),
                suggestion,
            });
        }
    }
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

/// What a spreadsheet has made of an identifier, and the identifier where it can be told.
fn damage(bytes: &[u8]) -> Option<(&'static str, Option<String>)> {
    if number::is_scientific(bytes) {
        return Some(("scientific", None));
    }
    if let Some(whole) = number::before_zero_fraction(bytes) {
        let whole = whole.iter().map(|byte| char::from(*byte)).collect();
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
