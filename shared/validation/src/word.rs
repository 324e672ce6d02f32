//! The first bytes of a text as one number: compared and taken apart eight at a time, without a loop whose end the
//! processor has to guess.

/// The lowest bit of each byte.
pub(crate) const LOW: u64 = 0x0101_0101_0101_0101;
/// The highest.
pub(crate) const HIGH: u64 = 0x80 * LOW;

/// The first eight bytes, the first in the lowest place; zero beyond the end.
#[inline]
pub(crate) fn head(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    let length = bytes.len();
    // Loads that overlap: the bytes both have are the same.
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(low), Some(high)) => {
            u64::from(u32::from_le_bytes(*low))
                | u64::from(u32::from_le_bytes(*high)) << (8 * (length - 4))
        }
        _ => match bytes {
            [] => 0,
            [first, .., last] => {
                u64::from(*first)
                    | u64::from(bytes[length / 2]) << (8 * (length / 2))
                    | u64::from(*last) << (8 * (length - 1))
            }
            [only] => u64::from(*only),
        },
    }
}

/// A word whose high bits depend on all of another one: a place in a table is taken from them.
#[inline]
pub(crate) fn spread(word: u64) -> u64 {
    word.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Eight bytes of a buffer, nearly always in one load; zero beyond its end.
#[inline]
pub(crate) fn at(buffer: &[u8], start: usize) -> u64 {
    match buffer.get(start..).and_then(<[u8]>::first_chunk::<8>) {
        Some(word) => u64::from_le_bytes(*word),
        None => at_end(buffer, start),
    }
}

#[cold]
fn at_end(buffer: &[u8], start: usize) -> u64 {
    head(buffer.get(start..).unwrap_or_default())
}

/// [`head`] of `length` bytes from `start` of a buffer.
#[inline]
pub(crate) fn head_at(buffer: &[u8], start: usize, length: usize) -> u64 {
    first_of(at(buffer, start), length)
}

/// A mark at the top of each byte that is zero. Those above the lowest may be wrong.
#[inline]
pub(crate) fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// Whether a control character or line break may be among the bytes: eight at a time, so that few are looked at one by one.
pub(crate) fn may_hold_control(bytes: &[u8]) -> bool {
    // Whatever is below a number borrows from the top of its byte; so may the one above, which does no harm.
    let holds = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let below = word.wrapping_sub(0x20 * LOW) & !word & HIGH;
        below | zeros(word ^ (0x7f * LOW)) != 0
    };
    let (words, _) = bytes.as_chunks::<8>();
    bytes.last_chunk().is_none_or(holds) || words.iter().any(holds)
}

/// Whether all bytes are ASCII; quick where they are few.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) if bytes.len() <= 16 => {
            (u64::from_le_bytes(*first) | u64::from_le_bytes(*last)) & HIGH == 0
        }
        (Some(_), _) => bytes.is_ascii(),
        (None, _) => head(bytes) & HIGH == 0,
    }
}

/// The first `length` bytes of a word, zero beyond them.
#[inline]
fn first_of(word: u64, length: usize) -> u64 {
    match length {
        0 => 0,
        1..8 => word & (u64::MAX >> (64 - 8 * length)),
        _ => word,
    }
}

/// The first `length` bytes of a word as digits, moved to its end with noughts in front, whatever stands behind them. There must
/// be one at least and eight at most.
#[inline]
pub(crate) fn digits_of(word: u64, length: usize) -> u64 {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    (word ^ ZEROS).wrapping_shl(64_u32.wrapping_sub(8 * length as u32))
}

/// The number that eight digits make; `None` where one is none.
#[inline]
pub(crate) fn number(digits: u64) -> Option<i64> {
    // A nibble above is set, or six more set it, unless every byte is at most nine. Nothing carried counts: what carries
    // has such a nibble itself.
    if (digits | digits.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    Some(eight as i64)
}

/// What a word of up to eight decimal digits stands for; `None` where one of its first `length` bytes is no digit.
#[inline]
pub(crate) fn digits(word: u64, length: usize) -> Option<i64> {
    if !(1..=8).contains(&length) {
        return None;
    }
    number(digits_of(word, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_bytes_wherever_they_stand() {
        let buffer: Vec<u8> = (1..=40).collect();
        for start in 0..=buffer.len() {
            for length in 0..=buffer.len() - start {
                let mut wanted = [0; 8];
                let count = length.min(8);
                wanted[..count].copy_from_slice(&buffer[start..start + count]);
                let wanted = u64::from_le_bytes(wanted);
                assert_eq!(head_at(&buffer, start, length), wanted, "{start} {length}");
                assert_eq!(head(&buffer[start..start + length]), wanted);
            }
        }
    }

    #[test]
    fn a_control_character_is_seen_wherever_it_stands() {
        for length in 8..40 {
            for usual in [b' ', b'~', 0x80, 0xff] {
                let mut bytes = vec![usual; length];
                assert!(!may_hold_control(&bytes));
                for place in 0..length {
                    for control in (0..0x20).chain([0x7f]) {
                        bytes[place] = control;
                        assert!(may_hold_control(&bytes), "{place} of {length}");
                    }
                    bytes[place] = usual;
                }
            }
        }
        assert!(may_hold_control(b"few"));
    }

    #[test]
    fn one_byte_beyond_ascii_is_seen_wherever_it_stands() {
        for length in 0..40 {
            let mut bytes = vec![0x7f; length];
            assert!(is_ascii(&bytes));
            for place in 0..length {
                bytes[place] = 0x80;
                assert!(!is_ascii(&bytes), "{place} of {length}");
                bytes[place] = 0x7f;
            }
        }
    }

    #[test]
    fn reads_digits_and_nothing_else() {
        for text in [
            "0", "7", "42", "007", "2019", "12345", "999999", "1000000", "99999999", "00000001",
        ] {
            let word = head(text.as_bytes());
            assert_eq!(digits(word, text.len()), text.parse().ok(), "{text}");
        }
        assert_eq!(digits(0, 0), None);
        assert_eq!(digits(head(b"123456789"), 9), None);
        for length in 1..=8 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'9'; length];
                    text[place] = byte;
                    let wanted = byte.is_ascii_digit();
                    let read = digits(head(&text), length);
                    assert_eq!(read.is_some(), wanted, "{byte:#x} at {place} of {length}");
                }
            }
        }
    }
}
