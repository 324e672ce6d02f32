//! The first bytes of a text as one number: compared and taken apart eight at a time, without a loop whose end the
//! processor has to guess.

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

/// [`head`] of `length` bytes from `start` of a buffer, nearly always in one load.
#[inline]
pub(crate) fn head_at(buffer: &[u8], start: usize, length: usize) -> u64 {
    match buffer.get(start..).and_then(<[u8]>::first_chunk::<8>) {
        Some(word) => first_of(u64::from_le_bytes(*word), length),
        None => head(buffer.get(start..start + length).unwrap_or_default()),
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

/// What a word of up to eight decimal digits stands for; `None` where one of its first `length` bytes is no digit.
#[inline]
pub(crate) fn digits(word: u64, length: usize) -> Option<i64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    if !(1..=8).contains(&length) {
        return None;
    }
    // Zeros in front: the bytes move up, and noughts come in below them.
    let missing = 8 * (8 - length as u32);
    let shifted = word.checked_shl(missing).unwrap_or(0) ^ ZEROS;
    let filler = !(u64::MAX << missing) & ZEROS;
    let values = shifted ^ filler;
    // A nibble above is set, or six more set it, unless every byte is at most nine. Nothing carried counts: what carries
    // has such a nibble itself.
    if (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let eight = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    Some(eight as i64)
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
