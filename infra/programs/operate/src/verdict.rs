//! What a check comes to, small enough to be compared with what another version of the standard makes of the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use serde::Serialize;
use serde_json::{Value, json};
use standard::{Severity, Standard};
use validation::{CheckError, FileInfo, Finding, JudgedRecord, Settings, Sink};

/// Findings of one rule about one column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// Rule id.
    pub(crate) rule: String,
    /// `kind.column`, the kind alone, or nothing for the archive.
    pub(crate) place: String,
}

/// Findings by their severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Count {
    /// Findings that keep a record from passing.
    pub(crate) errors: u64,
    /// Others.
    pub(crate) warnings: u64,
}

/// A record of the archive: name of its file, and its row as a spreadsheet shows it.
pub(crate) type Row = (String, u32);

/// What a check comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Verdict {
    /// 数据包记录总数.
    pub(crate) total: u64,
    /// 接口达标数.
    pub(crate) passed: u64,
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
    pub(crate) places: BTreeMap<Place, Count>,
    failed: BTreeSet<Row>,
}

impl Verdict {
    /// Judges an archive. The same bytes under the same settings always come to the same.
    ///
    /// # Errors
    /// When the check breaks off.
    pub(crate) fn of(
        name: &str,
        archive: &[u8],
        settings: &Settings<'_>,
    ) -> Result<Self, CheckError> {
        let mut notes = Notes {
            standard: settings.standard,
            files: Vec::new(),
            verdict: Self::default(),
        };
        let summary = validation::check(name, Cursor::new(archive), settings, &mut notes)?;
        let mut verdict = notes.verdict;
        verdict.total = summary.total;
        verdict.passed = summary.passed;
        verdict.errors = summary.errors;
        verdict.warnings = summary.warnings;
        Ok(verdict)
    }

    /// The four figures.
    pub(crate) fn figures(&self) -> Value {
        json!({
            "total": self.total, "passed": self.passed, "errors": self.errors, "warnings": self.warnings,
        })
    }
}

/// What changes from one verdict to another over the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Difference {
    /// Rules and columns whose counts differ: before, after.
    pub(crate) places: BTreeMap<Place, (Count, Count)>,
    /// Records that pass only before.
    pub(crate) newly_failed: Vec<Row>,
    /// Records that pass only after.
    pub(crate) newly_passed: Vec<Row>,
}

impl Difference {
    pub(crate) fn between(before: &Verdict, after: &Verdict) -> Self {
        let all: BTreeSet<&Place> = before.places.keys().chain(after.places.keys()).collect();
        let of = |verdict: &Verdict, place: &Place| {
            verdict.places.get(place).copied().unwrap_or_default()
        };
        let places = all
            .into_iter()
            .map(|place| (place.clone(), (of(before, place), of(after, place))))
            .filter(|(_, (before, after))| before != after);
        Self {
            places: places.collect(),
            newly_failed: after.failed.difference(&before.failed).cloned().collect(),
            newly_passed: before.failed.difference(&after.failed).cloned().collect(),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.places.is_empty() && self.newly_failed.is_empty() && self.newly_passed.is_empty()
    }
}

/// Counts while the check runs. No cell is kept.
struct Notes<'s> {
    standard: &'s Standard,
    files: Vec<FileInfo>,
    verdict: Verdict,
}

impl Sink for Notes<'_> {
    fn file(&mut self, index: u16, file: &FileInfo) {
        self.files.resize(usize::from(index), FileInfo::default());
        self.files.push(file.clone());
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        let standard = self.standard;
        let rule = standard.rules.get(usize::from(finding.rule));
        let file = finding
            .file
            .and_then(|file| self.files.get(usize::from(file)));
        let kind = file.and_then(|file| file.kind.as_deref());
        let field = kind
            .and_then(|kind| standard.kinds.get(standard.kind_index(kind)?))
            .and_then(|kind| kind.fields.get(usize::from(finding.field?)));
        let place = Place {
            rule: rule.map(|rule| rule.id.clone()).unwrap_or_default(),
            place: match (kind, field) {
                (Some(kind), Some(field)) => format!("{kind}.{}", field.code),
                (kind, _) => kind.unwrap_or_default().to_owned(),
            },
        };
        let count = self.verdict.places.entry(place).or_default();
        match finding.severity(standard) {
            Severity::Error => count.errors += 1,
            Severity::Warning => count.warnings += 1,
        }
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        if record.passed {
            return;
        }
        if let Some(file) = self.files.get(usize::from(record.file)) {
            self.verdict.failed.insert((file.name.clone(), record.row));
        }
    }
}
