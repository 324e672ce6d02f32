use super::arguments::Arguments;
use super::moments::{DAY, is_before};
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

/// ## What
/// Something ends, or happens, before it can have begun: discharge before admission, death before the visit.
///
/// ## Why
/// Lengths of stay, courses of treatment and deaths are counted from these moments.
///
/// ## How to mend
/// Compare both columns with the hospital's system; usually one of them was taken from another visit of the patient.
///
/// ## Arguments
/// `start`, `end` (may be several columns), `at=start|end` where it is reported, `tolerated_days` the end may come too
/// early by. Equal moments are right. A bare day has no time, so it is compared by the day alone (see [`is_before`]);
/// a tolerated day is 24 hours where both times are known.
///
/// ## Source
/// The 2019 front-page standard and the QC checks of hospitals; FLU-003, FLU-019, FLU-026, HQMS-004 …
struct StartsAfterEnd {
    start: usize,
    ends: Vec<usize>,
    at_end: bool,
    tolerated: i64,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["start", "end", "at", "tolerated_days"])?;
    Ok(Box::new(StartsAfterEnd {
        start: arguments.column("start")?,
        ends: arguments.columns("end")?,
        at_end: arguments.word("at", &[("start", false), ("end", true)])?,
        tolerated: arguments.number("tolerated_days", 0)? * DAY,
    }))
}

impl RecordCheck for StartsAfterEnd {
    fn concern(&self) -> Concern {
        Concern::AnyValid(FieldMask::of(self.ends.iter().copied()))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        let start = records.block.field(self.start);
        let asked = asked & start.valid;
        self.ends.iter().fold(0, |any, end| {
            let end = records.block.field(*end);
            if asked & end.valid == 0 {
                return any;
            }
            let pairs = start.numbers.iter().zip(&end.numbers).enumerate();
            let before = pairs.fold(0, |before, (record, (start, end))| {
                before | u64::from(*end < start.wrapping_sub(self.tolerated)) << record
            });
            any | asked & end.valid & before
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        let Some(start) = record.moment(self.start) else {
            return;
        };
        for end in &self.ends {
            let Some(moment) = record.moment(*end) else {
                continue;
            };
            // Whatever is not before to the second is not before as a day.
            if moment < start - self.tolerated && is_before(moment, start - self.tolerated) {
                found.at(if self.at_end { *end } else { self.start });
            }
        }
    }
}
