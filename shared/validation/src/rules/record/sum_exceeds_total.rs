use super::arguments::Arguments;
use super::numbers::{Number, ONE};
use crate::field_set::FieldMask;
use crate::parse::ROWS;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// A part, or the parts together, come to more than the whole: self-paid more than the total, more successful
/// resuscitations than resuscitations.
///
/// ## Why
/// Costs per case are compared between hospitals item by item.
///
/// ## How to mend
/// Check whether an item was counted twice, or the total taken from another settlement.
///
/// ## Arguments
/// `total`, `parts`; `times` and `plus` widen the total (a stay of 8 days has 192 ventilator hours); `at` the column it is
/// reported at, otherwise the part if there is one, the total if there are several. Blank parts count as nothing, since
/// hospitals leave items blank that did not occur; with an invalid part the sum is not known. Equal is right; nothing is
/// rounded off.
///
/// ## Source
/// 2019 front-page standard (total and its 24 items); front-page QC.
struct SumExceedsTotal {
    total: Number,
    parts: Parts,
    times: i64,
    plus: i64,
    at: usize,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["total", "parts", "times", "plus", "at"])?;
    let total = Number::of(binding, arguments.column("total")?)?;
    let columns = arguments.columns("parts")?;
    let parts = Parts::of(binding, &columns)?;
    let at = match (arguments.optional_column("at")?, &columns[..]) {
        (Some(at), _) => at,
        (None, [part]) => *part,
        (None, _) => total.field,
    };
    Ok(Box::new(SumExceedsTotal {
        total,
        parts,
        times: arguments.number("times", 1)?,
        plus: arguments.number("plus", 0)? * ONE,
        at,
    }))
}

impl RecordCheck for SumExceedsTotal {
    fn concern(&self) -> Concern {
        Concern::AnyValid(self.parts.columns.clone())
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let total = self.total.column(records);
        self.parts
            .those(records, asked & total.valid, |record, sum| {
                let total = total.numbers[record].wrapping_mul(self.total.factor);
                sum > total.wrapping_mul(self.times).wrapping_add(self.plus)
            })
            | total.those(asked, |value| self.total.is_large(value))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let Some(total) = self.total.value(record) else {
            return;
        };
        let Some(sum) = self.parts.sum(record) else {
            return;
        };
        if sum > total.saturating_mul(self.times).saturating_add(self.plus) {
            found.at(self.at);
        }
    }
}

/// Numbers that are added up.
pub(super) struct Parts {
    parts: Vec<Number>,
    columns: FieldMask,
}

impl Parts {
    /// The numbers of these columns.
    pub(super) fn of(binding: &Binding<'_>, columns: &[usize]) -> Result<Self, BindError> {
        Ok(Self {
            parts: columns
                .iter()
                .map(|field| Number::of(binding, *field))
                .collect::<Result<_, _>>()?,
            columns: FieldMask::of(columns.iter().copied()),
        })
    }

    /// Of some records those whose sum is so, of all at once and without looking whether it goes beyond its bounds: where a
    /// part is so large that it could, the record is among them whatever the sum.
    pub(super) fn those(
        &self,
        records: &Records<'_>,
        of: u64,
        is: impl Fn(usize, i64) -> bool,
    ) -> u64 {
        let block = records.block;
        let of = of & block.any_filled(&self.columns) & !block.any_invalid(&self.columns);
        if of == 0 {
            return 0;
        }
        let mut sums = [0_i64; ROWS];
        let mut large = 0;
        for part in &self.parts {
            let values = part.column(records);
            if values.valid & of == 0 {
                continue;
            }
            let pairs = sums.iter_mut().zip(&values.numbers);
            // Decimals are kept as they are added up.
            if part.factor == 1 {
                pairs.for_each(|(sum, value)| *sum = sum.wrapping_add(*value));
            } else {
                pairs.for_each(|(sum, value)| {
                    *sum = sum.wrapping_add(value.wrapping_mul(part.factor));
                });
            }
            large |= values.those(of, |value| part.is_large(value));
        }
        let sums = sums.iter().enumerate();
        let are = sums.fold(0, |are, (record, sum)| {
            are | u64::from(is(record, *sum)) << record
        });
        of & (are | large)
    }

    /// Sum of the filled parts; `None` when none is filled or one is invalid.
    pub(super) fn sum(&self, record: &Record<'_>) -> Option<i64> {
        if record.any_invalid(&self.columns) || !record.any_filled(&self.columns) {
            return None;
        }
        Some(self.parts.iter().fold(0, |sum: i64, part| {
            sum.saturating_add(part.value(record).unwrap_or(0))
        }))
    }
}
