//! Numbers of integer and decimal columns on one scale, and ranges of them.

use standard::FieldType;

use crate::block::Values;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding};

/// One whole unit: numbers are compared in ten-thousandths, the finest scale of the standard.
pub(crate) const ONE: i64 = 10_000;

/// A column that holds numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    /// Index of the column.
    pub(crate) field: usize,
    /// What its numbers are multiplied by to be ten-thousandths.
    pub(crate) factor: i64,
    /// The most a number of it may be, below zero or above, to be reckoned with in haste.
    most: i64,
}

/// Numbers, in ten-thousandths, of which hundreds can be added and multiplied by hundreds.
const LARGE: i64 = 1 << 45;

impl Number {
    /// The column, if it holds integers or decimals.
    pub(crate) fn of(binding: &Binding<'_>, field: usize) -> Result<Self, BindError> {
        let column = &binding.kind.fields[field];
        let factor = match column.field_type {
            FieldType::Integer => ONE,
            FieldType::Decimal { .. } => 1,
            _ => return Err(binding.wrong(format!("`{}` holds no numbers", column.code))),
        };
        Ok(Self {
            field,
            factor,
            most: LARGE / factor,
        })
    }

    /// The value in ten-thousandths, where there is a valid one.
    pub(crate) fn value(&self, record: &Record<'_>) -> Option<i64> {
        record.decimal(self.field).map(|value| self.scaled(value))
    }

    /// The numbers of some records as they are kept.
    pub(crate) fn column<'r>(&self, records: &Records<'r>) -> &'r Values {
        records.block.field(self.field)
    }

    /// Whether a number of the column is too large to be reckoned with in haste.
    #[inline]
    pub(crate) fn is_large(&self, value: i64) -> bool {
        !(-self.most..=self.most).contains(&value)
    }

    /// A number of the column in ten-thousandths.
    #[inline]
    pub(crate) fn scaled(&self, value: i64) -> i64 {
        value.saturating_mul(self.factor)
    }
}

/// `0..150`, `1..`, `..14`, `>0`, `<0` or a single number; ends included, in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    low: i64,
    high: i64,
}

impl Range {
    /// Reads a range.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut range = Self {
            low: i64::MIN,
            high: i64::MAX,
        };
        if let Some(above) = text.strip_prefix('>') {
            range.low = ten_thousandths(above)? + 1;
        } else if let Some(below) = text.strip_prefix('<') {
            range.high = ten_thousandths(below)? - 1;
        } else if let Some((low, high)) = text.split_once("..") {
            if !low.is_empty() {
                range.low = ten_thousandths(low)?;
            }
            if !high.is_empty() {
                range.high = ten_thousandths(high)?;
            }
        } else {
            range.low = ten_thousandths(text)?;
            range.high = range.low;
        }
        (range.low <= range.high).then_some(range)
    }

    /// Whether a number, in ten-thousandths, lies inside.
    pub(crate) fn contains(&self, value: i64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// A number as people write it, in ten-thousandths; at most four decimals.
pub(crate) fn ten_thousandths(text: &str) -> Option<i64> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 4 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{decimals:0<4}").parse().ok()?;
    whole.checked_mul(ONE)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_ends() {
        for (text, inside, outside) in [
            ("0..150", vec![0, 150 * ONE], vec![-1, 150 * ONE + 1]),
            ("1..", vec![ONE, i64::MAX], vec![ONE - 1]),
            ("..14", vec![i64::MIN, 14 * ONE], vec![14 * ONE + 1]),
            (">0", vec![1], vec![0, -1]),
            ("<0", vec![-1], vec![0, 1]),
            ("0.05", vec![500], vec![499, 501]),
        ] {
            let range = Range::parse(text).unwrap();
            assert!(inside.iter().all(|value| range.contains(*value)), "{text}");
            assert!(
                !outside.iter().any(|value| range.contains(*value)),
                "{text}"
            );
        }
    }

    #[test]
    fn other_text_is_no_range() {
        for text in ["", "a", "1..b", "3..2", "1.23456", ".5", "1,0", "--1"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
