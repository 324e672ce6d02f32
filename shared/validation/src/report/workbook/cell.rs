//! What a cell means to the check: the text a hospital would have written into its CSV.

use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType};

use super::Column;

/// Numbers from here on have lost digits in the spreadsheet.
const DAMAGED: f64 = 1e15;

/// The text of a cell.
pub(super) fn text(value: &DataRef<'_>, column: Column, is_1904: bool) -> String {
    match value {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number, column, is_1904),
        DataRef::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => moment_text(moment, column, is_1904),
        DataRef::DateTimeIso(text) => text.replace('T', " "),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

fn number_text(number: f64, column: Column, is_1904: bool) -> String {
    // A day whose format was lost shows as days since 1900. Small numbers may be years, and large ones are written-out days.
    if column != Column::Other && (10_000.0..73_051.0).contains(&number) {
        let moment = ExcelDateTime::new(number, ExcelDateTimeType::DateTime, is_1904);
        return moment_text(&moment, column, is_1904);
    }
    if number.abs() >= DAMAGED {
        // As the spreadsheet shows it, so that it is told for what it is.
        let text = format!("{number:.5E}");
        return match text.split_once('E') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}E+{power}"),
            _ => text,
        };
    }
    // Fifteen digits are what a spreadsheet itself keeps: 0.1 + 0.2 is 0.3.
    let digits = format!("{number:.14e}").parse().unwrap_or(number);
    f64::to_string(&digits)
}

fn moment_text(moment: &ExcelDateTime, column: Column, is_1904: bool) -> String {
    // Seconds are fractions of a day in a spreadsheet, so a whole second may fall short by a millisecond.
    let seconds = (moment.as_f64() * 86_400.0).round() + 0.001;
    let moment = ExcelDateTime::new(seconds / 86_400.0, ExcelDateTimeType::DateTime, is_1904);
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if column != Column::DateTime && (hour, minute, second) == (0, 0, 0) {
        return date;
    }
    format!("{date} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_as_the_standard_writes_them() {
        for (value, column, text_wanted) in [
            (DataRef::Float(1.0), Column::Other, "1"),
            (DataRef::Float(36.5), Column::Other, "36.5"),
            (DataRef::Float(0.1 + 0.2), Column::Other, "0.3"),
            (DataRef::Float(-3.0), Column::Other, "-3"),
            (
                DataRef::Float(13_800_000_000.0),
                Column::Other,
                "13800000000",
            ),
            (
                DataRef::Float(110_101_199_003_070_000.0),
                Column::Other,
                "1.10101E+17",
            ),
            (DataRef::Float(43_802.0), Column::Date, "2019-12-03"),
            (
                DataRef::Float(43_802.343_75),
                Column::DateTime,
                "2019-12-03 08:15:00",
            ),
            (
                DataRef::Float(43_802.0),
                Column::DateTime,
                "2019-12-03 00:00:00",
            ),
            (DataRef::Float(43_802.0), Column::Other, "43802"),
            (DataRef::Float(2019.0), Column::Date, "2019"),
            (DataRef::Float(20_191_203.0), Column::Date, "20191203"),
            (DataRef::SharedString("01"), Column::Other, "01"),
            (
                DataRef::DateTimeIso("2019-12-03T08:15:00".to_owned()),
                Column::DateTime,
                "2019-12-03 08:15:00",
            ),
        ] {
            assert_eq!(text(&value, column, false), text_wanted);
        }
    }

    #[test]
    fn seconds_do_not_fall_short() {
        let moment = ExcelDateTime::new(
            43_802.0 + 29_699.999_6 / 86_400.0,
            ExcelDateTimeType::DateTime,
            false,
        );
        assert_eq!(
            moment_text(&moment, Column::DateTime, false),
            "2019-12-03 08:15:00"
        );
    }
}
