//! An order in which the keys of a file come.
//!
//! Most programs write their records by number or by time, and where one of the key's fields rises from record to record
//! each of them is known to be new by one comparison. Nothing has then to be looked for all over memory, which takes longer
//! the more records there are.

use crate::keys::Keys;
use crate::word::{self, LOW};

/// What two keys are compared by: equal for equal keys, and of different ones rising where they were numbered. A text counts
/// by its digits, up to sixteen from its end on, since letters around a number tell nothing of its order.
#[inline]
pub(crate) fn text_order(text: &[u8]) -> u64 {
    let Some((front, back)) = text.split_last_chunk::<8>() else {
        return nibbles(last(text));
    };
    let front = match (front.last_chunk::<8>(), text.first_chunk::<8>()) {
        (Some(front), _) => u64::from_be_bytes(*front),
        // What stands before the back is less than a word, but the text is one.
        (None, Some(first)) => {
            let missing = 64 - 8 * front.len() as u32;
            u64::from_be_bytes(*first).checked_shr(missing).unwrap_or(0)
        }
        (None, None) => 0,
    };
    (nibbles(front) << 32) | nibbles(u64::from_be_bytes(*back))
}

/// [`text_order`] of a number.
#[inline]
pub(crate) fn number_order(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

/// The bytes of a text shorter than eight, the last one in the lowest place.
#[inline]
fn last(text: &[u8]) -> u64 {
    let missing = 64 - 8 * text.len().min(8) as u32;
    word::head(text)
        .swap_bytes()
        .checked_shr(missing)
        .unwrap_or(0)
}

/// The digits of eight bytes, four bits for each; zero for what is none.
#[inline]
fn nibbles(word: u64) -> u64 {
    let values = word ^ (0x30 * LOW);
    // Something above the lower half, unless it is nine at most. What is carried from one byte to the next makes a digit
    // behind a strange byte count for nothing: it does so in every key that is the same.
    let above = ((values | values.wrapping_add(6 * LOW)) >> 4) & (0x0f * LOW);
    let strange = ((above + 0x0f * LOW) >> 4) & LOW;
    let digits = values & ((LOW - strange) * 0x0f);
    let pairs = (digits | (digits >> 4)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    (fours | (fours >> 16)) & 0xffff_ffff
}

/// Keys of which nearly each stands behind all before it.
#[derive(Default)]
pub(crate) struct RisingKeys {
    /// Those that did, in their order.
    rising: Vec<Key>,
    /// Those that did not.
    others: Keys,
    strays: usize,
}

struct Key {
    order: u64,
    hash: u64,
    row: u32,
}

/// Beside one of so many that does not rise: then each is better looked for.
const STRAYS: usize = 32;
/// And so many, however few there are.
const FIRST_STRAYS: usize = 64;
/// Keys that are handed over at a time, so that what they took is given back on the way.
const PART: usize = 1 << 16;

impl RisingKeys {
    /// Makes room for about so many keys in all.
    pub(crate) fn expect(&mut self, keys: u32) {
        // A twentieth more for the guess itself.
        let keys = keys as usize / 20 * 21;
        self.rising
            .reserve_exact(keys.saturating_sub(self.rising.len()));
    }

    /// Adds a key by its hash; the row of the record that had it before, if any. Equal keys must have the same order.
    pub(crate) fn insert(&mut self, order: u64, hash: u64, row: u32) -> Option<u32> {
        if self.rising.last().is_none_or(|last| last.order < order) {
            self.rising.push(Key { order, hash, row });
            return None;
        }
        self.strays += 1;
        let place = self.rising.partition_point(|known| known.order < order);
        match self.rising.get(place) {
            Some(known) if known.hash == hash => Some(known.row),
            _ => self.others.insert(hash, row),
        }
    }

    /// Whether too many did not rise.
    pub(crate) fn is_in_vain(&self) -> bool {
        self.strays > FIRST_STRAYS + self.rising.len() / STRAYS
    }

    /// All of them, to be looked for wherever they are.
    pub(crate) fn into_keys(self, expected: u32) -> Keys {
        let Self {
            mut rising,
            others: mut keys,
            ..
        } = self;
        keys.expect(expected.max(u32::try_from(rising.len()).unwrap_or(u32::MAX)));
        while !rising.is_empty() {
            let part = rising.split_off(rising.len().saturating_sub(PART));
            rising.shrink_to_fit();
            for Key { hash, row, .. } in part {
                keys.insert(hash, row);
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_texts_rise_as_they_count() {
        let rising = |texts: &[&str]| {
            let orders: Vec<u64> = texts
                .iter()
                .map(|text| text_order(text.as_bytes()))
                .collect();
            assert!(orders.is_sorted_by(|one, next| one < next), "{orders:x?}");
        };
        rising(&[
            "",
            "1",
            "2",
            "9",
            "10",
            "99",
            "100",
            "12345678",
            "123456789",
            "9999999999999999",
        ]);
        rising(&["10000000009", "10000000010", "10000000099", "10000000100"]);
        rising(&["MZ20000001", "JZ20000002", "ZY20000010"]);
        rising(&["2019-11-30", "2019-12-01", "2020-01-01"]);
        rising(&["住院00000009", "门诊00000010"]);
        let mut numbered: Vec<String> = (0..70_000).map(|number| format!("A{number:06}")).collect();
        numbered.extend((70_000..70_010).map(|number| number.to_string()));
        rising(&numbered.iter().map(String::as_str).collect::<Vec<_>>());
        let numbers = [i64::MIN, -1, 0, 1, i64::MAX].map(number_order);
        assert!(numbers.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn sixteen_digits_count_from_the_end_however_long_the_text_is() {
        let digits = "1234567890123456789";
        for length in 0..=digits.len() {
            let text = &digits[digits.len() - length..];
            let last: &str = &text[length.saturating_sub(16)..];
            let wanted = last
                .bytes()
                .fold(0, |order, digit| order << 4 | u64::from(digit - b'0'));
            assert_eq!(text_order(text.as_bytes()), wanted, "{text}");
        }
    }

    #[test]
    fn only_digits_count_and_each_by_itself() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let mut text = *b"00000000";
                text[place] = byte;
                let digit = byte.wrapping_sub(b'0');
                let wanted = if digit < 10 {
                    u64::from(digit) << (4 * (7 - place))
                } else {
                    0
                };
                assert_eq!(
                    nibbles(u64::from_be_bytes(text)),
                    wanted,
                    "{byte:#x} at {place}"
                );
            }
        }
    }

    #[test]
    fn gives_up_where_keys_do_not_rise() {
        let mut keys = RisingKeys::default();
        for number in 0..100_000 {
            // One in fifty stands behind those after it.
            let order = if number % 50 == 0 {
                number.max(10) - 10
            } else {
                number
            };
            assert_eq!(keys.insert(order, number << 1 | 1, number as u32), None);
        }
        assert!(!keys.is_in_vain());
        for number in 0..4_000 {
            assert_eq!(keys.insert(5, number << 1, number as u32), None);
        }
        assert!(keys.is_in_vain());
        let mut all = keys.into_keys(0);
        for number in 0..100_000 {
            assert_eq!(all.insert(number << 1 | 1, 0), Some(number as u32));
        }
        for number in 0..4_000 {
            assert_eq!(all.insert(number << 1, 0), Some(number as u32));
        }
    }

    proptest! {
        /// Few different numbers and long ones, so that keys come again, in any order or nearly in one.
        #[test]
        fn finds_what_a_map_would_find(
            numbers in prop::collection::vec(0_u64..300, 0..400),
            is_sorted: bool,
            width in 1_u64..4,
            give_up in 0_usize..400,
        ) {
            let mut numbers = numbers;
            if is_sorted {
                numbers.sort_unstable();
            }
            let mut known: HashMap<u64, u32> = HashMap::new();
            let mut rising = Some(RisingKeys::default());
            let mut keys = Keys::default();
            for (row, number) in (2_u32..).zip(numbers) {
                let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                // Several keys of one order.
                let order = number / width;
                if row as usize == give_up + 2 && let Some(rising) = rising.take() {
                    keys = rising.into_keys(0);
                }
                let found = match &mut rising {
                    Some(rising) => rising.insert(order, hash, row),
                    None => keys.insert(hash, row),
                };
                prop_assert_eq!(found, known.get(&number).copied());
                known.entry(number).or_insert(row);
            }
        }
    }
}
