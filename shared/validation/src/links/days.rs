use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::segment::Segment;

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
pub struct EarlierDays {
    kinds: HashMap<String, HashMap<u128, Option<(u64, Option<i32>)>>>,
}

impl EarlierDays {
    /// Ready to take what was received before `own`, the segments of one upload.
    pub fn new(own: &[Segment]) -> Self {
        let asked = |segment: &Segment| {
            let keys = segment.keys.iter().map(|key| (*key, None)).collect();
            (segment.kind.clone(), keys)
        };
        Self {
            kinds: own.iter().map(asked).collect(),
        }
    }

    /// Takes a segment of a committed upload with a lower sequence number.
    pub fn add(&mut self, sequence: u64, segment: &Segment) {
        let Some(known) = self.kinds.get_mut(segment.kind()) else {
            return;
        };
        for entry in segment.entries().filter(|entry| entry.passed) {
            if let Some(newest) = known.get_mut(&entry.key)
                // Of one upload the later place counts, and entries of one key stand in order of place.
                && newest.is_none_or(|(known, _)| known <= sequence)
            {
                *newest = Some((sequence, entry.day));
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
            let earlier = known.and_then(|known| *known.get(&entry.key)?);
            if let Some((_, Some(left))) = earlier {
                days.entry(left).or_default().records -= 1;
            }
            if let Some(day) = entry.day {
                let movement = days.entry(day).or_default();
                movement.records += 1;
                movement.new += u64::from(earlier.is_none());
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
    fn days_outlive_the_stored_form_and_older_forms_have_none() {
        let own = segment(&[("a", 5, true), ("b", -3, true)]);
        let bytes = own.encode();
        let read = Segment::decode(&bytes).unwrap();
        assert_eq!(read, own);
        // As the first version wrote it: the same without the column at the end.
        let mut first = bytes[..bytes.len() - 4 - 2 * 4].to_vec();
        first[7] = 1;
        let sum = crc32fast::hash(&first);
        first.extend_from_slice(&sum.to_le_bytes());
        let read = Segment::decode(&first).unwrap();
        assert!(read.entries().all(|entry| entry.day.is_none()));
        assert_eq!(read.len(), 2);
        assert!(EarlierDays::new(&[]).movements(&read).is_empty());
    }
}
