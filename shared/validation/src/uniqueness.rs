//! Keys that must be unique within a file.

use crate::block::members;
use crate::mixed::Mixed;
use crate::parse::ROWS;
use crate::record::Records;

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
    buckets: Vec<Bucket>,
    used: usize,
}

/// Keys in one bucket.
const BUCKET: usize = 5;

/// Some keys in one line of the processor's cache: a key is nearly always found, or found missing, by one look into memory.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Bucket {
    hashes: [u64; BUCKET],
    rows: [u32; BUCKET],
    used: u32,
}

impl Keys {
    /// No key yet.
    pub(crate) fn new() -> Self {
        Self {
            segments: (0..SEGMENTS).map(|_| Segment::default()).collect(),
        }
    }

    /// Makes room for about so many keys in all: a table that is filled without growing is emptier on the way, and
    /// nothing in it moves.
    pub(crate) fn expect(&mut self, keys: u32) {
        let each = keys as usize / SEGMENTS;
        // Chance makes some segments fuller than others; a twentieth more for the guess itself.
        let each = each + each / 20 + 4 * each.isqrt();
        for segment in &mut self.segments {
            segment.resize(each * 5 / 4 / BUCKET + 1);
        }
    }

    /// Looks at the places of keys to come. Each is likely to be far away in memory, and looked at one behind the other
    /// without anything in between they are fetched at once.
    pub(crate) fn look_ahead(&self, hashes: impl Iterator<Item = u64>) {
        let used = hashes.map(|hash| {
            let segment = &self.segments[(hash >> 56) as usize];
            let bucket = segment.buckets.get(segment.place(hash));
            bucket.map_or(0, |bucket| bucket.used)
        });
        std::hint::black_box(used.fold(0, |any, used| any | used));
    }

    /// Adds a key; the row of the record that had it before, if any.
    pub(crate) fn insert(&mut self, hash: u64, row: u32) -> Option<u32> {
        self.segments[(hash >> 56) as usize].insert(hash, row)
    }
}

impl Segment {
    fn insert(&mut self, hash: u64, row: u32) -> Option<u32> {
        // Fuller, and many a bucket runs over; emptier, and an upload of short records needs too much memory.
        if self.used * 5 >= self.buckets.len() * BUCKET * 4 {
            self.grow();
        }
        let mut place = self.place(hash);
        loop {
            let bucket = &mut self.buckets[place];
            let used = bucket.used as usize;
            // All are compared before any is asked about: where a key stands in its bucket cannot be guessed.
            let known = bucket.hashes.iter().enumerate();
            let known = known.fold(0_u32, |known, (slot, known_hash)| {
                known | u32::from(*known_hash == hash) << slot
            });
            let known = known & ((1 << used) - 1);
            if known != 0 {
                return bucket.rows.get(known.trailing_zeros() as usize).copied();
            }
            if used < BUCKET {
                bucket.hashes[used] = hash;
                bucket.rows[used] = row;
                bucket.used += 1;
                self.used += 1;
                return None;
            }
            place = if place + 1 == self.buckets.len() {
                0
            } else {
                place + 1
            };
        }
    }

    fn place(&self, hash: u64) -> usize {
        // The low half as a fraction of the length: any length will do, so growth can be gentle.
        ((u64::from(hash as u32) * self.buckets.len() as u64) >> 32) as usize
    }

    fn grow(&mut self) {
        // Small tables double: what they waste is nothing, and copying them again and again is not.
        let more = if self.buckets.len() < 256 {
            self.buckets.len()
        } else {
            self.buckets.len() / 4
        };
        self.resize((self.buckets.len() + more).max(16));
    }

    /// Changes the number of buckets to a larger one.
    fn resize(&mut self, larger: usize) {
        if larger <= self.buckets.len() {
            return;
        }
        let old = std::mem::replace(&mut self.buckets, vec![Bucket::default(); larger]);
        self.used = 0;
        for bucket in old {
            let used = bucket.used as usize;
            for (hash, row) in bucket.hashes.iter().zip(bucket.rows).take(used) {
                self.insert(*hash, row);
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

    /// Makes room for about so many records.
    pub(crate) fn expect(&mut self, records: u32) {
        self.keys.expect(records);
    }

    /// Takes records with their rows: of each that has the key of an earlier one, its index, the earlier row and the field to
    /// show, to `repeated`. A record whose key is not complete has none.
    pub(crate) fn take(
        &mut self,
        records: &Records<'_>,
        of: u64,
        row_of: impl Fn(usize) -> u32,
        mut repeated: impl FnMut(usize, u32, usize),
    ) {
        let mut of = of;
        let mut hashes = [Mixed::default(); ROWS];
        for key in &self.fields {
            let values = records.block.field(key.field);
            of &= !values.invalid;
            if key.required {
                of &= values.valid;
            }
            for record in members(of) {
                let hash = &mut hashes[record];
                if values.valid >> record & 1 == 0 {
                    hash.bytes(&[]);
                } else if key.by_number {
                    hash.number(values.numbers[record] as u64);
                } else {
                    hash.bytes(records.bytes(values, record));
                }
            }
        }
        let Some(shown) = self.fields.first() else {
            return;
        };
        let hashes = hashes.map(Mixed::finish);
        self.keys
            .look_ahead(members(of).map(|record| hashes[record]));
        for record in members(of) {
            if let Some(earlier) = self.keys.insert(hashes[record], row_of(record)) {
                repeated(record, earlier, shown.field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u32) -> u64 {
        let mut hash = Mixed::default();
        hash.bytes(number.to_string().as_bytes());
        hash.finish()
    }

    #[test]
    fn keys_that_are_alike_have_different_hashes() {
        let mut hashes: Vec<u64> = (0..1_000_000)
            .map(|number| {
                let mut hash = Mixed::default();
                hash.bytes(b"01");
                hash.bytes(format!("MZ{number:010}").as_bytes());
                hash.number(1_575_360_900 + number % 60);
                hash.finish()
            })
            .collect();
        hashes.sort_unstable();
        assert!(hashes.windows(2).all(|pair| pair[0] != pair[1]));
        // Each bit is set in half of them, the top byte that chooses the segment among them.
        for bit in 0..64 {
            let set = hashes.iter().filter(|hash| **hash >> bit & 1 == 1).count();
            assert!((495_000..505_000).contains(&set), "bit {bit}: {set}");
        }
    }

    #[test]
    fn finds_every_key_again_however_many_there_are() {
        let mut keys = Keys::new();
        for number in 1..=100_000 {
            assert_eq!(keys.insert(hash(number), number), None);
        }
        for number in 1..=100_000 {
            assert_eq!(keys.insert(hash(number), 200_000), Some(number));
        }
        let buckets: usize = keys
            .segments
            .iter()
            .map(|segment| segment.buckets.len())
            .sum();
        let places = buckets * BUCKET;
        assert!(places < 190_000, "{places} places for 100,000 keys");
    }

    #[test]
    fn room_made_in_time_is_enough_and_not_too_much() {
        for (expected, there) in [(100_000, 100_000), (50_000, 100_000), (1, 100_000)] {
            let mut keys = Keys::new();
            for number in 1..=1_000 {
                assert_eq!(keys.insert(hash(number), number), None);
            }
            keys.expect(expected);
            let room = |keys: &Keys| -> usize {
                let segments = keys.segments.iter();
                let buckets: usize = segments.map(|segment| segment.buckets.len()).sum();
                buckets * BUCKET
            };
            let made = room(&keys);
            for number in 1_001..=there {
                assert_eq!(keys.insert(hash(number), number), None);
            }
            for number in 1..=there {
                assert_eq!(keys.insert(hash(number), 0), Some(number));
            }
            if expected == there {
                assert!((125_000..170_000).contains(&made), "{made}");
                assert_eq!(room(&keys), made, "it has grown");
            }
        }
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
