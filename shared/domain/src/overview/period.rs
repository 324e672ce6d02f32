use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use thiserror::Error;

/// A span of time that has counters of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// One day.
    Day(Date),
    /// The month of this first day.
    Month(Date),
    /// The year of this first day.
    Year(Date),
}

impl Bucket {
    /// The buckets a day counts in.
    pub fn of(day: Date) -> [Self; 3] {
        [
            Self::Day(day),
            Self::Month(day.first_of_month()),
            Self::Year(day.first_of_year()),
        ]
    }

    /// First day.
    pub fn first(self) -> Date {
        match self {
            Self::Day(day) | Self::Month(day) | Self::Year(day) => day,
        }
    }

    /// Last day.
    pub fn last(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Month(day) => day.last_of_month(),
            Self::Year(day) => day.last_of_year(),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(formatter, "{day}"),
            Self::Month(day) => write!(formatter, "{}", day.strftime("%Y-%m")),
            Self::Year(day) => write!(formatter, "{}", day.strftime("%Y")),
        }
    }
}

impl FromStr for Bucket {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let day = |text: &str| text.parse::<Date>().map_err(|_| PeriodError::NotADay);
        match text.len() {
            4 => Ok(Self::Year(day(&format!("{text}-01-01"))?)),
            7 => Ok(Self::Month(day(&format!("{text}-01"))?)),
            _ => Ok(Self::Day(day(text)?)),
        }
    }
}

/// Days that figures cannot be shown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// Not `yyyy-MM-dd`.
    #[error("not a day")]
    NotADay,
    /// It ends before it begins.
    #[error("the period ends before it begins")]
    Backwards,
    /// Longer than [`Period::LONGEST`].
    #[error("the period is too long")]
    TooLong,
}

/// Days from a first to a last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: Date,
    last: Date,
}

impl Period {
    /// Most days of a period: three years.
    pub const LONGEST: i32 = 1100;
    /// Periods up to so many days are drawn day by day, longer ones by month.
    const BY_DAY: i32 = 62;

    /// A period.
    ///
    /// # Errors
    /// When it ends before it begins, or is longer than [`Self::LONGEST`] days.
    pub fn new(first: Date, last: Date) -> Result<Self, PeriodError> {
        if last < first {
            return Err(PeriodError::Backwards);
        }
        let period = Self { first, last };
        if period.days() > Self::LONGEST {
            return Err(PeriodError::TooLong);
        }
        Ok(period)
    }

    /// First day.
    pub fn first(&self) -> Date {
        self.first
    }

    /// Last day.
    pub fn last(&self) -> Date {
        self.last
    }

    /// How many days.
    pub fn days(&self) -> i32 {
        days_between(self.first, self.last) + 1
    }

    /// The fewest buckets that cover exactly these days, in order.
    pub fn buckets(&self) -> Vec<Bucket> {
        let mut buckets = Vec::new();
        let mut day = self.first;
        while day <= self.last {
            let [one, month, year] = Bucket::of(day);
            let bucket = [year, month]
                .into_iter()
                .find(|bucket| bucket.first() == day && bucket.last() <= self.last)
                .unwrap_or(one);
            buckets.push(bucket);
            day = bucket.last().saturating_add(1.day());
            if bucket.last() == Date::MAX {
                break;
            }
        }
        buckets
    }

    /// The points of a chart: every day, or every month where there are more than two months of days. At its ends a month
    /// may be cut off, so that a point is the part of it that lies in the period.
    pub fn points(&self) -> Vec<Self> {
        let by_day = self.days() <= Self::BY_DAY;
        let mut points = Vec::new();
        let mut day = self.first;
        while day <= self.last {
            let end = if by_day { day } else { day.last_of_month() };
            let end = end.min(self.last);
            points.push(Self {
                first: day,
                last: end,
            });
            day = end.saturating_add(1.day());
        }
        points
    }
}

/// Days from one to another; less than none when the other is earlier.
pub(super) fn days_between(first: Date, last: Date) -> i32 {
    first.until(last).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(first: &str, last: &str) -> Period {
        Period::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    fn names(period: &Period) -> Vec<String> {
        period.buckets().iter().map(Bucket::to_string).collect()
    }

    #[test]
    fn a_period_is_covered_by_the_fewest_buckets() {
        assert_eq!(names(&period("2026-01-01", "2026-12-31")), ["2026"]);
        assert_eq!(names(&period("2024-02-01", "2024-02-29")), ["2024-02"]);
        assert_eq!(
            names(&period("2025-10-30", "2026-02-02")),
            [
                "2025-10-30",
                "2025-10-31",
                "2025-11",
                "2025-12",
                "2026-01",
                "2026-02-01",
                "2026-02-02"
            ]
        );
        for (first, last) in [("2025-03-17", "2026-11-03"), ("2026-01-05", "2026-01-05")] {
            let period = period(first, last);
            let days: i32 = period
                .buckets()
                .iter()
                .map(|bucket| days_between(bucket.first(), bucket.last()) + 1)
                .sum();
            assert_eq!(days, period.days());
        }
    }

    #[test]
    fn points_follow_each_other_without_a_gap() {
        let month = period("2026-01-01", "2026-01-31");
        assert_eq!(month.points().len(), 31);
        let season = period("2025-10-15", "2026-03-31");
        let points = season.points();
        assert_eq!(points.len(), 6);
        assert_eq!(points.iter().map(Period::days).sum::<i32>(), season.days());
    }

    #[test]
    fn buckets_are_known_by_their_names() {
        for name in ["2026", "2026-02", "2026-02-28"] {
            assert_eq!(name.parse::<Bucket>().unwrap().to_string(), name);
        }
        assert!("2026-13".parse::<Bucket>().is_err());
        let day = |text: &str| text.parse::<Date>().unwrap();
        let backwards = Period::new(day("2026-01-02"), day("2026-01-01"));
        assert_eq!(backwards, Err(PeriodError::Backwards));
    }
}
