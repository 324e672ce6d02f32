use super::arguments::{Arguments, columns};
use super::numbers::{Number, Range};
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A number outside what can be: an age of 200, an amount below zero, a weight of 3 grams.
///
/// ## Why
/// Sums and averages of the province take such a value in as it is.
///
/// ## How to mend
/// Correct the value; a wrong unit (kilograms for grams) is the usual cause for weights.
///
/// ## Arguments
/// `range=0..150` for all columns of the rule (or of `columns`), or `ranges=P731,P733:0.. | P732,P734:0..59` where they
/// differ. Both ends are right.
///
/// ## Source
/// Conditions of the field files; 2019 front-page standard (weights, coma times).
struct OutOfRange(Vec<(Number, Range)>);

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["range", "ranges", "columns"])?;
    let read = |text: &str| {
        Range::parse(text).ok_or_else(|| binding.wrong(format!("`{text}` is not a range")))
    };
    let mut ranges = Vec::new();
    if let Some(range) = arguments.optional("range")? {
        let range = read(range)?;
        for field in arguments.columns("columns")? {
            ranges.push((Number::of(binding, field)?, range));
        }
    } else {
        for part in arguments.required("ranges")?.split('|').map(str::trim) {
            let (list, range) = part
                .split_once(':')
                .ok_or_else(|| binding.wrong(format!("`{part}` is not `columns:range`")))?;
            let range = read(range)?;
            for field in columns(binding, list)? {
                ranges.push((Number::of(binding, field)?, range));
            }
        }
    }
    Ok(Box::new(OutOfRange(ranges)))
}

impl RecordCheck for OutOfRange {
    fn concern(&self) -> Concern {
        Concern::AnyValid(FieldMask::of(self.0.iter().map(|(number, _)| number.field)))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        self.0.iter().fold(0, |any, (number, range)| {
            let values = records.block.field(number.field);
            let is_outside = |value: i64| !range.contains(number.scaled(value));
            any | values.those(asked, is_outside)
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for (number, range) in &self.0 {
            if number
                .value(record)
                .is_some_and(|value| !range.contains(value))
            {
                found.at(number.field);
            }
        }
    }
}
