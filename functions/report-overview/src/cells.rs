//! What the counters of a place come to: reported, late, silent; passed; how long it took.

use std::collections::BTreeMap;

use domain::overview::{Bucket, Counts, DELAYS, Period};
use jiff::civil::Date;
use serde::Serialize;
use store::overview::expected;
use utoipa::ToSchema;

use crate::asked::Window;

/// Figures of one kind of file in one place over some days.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Cell {
    /// Days of hospitals of which a report is due by now.
    pub(crate) expected: i64,
    /// Those reported in time.
    pub(crate) on_time: i64,
    /// Those reported later.
    pub(crate) late: i64,
    /// Those declared to be without a case.
    pub(crate) zero: i64,
    /// Those of which nothing was heard.
    pub(crate) silent: i64,
    /// Days declared to be without a case of which records came all the same.
    pub(crate) contradicted: i64,
    /// Records of these days that stand accepted.
    pub(crate) records: i64,
    /// Files that arrived on these days.
    pub(crate) files: i64,
    /// Those of them that could not be read.
    pub(crate) unreadable: i64,
    /// Records in them.
    pub(crate) total: i64,
    /// Records in them that passed.
    pub(crate) passed: i64,
    /// Share of records that passed; null where none arrived.
    pub(crate) pass_rate: Option<f64>,
    /// Records by the days from visit to first acceptance: 0, 1, 2–3, 4–7, 8–30, more.
    #[schema(value_type = Vec<i64>)]
    pub(crate) delays: [i64; DELAYS.len()],
}

/// Figures by kind.
pub(crate) type Cells = BTreeMap<String, Cell>;

/// Counters by bucket and kind, as the store gives them.
pub(crate) type Buckets = BTreeMap<Bucket, BTreeMap<String, Counts>>;

/// The figures of a place with these hospitals, by the day from which they report, and these counters, of some days of the window.
pub(crate) fn cells(
    kinds: &[String],
    roster: &BTreeMap<Date, i64>,
    counters: &Buckets,
    part: &Period,
    window: &Window,
) -> Cells {
    let mut cells = Cells::new();
    for kind in kinds {
        let mut cell = Cell::default();
        let due = window.last_due(kind).min(part.last());
        if part.first() <= due {
            cell.expected = expected(roster, part.first(), due);
        }
        for (bucket, counts) in counters {
            if bucket.first() < part.first() || bucket.last() > part.last() {
                continue;
            }
            if let Some(counts) = counts.get(kind) {
                cell.add(counts, bucket.last() <= due);
            }
        }
        cells.insert(kind.clone(), cell.closed());
    }
    cells
}

impl Cell {
    fn add(&mut self, counts: &Counts, is_due: bool) {
        if is_due {
            self.on_time += counts.on_time;
            self.late += counts.late;
            self.zero += counts.zero;
        }
        self.contradicted += counts.contradicted;
        self.records += counts.records;
        self.files += counts.files;
        self.unreadable += counts.unreadable;
        self.total += counts.total;
        self.passed += counts.passed;
        for (sum, more) in self.delays.iter_mut().zip(counts.delays()) {
            *sum += more;
        }
    }

    /// Adds another place or kind.
    pub(crate) fn join(&mut self, other: &Self) {
        self.expected += other.expected;
        self.on_time += other.on_time;
        self.late += other.late;
        self.zero += other.zero;
        self.contradicted += other.contradicted;
        self.records += other.records;
        self.files += other.files;
        self.unreadable += other.unreadable;
        self.total += other.total;
        self.passed += other.passed;
        for (sum, more) in self.delays.iter_mut().zip(other.delays) {
            *sum += more;
        }
        *self = std::mem::take(self).closed();
    }

    /// With what follows from the sums.
    fn closed(mut self) -> Self {
        // A hospital may report of days before its account was made: those were not due, and count all the same.
        self.expected = self.expected.max(self.on_time + self.late + self.zero);
        self.silent = self.expected - self.on_time - self.late - self.zero;
        self.pass_rate = share(self.passed, self.total);
        self
    }
}

/// Adds figures by kind.
pub(crate) fn join(sum: &mut Cells, other: &Cells) {
    for (kind, cell) in other {
        sum.entry(kind.clone()).or_default().join(cell);
    }
}

/// A part of a whole; `None` where there is no whole.
pub(crate) fn share(part: i64, whole: i64) -> Option<f64> {
    // Counts of records: far below the 2^53 that a double holds exactly.
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_due_yet_is_neither_expected_nor_silent() {
        let period = Period::new(day("2026-03-01"), day("2026-03-31")).unwrap();
        let window = Window {
            period,
            today: day("2026-03-31"),
            standard: standard::latest(),
        };
        let counts = |on_time, late| Counts {
            on_time,
            late,
            records: on_time + late,
            total: 4,
            passed: 3,
            ..Counts::default()
        };
        let flu = |counts| BTreeMap::from([("flu".to_owned(), counts)]);
        let counters = Buckets::from([
            (Bucket::Day(day("2026-03-02")), flu(counts(1, 1))),
            (Bucket::Day(day("2026-03-29")), flu(counts(2, 0))),
            (Bucket::Day(day("2026-03-30")), flu(counts(2, 0))),
            (Bucket::Day(day("2026-04-01")), flu(counts(9, 9))),
        ]);
        let roster = BTreeMap::from([(day("2025-01-01"), 2), (day("2026-03-29"), 1)]);
        let kinds = ["flu".to_owned()];
        let cell = &cells(&kinds, &roster, &counters, &period, &window)["flu"];
        assert_eq!(cell.expected, 2 * 29 + 1);
        assert_eq!((cell.on_time, cell.late), (3, 1));
        assert_eq!(cell.silent, 59 - 4);
        assert_eq!((cell.records, cell.total, cell.passed), (6, 12, 9));
        assert_eq!(cell.pass_rate, Some(0.75));
    }
}
