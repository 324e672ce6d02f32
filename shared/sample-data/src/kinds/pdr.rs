use super::Source;
use crate::Options;
use crate::random::Random;
use crate::row::{Moment, Row, after};
use crate::words::{ANTIVIRALS, OTHER_DRUGS};

const ORDERS: u64 = 3;

/// Orders of a case: one to three of a visit, three to eight of a stay.
pub(crate) fn count(source: &mut Source) -> u32 {
    let (low, high, random) = match source {
        Source::Visit(_, visit) => (1, 3, &mut visit.random),
        Source::Stay(_, stay) => (3, 8, &mut stay.random),
    };
    random.between(low, high) as u32
}

pub(crate) fn fill(row: &mut Row<'_>, source: &mut Source, item: u32, options: &Options) {
    source.name(row);
    let number = u64::from(source.number()) * 10 + u64::from(item);
    let mut random = Random::of(options.seed, ORDERS, number);
    row.set("P7500", format_args!("1{number:010}"));
    let drug = random.pick(if item == 0 { ANTIVIRALS } else { OTHER_DRUGS });
    row.set("P8016", drug.name);
    row.set("P8017", drug.times_a_day);
    row.set("P8018", Dose(drug.single * drug.times_a_day * drug.days));
    row.set("P8019", Dose(drug.single));
    row.set("P8020", drug.unit);
    let (at, until) = match source {
        Source::Visit(_, visit) => (visit.at, options.exported_at()),
        Source::Stay(_, stay) => (stay.admitted, stay.discharged),
    };
    let start = after(at, random.between(15, 240));
    row.set("P8021", Moment(start));
    let end = after(start, drug.days as i64 * 24 * 60);
    // A course that still runs has no end yet.
    if end < until {
        row.set("P8022", Moment(end));
    }
}

/// Hundredths, without decimals that are 0.
struct Dose(u64);

impl std::fmt::Display for Dose {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(out, "{whole}"),
            (whole, part) => write!(out, "{whole}.{part:02}"),
        }
    }
}
