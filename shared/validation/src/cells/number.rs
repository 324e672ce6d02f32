//! Integers and decimals.

use crate::word::{self, LOW};

/// Ten-thousandths in the last place, by digits after the point.
const TENS: [i64; 5] = [10_000, 1_000, 100, 10, 1];

/// [`integer`] of the first `length` bytes of a word, of which there must be one at least and eight at most; `None` says nothing.
#[inline]
pub(crate) fn plain_integer(word: u64, length: usize) -> Option<i64> {
    word::number(word::digits_of(word, length))
}

/// [`decimal`] of the first `length` bytes of a word, of which there must be one at least and eight at most; `None` says nothing.
#[inline]
pub(crate) fn plain_decimal(word: u64, length: usize, scale: u8) -> Option<i64> {
    let digits = word::digits_of(word, length);
    // Most are whole numbers.
    match word::number(digits) {
        Some(value) => Some(value * TENS[0]),
        None => with_point(digits, length, scale),
    }
}

/// The same of a number with a point, given as `digits_of` makes it.
#[inline]
fn with_point(digits: u64, length: usize, scale: u8) -> Option<i64> {
    const POINTS: u64 = (b'.' ^ b'0') as u64 * LOW;
    // The lowest mark is that of the first point.
    let place = word::zeros(digits ^ POINTS).trailing_zeros() as usize / 8;
    let fraction = 7_usize.checked_sub(place)?;
    if fraction == 0 || fraction + 1 == length || fraction > usize::from(scale.min(4)) {
        return None;
    }
    // What stands before the point moves up, over it.
    let whole = digits & ((1 << (8 * place)) - 1);
    let behind = digits >> (8 * place) >> 8 << (8 * place) << 8;
    word::number(whole << 8 | behind).map(|value| value * TENS[fraction])
}

/// An optional sign and digits. Values beyond 18 digits are none: no column is so wide.
pub(crate) fn integer(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = signed(bytes);
    let value = digits_value(digits)?;
    Some(if negative { -value } else { value })
}

/// A number with at most `scale` digits after the point, in ten-thousandths.
pub(crate) fn decimal(bytes: &[u8], scale: u8) -> Option<i64> {
    let (negative, rest) = signed(bytes);
    let most = usize::from(scale.min(4));
    let mut value = 0_i64;
    let mut point = None;
    for (place, byte) in rest.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            // What overflows has too many digits, and is refused for those.
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        } else if *byte == b'.' && place > 0 && point.is_none() {
            point = Some(place);
        } else {
            return None;
        }
    }
    let whole = point.unwrap_or(rest.len());
    let fraction = point.map_or(0, |point| rest.len() - point - 1);
    if whole == 0 || whole > 14 || fraction > most || (point.is_some() && fraction == 0) {
        return None;
    }
    let value = value * TENS[fraction];
    Some(if negative { -value } else { value })
}

/// Whether it is a number in scientific notation, as a spreadsheet writes it.
pub(crate) fn is_scientific(bytes: &[u8]) -> bool {
    // One digit stands before the point or the letter: most texts are told by their second byte.
    if !matches!(bytes, [_, b'.' | b'e' | b'E', ..]) {
        return false;
    }
    let Some(at) = bytes.iter().position(|byte| matches!(byte, b'e' | b'E')) else {
        return false;
    };
    let exponent = match &bytes[at + 1..] {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    let (whole, fraction) = match bytes[..at].iter().position(|byte| *byte == b'.') {
        Some(point) => (&bytes[..point], &bytes[point + 1..at]),
        None => (&bytes[..at], &[][..]),
    };
    // `5E10` may well be a card number: a spreadsheet writes a sign or a fraction.
    let rewritten = exponent.len() < bytes.len() - at - 1 || !fraction.is_empty();
    rewritten
        && matches!(whole, [digit] if digit.is_ascii_digit())
        && fraction.iter().all(u8::is_ascii_digit)
        && (1..=3).contains(&exponent.len())
        && exponent.iter().all(u8::is_ascii_digit)
}

/// The digits in front of a `.0` that was added to them.
pub(crate) fn before_zero_fraction(bytes: &[u8]) -> Option<&[u8]> {
    // Two bytes tell it of most numbers that end like this.
    if !matches!(bytes, [.., b'.' | b'0', b'0']) {
        return None;
    }
    let point = bytes.iter().rposition(|byte| *byte == b'.')?;
    let (whole, fraction) = (&bytes[..point], &bytes[point + 1..]);
    let digits = !whole.is_empty() && whole.iter().all(u8::is_ascii_digit);
    (digits && !fraction.is_empty() && fraction.iter().all(|byte| *byte == b'0')).then_some(whole)
}

/// Whether the only thing wrong with a number is its thousands separators.
pub(crate) fn has_thousands(bytes: &[u8], scale: u8) -> bool {
    if !bytes.contains(&b',') {
        return false;
    }
    let joined: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b',').collect();
    decimal(&joined, scale).is_some()
}

fn signed(bytes: &[u8]) -> (bool, &[u8]) {
    match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

fn digits_value(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_says_what_the_long_way_says() {
        let mut texts = vec![String::new()];
        // Every text of up to five of these, and longer ones made of them.
        for length in 0..5 {
            for from in 0..texts.len() {
                if texts[from].len() == length {
                    for next in ["0", "7", ".", "-", " ", "x"] {
                        texts.push(format!("{}{next}", texts[from]));
                    }
                }
            }
        }
        let longer: Vec<String> = texts.iter().map(|text| format!("12{text}9.5")).collect();
        for text in texts.iter().chain(&longer) {
            let (bytes, length) = (text.as_bytes(), text.len());
            if !(1..=8).contains(&length) {
                continue;
            }
            for beyond in [0, b'7', b'.'] {
                // Whatever stands behind the value in the buffer.
                let word = word::at(&[bytes, &[beyond; 8]].concat(), 0);
                let plain = plain_integer(word, length);
                assert!(plain.is_none() || plain == integer(bytes), "{text}");
                let all_digits = bytes.iter().all(u8::is_ascii_digit);
                assert_eq!(plain.is_some(), all_digits, "{text}");
                for scale in 0..6 {
                    let plain = plain_decimal(word, length, scale);
                    if plain.is_some() || !text.contains('-') {
                        assert_eq!(plain, decimal(bytes, scale), "{text} {scale}");
                    }
                }
            }
        }
    }

    #[test]
    fn reads_integers() {
        for (text, value) in [
            ("0", 0),
            ("007", 7),
            ("-12", -12),
            ("+3", 3),
            ("999999999999999999", 999_999_999_999_999_999),
        ] {
            assert_eq!(integer(text.as_bytes()), Some(value), "{text}");
        }
        for wrong in [
            "",
            "-",
            "1.0",
            "1,000",
            "1e3",
            " 1",
            "一",
            "1234567890123456789",
        ] {
            assert_eq!(integer(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn reads_decimals_in_ten_thousandths() {
        for (text, scale, value) in [
            ("0", 2, 0),
            ("12.5", 2, 125_000),
            ("-0.0001", 4, -1),
            ("75", 4, 750_000),
            ("1.20", 2, 12_000),
            ("99999999999999.9999", 4, 999_999_999_999_999_999),
        ] {
            assert_eq!(decimal(text.as_bytes(), scale), Some(value), "{text}");
        }
        for (wrong, scale) in [
            ("", 2),
            (".5", 2),
            ("5.", 2),
            ("1.234", 2),
            ("1,234.5", 2),
            ("1.5", 0),
            ("1e3", 2),
            ("1.2.3", 4),
            ("123456789012345", 2),
            ("00000000000000000000000000", 2),
        ] {
            assert_eq!(decimal(wrong.as_bytes(), scale), None, "{wrong}");
        }
        assert!(has_thousands(b"1,234.50", 2));
        assert!(!has_thousands(b"1,x", 2) && !has_thousands(b"1234", 2));
    }

    #[test]
    fn knows_what_a_spreadsheet_did() {
        for text in ["1.23457E+17", "4.4E17", "3E+10", "1.1e-5"] {
            assert!(is_scientific(text.as_bytes()), "{text}");
        }
        for text in ["5E10", "E10", "1.5", "12E+3", "MZE+1", "1E+", "1.E+1x"] {
            assert!(!is_scientific(text.as_bytes()), "{text}");
        }
        assert_eq!(before_zero_fraction(b"123.0"), Some(&b"123"[..]));
        assert_eq!(before_zero_fraction(b"123.00"), Some(&b"123"[..]));
        for text in ["123", "123.5", ".0", "a.0", "123.", "1.0.0", "1.2.0"] {
            assert_eq!(before_zero_fraction(text.as_bytes()), None, "{text}");
        }
    }
}
