//! The rules between records of several kinds (X-*).
//!
//! A rule is judged where both sides are at hand: as long as neither the upload nor any earlier one holds a record of the
//! kind it looks for, it is silent. Otherwise a hospital that sends its files one by one would be told on its first day
//! that everything is missing. Within one upload failed records are looked for and judged like passed ones: they were
//! sent, and mending them completes the link.

use hashbrown::{HashMap, HashSet};
use standard::Standard;

use super::earlier::Earlier;
use super::facts::{Cases, Facts, Place, Stay, StayFacts, Visit};
use super::fingerprint::Link;
use super::layout::{Layout, Role};

/// Names of the checks, as `rules.csv` binds them, in the order of [`Check`].
pub(crate) const CHECKS: [&str; 8] = [
    "visit_without_case",
    "summary_without_discharge",
    "death_record_without_death",
    "death_without_death_record",
    "discharge_without_summary",
    "death_case_without_scans",
    "stay_differs",
    "inpatient_already_discharged",
];

/// What can be wrong between records, X-001 to X-008.
#[derive(Clone, Copy)]
enum Check {
    VisitWithoutCase,
    SummaryWithoutDischarge,
    DeathRecordWithoutDeath,
    DeathWithoutDeathRecord,
    DischargeWithoutSummary,
    DeathCaseWithoutScans,
    StayDiffers,
    InpatientAlreadyDischarged,
}

/// Takes a finding: index of the rule, field it stands at, and the value there.
pub(crate) type Emit<'e> = dyn FnMut(usize, usize, &str) + 'e;

/// Facts of the upload under judgement, by kind.
pub(crate) type OwnFacts<'a> = Vec<Option<&'a Facts>>;

/// Judges the records of one upload.
pub(crate) struct Judge<'a> {
    layout: &'a Layout,
    earlier: &'a dyn Earlier,
    facts: OwnFacts<'a>,
    own: Own,
    /// For each of [`CHECKS`] its rules' indexes; empty where a deployment switched it off.
    rules: [Vec<usize>; 8],
    /// By kind: whether the upload or an earlier one holds any.
    at_hand: Vec<bool>,
}

/// What the upload itself answers.
#[derive(Default)]
struct Own {
    /// Visits of its flu records, sorted.
    visits: Vec<Link>,
    stays: HashMap<(usize, Link), u32>,
    leaves: HashMap<(usize, Link), u32>,
    numbers: HashSet<(usize, Link)>,
}

impl<'a> Judge<'a> {
    /// `visits`: fingerprints of flu records that `facts` leaves out; `present`: kinds that the upload has files of.
    pub(crate) fn new(
        standard: &Standard,
        layout: &'a Layout,
        facts: OwnFacts<'a>,
        visits: &[Link],
        present: &[bool],
        earlier: &'a dyn Earlier,
    ) -> Self {
        let rules = CHECKS.map(|check| {
            let bound = standard.rules.iter().enumerate();
            bound
                .filter(|(_, rule)| rule.check == check && rule.severity.is_some())
                .map(|(index, _)| index)
                .collect()
        });
        let at_hand = present
            .iter()
            .enumerate()
            .map(|(kind, own)| *own || earlier.has(kind))
            .collect();
        let own = Own::new(layout, &facts, visits);
        Self {
            layout,
            earlier,
            facts,
            own,
            rules,
            at_hand,
        }
    }

    /// Judges one record of a kind.
    pub(crate) fn record(&self, kind: usize, place: &Place, emit: &mut Emit<'_>) {
        let Some(Some(facts)) = self.facts.get(kind) else {
            return;
        };
        match self.layout.kinds.get(kind) {
            Some(Some(Role::Visit(fields))) => {
                if let Some(visit) = facts.visit(place) {
                    let broken = if Some(kind) == self.layout.flu {
                        self.is_discharged(visit)
                            .then_some(Check::InpatientAlreadyDischarged)
                    } else {
                        self.lacks_case(visit).then_some(Check::VisitWithoutCase)
                    };
                    for rule in broken.iter().flat_map(|check| self.rules_of(*check)) {
                        emit(*rule, fields.number, facts.text(visit.number));
                    }
                }
            }
            Some(Some(Role::Stay(_))) => {
                if let Some(stay) = facts.stay(place) {
                    self.stay(kind, facts, stay, emit);
                }
            }
            _ => {}
        }
    }

    fn rules_of(&self, check: Check) -> &[usize] {
        &self.rules[check as usize]
    }

    fn lacks_case(&self, visit: &Visit) -> bool {
        let Some(link) = visit.visit else {
            return false;
        };
        (self.is_at_hand(self.layout.flu) || self.is_at_hand(self.layout.hqms))
            && self.own.visits.binary_search(&link).is_err()
            && !self.earlier.visit(link)
            && !self.is_discharged_stay(visit)
    }

    fn is_discharged(&self, visit: &Visit) -> bool {
        visit.inpatient && self.is_discharged_stay(visit)
    }

    fn is_discharged_stay(&self, visit: &Visit) -> bool {
        let (Some(hqms), Some(stay)) = (self.layout.hqms, visit.stay) else {
            return false;
        };
        self.own.stays.contains_key(&(hqms, stay)) || self.earlier.stay(hqms, stay).is_some()
    }

    fn stay(&self, kind: usize, facts: &Facts, stay: &Stay, emit: &mut Emit<'_>) {
        let Some(Some(Role::Stay(fields))) = self.layout.kinds.get(kind) else {
            return;
        };
        let known = facts.stay_facts(stay);
        let number = facts.text(stay.number);
        let is = |other: Option<usize>| other == Some(kind);
        let layout = self.layout;
        let mut broken: [Option<Check>; 2] = [None; 2];
        if is(layout.hda) && self.lacks(layout.hqms, known.stay, |_| true) {
            broken[0] = Some(Check::SummaryWithoutDischarge);
        }
        if is(layout.hdr) {
            if self.lacks(layout.hqms, known.stay, |found| found.died == Some(true)) {
                broken[0] = Some(Check::DeathRecordWithoutDeath);
            }
            let admission = facts.text(stay.admission);
            if self.earlier.death_case_scans(number, admission) == Some(false) {
                broken[1] = Some(Check::DeathCaseWithoutScans);
            }
        }
        if is(layout.hqms) {
            match known.died {
                Some(true) if self.lacks_number(layout.hdr, known.number) => {
                    broken[0] = Some(Check::DeathWithoutDeathRecord)
                }
                Some(false) if self.lacks(layout.hda, known.stay, |_| true) => {
                    broken[0] = Some(Check::DischargeWithoutSummary)
                }
                _ => {}
            }
        }
        for check in broken.into_iter().flatten() {
            for rule in self.rules_of(check) {
                emit(*rule, fields.number, number);
            }
        }
        self.compare(kind, facts, stay, &known, emit);
    }

    /// The one that is told to look is the summary or death record where the front page is sent with it, and
    /// whichever is sent later.
    fn compare(
        &self,
        kind: usize,
        facts: &Facts,
        stay: &Stay,
        known: &StayFacts,
        emit: &mut Emit<'_>,
    ) {
        let Some(Some(Role::Stay(fields))) = self.layout.kinds.get(kind) else {
            return;
        };
        let peer = self.peer(kind, known.stay, &self.own.stays, |earlier, other, link| {
            earlier.stay(other, link).copied()
        });
        let places = match peer {
            Some(peer) => [
                (known.name, peer.name, fields.name, stay.name),
                (known.sex, peer.sex, fields.sex, stay.sex),
                (
                    known.discharge,
                    peer.discharge,
                    fields.discharge,
                    stay.discharge,
                ),
            ]
            .to_vec(),
            // Records of one stay are found by the admission, so an admission that differs shows in another way:
            // the same P3 was discharged at the same moment.
            None => self
                .peer(
                    kind,
                    known.leave,
                    &self.own.leaves,
                    |earlier, other, link| earlier.leave(other, link).copied(),
                )
                .map(|peer| {
                    (
                        known.admission,
                        peer.admission,
                        fields.admission,
                        stay.admission,
                    )
                })
                .into_iter()
                .collect(),
        };
        for (mine, theirs, field, text) in places {
            if mine.is_some() && theirs.is_some() && mine != theirs {
                for rule in self.rules_of(Check::StayDiffers) {
                    emit(*rule, field, facts.text(text));
                }
            }
        }
    }

    fn peer(
        &self,
        kind: usize,
        link: Option<Link>,
        own: &HashMap<(usize, Link), u32>,
        earlier: impl Fn(&dyn Earlier, usize, Link) -> Option<StayFacts>,
    ) -> Option<StayFacts> {
        let link = link?;
        let mut after_this = false;
        for other in self.layout.stays() {
            if other == kind {
                after_this = true;
                continue;
            }
            match own.get(&(other, link)) {
                // Both are sent now, and the other one is told.
                Some(_) if after_this => {}
                Some(case) => return self.own_stay(other, *case),
                None => {
                    if let Some(found) = earlier(self.earlier, other, link) {
                        return Some(found);
                    }
                }
            }
        }
        None
    }

    fn own_stay(&self, kind: usize, case: u32) -> Option<StayFacts> {
        let facts = self.facts.get(kind).copied().flatten()?;
        match &facts.cases {
            Cases::Stays(stays) => Some(facts.stay_facts(stays.get(case as usize)?)),
            _ => None,
        }
    }

    /// Whether records of the other kind are at hand, and none of this stay fits.
    fn lacks(
        &self,
        other: Option<usize>,
        stay: Option<Link>,
        fits: impl Fn(&StayFacts) -> bool,
    ) -> bool {
        let (Some(other), Some(stay)) = (other, stay) else {
            return false;
        };
        if !self.is_at_hand(Some(other)) {
            return false;
        }
        // The upload's own version replaces the earlier one.
        let found = match self.own.stays.get(&(other, stay)) {
            Some(case) => self.own_stay(other, *case),
            None => self.earlier.stay(other, stay).copied(),
        };
        !found.is_some_and(|found| fits(&found))
    }

    fn lacks_number(&self, other: Option<usize>, number: Option<Link>) -> bool {
        let (Some(other), Some(number)) = (other, number) else {
            return false;
        };
        self.is_at_hand(Some(other))
            && !self.own.numbers.contains(&(other, number))
            && !self.earlier.number(other, number)
    }

    fn is_at_hand(&self, kind: Option<usize>) -> bool {
        kind.and_then(|kind| self.at_hand.get(kind))
            .copied()
            .unwrap_or(false)
    }
}

impl Own {
    fn new(layout: &Layout, facts: &[Option<&Facts>], visits: &[Link]) -> Self {
        let mut own = Self {
            visits: visits.to_vec(),
            ..Self::default()
        };
        for (kind, facts) in facts.iter().enumerate() {
            match facts.map(|facts| (facts, &facts.cases)) {
                Some((_, Cases::Visits(cases))) if layout.flu == Some(kind) => {
                    own.visits
                        .extend(cases.iter().filter_map(|case| case.visit));
                }
                Some((facts, Cases::Stays(stays))) => {
                    for (index, stay) in stays.iter().enumerate() {
                        let known = facts.stay_facts(stay);
                        let index = index as u32;
                        own.stays
                            .extend(known.stay.map(|link| ((kind, link), index)));
                        own.leaves
                            .extend(known.leave.map(|link| ((kind, link), index)));
                        own.numbers.extend(known.number.map(|link| (kind, link)));
                    }
                }
                _ => {}
            }
        }
        own.visits.sort_unstable();
        own
    }
}
