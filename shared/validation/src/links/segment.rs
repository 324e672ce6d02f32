use std::borrow::Cow;

use standard::Standard;

use super::facts::{Facts, Intake};
use super::fingerprint;
use super::layout::Layout;
use crate::JudgedRecord;

/// What is kept of one upload's records of one kind: never changed once written.
///
/// Entries are sorted by fingerprint of the natural key, then by place. Failed records are entries as well, told apart
/// by [`Entry::passed`]: they are counted and judged, and never become the current version of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub(crate) kind: String,
    pub(crate) keys: Vec<u128>,
    pub(crate) digests: Vec<u128>,
    /// Day of each record since 1970-01-01; [`NO_DAY`] where its date is blank or none.
    pub(crate) days: Vec<i32>,
    pub(crate) facts: Facts,
}

/// Stands for a day that is not known.
pub(crate) const NO_DAY: i32 = i32::MIN;

/// One record of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Fingerprint of the natural key; see [`key_fingerprint`].
    pub key: u128,
    /// [`JudgedRecord::digest`].
    pub digest: u128,
    /// Index of the file in the upload.
    pub file: u16,
    /// Row as a spreadsheet shows it.
    pub row: u32,
    /// Whether it passed (接口达标).
    pub passed: bool,
    /// The day its kind's record date names, since 1970-01-01; `None` where that is blank or none, and for records stored
    /// before days were kept.
    pub day: Option<i32>,
}

/// A record of a stay, as it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayRecord<'s> {
    /// Where it stands, and whether it passed.
    pub entry: Entry,
    /// 病案号.
    pub number: &'s str,
    /// 入院日期 in the standard's form.
    pub admission: &'s str,
    /// 出院日期, likewise.
    pub discharge: &'s str,
    /// Whether 离院方式 says died; `None`: the kind has no such column, or it is blank.
    pub died: Option<bool>,
}

/// A record of a visit (flu), or of something that belongs to one (pdr, lis).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitRecord {
    /// Where it stands, and whether it passed.
    pub entry: Entry,
    /// Whether 就诊类型 says inpatient.
    pub inpatient: bool,
}

/// Fingerprint by which segments know a natural key ([`JudgedRecord::key`]). Stable across versions of this program.
pub fn key_fingerprint(key: &str) -> u128 {
    fingerprint::of_key(key)
}

impl Segment {
    /// Code of the kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Its records, by key and then place.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.keys
            .iter()
            .zip(&self.digests)
            .zip(&self.facts.places)
            .zip(&self.days)
            .map(|(((key, digest), place), day)| Entry {
                key: *key,
                digest: *digest,
                file: place.file,
                row: place.row,
                passed: place.passed,
                day: (*day != NO_DAY).then_some(*day),
            })
    }

    /// Records of a stay with this medical record number, by key and then place; none where the kind has no stays.
    pub fn stays_of<'s>(
        &'s self,
        medical_record_number: &'s str,
    ) -> impl Iterator<Item = StayRecord<'s>> + 's {
        self.stays()
            .filter(move |stay| stay.number.eq_ignore_ascii_case(medical_record_number))
    }

    /// Its records of a stay, by key and then place; none where the kind has no stays.
    pub fn stays(&self) -> impl Iterator<Item = StayRecord<'_>> + '_ {
        self.entries()
            .zip(&self.facts.places)
            .filter_map(|(entry, place)| {
                let stay = self.facts.stay(place)?;
                Some(StayRecord {
                    entry,
                    number: self.facts.text(stay.number),
                    admission: self.facts.text(stay.admission),
                    discharge: self.facts.text(stay.discharge),
                    died: stay.died,
                })
            })
    }

    /// Records of visits with this card number, by key and then place; none where the kind has no visits.
    pub fn visits_of<'s>(&'s self, card_number: &'s str) -> impl Iterator<Item = VisitRecord> + 's {
        self.entries()
            .zip(&self.facts.places)
            .filter_map(move |(entry, place)| {
                let visit = self.facts.visit(place)?;
                let number = self.facts.text(visit.number);
                number
                    .eq_ignore_ascii_case(card_number)
                    .then_some(VisitRecord {
                        entry,
                        inpatient: visit.inpatient,
                    })
            })
    }

    /// Puts entries in order of key, file and row: one column after the other, so that no more than one is held twice.
    fn sorted(mut self) -> Self {
        let mut order: Vec<u32> = (0..self.keys.len() as u32).collect();
        order.sort_unstable_by_key(|index| {
            let place = &self.facts.places[*index as usize];
            (self.keys[*index as usize], place.file, place.row)
        });
        put_in_order(&mut self.keys, &order);
        put_in_order(&mut self.digests, &order);
        put_in_order(&mut self.days, &order);
        put_in_order(&mut self.facts.places, &order);
        self
    }
}

fn put_in_order<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
    *column = order.iter().map(|index| column[*index as usize]).collect();
}

/// Makes the segments of an upload from its records, as a sink receives them.
pub struct SegmentBuilder<'a> {
    standard: &'a Standard,
    layout: Layout,
    kinds: Vec<Option<(Segment, Intake)>>,
}

impl<'a> SegmentBuilder<'a> {
    /// A builder with no record.
    pub fn new(standard: &'a Standard) -> Self {
        Self {
            standard,
            layout: Layout::new(standard),
            kinds: standard.kinds.iter().map(|_| None).collect(),
        }
    }

    /// Takes a record, passed or failed.
    pub fn record(&mut self, record: &JudgedRecord<'_>) {
        let day = record.record().day(record.kind_data.record_date);
        self.add(
            record.kind,
            day.and_then(|day| i32::try_from(day).ok()),
            (record.file, record.row, record.passed),
            (&record.key(), record.digest()),
            |field| record.value(field),
        );
    }

    /// Takes the pass from every record of some files: one that turns out damaged at its end has none that passed.
    pub fn fail_files(&mut self, is_lost: impl Fn(u16) -> bool) {
        for (segment, _) in self.kinds.iter_mut().flatten() {
            for place in &mut segment.facts.places {
                place.passed &= !is_lost(place.file);
            }
        }
    }

    /// One segment for each kind that had records, in the standard's order.
    pub fn finish(self) -> Vec<Segment> {
        self.kinds
            .into_iter()
            .flatten()
            .map(|(segment, _)| segment.sorted())
            .collect()
    }

    pub(crate) fn add<'v>(
        &mut self,
        kind: usize,
        day: Option<i32>,
        place: (u16, u32, bool),
        (key, digest): (&str, u128),
        value: impl Fn(usize) -> Cow<'v, str>,
    ) {
        let (Some(slot), Some(file_kind)) =
            (self.kinds.get_mut(kind), self.standard.kinds.get(kind))
        else {
            return;
        };
        let (segment, intake) = slot.get_or_insert_with(|| {
            let role = self.layout.kinds[kind];
            let segment = Segment {
                kind: file_kind.code.clone(),
                keys: Vec::new(),
                digests: Vec::new(),
                days: Vec::new(),
                facts: Facts::new(role),
            };
            (segment, Intake::new(role))
        });
        segment.keys.push(fingerprint::of_key(key));
        segment.digests.push(digest);
        segment.days.push(day.unwrap_or(NO_DAY));
        intake.add(&mut segment.facts, place, value);
    }
}
