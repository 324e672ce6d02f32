//! Which days are asked for, and which of them reports are due of.

use domain::beijing;
use domain::overview::{Bucket, Period, PeriodError};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use standard::Standard;
use utoipa::IntoParams;
use web::{ApiError, FieldError, Service};

/// Which days and which places.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// First day, `yyyy-MM-dd`; 29 days before the last one unless given.
    pub(crate) from: Option<String>,
    /// Last day; today in China unless given, and never later.
    pub(crate) to: Option<String>,
    /// First two digits of the division code, `00` for accounts without a province; all that the caller may see unless given.
    pub(crate) province: Option<String>,
    /// First four digits of the division code of a city.
    pub(crate) city: Option<String>,
    /// Code of a kind of file. A chart is about `flu` unless given; the overview shows all kinds unless given.
    pub(crate) kind: Option<String>,
    /// Language of a chart's words: `zh` unless given, or `en`.
    pub(crate) lang: Option<String>,
    /// `true`: the charts come with the figures, so that one reading of the counters serves both.
    #[serde(default)]
    pub(crate) charts: bool,
}

/// Days from a first to a last one, as they are today.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) period: Period,
    pub(crate) today: Date,
    /// It says how many days a report may take.
    pub(crate) standard: &'static Standard,
}

impl Asked {
    pub(crate) fn window(&self, service: &Service) -> Result<Window, ApiError> {
        let today = beijing(service.clock.now()).date();
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let to = match given(&self.to) {
            Some(text) => day("to", &text)?.min(today),
            None => today,
        };
        let from = match given(&self.from) {
            Some(text) => day("from", &text)?,
            None => to.saturating_sub(29.days()),
        };
        let period = Period::new(from, to).map_err(|error| match error {
            PeriodError::TooLong => refused(
                "to",
                "too_long",
                "所选时间段过长，最多三年",
                "The period is too long; three years at most",
            ),
            _ => refused(
                "to",
                "backwards",
                "结束日期不能早于开始日期，开始日期不能晚于今天",
                "The last day must not be before the first, nor the first after today",
            ),
        })?;
        Ok(Window {
            period,
            today,
            standard: service.standard(None),
        })
    }
}

impl Window {
    /// The buckets of a part of the window. Days of which some kind is not due yet stand for themselves, so that what is due can
    /// be told from what is not.
    pub(crate) fn buckets(&self, part: &Period) -> Vec<Bucket> {
        let all_due = self.standard.most_days_allowed() + 1;
        let open = self.today.saturating_sub(all_due.days());
        let mut buckets = Vec::new();
        if let Ok(due) = Period::new(part.first(), part.last().min(open)) {
            buckets.extend(due.buckets());
        }
        let rest = part.first().max(open.saturating_add(1.day()));
        let mut day = rest;
        while day <= part.last() {
            buckets.push(Bucket::Day(day));
            day = day.saturating_add(1.day());
        }
        buckets
    }

    /// The fewest months and years that the window touches.
    pub(crate) fn months(&self) -> Vec<Bucket> {
        let buckets = self.period.buckets().into_iter();
        let mut months: Vec<Bucket> = buckets
            .map(|bucket| match bucket {
                Bucket::Day(day) => Bucket::Month(day.first_of_month()),
                longer => longer,
            })
            .collect();
        months.dedup();
        months
    }

    /// All buckets of the window, cut at the points of a chart, so that both add up to the same.
    pub(crate) fn all_buckets(&self) -> Vec<Bucket> {
        let mut buckets: Vec<Bucket> = self
            .period
            .points()
            .iter()
            .flat_map(|point| self.buckets(point))
            .collect();
        buckets.dedup();
        buckets
    }

    /// The last day of which a report of a kind is due by now.
    pub(crate) fn last_due(&self, kind: &str) -> Date {
        let days = self.standard.days_allowed(kind) + 1;
        self.today.saturating_sub(days.days())
    }
}

fn day(field: &str, text: &str) -> Result<Date, ApiError> {
    text.trim().parse().map_err(|_| {
        refused(
            field,
            "not_a_day",
            "请按“年-月-日”填写日期，如 2026-01-31",
            "Please give the day like 2026-01-31",
        )
    })
}

pub(crate) fn refused(field: &str, code: &str, zh: &str, en: &str) -> ApiError {
    ApiError::fields(vec![FieldError::new(field, code, zh, en)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str, today: &str) -> Window {
        let day = |text: &str| text.parse::<Date>().unwrap();
        Window {
            period: Period::new(day(from), day(to)).unwrap(),
            today: day(today),
            standard: standard::latest(),
        }
    }

    #[test]
    fn days_that_are_not_due_stand_for_themselves() {
        let window = window("2026-01-01", "2026-03-31", "2026-03-31");
        let buckets = window.buckets(&window.period);
        let names: Vec<String> = buckets.iter().map(Bucket::to_string).collect();
        assert_eq!(names[..3], ["2026-01", "2026-02", "2026-03-01"]);
        assert_eq!(names.len(), 2 + 31);
        assert_eq!(window.last_due("flu").to_string(), "2026-03-29");
        assert_eq!(window.last_due("hqms").to_string(), "2026-03-23");
    }

    #[test]
    fn what_is_counted_by_month_is_read_by_the_months_a_window_touches() {
        let window = window("2024-11-29", "2026-02-02", "2026-03-31");
        let names: Vec<String> = window.months().iter().map(Bucket::to_string).collect();
        assert_eq!(names, ["2024-11", "2024-12", "2025", "2026-01", "2026-02"]);
    }

    #[test]
    fn a_year_that_is_over_is_read_by_its_months() {
        let window = window("2025-01-01", "2025-12-31", "2026-03-31");
        assert_eq!(window.all_buckets().len(), 12);
        assert_eq!(window.buckets(&window.period).len(), 1);
    }
}
