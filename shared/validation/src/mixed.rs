//! A quick hash of short values, for tables and sums that are never stored.

use crate::word;

/// A hash of 64 bits. Each step multiplies to 128 bits and folds the halves, which spreads every bit of a word over all
/// of the next; lengths go in, so that no two lists of values are written alike. Nobody gains by a collision: all it does
/// is to refuse a record of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mixed(u64);

impl Default for Mixed {
    fn default() -> Self {
        Self(0x243f_6a88_85a3_08d3)
    }
}

/// The digits of pi: any odd numbers without a pattern will do.
const FACTOR: u64 = 0x1319_8a2e_0370_7345;
/// More of them.
const LENGTHS: u64 = 0x4528_21e6_38d0_1377;

impl Mixed {
    /// Bytes of a text up to which [`Mixed::of_ends`] takes all of it.
    pub(crate) const WHOLE: usize = 16;

    /// A hash of a text by its length, its first eight bytes and its last.
    #[inline]
    pub(crate) fn of_ends(text: &str) -> Self {
        Self::of_ends_at(text.as_bytes(), 0, text.len())
    }

    /// The same of a text in a buffer. What stands around it makes no difference, but is looked at: nobody can guess how long
    /// the next one is.
    #[inline]
    pub(crate) fn of_ends_at(buffer: &[u8], start: usize, length: usize) -> Self {
        let front = buffer.get(start..).and_then(<[u8]>::first_chunk::<8>);
        let back = buffer.get(..start + length).and_then(<[u8]>::last_chunk);
        let mut hash = Self::default();
        hash.length(length);
        match (front, back) {
            (Some(front), Some(back)) => {
                let own = 1_u64.checked_shl(8 * length.min(8) as u32).unwrap_or(0);
                let first = u64::from_le_bytes(*front) & own.wrapping_sub(1);
                let last = u64::from_le_bytes(*back) & u64::from(length < 8).wrapping_sub(1);
                hash.fold(first, FACTOR ^ last);
            }
            _ => hash.ends(buffer.get(start..start + length).unwrap_or_default()),
        }
        hash
    }

    /// Takes a number.
    #[inline]
    pub(crate) fn number(&mut self, word: u64) {
        self.fold(word, FACTOR);
    }

    /// The hash of what was taken here and there, in twice as many bits.
    #[inline]
    pub(crate) fn times(self, other: Self) -> u128 {
        u128::from(self.0) * u128::from(other.0)
    }

    /// One that differs by a number. Quick, and fit for nothing but to be multiplied by others.
    #[inline]
    pub(crate) fn beside(self, number: u64) -> Self {
        Self(self.0 ^ word::spread(number))
    }

    /// Takes a text.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        let mut rest = bytes;
        while let Some((pair, more)) = rest.split_first_chunk::<16>()
            && !more.is_empty()
            && let ([first, second], _) = pair.as_chunks::<8>()
        {
            self.fold(word(first), FACTOR ^ word(second));
            rest = more;
        }
        self.ends(rest);
    }

    /// Takes a length: by a factor without a pattern, since folded into a word as it is, it makes `1111` and `11110` one key.
    #[inline]
    fn length(&mut self, length: usize) {
        self.0 = self.0.wrapping_add(LENGTHS.wrapping_mul(length as u64));
    }

    /// Takes the first eight bytes and the last. They may overlap, since a word put together from single bytes must wait for
    /// them in memory.
    #[inline]
    fn ends(&mut self, bytes: &[u8]) {
        match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) => {
                self.fold(
                    u64::from_le_bytes(*first),
                    FACTOR ^ u64::from_le_bytes(*last),
                );
            }
            _ => self.fold(word::head(bytes), FACTOR),
        }
    }

    #[inline]
    fn fold(&mut self, word: u64, factor: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(factor);
        self.0 = (product as u64 ^ (product >> 64) as u64).wrapping_add(0xa409_3822_299f_31d1);
    }

    /// The hash of all that was taken.
    pub(crate) fn finish(mut self) -> u64 {
        self.number(0x082e_fa98_ec4e_6c89);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_hash_wherever_it_stands() {
        let text = "0123456789abcdefghij";
        for length in 0..=text.len() {
            let hash = Mixed::of_ends(&text[..length]);
            for before in ["", "x", "xxxxxxxxx"] {
                for behind in ["", "y", "yyyyyyyyy"] {
                    let buffer = [before, &text[..length], behind].concat();
                    let there = Mixed::of_ends_at(buffer.as_bytes(), before.len(), length);
                    assert_eq!(there, hash, "{buffer}");
                }
            }
            for place in 0..length {
                let mut other = text[..length].to_owned();
                other.replace_range(place..=place, "x");
                let is_whole = length <= Mixed::WHOLE;
                let at_end = place < 8 || place + 8 >= length;
                assert_eq!(
                    Mixed::of_ends(&other) != hash,
                    is_whole || at_end,
                    "{other}"
                );
            }
        }
    }

    #[test]
    fn values_do_not_run_into_each_other() {
        let of = |values: &[&str]| {
            let mut hash = Mixed::default();
            for value in values {
                hash.bytes(value.as_bytes());
            }
            hash.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", ""]), of(&["", "a"]));
        assert_ne!(of(&["a\0"]), of(&["a"]));
        assert_ne!(of(&[""]), of(&["", ""]));
        assert_ne!(of(&["1111"]), of(&["11110"]));
        assert_ne!(of(&["A17777777"]), of(&["A177777777"]));
        let long = "0123456789".repeat(4);
        for place in 0..long.len() {
            let mut other = long.clone();
            other.replace_range(place..=place, "x");
            assert_ne!(of(&[&long]), of(&[&other]), "{place}");
            assert_ne!(of(&[&long[..place]]), of(&[&long[..=place]]));
        }
    }
}
