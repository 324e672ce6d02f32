//! Which keys a file had so far.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use wide::u32x8;

/// Remembers the keys of a file: 64 bits of each, and the row.
///
/// Two different keys of n look the same with a probability below n² / 2⁶⁵: one in nine million for the 2,000,000
/// records an upload may have. Keeping the keys themselves would take ten times the memory.
///
/// What is looked for at random is small, so that more of it stays in the processor's caches: a place holds a part of the
/// hash and the number of the key. Hashes and rows stand in the order they came in, and are looked at only where the part
/// of the hash is right.
#[derive(Default)]
pub(crate) struct Keys {
    lines: Vec<Line>,
    hashes: Vec<u64>,
    rows: Vec<u32>,
    /// Those whose number has no room in a place: more than any upload has by the limits of the service.
    beyond: HashMap<u64, u32>,
}

/// Places that one look into memory brings. Used from the first on; 0 is free.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Line {
    places: [[u32; HALF]; 2],
}

const HALF: usize = 8;
const PLACES: usize = 2 * HALF;
/// Bits of a place that hold the number of a key, counted from 1; the others are the beginning of its hash.
const NUMBER: u32 = 22;
const NUMBERS: u32 = (1 << NUMBER) - 1;

impl Line {
    /// Which places hold a number behind this beginning, and how many places are used.
    #[inline]
    fn look(&self, beginning: u32) -> (u32, usize) {
        let (mut alike, mut free) = (0, 0);
        for (half, places) in self.places.iter().enumerate() {
            let places = u32x8::new(*places);
            let beginnings = places & u32x8::splat(!NUMBERS);
            alike |= beginnings.simd_eq(u32x8::splat(beginning)).to_bitmask() << (half * HALF);
            free |= places.simd_eq(u32x8::splat(0)).to_bitmask() << (half * HALF);
        }
        (alike & !free, PLACES - free.count_ones() as usize)
    }
}

impl Keys {
    /// Makes room for about so many keys in all: a table that is filled without growing is emptier on the way, and
    /// nothing in it moves.
    pub(crate) fn expect(&mut self, keys: u32) {
        // A twentieth more for the guess itself.
        let keys = keys as usize / 20 * 21;
        let more = keys.saturating_sub(self.hashes.len());
        self.hashes.reserve_exact(more);
        self.rows.reserve_exact(more);
        self.resize(keys.min(NUMBERS as usize) * 4 / 3 / PLACES + 1);
    }

    /// Looks at the places of keys to come. Each is likely to be far away in memory, and looked at one behind the other
    /// without anything in between they are fetched at once.
    pub(crate) fn look_ahead(&self, hashes: impl Iterator<Item = u64>) {
        let first = |hash| {
            let line = self.lines.get(self.line_of(hash));
            line.map_or(0, |line| line.places[0][0])
        };
        std::hint::black_box(hashes.map(first).fold(0, |any, place| any | place));
    }

    /// Adds a key; the row of the record that had it before, if any.
    pub(crate) fn insert(&mut self, hash: u64, row: u32) -> Option<u32> {
        // Fuller, and many a line runs over; emptier, and more of it is far away.
        if self.hashes.len() * 5 >= self.lines.len() * PLACES * 4 {
            self.resize((self.lines.len() * 3 / 2).max(16));
        }
        let beginning = beginning(hash);
        let mut at = self.line_of(hash);
        loop {
            let line = &mut self.lines[at];
            let (mut alike, used) = line.look(beginning);
            while alike != 0 {
                let place = alike.trailing_zeros() as usize % PLACES;
                let known = (line.places[place / HALF][place % HALF] & NUMBERS) as usize - 1;
                if self.hashes.get(known) == Some(&hash) {
                    return self.rows.get(known).copied();
                }
                alike &= alike - 1;
            }
            if used < PLACES {
                if self.hashes.len() == NUMBERS as usize {
                    return match self.beyond.entry(hash) {
                        Entry::Occupied(known) => Some(*known.get()),
                        Entry::Vacant(place) => {
                            place.insert(row);
                            None
                        }
                    };
                }
                let number = self.hashes.len() as u32 + 1;
                line.places[used / HALF][used % HALF] = beginning | number & NUMBERS;
                self.hashes.push(hash);
                self.rows.push(row);
                return None;
            }
            at = if at + 1 == self.lines.len() {
                0
            } else {
                at + 1
            };
        }
    }

    fn line_of(&self, hash: u64) -> usize {
        // The low half as a fraction of the length: any length will do, so growth can be gentle.
        ((u64::from(hash as u32) * self.lines.len() as u64) >> 32) as usize
    }

    /// Makes a larger table of the keys that are known. The old one goes first: it holds nothing that they do not.
    fn resize(&mut self, larger: usize) {
        if larger <= self.lines.len() {
            return;
        }
        self.lines = Vec::new();
        self.lines = vec![Line::default(); larger];
        for (number, hash) in (1_u32..).zip(&self.hashes) {
            let mut at = self.line_of(*hash);
            loop {
                let line = &mut self.lines[at];
                let (_, used) = line.look(0);
                if used < PLACES {
                    line.places[used / HALF][used % HALF] = beginning(*hash) | number & NUMBERS;
                    break;
                }
                at = if at + 1 == self.lines.len() {
                    0
                } else {
                    at + 1
                };
            }
        }
    }
}

/// The part of a hash that its place tells; the low half has chosen the line.
#[inline]
fn beginning(hash: u64) -> u32 {
    (hash >> 32) as u32 & !NUMBERS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixed::Mixed;

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
        // Each bit is set in half of them, those that choose the line among them.
        for bit in 0..64 {
            let set = hashes.iter().filter(|hash| **hash >> bit & 1 == 1).count();
            assert!((495_000..505_000).contains(&set), "bit {bit}: {set}");
        }
    }

    #[test]
    fn finds_every_key_again_however_many_there_are() {
        let mut keys = Keys::default();
        for number in 1..=100_000 {
            assert_eq!(keys.insert(hash(number), number), None);
        }
        for number in 1..=100_000 {
            assert_eq!(keys.insert(hash(number), 200_000), Some(number));
        }
        let places = keys.lines.len() * PLACES;
        assert!(places < 190_000, "{places} places for 100,000 keys");
    }

    #[test]
    fn finds_those_again_whose_number_has_no_room() {
        let mut keys = Keys::default();
        keys.expect(NUMBERS);
        for number in 0..NUMBERS + 100 {
            assert_eq!(keys.insert(hash(number), number), None);
        }
        for number in (NUMBERS - 100..NUMBERS + 100).chain(0..100) {
            assert_eq!(keys.insert(hash(number), 0), Some(number));
        }
    }

    #[test]
    fn room_made_in_time_is_enough_and_not_too_much() {
        for (expected, there) in [(100_000, 100_000), (50_000, 100_000), (1, 100_000)] {
            let mut keys = Keys::default();
            for number in 1..=1_000 {
                assert_eq!(keys.insert(hash(number), number), None);
            }
            keys.expect(expected);
            let room = |keys: &Keys| keys.lines.len() * PLACES;
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
        let mut keys = Keys::default();
        for hash in [0, 1, u64::MAX, u64::MAX << 32, u64::from(u32::MAX)] {
            assert_eq!(keys.insert(hash, 7), None, "{hash:x}");
            assert_eq!(keys.insert(hash, 8), Some(7), "{hash:x}");
        }
    }
}
