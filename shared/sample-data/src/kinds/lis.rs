use super::Source;
use crate::row::{Moment, Row, after};

/// Tests of a case: most visits have one, each stay one or two.
pub(crate) fn count(source: &mut Source) -> u32 {
    match source {
        Source::Visit(_, visit) => u32::from(visit.random.chance(0.7)),
        Source::Stay(_, stay) => stay.random.between(1, 2) as u32,
    }
}

pub(crate) fn fill(row: &mut Row<'_>, source: &mut Source, item: u32) {
    source.name(row);
    let number = u64::from(source.number()) * 10 + u64::from(item);
    let (at, random) = match source {
        Source::Visit(_, visit) => (visit.at, &mut visit.random),
        Source::Stay(_, stay) => (stay.admitted, &mut stay.random),
    };
    row.set(
        "P8000",
        format_args!(
            "LIS{:04}{:02}{:02}{number:010}",
            at.year(),
            at.month(),
            at.day()
        ),
    );
    row.set("P8001", "1");
    row.set("P8002", Moment(after(at, random.between(10, 55))));
    let (description, positive, positive_type) = match random.below(10) {
        0..=3 => ("甲型流感病毒抗原阳性(+)", "1", "35"),
        4..=5 => ("乙型流感病毒抗原阳性(+)", "1", "36"),
        _ => ("甲型、乙型流感病毒抗原阴性(-)", "2", ""),
    };
    row.set("P8003", description);
    row.set("P8004", positive);
    row.set("P8005", positive_type);
}
