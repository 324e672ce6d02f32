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
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.len() * 52 + self.facts.texts.len());
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        put_text(&mut bytes, &self.kind);
        put_u32(&mut bytes, self.len());
        for column in [&self.keys, &self.digests] {
            column
                .iter()
                .for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        let places = &self.facts.places;
        places
            .iter()
            .for_each(|place| bytes.extend_from_slice(&place.row.to_le_bytes()));
        places
            .iter()
            .for_each(|place| bytes.extend_from_slice(&place.case.to_le_bytes()));
        places
            .iter()
            .for_each(|place| bytes.extend_from_slice(&place.file.to_le_bytes()));
        bytes.extend(places.iter().map(|place| u8::from(place.passed)));
        match &self.facts.cases {
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
        put_text(&mut bytes, &self.facts.texts);
        self.days
            .iter()
            .for_each(|day| bytes.extend_from_slice(&day.to_le_bytes()));
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Whatever the bytes are: an error, never a panic, and never more memory than a few times their length.
    pub fn decode(bytes: &[u8]) -> Result<Self, SegmentError> {
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
        Reader(checked.get(MAGIC.len() + 1..).unwrap_or_default())
            .segment(has_days)
            .ok_or(SegmentError::Damaged)
    }
}

fn put_u32(bytes: &mut Vec<u8>, number: usize) {
    // Counts of records and bytes of one upload; the archive's limits keep them far below.
    bytes.extend_from_slice(&(number as u32).to_le_bytes());
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

/// Takes values off the front; `None` as soon as something cannot be.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn segment(mut self, has_days: bool) -> Option<Segment> {
        let kind = self.string()?;
        let count = self.count()?;
        let keys = self.column(count, u128::from_le_bytes)?;
        let digests = self.column(count, u128::from_le_bytes)?;
        let rows = self.column(count, u32::from_le_bytes)?;
        let cases_of = self.column(count, u32::from_le_bytes)?;
        let files = self.column(count, u16::from_le_bytes)?;
        let passed = self.column(count, |[byte]| byte)?;
        let cases = match self.byte()? {
            0 => Cases::None,
            1 => {
                let count = self.count()?;
                Cases::Visits(self.column(count, visit)?)
            }
            2 => {
                let count = self.count()?;
                Cases::Stays(self.column(count, stay)?)
            }
            _ => return None,
        };
        let texts = self.string()?;
        let days = if has_days {
            self.column(count, i32::from_le_bytes)?
        } else {
            vec![NO_DAY; count]
        };
        let places: Vec<Place> = (0..count)
            .map(|index| {
                Some(Place {
                    row: rows[index],
                    case: cases_of[index],
                    file: files[index],
                    passed: flag(passed[index])?,
                })
            })
            .collect::<Option<_>>()?;
        let segment = Segment {
            kind,
            keys,
            digests,
            days,
            facts: Facts {
                places,
                cases,
                texts,
            },
        };
        (self.0.is_empty() && is_sound(&segment)).then_some(segment)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    fn count(&mut self) -> Option<usize> {
        let taken = self.take(4)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*taken) as usize)
    }

    fn string(&mut self) -> Option<String> {
        let length = self.count()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    /// A column of `count` values; their bytes are taken first, so a false count allocates nothing.
    fn column<const N: usize, T>(
        &mut self,
        count: usize,
        value: impl Fn([u8; N]) -> T,
    ) -> Option<Vec<T>> {
        let (values, _) = self.take(count.checked_mul(N)?)?.as_chunks::<N>();
        Some(values.iter().map(|bytes| value(*bytes)).collect())
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

fn visit(bytes: [u8; 23]) -> Visit {
    Visit {
        visit: link(&bytes[..8]),
        stay: link(&bytes[8..16]),
        inpatient: bytes[16] != 0,
        number: span(&bytes[17..]),
    }
}

fn stay(bytes: [u8; 31]) -> Stay {
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
