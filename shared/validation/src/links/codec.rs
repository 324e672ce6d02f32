//! The stored form of a segment: columns of fixed width, little-endian, with a checksum at the end.
//!
//! Hashes do not compress and the other columns do, so compressing is left to the store.

use thiserror::Error;

use super::facts::{Cases, Facts, Place, Stay, Text, Visit};
use super::fingerprint::Link;
use super::segment::{NO_DAY, Segment};

const MAGIC: &[u8; 7] = b"flulink";
/// With the days of records.
const VERSION: u8 = 2;
/// Without them; still read.
const WITHOUT_DAYS: u8 = 1;
/// Bytes of a record: key, digest, row, case, file, passed, day.
const RECORD: usize = 16 + 16 + 4 + 4 + 2 + 1 + 4;
const VISIT: usize = 23;
const STAY: usize = 31;

/// Bytes that are no segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SegmentError {
    /// Not written by this program.
    #[error("not a segment")]
    Foreign,
    /// Written by a later version.
    #[error("segment version `{0}` is not known")]
    Version(u8),
    /// Cut short or changed since it was written.
    #[error("the segment is damaged")]
    Damaged,
}

impl Segment {
    /// The stored form. What is written is let go of on the way: two million records take 200 MiB once, and not twice.
    pub fn encode(self) -> Vec<u8> {
        let Self {
            kind,
            keys,
            digests,
            days,
            facts:
                Facts {
                    places,
                    cases,
                    texts,
                },
        } = self;
        // As much as it will be: growing would copy it, and what is not written yet takes no memory.
        let width = match &cases {
            Cases::None => 0,
            Cases::Visits(visits) => visits.len() * VISIT,
            Cases::Stays(stays) => stays.len() * STAY,
        };
        let length = 64 + kind.len() + keys.len() * RECORD + width + texts.len();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        put_text(&mut bytes, &kind);
        put_u32(&mut bytes, keys.len());
        for column in [keys, digests] {
            put_all(&mut bytes, column, |value| value.to_le_bytes());
        }
        let of_places = places.iter();
        of_places
            .clone()
            .for_each(|place| bytes.extend_from_slice(&place.row.to_le_bytes()));
        of_places
            .clone()
            .for_each(|place| bytes.extend_from_slice(&place.case.to_le_bytes()));
        of_places
            .clone()
            .for_each(|place| bytes.extend_from_slice(&place.file.to_le_bytes()));
        bytes.extend(of_places.map(|place| u8::from(place.passed)));
        drop(places);
        match cases {
            Cases::None => bytes.push(0),
            Cases::Visits(visits) => {
                bytes.push(1);
                put_u32(&mut bytes, visits.len());
                visits.iter().for_each(|visit| put_visit(&mut bytes, visit));
            }
            Cases::Stays(stays) => {
                bytes.push(2);
                put_u32(&mut bytes, stays.len());
                stays.iter().for_each(|stay| put_stay(&mut bytes, stay));
            }
        }
        put_text(&mut bytes, &texts);
        put_all(&mut bytes, days, |day| day.to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads the stored form, letting go of it on the way like [`Segment::encode`].
    ///
    /// # Errors
    /// Whatever the bytes are: an error, never a panic, and never more memory than a few times their length.
    pub fn decode(mut bytes: Vec<u8>) -> Result<Self, SegmentError> {
        let body = bytes.strip_prefix(MAGIC).ok_or(SegmentError::Foreign)?;
        let has_days = match body.first() {
            Some(&VERSION) => true,
            Some(&WITHOUT_DAYS) => false,
            Some(other) => return Err(SegmentError::Version(*other)),
            None => return Err(SegmentError::Damaged),
        };
        let (checked, sum) = bytes.split_last_chunk::<4>().ok_or(SegmentError::Damaged)?;
        if crc32fast::hash(checked) != u32::from_le_bytes(*sum) {
            return Err(SegmentError::Damaged);
        }
        let length = checked.len();
        bytes.truncate(length);
        segment(bytes, has_days).ok_or(SegmentError::Damaged)
    }
}

fn put_u32(bytes: &mut Vec<u8>, number: usize) {
    // Counts of records and bytes of one upload; the archive's limits keep them far below.
    bytes.extend_from_slice(&(number as u32).to_le_bytes());
}

fn put_all<T, const N: usize>(bytes: &mut Vec<u8>, column: Vec<T>, value: impl Fn(T) -> [u8; N]) {
    column
        .into_iter()
        .for_each(|one| bytes.extend_from_slice(&value(one)));
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_u32(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_link(bytes: &mut Vec<u8>, link: Option<Link>) {
    bytes.extend_from_slice(&link.map_or(0, Link::get).to_le_bytes());
}

fn put_span(bytes: &mut Vec<u8>, text: Text) {
    bytes.extend_from_slice(&text.start.to_le_bytes());
    bytes.extend_from_slice(&text.length.to_le_bytes());
}

fn put_visit(bytes: &mut Vec<u8>, visit: &Visit) {
    put_link(bytes, visit.visit);
    put_link(bytes, visit.stay);
    bytes.push(u8::from(visit.inpatient));
    put_span(bytes, visit.number);
}

fn put_stay(bytes: &mut Vec<u8>, stay: &Stay) {
    for text in [
        stay.number,
        stay.name,
        stay.sex,
        stay.admission,
        stay.discharge,
    ] {
        put_span(bytes, text);
    }
    bytes.push(match stay.died {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    });
}

/// Where the parts of a stored segment begin, in their order.
struct Parts {
    count: usize,
    keys: usize,
    digests: usize,
    rows: usize,
    cases_of: usize,
    files: usize,
    passed: usize,
    cases: usize,
    texts: usize,
    days: usize,
}

fn segment(bytes: Vec<u8>, has_days: bool) -> Option<Segment> {
    let mut reader = Reader {
        bytes: &bytes,
        place: MAGIC.len() + 1,
    };
    let kind = reader.string()?;
    let count = reader.count()?;
    let keys = reader.place;
    let mut skip = |width: usize| reader.skip(count, width);
    let digests = skip(16)?;
    let rows = skip(16)?;
    let cases_of = skip(4)?;
    let files = skip(4)?;
    let passed = skip(2)?;
    skip(1)?;
    let tag = reader.take(1)?[0];
    let width = match tag {
        0 => 0,
        1 => VISIT,
        2 => STAY,
        _ => return None,
    };
    let case_count = if tag == 0 { 0 } else { reader.count()? };
    let cases = reader.place;
    reader.skip(case_count, width)?;
    let texts = reader.place;
    let text_bytes = reader.count()?;
    let days = reader.skip(text_bytes, 1)?;
    let end = reader.skip(if has_days { count } else { 0 }, 4)?;
    if end != bytes.len() {
        return None;
    }
    let parts = Parts {
        count,
        keys,
        digests,
        rows,
        cases_of,
        files,
        passed,
        cases,
        texts,
        days,
    };
    let segment = parts.read(bytes, kind, tag, has_days)?;
    is_sound(&segment).then_some(segment)
}

impl Parts {
    /// Reads the parts from the last to the first: a vector can give back its end alone.
    fn read(self, bytes: Vec<u8>, kind: String, tag: u8, has_days: bool) -> Option<Segment> {
        let mut bytes = Stored(bytes);
        let days = if has_days {
            bytes.split(self.days, i32::from_le_bytes)
        } else {
            vec![NO_DAY; self.count]
        };
        let texts = bytes.0.get(self.texts + 4..)?.to_vec();
        let texts = String::from_utf8(texts).ok()?;
        bytes.cut(self.texts);
        let cases = match tag {
            0 => Cases::None,
            1 => Cases::Visits(bytes.split(self.cases, visit)),
            _ => Cases::Stays(bytes.split(self.cases, stay)),
        };
        bytes.cut(self.passed + self.count);
        let mut places = vec![Place::default(); self.count];
        for (place, [passed]) in places.iter_mut().zip(bytes.values(self.passed)) {
            place.passed = flag(passed)?;
        }
        bytes.cut(self.passed);
        for (place, file) in places.iter_mut().zip(bytes.values(self.files)) {
            place.file = u16::from_le_bytes(file);
        }
        bytes.cut(self.files);
        for (place, case) in places.iter_mut().zip(bytes.values(self.cases_of)) {
            place.case = u32::from_le_bytes(case);
        }
        bytes.cut(self.cases_of);
        for (place, row) in places.iter_mut().zip(bytes.values(self.rows)) {
            place.row = u32::from_le_bytes(row);
        }
        bytes.cut(self.rows);
        let digests = bytes.split(self.digests, u128::from_le_bytes);
        let keys = bytes.split(self.keys, u128::from_le_bytes);
        Some(Segment {
            kind,
            keys,
            digests,
            days,
            facts: Facts {
                places,
                cases,
                texts,
            },
        })
    }
}

/// What is left of a stored segment.
struct Stored(Vec<u8>);

impl Stored {
    /// Lets go of what stands from here on.
    fn cut(&mut self, place: usize) {
        self.0.truncate(place);
        self.0.shrink_to_fit();
    }

    /// Values of fixed width from here to the end.
    fn values<const N: usize>(&self, place: usize) -> impl Iterator<Item = [u8; N]> {
        let (values, _) = self.0.get(place..).unwrap_or_default().as_chunks::<N>();
        values.iter().copied()
    }

    /// Takes them off.
    fn split<const N: usize, T>(&mut self, place: usize, value: impl Fn([u8; N]) -> T) -> Vec<T> {
        let values = self.values(place).map(value).collect();
        self.cut(place);
        values
    }
}

/// Finds out where parts stand; `None` as soon as one would stand outside. Nothing is made room for before that is known.
struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.place.checked_add(length)?;
        let taken = self.bytes.get(self.place..end)?;
        self.place = end;
        Some(taken)
    }

    /// Passes over so many values; where they end.
    fn skip(&mut self, count: usize, width: usize) -> Option<usize> {
        self.take(count.checked_mul(width)?)?;
        Some(self.place)
    }

    fn count(&mut self) -> Option<usize> {
        let taken = self.take(4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*taken) as usize)
    }

    fn string(&mut self) -> Option<String> {
        let length = self.count()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }
}

fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn link(bytes: &[u8]) -> Option<Link> {
    Link::new(u64::from_le_bytes(*bytes.first_chunk()?))
}

fn span(bytes: &[u8]) -> Text {
    match bytes {
        [a, b, c, d, e, f, ..] => Text {
            start: u32::from_le_bytes([*a, *b, *c, *d]),
            length: u16::from_le_bytes([*e, *f]),
        },
        _ => Text::default(),
    }
}

fn visit(bytes: [u8; VISIT]) -> Visit {
    Visit {
        visit: link(&bytes[..8]),
        stay: link(&bytes[8..16]),
        inpatient: bytes[16] != 0,
        number: span(&bytes[17..]),
    }
}

fn stay(bytes: [u8; STAY]) -> Stay {
    Stay {
        number: span(&bytes[..6]),
        name: span(&bytes[6..12]),
        sex: span(&bytes[12..18]),
        admission: span(&bytes[18..24]),
        discharge: span(&bytes[24..30]),
        died: match bytes[30] {
            0 => None,
            byte => Some(byte == 2),
        },
    }
}

/// Whether entries are in order and everything pointed at is there. A text that points outside reads as blank.
fn is_sound(segment: &Segment) -> bool {
    let cases = match &segment.facts.cases {
        Cases::None => 0,
        Cases::Visits(visits) => visits.len(),
        Cases::Stays(stays) => stays.len(),
    };
    segment.keys.is_sorted()
        && segment.facts.places.iter().all(|place| {
            (place.case as usize) < cases || (cases == 0 && place.case == Place::NO_CASE)
        })
}
