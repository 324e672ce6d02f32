use super::arguments::Arguments;
use super::numbers::{Number, ten_thousandths};
use super::sum_exceeds_total::Parts;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// The total is more than its items together.
///
/// ## Why
/// An item is missing; which share of a stay's costs went into drugs or tests cannot be told.
///
/// ## How to mend
/// Fill all items, `0.00` where nothing was charged; what fits nowhere belongs into the last one, 其他费.
///
/// ## Arguments
/// `total`, `parts`, `within` the difference that rounding may leave; exactly that much is right. Blank items count as
/// nothing, but a record with no item at all is not judged. A total that is less than its items is the matter of
/// `sum_exceeds_total` and not told a second time.
///
/// ## Source
/// Front-page QC of hospitals.
struct DiffersFromSum {
    total: Number,
    parts: Parts,
    within: i64,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["total", "parts", "within"])?;
    let within = arguments.required("within")?;
    Ok(Box::new(DiffersFromSum {
        total: Number::of(binding, arguments.column("total")?)?,
        parts: Parts::of(binding, &arguments.columns("parts")?)?,
        within: ten_thousandths(within)
            .ok_or_else(|| binding.wrong(format!("`{within}` is not an amount")))?,
    }))
}

impl RecordCheck for DiffersFromSum {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([self.total.field]))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let total = self.total.column(records);
        self.parts
            .those(records, asked & total.valid, |record, sum| {
                let total = total.numbers[record].wrapping_mul(self.total.factor);
                total.wrapping_sub(sum) > self.within
            })
            | total.those(asked, |value| self.total.is_large(value))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let Some(total) = self.total.value(record) else {
            return;
        };
        if self
            .parts
            .sum(record)
            .is_some_and(|sum| total.saturating_sub(sum) > self.within)
        {
            found.at(self.total.field);
        }
    }
}
