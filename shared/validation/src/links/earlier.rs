use hashbrown::{HashMap, HashSet};
use standard::Standard;
use std::cell::OnceCell;

use super::asked::Asked;
use super::facts::{Cases, StayFacts};
use super::fingerprint::Link;
use super::layout::Layout;
use super::segment::{Entry, Segment};
use super::version::{State, Uploads, Version};

/// What the uploads before one hold. Asked by fingerprint, so that an answer needs no text in memory.
pub trait Earlier {
    /// Whether any record of the kind was accepted before.
    fn has(&self, kind: usize) -> bool;
    /// Whether the newest earlier version of a record is the same as this one, the first of the upload with its key that
    /// passed; `None`: there is none.
    fn is_same(&self, kind: usize, entry: &Entry) -> Option<bool>;
    /// Whether a flu record of this visit was accepted before.
    fn visit(&self, visit: Link) -> bool;
    /// Newest earlier record of the kind with this P3 and P22.
    fn stay(&self, kind: usize, stay: Link) -> Option<&StayFacts>;
    /// Newest earlier record of the kind with this P3 and P25.
    fn leave(&self, kind: usize, leave: Link) -> Option<&StayFacts>;
    /// Whether an earlier record of the kind has this P3.
    fn number(&self, kind: usize, number: Link) -> bool;
    /// Whether scans of the death record of this P3 and P22 were uploaded (manual 3.7); `None`: not at hand, or the week
    /// that the hospital has for it is not over.
    fn death_case_scans(&self, number: &str, admission: &str) -> Option<bool>;
}

/// Nothing at hand but the upload itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingEarlier;

impl Earlier for NothingEarlier {
    fn has(&self, _kind: usize) -> bool {
        false
    }
    fn is_same(&self, _kind: usize, _entry: &Entry) -> Option<bool> {
        None
    }
    fn visit(&self, _visit: Link) -> bool {
        false
    }
    fn stay(&self, _kind: usize, _stay: Link) -> Option<&StayFacts> {
        None
    }
    fn leave(&self, _kind: usize, _leave: Link) -> Option<&StayFacts> {
        None
    }
    fn number(&self, _kind: usize, _number: Link) -> bool {
        false
    }
    fn death_case_scans(&self, _number: &str, _admission: &str) -> Option<bool> {
        None
    }
}

/// Answers what death case scans are there, by P3 and P22.
type DeathCases<'a> = Box<dyn Fn(&str, &str) -> Option<bool> + 'a>;

/// The earlier uploads of one account, as far as the records of one upload ask for them.
///
/// Segments may be added in any order and dropped after. Of visits only those are kept that the upload asks for, so the
/// memory is that of the upload, not of the season; stays (a few hundred a day at most) are kept whole, because a
/// record's admission may have been corrected since, and only its current version counts.
pub struct EarlierSegments<'a> {
    standard: &'a Standard,
    layout: Layout,
    present: Vec<bool>,
    uploads: Uploads,
    /// By kind: the records that ask, and the newest version of each.
    versions: Vec<Option<Versions<'a>>>,
    /// Visits asked for, and the newest version of each.
    visits: Asked<'static, Link, Version>,
    /// By kind and key: current stays; without facts where they were withdrawn.
    stays: Vec<HashMap<u128, (u64, Option<StayFacts>)>>,
    index: OnceCell<Index>,
    death_cases: Option<DeathCases<'a>>,
}

/// The newest versions of an upload's records of one kind.
struct Versions<'a> {
    own: &'a Segment,
    asked: Asked<'a, u128, Version>,
}

impl Versions<'_> {
    /// What a digest is to the first record that passed among those with this place's key; `None`: none of them did.
    fn compared(own: &Segment, place: usize, digest: u128) -> Option<State> {
        let key = own.keys.get(place)?;
        let alike = own.keys.get(place..)?.iter().take_while(|one| *one == key);
        let passed =
            (place..place + alike.count()).find(|place| own.facts.places[*place].passed)?;
        Some(if own.digests[passed] == digest {
            State::Same
        } else {
            State::Other
        })
    }
}

#[derive(Default)]
struct Index {
    stays: HashMap<(usize, Link), StayFacts>,
    leaves: HashMap<(usize, Link), StayFacts>,
    numbers: HashSet<(usize, Link)>,
}

impl<'a> EarlierSegments<'a> {
    /// Ready to take what was received before `own`, the segments of one upload.
    pub fn new(standard: &'a Standard, own: &'a [Segment]) -> Self {
        let layout = Layout::new(standard);
        let mut versions: Vec<_> = standard.kinds.iter().map(|_| None).collect();
        for segment in own {
            if let Some(kind) = standard.kind_index(&segment.kind) {
                versions[kind] = Some(Versions {
                    own: segment,
                    asked: Asked::of_sorted(&segment.keys),
                });
            }
        }
        let visits = own.iter().flat_map(|segment| {
            let kind = standard.kind_index(&segment.kind);
            match &segment.facts.cases {
                Cases::Visits(cases) if kind.is_some() && kind != layout.flu => &cases[..],
                _ => &[],
            }
        });
        let visits = Asked::of(visits.filter_map(|case| case.visit));
        Self {
            standard,
            present: vec![false; standard.kinds.len()],
            stays: vec![HashMap::new(); standard.kinds.len()],
            layout,
            uploads: Uploads::default(),
            versions,
            visits,
            index: OnceCell::new(),
            death_cases: None,
        }
    }

    /// Adds how to find out about the scans of a death case, by P3 and P22 ([`Earlier::death_case_scans`]).
    #[must_use]
    pub fn with_death_cases(mut self, scans: impl Fn(&str, &str) -> Option<bool> + 'a) -> Self {
        self.death_cases = Some(Box::new(scans));
        self
    }

    /// Takes a segment of a committed upload of the same account with a lower sequence number, in any order.
    /// A kind that this standard does not have is passed over.
    pub fn add(&mut self, sequence: u64, segment: &Segment) {
        self.add_without(sequence, segment, |_| false);
    }

    /// Takes a segment of which some records were withdrawn, told by the fingerprint of their key. A withdrawn record is the
    /// newest version all the same: it hides older ones, and is not there.
    pub fn add_without(
        &mut self,
        sequence: u64,
        segment: &Segment,
        is_withdrawn: impl Fn(u128) -> bool,
    ) {
        let Some(kind) = self.standard.kind_index(&segment.kind) else {
            return;
        };
        self.index.take();
        let places = &segment.facts.places;
        let upload = self.uploads.entry(sequence);
        let versions = self.versions[kind].as_mut();
        let mut versions = versions.map(|versions| (versions.own, versions.asked.walk()));
        let is_flu = Some(kind) == self.layout.flu;
        for ((key, digest), place) in segment.keys.iter().zip(&segment.digests).zip(places) {
            if !place.passed {
                continue;
            }
            let counts = !is_withdrawn(*key);
            self.present[kind] |= counts;
            // Entries of one key stand in order of place.
            if let Some((own, versions)) = &mut versions
                && let Some((asking, newest)) = versions.find(*key)
                && let Some(compared) = Versions::compared(own, asking, *digest)
            {
                upload.replace(newest, if counts { compared } else { State::Withdrawn });
            }
            if is_flu && !self.visits.is_empty() {
                let visit = segment.facts.visit(place).and_then(|case| case.visit);
                if let Some(newest) = visit.and_then(|visit| self.visits.find(visit)) {
                    let state = if counts {
                        State::Other
                    } else {
                        State::Withdrawn
                    };
                    upload.replace(newest, state);
                }
            }
            if let Some(stay) = segment.facts.stay(place) {
                let facts = counts.then(|| segment.facts.stay_facts(stay));
                let current = self.stays[kind].entry(*key).or_insert((sequence, facts));
                if current.0 <= sequence {
                    *current = (sequence, facts);
                }
            }
        }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (kind, current) in self.stays.iter().enumerate() {
                let mut newest_last: Vec<_> = current.iter().collect();
                // By key among equals, so that the answer does not depend on the order in which a map is read.
                newest_last.sort_unstable_by_key(|(key, (sequence, _))| (*sequence, **key));
                let there = newest_last
                    .into_iter()
                    .filter_map(|(_, (_, facts))| facts.as_ref());
                for facts in there {
                    if let Some(stay) = facts.stay {
                        index.stays.insert((kind, stay), *facts);
                    }
                    if let Some(leave) = facts.leave {
                        index.leaves.insert((kind, leave), *facts);
                    }
                    index
                        .numbers
                        .extend(facts.number.map(|number| (kind, number)));
                }
            }
            index
        })
    }
}

impl Earlier for EarlierSegments<'_> {
    fn has(&self, kind: usize) -> bool {
        self.present.get(kind).copied().unwrap_or(false)
    }

    fn is_same(&self, kind: usize, entry: &Entry) -> Option<bool> {
        let versions = self.versions.get(kind)?.as_ref()?;
        match versions.asked.get(entry.key).state()? {
            State::Withdrawn => None,
            state => Some(state == State::Same),
        }
    }

    fn visit(&self, visit: Link) -> bool {
        self.visits.get(visit).counts()
    }

    fn stay(&self, kind: usize, stay: Link) -> Option<&StayFacts> {
        self.index().stays.get(&(kind, stay))
    }

    fn leave(&self, kind: usize, leave: Link) -> Option<&StayFacts> {
        self.index().leaves.get(&(kind, leave))
    }

    fn number(&self, kind: usize, number: Link) -> bool {
        self.index().numbers.contains(&(kind, number))
    }

    fn death_case_scans(&self, number: &str, admission: &str) -> Option<bool> {
        self.death_cases.as_ref()?(number, admission)
    }
}
