use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

/// Makes a struct of counters that can be added, taken off and walked through by name.
macro_rules! counters {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $doc:literal])* $field:ident = $short:literal,)* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub struct $name {
            $($(#[doc = $doc])*
            #[serde(default, rename = $short, skip_serializing_if = "is_zero")]
            pub $field: i64,)*
        }

        impl $name {
            /// Short names of the counters, as they are stored, with their values.
            pub fn each(&self) -> [(&'static str, i64); counters!(@count $($field)*)] {
                [$(($short, self.$field),)*]
            }

            /// The counter of this short name; `None`: there is none.
            pub fn get_mut(&mut self, short: &str) -> Option<&mut i64> {
                match short {
                    $($short => Some(&mut self.$field),)*
                    _ => None,
                }
            }

            /// Whether nothing is counted.
            pub fn is_zero(&self) -> bool {
                *self == Self::default()
            }
        }

        impl AddAssign<&Self> for $name {
            fn add_assign(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }
        }

        impl SubAssign<&Self> for $name {
            fn sub_assign(&mut self, other: &Self) {
                $(self.$field -= other.$field;)*
            }
        }
    };
    (@count $($field:ident)*) => { 0 $(+ counters!(@one $field))* };
    (@one $field:ident) => { 1 };
}

counters! {
    /// What contributions add to a hospital's day, of one kind.
    Facts {
        /// Uploads with a record of the day that passed, received in time.
        uploads_on_time = "uo",
        /// The same, received later.
        uploads_late = "ul",
        /// Zero-case reports made in time.
        zero_on_time = "zo",
        /// Zero-case reports made later.
        zero_late = "zl",
        /// Records of the day that stand accepted, each once however often it was sent.
        records = "r",
        /// Records first accepted on the day itself.
        delay_0 = "d0",
        /// One day later.
        delay_1 = "d1",
        /// Two or three days later.
        delay_3 = "d3",
        /// Four to seven days later.
        delay_7 = "d7",
        /// Eight to thirty days later.
        delay_30 = "d30",
        /// Still later.
        delay_more = "dx",
        /// Files that arrived on the day.
        files = "f",
        /// Those of them that could not be read.
        unreadable = "fu",
        /// Records in them.
        total = "t",
        /// Records in them that passed.
        passed = "p",
    }
}

counters! {
    /// What a hospital's day comes to, of one kind; and sums of it over days and hospitals.
    Counts {
        /// Days on which a record stands, reported in time.
        on_time = "on",
        /// Days reported later, with records or as days without a case.
        late = "la",
        /// Days declared to be without a case, in time.
        zero = "ze",
        /// Days declared to be without a case for which records came all the same.
        contradicted = "co",
        /// Records that stand accepted.
        records = "r",
        /// Records first accepted on the day itself.
        delay_0 = "d0",
        /// One day later.
        delay_1 = "d1",
        /// Two or three days later.
        delay_3 = "d3",
        /// Four to seven days later.
        delay_7 = "d7",
        /// Eight to thirty days later.
        delay_30 = "d30",
        /// Still later.
        delay_more = "dx",
        /// Files that arrived.
        files = "f",
        /// Those of them that could not be read.
        unreadable = "fu",
        /// Records in them.
        total = "t",
        /// Records in them that passed.
        passed = "p",
    }
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The classes of the time from visit to report: most days of each, the last without end.
pub const DELAYS: [Option<i32>; 6] = [Some(0), Some(1), Some(3), Some(7), Some(30), None];

/// Index of the class of so many days; a report before the day counts as one on the day.
pub fn delay_class(days: i32) -> usize {
    let within = |most: &Option<i32>| most.is_none_or(|most| days <= most);
    DELAYS.iter().position(within).unwrap_or(DELAYS.len() - 1)
}

impl Facts {
    /// The counter of a class of [`DELAYS`].
    pub fn delay_mut(&mut self, class: usize) -> &mut i64 {
        match class {
            0 => &mut self.delay_0,
            1 => &mut self.delay_1,
            2 => &mut self.delay_3,
            3 => &mut self.delay_7,
            4 => &mut self.delay_30,
            _ => &mut self.delay_more,
        }
    }

    /// What the day comes to: it is reported once, however many uploads there were, while any record stands on it; in time if any
    /// upload with a record of it came in time.
    pub fn counts(&self) -> Counts {
        let has_records = self.records > 0;
        let has_zero = self.zero_on_time > 0 || self.zero_late > 0;
        let (mut on_time, mut late, mut zero) = (0, 0, 0);
        if has_records && self.uploads_on_time > 0 {
            on_time = 1;
        } else if has_records {
            late = 1;
        } else if self.zero_on_time > 0 {
            zero = 1;
        } else if has_zero {
            late = 1;
        }
        Counts {
            on_time,
            late,
            zero,
            contradicted: i64::from(has_records && has_zero),
            records: self.records,
            delay_0: self.delay_0,
            delay_1: self.delay_1,
            delay_3: self.delay_3,
            delay_7: self.delay_7,
            delay_30: self.delay_30,
            delay_more: self.delay_more,
            files: self.files,
            unreadable: self.unreadable,
            total: self.total,
            passed: self.passed,
        }
    }
}

impl Counts {
    /// Records by class of [`DELAYS`].
    pub fn delays(&self) -> [i64; DELAYS.len()] {
        [
            self.delay_0,
            self.delay_1,
            self.delay_3,
            self.delay_7,
            self.delay_30,
            self.delay_more,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_reported_once_and_in_time_if_anything_came_in_time() {
        let facts = |on_time, late, zero_on_time, zero_late| Facts {
            uploads_on_time: on_time,
            uploads_late: late,
            records: on_time + late,
            zero_on_time,
            zero_late,
            ..Facts::default()
        };
        let states = |facts: Facts| {
            let counts = facts.counts();
            (
                counts.on_time,
                counts.late,
                counts.zero,
                counts.contradicted,
            )
        };
        assert_eq!(states(facts(0, 0, 0, 0)), (0, 0, 0, 0));
        assert_eq!(states(facts(2, 5, 0, 0)), (1, 0, 0, 0));
        assert_eq!(states(facts(0, 5, 0, 0)), (0, 1, 0, 0));
        assert_eq!(states(facts(0, 0, 1, 0)), (0, 0, 1, 0));
        assert_eq!(states(facts(0, 0, 0, 1)), (0, 1, 0, 0));
        assert_eq!(states(facts(0, 1, 1, 0)), (0, 1, 0, 1));
        // Every record left the day, or one is about to come to it: it is as if nothing had come.
        for records in [0, -1] {
            let left = |facts| Facts { records, ..facts };
            assert_eq!(states(left(facts(1, 1, 0, 0))), (0, 0, 0, 0));
            assert_eq!(states(left(facts(1, 0, 1, 0))), (0, 0, 1, 0));
        }
    }

    #[test]
    fn delays_fall_into_their_classes() {
        let classes: Vec<usize> = [-1, 0, 1, 2, 3, 4, 7, 8, 30, 31].map(delay_class).into();
        assert_eq!(classes, [0, 0, 1, 2, 2, 3, 3, 4, 4, 5]);
    }

    #[test]
    fn counters_are_known_by_their_short_names() {
        let mut counts = Counts::default();
        for (index, (short, _)) in Counts::default().each().into_iter().enumerate() {
            *counts.get_mut(short).unwrap() = index as i64 + 1;
        }
        assert_eq!(counts.passed, counts.each().len() as i64);
        assert_eq!(counts.get_mut("nothing"), None);
    }
}
