use jiff::ToSpan;
use jiff::civil::Date;

use crate::Standard;

impl Standard {
    /// Days after the day of a record within which it is reported in time. A kind that is not known is given one day.
    pub fn days_allowed(&self, kind: &str) -> i32 {
        let known = self.kinds.iter().find(|known| known.code == kind);
        known.map_or(1, |kind| i32::from(kind.due_days))
    }

    /// The last day on which records of a day are received in time.
    pub fn last_day_in_time(&self, kind: &str, day: Date) -> Date {
        day.saturating_add(self.days_allowed(kind).days())
    }

    /// Days after which records of every kind are due.
    pub fn most_days_allowed(&self) -> i32 {
        let days = self.kinds.iter().map(|kind| i32::from(kind.due_days));
        days.fold(1, i32::max)
    }
}

#[cfg(test)]
mod tests {
    use crate::latest;

    #[test]
    fn what_belongs_to_a_stay_has_a_week_and_everything_else_a_day() {
        let standard = latest();
        let day = "2026-01-31".parse().unwrap();
        let last = |kind| standard.last_day_in_time(kind, day).to_string();
        for kind in ["flu", "pdr", "lis", "none"] {
            assert_eq!(last(kind), "2026-02-01", "{kind}");
        }
        for kind in ["hqms", "hda", "hdr"] {
            assert_eq!(last(kind), "2026-02-07", "{kind}");
        }
        assert_eq!(standard.most_days_allowed(), 7);
    }
}
