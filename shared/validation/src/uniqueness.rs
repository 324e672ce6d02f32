//! Keys that must be unique within a file.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::record::{Record, State};

/// Parts the table is split into: growing copies one of them, so the peak stays near the size.
const SEGMENTS: usize = 256;

/// Remembers the keys of a file: 64 bits of each, and the row.
///
/// Two different keys of n look the same with a probability below n² / 2⁶⁵: one in nine million for the 2,000,000
/// records an upload may have. Keeping the keys themselves would take ten times the memory.
pub(crate) struct Keys {
    segments: Vec<Segment>,
}

#[derive(Default)]
struct Segment {
    /// Low and high half of the hash, row; row 0 is a free place.
    slots: Vec<[u32; 3]>,
    used: usize,
}

impl Keys {
    /// No key yet.
    pub(crate) fn new() -> Self {
        Self {
            segments: (0..SEGMENTS).map(|_| Segment::default()).collect(),
        }
    }

    /// Adds a key; the row of the record that had it before, if any.
    pub(crate) fn insert(&mut self, hash: u64, row: u32) -> Option<u32> {
        self.segments[(hash >> 56) as usize].insert(hash, row)
    }
}

impl Segment {
    fn insert(&mut self, hash: u64, row: u32) -> Option<u32> {
        // Fuller, and a free place is far to seek; emptier, and an upload of short records needs too much memory.
        if self.used * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        let (low, high) = (hash as u32, (hash >> 32) as u32);
        let mut place = self.place(hash);
        loop {
            let slot = &mut self.slots[place];
            if slot[2] == 0 {
                *slot = [low, high, row];
                self.used += 1;
                return None;
            }
            if slot[0] == low && slot[1] == high {
                return Some(slot[2]);
            }
            place = if place + 1 == self.slots.len() {
                0
            } else {
                place + 1
            };
        }
    }

    fn place(&self, hash: u64) -> usize {
        // The low half as a fraction of the length: any length will do, so growth can be gentle.
        ((u64::from(hash as u32) * self.slots.len() as u64) >> 32) as usize
    }

    fn grow(&mut self) {
        let larger = (self.slots.len() + self.slots.len() / 4).max(16);
        let old = std::mem::replace(&mut self.slots, vec![[0; 3]; larger]);
        self.used = 0;
        for [low, high, row] in old {
            if row != 0 {
                self.insert(u64::from(low) | u64::from(high) << 32, row);
            }
        }
    }
}

/// One rule: these fields together name a record.
pub(crate) struct UniqueRule {
    /// Index of the rule.
    pub(crate) rule: u16,
    fields: Vec<KeyField>,
    keys: Keys,
}

struct KeyField {
    field: usize,
    /// Whether the parsed number is compared, so that `2019/12/3 8:15` equals `2019-12-03 08:15:00`.
    by_number: bool,
    required: bool,
}

impl UniqueRule {
    /// A rule on fields, each with whether it is compared by its number and whether it must be filled.
    pub(crate) fn new(rule: u16, fields: impl IntoIterator<Item = (usize, bool, bool)>) -> Self {
        Self {
            rule,
            fields: fields
                .into_iter()
                .map(|(field, by_number, required)| KeyField {
                    field,
                    by_number,
                    required,
                })
                .collect(),
            keys: Keys::new(),
        }
    }

    /// Takes a record: the earlier row with its key and the field to show. A record whose key is not complete has none.
    pub(crate) fn repeats(&mut self, record: &Record<'_>) -> Option<(u32, usize)> {
        let mut hasher = DefaultHasher::new();
        for key in &self.fields {
            match record.states[key.field] {
                State::Valid if key.by_number => {
                    (0_u8, record.numbers[key.field]).hash(&mut hasher);
                }
                State::Valid => (1_u8, record.bytes[key.field]).hash(&mut hasher),
                State::Invalid => return None,
                State::Blank | State::Dash if key.required => return None,
                State::Blank | State::Dash => 2_u8.hash(&mut hasher),
            }
        }
        let earlier = self.keys.insert(hasher.finish(), record.row)?;
        Some((earlier, self.fields.first()?.field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_key_again_however_many_there_are() {
        let mut keys = Keys::new();
        let hash = |number: u32| {
            let mut hasher = DefaultHasher::new();
            number.hash(&mut hasher);
            hasher.finish()
        };
        for number in 1..=100_000 {
            assert_eq!(keys.insert(hash(number), number), None);
        }
        for number in 1..=100_000 {
            assert_eq!(keys.insert(hash(number), 200_000), Some(number));
        }
        let slots: usize = keys
            .segments
            .iter()
            .map(|segment| segment.slots.len())
            .sum();
        assert!(slots < 190_000, "{slots} places for 100,000 keys");
    }

    #[test]
    fn takes_any_hash_at_all() {
        let mut keys = Keys::new();
        for hash in [0, 1, u64::MAX, u64::MAX << 32, u64::from(u32::MAX)] {
            assert_eq!(keys.insert(hash, 7), None, "{hash:x}");
            assert_eq!(keys.insert(hash, 8), Some(7), "{hash:x}");
        }
    }
}
