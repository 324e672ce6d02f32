use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::asked::Asked;
use super::segment::{NO_DAY, Segment};
use super::version::{State, Uploads, Version};

/// What an upload changes about one day of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Movement {
    /// Records of the day that passed, sent again or not.
    pub sent: u64,
    /// Records that were never accepted before.
    pub new: u64,
    /// By how many the records that stand accepted for the day are more than before: a record whose date was corrected leaves
    /// one day and comes to another.
    pub records: i64,
}

/// Days of a kind, counted from 1970-01-01, and what an upload changes about them.
pub type KindDays = BTreeMap<i32, Movement>;

/// The days of the records that an upload sends again, as the uploads before it left them.
///
/// Segments may be added in any order and dropped after; only what the upload asks for is kept.
pub struct EarlierDays<'a> {
    uploads: Uploads,
    kinds: HashMap<&'a str, Asked<'a, u128, Standing>>,
}

/// The newest earlier version of a record, and its day.
#[derive(Debug, Clone, Copy)]
struct Standing {
    version: Version,
    /// [`NO_DAY`] where it has none.
    day: i32,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            version: Version::default(),
            day: NO_DAY,
        }
    }
}

impl Standing {
    /// The day it stands on.
    fn day(self) -> Option<i32> {
        (self.version.counts() && self.day != NO_DAY).then_some(self.day)
    }
}

impl<'a> EarlierDays<'a> {
    /// Ready to take what was received before `own`, the segments of one upload. Records that failed are asked for as well:
    /// one may be of a record that was accepted before, and is withdrawn by its name ([`EarlierDays::taken_back`]).
    pub fn new(own: &'a [Segment]) -> Self {
        let asked = |segment: &'a Segment| (segment.kind(), Asked::of_sorted(&segment.keys));
        Self {
            uploads: Uploads::default(),
            kinds: own.iter().map(asked).collect(),
        }
    }

    /// Takes a segment of a committed upload with a lower sequence number.
    pub fn add(&mut self, sequence: u64, segment: &Segment) {
        self.add_without(sequence, segment, |_| false);
    }

    /// Takes a segment of which some records were withdrawn, told by the fingerprint of their key. A withdrawn record stands on
    /// no day, and hides older versions all the same.
    pub fn add_without(
        &mut self,
        sequence: u64,
        segment: &Segment,
        is_withdrawn: impl Fn(u128) -> bool,
    ) {
        let Some(known) = self.kinds.get_mut(segment.kind()) else {
            return;
        };
        let upload = self.uploads.entry(sequence);
        let mut known = known.walk();
        for entry in segment.entries().filter(|entry| entry.passed) {
            // Entries of one key stand in order of place.
            if let Some((_, newest)) = known.find(entry.key) {
                let state = if is_withdrawn(entry.key) {
                    State::Withdrawn
                } else {
                    State::Other
                };
                if upload.replace(&mut newest.version, state) {
                    newest.day = entry.day.unwrap_or(NO_DAY);
                }
            }
        }
    }

    /// What a segment of the upload changes about each day. Records without a day change nothing.
    pub fn movements(&self, segment: &Segment) -> KindDays {
        let mut days = KindDays::new();
        let known = self.kinds.get(segment.kind());
        let mut passed = segment.entries().filter(|entry| entry.passed).peekable();
        while let Some(entry) = passed.next() {
            if let Some(day) = entry.day {
                days.entry(day).or_default().sent += 1;
            }
            if passed.peek().is_some_and(|next| next.key == entry.key) {
                // The later one of the same upload is the version that counts.
                continue;
            }
            let earlier = known.map(|known| known.get(entry.key)).unwrap_or_default();
            if let Some(left) = earlier.day() {
                days.entry(left).or_default().records -= 1;
            }
            if let Some(day) = entry.day {
                let movement = days.entry(day).or_default();
                movement.records += 1;
                movement.new += u64::from(!earlier.version.counts());
            }
        }
        days
    }

    /// What the withdrawal of records of a segment changes about each day: of those that stand accepted, as what was added
    /// left them, each leaves its day. `upload`: only where the version that counts is the one that came with this upload.
    pub fn taken_back(
        &self,
        segment: &Segment,
        upload: Option<u64>,
        is_taken: impl Fn(u128) -> bool,
    ) -> KindDays {
        let mut days = KindDays::new();
        let Some(known) = self.kinds.get(segment.kind()) else {
            return days;
        };
        let mut entries = segment.entries().peekable();
        while let Some(entry) = entries.next() {
            // Entries of one key stand together, and the record is one.
            if entries.peek().is_some_and(|next| next.key == entry.key) || !is_taken(entry.key) {
                continue;
            }
            let standing = known.get(entry.key);
            let is_of = |upload| standing.version.sequence(&self.uploads) == Some(upload);
            if let Some(day) = standing.day().filter(|_| upload.is_none_or(is_of)) {
                days.entry(day).or_default().records -= 1;
            }
        }
        days
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::links::SegmentBuilder;

    /// A segment of records: key, day, whether it passed.
    fn segment(records: &[(&str, i32, bool)]) -> Segment {
        let mut builder = SegmentBuilder::new(standard::latest());
        for (row, (key, day, passed)) in records.iter().enumerate() {
            let place = (0, row as u32 + 2, *passed);
            let digest = row as u128;
            builder.add(0, Some(*day), place, (key, digest), |_| Cow::Borrowed("1"));
        }
        builder.finish().remove(0)
    }

    fn movement(sent: u64, new: u64, records: i64) -> Movement {
        Movement { sent, new, records }
    }

    #[test]
    fn records_count_once_for_the_day_they_stand_on() {
        let own = [segment(&[
            ("again", 5, true),
            ("moved", 6, true),
            ("fresh", 6, true),
            ("twice", 6, true),
            ("twice", 7, true),
            ("bad", 7, false),
        ])];
        let mut earlier = EarlierDays::new(&own);
        earlier.add(2, &segment(&[("again", 5, true), ("moved", 5, true)]));
        // An older word than the one above, told later.
        earlier.add(
            1,
            &segment(&[("moved", 9, true), ("fresh", 9, false), ("other", 9, true)]),
        );
        let days = earlier.movements(&own[0]);
        let wanted = [
            (5, movement(1, 0, -1)),
            (6, movement(3, 1, 2)),
            (7, movement(1, 1, 1)),
        ];
        assert_eq!(days, KindDays::from(wanted));
    }

    #[test]
    fn what_is_withdrawn_leaves_its_day_once_and_comes_anew() {
        let own = [segment(&[
            ("moved", 6, true),
            ("gone", 6, true),
            ("bad", 7, false),
        ])];
        let key = |wanted: usize| own[0].entries().nth(wanted).unwrap().key;
        let all: Vec<u128> = (0..3).map(key).collect();
        let mut earlier = EarlierDays::new(&own);
        earlier.add(3, &own[0]);
        let wanted = KindDays::from([(6, movement(0, 0, -2))]);
        assert_eq!(earlier.taken_back(&own[0], Some(3), |_| true), wanted);
        assert_eq!(
            earlier.taken_back(&own[0], Some(2), |_| true),
            KindDays::new()
        );
        // A later upload has one of them on another day: that one stands.
        let later = segment(&[("moved", 8, true)]);
        let moved = later.entries().next().unwrap().key;
        earlier.add(4, &later);
        let wanted = KindDays::from([(6, movement(0, 0, -1))]);
        assert_eq!(earlier.taken_back(&own[0], Some(3), |_| true), wanted);
        let wanted = KindDays::from([(8, movement(0, 0, -1))]);
        let only = |key| key == moved;
        assert_eq!(earlier.taken_back(&own[0], None, only), wanted);
        // One that failed here and was accepted before is withdrawn by its name like any other.
        earlier.add(2, &segment(&[("bad", 9, true)]));
        let wanted = KindDays::from([(9, movement(0, 0, -1))]);
        let failed = own[0].entries().find(|entry| !entry.passed).unwrap();
        let only = |key| key == failed.key;
        assert_eq!(earlier.taken_back(&own[0], None, only), wanted);
        // What was withdrawn before is not taken twice, and is new when it comes again.
        let mut earlier = EarlierDays::new(&own);
        earlier.add_without(3, &own[0], |key| all.contains(&key));
        assert_eq!(
            earlier.taken_back(&own[0], Some(3), |_| true),
            KindDays::new()
        );
        let wanted = KindDays::from([(6, movement(2, 2, 2))]);
        assert_eq!(earlier.movements(&own[0]), wanted);
    }

    #[test]
    fn days_outlive_the_stored_form_and_older_forms_have_none() {
        let own = segment(&[("a", 5, true), ("b", -3, true)]);
        let bytes = own.clone().encode();
        let read = Segment::decode(bytes.clone()).unwrap();
        assert_eq!(read, own);
        // As the first version wrote it: the same without the column at the end.
        let mut first = bytes[..bytes.len() - 4 - 2 * 4].to_vec();
        first[7] = 1;
        let sum = crc32fast::hash(&first);
        first.extend_from_slice(&sum.to_le_bytes());
        let read = Segment::decode(first).unwrap();
        assert!(read.entries().all(|entry| entry.day.is_none()));
        assert_eq!(read.len(), 2);
        assert!(EarlierDays::new(&[]).movements(&read).is_empty());
    }
}
