//! Fingerprints of keys. They are stored, so their values never change (a test pins them).

use std::num::NonZeroU64;

/// Fingerprint of what links two records.
pub type Link = NonZeroU64;

/// First 64 binary digits of the square roots' fractions of 2, 3, 5 and 7, made odd: no structure the data could share.
const SEEDS: [u64; 4] = [
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
];

/// Fingerprint of a natural key. 128 bits: a season of a large hospital is some ten million records, and two keys taken
/// for one would hide a record.
pub(crate) fn of_key(key: &str) -> u128 {
    let (first, second) = absorb([SEEDS[0], SEEDS[2]], key.as_bytes());
    finish(first, second, key.len())
}

/// Fingerprint of what links two records; `None` where a part is blank. A collision costs one warning, so 64 bits do.
pub(crate) fn of_link(parts: &[&str]) -> Option<Link> {
    let (mut first, mut second) = (SEEDS[1], SEEDS[3]);
    for part in parts {
        if part.is_empty() {
            return None;
        }
        // The length goes in as well, so that ("1", "23") and ("12", "3") differ.
        (first, second) = absorb([first ^ part.len() as u64, second], part.as_bytes());
    }
    Some(NonZeroU64::new(finish(first, second, parts.len()) as u64).unwrap_or(NonZeroU64::MIN))
}

fn absorb([mut first, mut second]: [u64; 2], bytes: &[u8]) -> (u64, u64) {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        first = fold(first ^ word, SEEDS[1]);
        second = fold(second ^ word.rotate_left(32), SEEDS[3]);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let last = u64::from_le_bytes(last);
    (
        fold(first ^ last, SEEDS[1]),
        fold(second ^ last.rotate_left(32), SEEDS[3]),
    )
}

fn finish(first: u64, second: u64, length: usize) -> u128 {
    let low = fold(first ^ length as u64, second ^ SEEDS[0]);
    let high = fold(second ^ (length as u64).rotate_left(17), first ^ SEEDS[2]);
    u128::from(high) << 64 | u128::from(low)
}

/// Both halves of the product, one over the other.
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn values_are_those_already_stored() {
        assert_eq!(
            format!(
                "{:032x}",
                of_key("01\u{1f}MZ0012345\u{1f}2019-12-03 08:15:00")
            ),
            "870a62e5c6a3074521c175e7ded09d21"
        );
        assert_eq!(
            format!(
                "{:016x}",
                of_link(&["BA0001234", "2019-12-03 08:15:00"]).unwrap()
            ),
            "e42a7faff2667671"
        );
    }

    #[test]
    fn near_keys_differ_in_both_halves() {
        let mut low = HashSet::new();
        let mut high = HashSet::new();
        for number in 0..200_000_u32 {
            let fingerprint = of_key(&format!("01\u{1f}MZ{number:07}\u{1f}2019-12-03 08:15:00"));
            assert!(low.insert(fingerprint as u64), "{number}");
            assert!(high.insert((fingerprint >> 64) as u64), "{number}");
        }
    }

    #[test]
    fn a_link_needs_every_part_and_knows_where_parts_end() {
        assert_eq!(of_link(&["BA1", ""]), None);
        assert_ne!(of_link(&["1", "23"]), of_link(&["12", "3"]));
        assert_ne!(of_key(""), of_key("\0"));
    }
}
