use std::borrow::Cow;

use standard::Standard;

use super::earlier::NothingEarlier;
use super::facts::{Facts, Intake, glance};
use super::fingerprint::Link;
use super::judge::Judge;
use super::layout::{Layout, Role};
use crate::{FileInfo, Finding, JudgedRecord};

/// Gathers, while a check goes, what the rules between the files of one archive need ([`crate::Links::WithinArchive`]).
///
/// Keeps about 12 bytes of a drug or laboratory record, 8 of an outpatient, and the texts of inpatients and stays.
pub struct Collector<'a> {
    standard: &'a Standard,
    layout: Layout,
    kinds: Vec<Option<(Facts, Intake)>>,
    /// Outpatients' flu records are only ever looked for.
    visits: Vec<Link>,
    present: Vec<bool>,
    files: Vec<Option<File>>,
}

struct File {
    kind: usize,
    columns: Vec<Option<u16>>,
}

impl<'a> Collector<'a> {
    /// An empty collector.
    pub fn new(standard: &'a Standard) -> Self {
        Self {
            standard,
            layout: Layout::new(standard),
            kinds: standard.kinds.iter().map(|_| None).collect(),
            visits: Vec::new(),
            present: vec![false; standard.kinds.len()],
            files: Vec::new(),
        }
    }

    /// A file begins; to be called before its records.
    pub fn file(&mut self, index: u16, file: &FileInfo) {
        let known = file
            .kind
            .as_deref()
            .and_then(|code| self.standard.kind_index(code));
        let Some(kind) = known else {
            return;
        };
        self.present[kind] = true;
        let index = usize::from(index);
        if self.files.len() <= index {
            self.files.resize_with(index + 1, || None);
        }
        self.files[index] = Some(File {
            kind,
            columns: file.columns.clone(),
        });
    }

    /// Takes a judged record.
    pub fn record(&mut self, record: &JudgedRecord<'_>) {
        self.add(
            record.kind,
            (record.file, record.row, record.passed),
            |field| record.value(field),
        );
    }

    /// Hands every finding to `each`, files in order, in each its rows in order.
    pub fn each_finding(&self, each: &mut dyn FnMut(&Finding<'_>)) {
        let facts = self
            .kinds
            .iter()
            .map(|slot| slot.as_ref().map(|(facts, _)| facts))
            .collect();
        let judge = Judge::new(
            self.standard,
            &self.layout,
            facts,
            &self.visits,
            &self.present,
            &NothingEarlier,
        );
        for (index, file) in self.files.iter().enumerate() {
            let Some(file) = file else {
                continue;
            };
            let Some((facts, _)) = self.kinds.get(file.kind).and_then(Option::as_ref) else {
                continue;
            };
            // Records come file by file, so those of one file stand together.
            let places = &facts.places;
            let from = places.partition_point(|place| usize::from(place.file) < index);
            let to = places.partition_point(|place| usize::from(place.file) <= index);
            for place in places.get(from..to).unwrap_or_default() {
                judge.record(file.kind, place, &mut |rule, field, value| {
                    each(&Finding {
                        file: Some(place.file),
                        row: Some(place.row),
                        column: column_of(&file.columns, field),
                        field: u16::try_from(field).ok(),
                        rule: rule as u16,
                        value: Cow::Borrowed(value),
                        detail: None,
                        suggestion: None,
                    });
                });
            }
        }
    }

    /// All findings at once; [`Collector::each_finding`] needs no memory for them.
    pub fn findings(&self) -> Vec<Finding<'static>> {
        let mut findings = Vec::new();
        self.each_finding(&mut |finding| {
            findings.push(Finding {
                value: Cow::Owned(finding.value.to_string()),
                detail: None,
                suggestion: None,
                ..*finding
            });
        });
        findings
    }

    pub(crate) fn add<'v>(
        &mut self,
        kind: usize,
        place: (u16, u32, bool),
        value: impl Fn(usize) -> Cow<'v, str>,
    ) {
        let (Some(slot), Some(role)) = (self.kinds.get_mut(kind), self.layout.kinds.get(kind))
        else {
            return;
        };
        if let (Some(Role::Visit(fields)), true) = (role, self.layout.flu == Some(kind)) {
            let (visit, inpatient) = glance(*fields, &value);
            if !inpatient {
                self.visits.extend(visit);
                return;
            }
        }
        if role.is_none() {
            return;
        }
        let (facts, intake) = slot.get_or_insert_with(|| (Facts::new(*role), Intake::new(*role)));
        intake.add(facts, place, value);
    }
}

/// Column of the file that holds the field.
pub(crate) fn column_of(columns: &[Option<u16>], field: usize) -> Option<u16> {
    let column = columns
        .iter()
        .position(|known| known.map(usize::from) == Some(field))?;
    u16::try_from(column).ok()
}
