//! Dates and times, in the standard's form and in those that Windows exporters write.

use wide::u8x16;

const SECONDS_A_DAY: i64 = 86_400;

/// A day or moment that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Seconds of civil time since 1970-01-01 00:00:00.
    pub(crate) seconds: i64,
    /// Whether a time was written.
    pub(crate) timed: bool,
}

/// Years that are looked up, from 1900.
const YEARS: usize = 200;
/// Places of a year: a month stands at its number, and what is none has no days.
const PLACES: usize = 16;
/// Places of the table: a power of two, so that nothing has to be asked before one is looked at. There are no days beyond the years.
const LOOKED_UP: usize = (YEARS * PLACES).next_power_of_two();

/// Months that are looked up: day before the first since 1970-01-01, and how many there are.
static MONTHS: [(i32, u8); LOOKED_UP] = months();

const fn months() -> [(i32, u8); LOOKED_UP] {
    let mut months = [(0, 0); LOOKED_UP];
    // 1899-12-31.
    let mut before = -25_568;
    let mut year = 0;
    while year < YEARS {
        let number = 1900 + year;
        let leap = number % 4 == 0 && (number % 100 != 0 || number % 400 == 0);
        let mut month = 1;
        while month <= 12 {
            let days = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            months[year * PLACES + month] = (before, days);
            before += days as i32;
            month += 1;
        }
        year += 1;
    }
    months
}

/// [`standard_date`] where the day lies in the years that are looked up, which begin with 1900; `None` says nothing.
#[inline]
pub(crate) fn plain_date(bytes: &[u8; 10]) -> Option<i64> {
    let [century @ .., _, _, _, _, _, _, _, _] = bytes;
    let [year, _, _, month, _, _, day, _] = pairs(bytes.last_chunk()?, b"00-00-00")?;
    plain_day(*century, usize::from(year), month, day)
}

/// [`standard_moment`] where the day lies in the years that are looked up, which begin with 1900; `None` says nothing.
#[inline]
pub(crate) fn plain_moment(bytes: &[u8; 19]) -> Option<i64> {
    /// The last sixteen bytes, `0` for any digit.
    const FORM: &[u8; 16] = b"0-00-00 00:00:00";
    /// The most each may be beyond them.
    const MOST: [u8; 16] = [9, 0, 1, 9, 0, 3, 9, 0, 2, 9, 0, 5, 9, 0, 5, 9];
    let [early, late, decade, back @ ..] = bytes;
    // One question for all of them: what is right passes with few branches.
    let values = u8x16::new(*back) ^ u8x16::new(*FORM);
    if values.min(u8x16::new(MOST)).simd_eq(values).to_bitmask() != 0xffff {
        return None;
    }
    let [day, time] = [back.first_chunk()?, back.last_chunk()?];
    let day = values_of(*day, b"0-00-00 ");
    let [hour, _, _, minute, _, _, second, _] = joined(values_of(*time, b"00:00:00"));
    // Within bounds but for these: 29 hours, a decade of 16.
    let decade = decade ^ b'0';
    if (hour >= 24) | (decade > 9) {
        return None;
    }
    let year = usize::from(decade) * 10 + (day & 0xff) as usize;
    let [_, _, month, _, _, day, ..] = joined(day);
    let day = plain_day([*early, *late], year, month, day)?;
    let [hour, minute, second] = [hour, minute, second].map(i64::from);
    Some(day + hour * 3600 + minute * 60 + second)
}

/// The seconds of a day of a year of a century, which is given by its two digits.
#[inline]
fn plain_day(century: [u8; 2], year: usize, month: u8, day: u8) -> Option<i64> {
    // Births lie in either century: a branch would be wrong half the time.
    let late = century == *b"20";
    let year = usize::from(late) * 100 + year;
    let place = year * PLACES + usize::from(month) % PLACES;
    let (before, days) = MONTHS[place % LOOKED_UP];
    let right =
        (late | (century == *b"19")) & (usize::from(month) < PLACES) & (day.wrapping_sub(1) < days);
    right.then(|| (i64::from(before) + i64::from(day)) * SECONDS_A_DAY)
}

/// A day in the form `yyyy-MM-dd`, in seconds.
#[inline]
pub(crate) fn standard_date(bytes: &[u8]) -> Option<i64> {
    let bytes: &[u8; 10] = bytes.try_into().ok()?;
    date_of(bytes.first_chunk()?, bytes.last_chunk()?)
}

/// A day of `yyyy-MM-` and `dd`.
#[inline]
fn date_of(front: &[u8; 8], back: &[u8; 2]) -> Option<i64> {
    let front = pairs(front, b"0000-00-")?;
    let year = i64::from(front[0]) * 100 + i64::from(front[2]);
    let day = pair(back[0], back[1])?;
    Some(days(year, i64::from(front[5]), day)? * SECONDS_A_DAY)
}

/// Compares eight bytes with a form at once, `0` for any digit: for each byte the number that it and the next one make.
#[inline]
fn pairs(bytes: &[u8; 8], form: &[u8; 8]) -> Option<[u8; 8]> {
    let values = values_of(*bytes, form);
    let digits = u64::from_le_bytes(form.map(|byte| if byte == b'0' { 0x0f } else { 0 }));
    // At most nine where a digit may be: neither it nor six more reaches the upper half of its byte. Nothing elsewhere.
    let above = values.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    (values & !digits | above == 0).then(|| joined(values))
}

/// What bytes are beyond a form, `0` for any digit: the digits, and zero between them.
#[inline]
fn values_of(bytes: [u8; 8], form: &[u8; 8]) -> u64 {
    u64::from_le_bytes(bytes) ^ u64::from_le_bytes(*form)
}

/// For each digit the number that it and the next one make.
#[inline]
fn joined(values: u64) -> [u8; 8] {
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    pairs.to_le_bytes()
}

/// A moment in the form `yyyy-MM-dd HH:mm:ss`.
#[inline]
pub(crate) fn standard_moment(bytes: &[u8]) -> Option<i64> {
    let bytes: &[u8; 19] = bytes.try_into().ok()?;
    if bytes[10] != b' ' {
        return None;
    }
    let day = date_of(bytes.first_chunk()?, &[bytes[8], bytes[9]])?;
    let time = pairs(bytes.last_chunk()?, b"00:00:00")?;
    let [hour, minute, second] = [time[0], time[3], time[6]].map(i64::from);
    (hour < 24 && minute < 60 && second < 60).then_some(day + hour * 3600 + minute * 60 + second)
}

/// A day or moment in another form: `/` for `-`, no leading zeros, no seconds, a fraction of a second, `T` between.
pub(crate) fn variant(bytes: &[u8]) -> Option<Moment> {
    // Whole files are written like the standard's form but for the separators.
    if let Ok(mut moment) = <[u8; 19]>::try_from(bytes)
        && moment[0] != b'0'
        && (moment[4], moment[7]) == (b'/', b'/')
    {
        (moment[4], moment[7]) = (b'-', b'-');
        if let Some(seconds) = standard_moment(&moment) {
            return Some(Moment {
                seconds,
                timed: true,
            });
        }
    }
    let mut rest = bytes;
    let year = number(&mut rest, 4)?;
    let separator = *rest.first()?;
    if year < 1000 || !matches!(separator, b'/' | b'-') {
        return None;
    }
    rest = &rest[1..];
    let month = number(&mut rest, 2)?;
    rest = rest.strip_prefix(&[separator])?;
    let day = number(&mut rest, 2)?;
    let seconds = days(year, month, day)? * SECONDS_A_DAY;
    if rest.is_empty() {
        return Some(Moment {
            seconds,
            timed: false,
        });
    }
    let between = rest.iter().position(|byte| !matches!(byte, b' ' | b'T'))?;
    if between == 0 {
        return None;
    }
    rest = &rest[between..];
    let hour = number(&mut rest, 2)?;
    rest = rest.strip_prefix(b":")?;
    let minute = number(&mut rest, 2)?;
    let second = match rest.strip_prefix(b":") {
        Some(more) => {
            rest = more;
            number(&mut rest, 2)?
        }
        None => 0,
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    (hour < 24 && minute < 60 && second < 60).then_some(Moment {
        seconds: seconds + hour * 3600 + minute * 60 + second,
        timed: true,
    })
}

/// The day in the standard's form.
pub(crate) fn date_text(seconds: i64) -> String {
    text_of(seconds, false)
}

/// The moment in the standard's form.
pub(crate) fn moment_text(seconds: i64) -> String {
    text_of(seconds, true)
}

/// Written by hand: keys are made of dates for every record, and formatting is ten times as slow.
fn text_of(seconds: i64, timed: bool) -> String {
    let (year, month, day) = civil(seconds.div_euclid(SECONDS_A_DAY));
    let time = seconds.rem_euclid(SECONDS_A_DAY);
    let mut text = String::with_capacity(19);
    let mut push = |value: i64, before: &str| {
        text.push_str(before);
        text.push(digit(value / 10));
        text.push(digit(value));
    };
    push(year / 100, "");
    push(year % 100, "");
    push(month, "-");
    push(day, "-");
    if timed {
        push(time / 3600, " ");
        push(time / 60 % 60, ":");
        push(time % 60, ":");
    }
    text
}

/// The last digit of a number.
fn digit(value: i64) -> char {
    char::from(b'0' + value.rem_euclid(10) as u8)
}

fn pair(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// Takes one to `most` digits.
fn number(rest: &mut &[u8], most: usize) -> Option<i64> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > most {
        return None;
    }
    let (text, more) = rest.split_at(digits);
    *rest = more;
    Some(
        text.iter()
            .fold(0, |value, digit| value * 10 + i64::from(digit - b'0')),
    )
}

/// Day since 1970-01-01 of a year, month and day; `None` for one like 30 February.
#[inline]
pub(crate) fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let years = usize::try_from(year - 1900).ok();
    let month_place = usize::try_from(month).ok().filter(|month| *month < PLACES);
    let place = years
        .zip(month_place)
        .map(|(year, month)| year * PLACES + month);
    match place.and_then(|place| MONTHS.get(place)) {
        Some((before, days)) if (1..=i64::from(*days)).contains(&day) => {
            Some(i64::from(*before) + day)
        }
        Some(_) => None,
        None => days(year, month, day),
    }
}

/// Days from 1970-01-01 of a real day; `None` for one like 30 February.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok()?;
    let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let longest = LENGTH.get(index)? + if month == 2 { leap } else { 0 };
    if year == 0 || day == 0 || day > longest {
        return None;
    }
    let past = year - 1;
    let leaps = past / 4 - past / 100 + past / 400 + if month > 2 { leap } else { 0 };
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    Some(past * 365 + leaps + BEFORE[index] + day - 1 - 719_162)
}

/// Year, month and day of a day since 1970-01-01, counted in years that begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn agrees_with_the_calendar_on_every_day() {
        let mut day = date(1800, 1, 1);
        let mut number = -62_091;
        while day.year() < 2101 {
            let text = day.to_string();
            let seconds = standard_date(text.as_bytes()).unwrap();
            assert_eq!(seconds, number * SECONDS_A_DAY, "{text}");
            let looked_up = plain_date(text.as_bytes().try_into().unwrap());
            let is_looked_up = (1900..2100).contains(&day.year());
            assert_eq!(looked_up, is_looked_up.then_some(seconds), "{text}");
            assert_eq!(date_text(seconds), text);
            day = day.tomorrow().unwrap();
            number += 1;
        }
    }

    #[test]
    fn one_wrong_byte_is_a_wrong_moment() {
        let right = *b"2019-12-03 08:15:09";
        for place in 0..right.len() {
            for byte in 0..=u8::MAX {
                let mut bytes = right;
                bytes[place] = byte;
                let text = String::from_utf8_lossy(&bytes).replacen(' ', "T", 1);
                // The calendar takes some forms more than the standard: a small letter, another separator.
                let form = match place {
                    4 | 7 => byte == b'-',
                    10 => byte == b' ',
                    13 | 16 => byte == b':',
                    _ => byte.is_ascii_digit(),
                };
                let wanted = form && text.parse::<jiff::civil::DateTime>().is_ok();
                assert_eq!(standard_moment(&bytes).is_some(), wanted, "{text}");
                let date = standard_date(&bytes[..10]);
                assert!(date.is_some() || !wanted, "{text}");
                let day = bytes.first_chunk().unwrap();
                let plain = [plain_moment(&bytes), plain_date(day)];
                if (b"1900"..b"2100").contains(&bytes.first_chunk().unwrap()) {
                    assert_eq!(plain, [standard_moment(&bytes), date], "{text}");
                } else {
                    assert_eq!(plain, [None, None], "{text}");
                }
            }
        }
    }

    #[test]
    fn reads_the_standard_form_and_no_other() {
        let seconds = standard_moment(b"2019-12-03 08:15:09").unwrap();
        assert_eq!(moment_text(seconds), "2019-12-03 08:15:09");
        assert_eq!(standard_moment(b"1970-01-01 00:00:01"), Some(1));
        for wrong in [
            "2019-12-03",
            "2019-12-03T08:15:09",
            "2019-12-03 24:00:00",
            "2019-12-03 08:60:00",
            "2019-12-03 08:15:60",
            "2019/12/03 08:15:09",
            "2019-02-29 08:15:09",
        ] {
            assert_eq!(standard_moment(wrong.as_bytes()), None, "{wrong}");
        }
        for wrong in [
            "2019-02-29",
            "2019-13-01",
            "2019-00-01",
            "2019-01-00",
            "2019/01/01",
            "1900-02-29",
        ] {
            assert_eq!(standard_date(wrong.as_bytes()), None, "{wrong}");
        }
        assert!(standard_date(b"2000-02-29").is_some());
    }

    #[test]
    fn reads_what_exporters_write() {
        let text = |bytes: &str| {
            variant(bytes.as_bytes()).map(|moment| {
                if moment.timed {
                    moment_text(moment.seconds)
                } else {
                    date_text(moment.seconds)
                }
            })
        };
        for (written, read) in [
            ("2019/12/3", "2019-12-03"),
            ("2019-12-3", "2019-12-03"),
            ("2019/12/3 8:05:09", "2019-12-03 08:05:09"),
            ("2019/12/3 8:05", "2019-12-03 08:05:00"),
            ("2019/12/03 08:05:09", "2019-12-03 08:05:09"),
            ("1000/12/03 08:05:09", "1000-12-03 08:05:09"),
            ("2019-12-03T08:05:09", "2019-12-03 08:05:09"),
            ("2019-12-03 08:05:09.123", "2019-12-03 08:05:09"),
            ("1980/5/6 0:00:00", "1980-05-06 00:00:00"),
        ] {
            assert_eq!(text(written).as_deref(), Some(read), "{written}");
        }
        for wrong in [
            "20191203",
            "19/12/3",
            "2019/2/30",
            "2019/12-3",
            "2019/12/3 8",
            "2019/12/3 8:05:09.",
            "2019/12/3 25:00",
            "2019/02/30 08:05:09",
            "2019/12/03 24:05:09",
            "2019/12-03 08:05:09",
            "2019-12/03 08:05:09",
            "0999/12/03 08:05:09",
            "12/3/2019",
            "2019/12/3x",
            "43802",
            "",
            "2019年12月3日",
        ] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }
}
