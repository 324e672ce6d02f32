//! Days and moments compared as far as both are known.

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// Whether the first moment lies before the second, both in seconds.
///
/// Midnight to the second is what a day without a time comes out as: columns of days print so in every database, and
/// hospitals keep only the day of a death or a discharge. Where either is one, only the days are compared, so that a
/// discharge "on 3 December" is not before an admission at 8 o'clock.
pub(crate) fn is_before(one: i64, other: i64) -> bool {
    let bare = |moment: i64| moment.rem_euclid(DAY) == 0;
    if bare(one) || bare(other) {
        one.div_euclid(DAY) < other.div_euclid(DAY)
    } else {
        one < other
    }
}

/// Year, month and day of month of a day since 1970-01-01.
pub(crate) fn civil(day: i64) -> (i64, i64, i64) {
    // Counted from 1 March 0000, so that the leap day ends a year; 146,097 days are 400 years.
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

/// Completed years from one day to another: a year is complete on the birthday, for one of 29 February on 1 March.
pub(crate) fn completed_years(from: i64, to: i64) -> i64 {
    let (from_year, from_month, from_day) = civil(from);
    let (to_year, to_month, to_day) = civil(to);
    to_year - from_year - i64::from((to_month, to_day) < (from_month, from_day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;

    fn days(date: Date) -> i64 {
        let epoch = jiff::civil::date(1970, 1, 1);
        i64::from(epoch.until(date).unwrap().get_days())
    }

    #[test]
    fn bare_days_are_compared_as_days() {
        let midnight = 18_000 * DAY;
        assert!(!is_before(midnight, midnight + 3600));
        assert!(!is_before(midnight + 3600, midnight));
        assert!(is_before(midnight - 1, midnight));
        assert!(is_before(midnight + 1, midnight + 2));
        assert!(!is_before(midnight + 2, midnight + 2));
        assert!(is_before(-DAY, 0));
    }

    #[test]
    fn civil_days_are_those_of_the_calendar() {
        let mut day = date(1899, 12, 30);
        for _ in 0..80_000 {
            let expected = (
                i64::from(day.year()),
                i64::from(day.month()),
                i64::from(day.day()),
            );
            assert_eq!(civil(days(day)), expected);
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn years_are_complete_on_the_birthday() {
        let years = |from, to| completed_years(days(from), days(to));
        assert_eq!(years(date(1980, 5, 6), date(2019, 5, 5)), 38);
        assert_eq!(years(date(1980, 5, 6), date(2019, 5, 6)), 39);
        assert_eq!(years(date(2000, 2, 29), date(2019, 2, 28)), 18);
        assert_eq!(years(date(2000, 2, 29), date(2019, 3, 1)), 19);
        assert_eq!(years(date(2019, 12, 3), date(2019, 12, 3)), 0);
    }
}
