use super::arguments::Arguments;
use super::numbers::{Number, ONE, Range};
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// The days in hospital are not those from admission to discharge.
///
/// ## Why
/// Bed days are counted from this column, and days of care and ventilation are compared with it.
///
/// ## How to mend
/// Count the nights: the day of admission and that of discharge are one day together, and a stay within one day is 1.
///
/// ## Arguments
/// `admission`, `discharge`, `days`; `off_by` the differences in days that are reported. A stay of less than one day does
/// not exist, so it is reported by every `off_by` without an upper end, whatever the dates are. A discharge before the
/// admission is another rule's matter.
///
/// A difference of one is a warning (a night at the change of the day is counted either way), a larger one an error; a
/// severity belongs to a rule, so these are two rules.
///
/// ## Source
/// 2019 front-page standard, definition of 实际住院天数.
struct StayLengthDiffers {
    admission: usize,
    discharge: usize,
    days: Number,
    off_by: Range,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["admission", "discharge", "days", "off_by"])?;
    let off_by = arguments.required("off_by")?;
    Ok(Box::new(StayLengthDiffers {
        admission: arguments.column("admission")?,
        discharge: arguments.column("discharge")?,
        days: Number::of(binding, arguments.column("days")?)?,
        off_by: Range::parse(off_by)
            .ok_or_else(|| binding.wrong(format!("`{off_by}` is not a range")))?,
    }))
}

impl RecordCheck for StayLengthDiffers {
    fn concern(&self) -> Concern {
        Concern::AllValid(FieldMask::of([
            self.admission,
            self.discharge,
            self.days.field,
        ]))
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let (Some(admission), Some(discharge), Some(days)) = (
            record.day(self.admission),
            record.day(self.discharge),
            self.days.value(record),
        ) else {
            return;
        };
        if discharge < admission {
            return;
        }
        let expected = (discharge - admission).max(1).saturating_mul(ONE);
        let off_by = if days < ONE {
            i64::MAX
        } else {
            days.saturating_sub(expected).saturating_abs()
        };
        if self.off_by.contains(off_by) {
            found.at(self.days.field);
        }
    }
}
