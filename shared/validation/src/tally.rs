//! Counts findings as they are made; the counts are exact however many are kept.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use standard::{Severity, Standard};

use crate::finding::{fill_texts, numbered};
use crate::mixed::Mixed;
use crate::{Cause, FileInfo, Finding, Language, texts};

/// Rows of a cause that are named.
const ROWS: usize = 20;
/// Values of a cause that are named.
const VALUES: usize = 5;

/// What has been found so far.
#[derive(Default)]
pub(crate) struct Tally {
    /// For each cause where it is among them.
    places: HashMap<Place, usize>,
    causes: Vec<Gathered>,
}

/// A cause of one tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CauseIndex(usize);

/// What a cause is told by, in one number. Ordered as its parts are, of which rule is the first, then kind, then field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place(u64);

impl Place {
    fn new(rule: u16, kind: Option<u16>, field: Option<u16>, severity: Severity) -> Self {
        let severity = u64::from(severity == Severity::Error);
        let place = numbered(kind) << 20 | numbered(field);
        Self(u64::from(rule) << 48 | place << 1 | severity)
    }
}

struct Gathered {
    place: Place,
    kind: Option<u16>,
    severity: Severity,
    findings: u64,
    rows: Vec<u32>,
    values: Vec<Value>,
    first: Finding<'static>,
}

/// A value, with what was probably meant.
struct Value {
    value: String,
    hash: Mixed,
    suggestion: Option<String>,
}

impl Gathered {
    /// Names a row and a value, where there are not enough.
    #[inline(never)]
    fn name(&mut self, finding: &Finding<'_>, hash: Mixed) {
        let (value, suggestion) = (&*finding.value, finding.suggestion.as_deref());
        if self.rows.len() < ROWS {
            self.rows.extend(finding.row);
        }
        if self.values.len() < VALUES && !value.is_empty() {
            // Where values are few, each comes many times: it is told by its hash, which a long one shares with others.
            let mut known = self.values.iter();
            let is_known = known.any(|known| {
                known.hash == hash
                    && known.suggestion.as_deref() == suggestion
                    && (value.len() <= Mixed::WHOLE || known.value == value)
            });
            if !is_known {
                self.values.push(Value {
                    value: value.to_owned(),
                    hash,
                    suggestion: suggestion.map(str::to_owned),
                });
            }
        }
    }
}

impl Tally {
    /// The cause of a finding, which is the first of it where it is new.
    pub(crate) fn cause(
        &mut self,
        finding: &Finding<'_>,
        kind: Option<usize>,
        severity: Severity,
    ) -> CauseIndex {
        let kind = kind.and_then(|kind| u16::try_from(kind).ok());
        let place = Place::new(finding.rule, kind, finding.field, severity);
        let causes = &mut self.causes;
        let index = self.places.entry(place).or_insert_with(|| {
            causes.push(Gathered {
                place,
                kind,
                severity,
                findings: 0,
                rows: Vec::new(),
                values: Vec::new(),
                first: finding.to_owned_finding(),
            });
            causes.len() - 1
        });
        CauseIndex(*index)
    }

    /// Counts a finding of a cause, with the hash of its value.
    #[inline]
    pub(crate) fn add(
        &mut self,
        CauseIndex(cause): CauseIndex,
        finding: &Finding<'_>,
        hash: Mixed,
    ) {
        let cause = &mut self.causes[cause];
        cause.findings += 1;
        if cause.rows.len() < ROWS || cause.values.len() < VALUES {
            cause.name(finding, hash);
        }
    }

    /// How many findings there are of a severity.
    pub(crate) fn findings(&self, severity: Severity) -> u64 {
        let causes = self.causes.iter();
        let causes = causes.filter(|cause| cause.severity == severity);
        causes.map(|cause| cause.findings).sum()
    }

    /// Findings by rule id.
    pub(crate) fn by_rule(&self, standard: &Standard) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for gathered in &self.causes {
            let id = &standard.rules[usize::from(gathered.first.rule)].id;
            *counts.entry(id.clone()).or_default() += gathered.findings;
        }
        counts
    }

    /// Findings by `kind.column`.
    pub(crate) fn by_column(&self, standard: &Standard) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for gathered in &self.causes {
            let (Some(kind), Some(field)) = (gathered.kind, gathered.first.field) else {
                continue;
            };
            let kind = &standard.kinds[usize::from(kind)];
            let name = format!("{}.{}", kind.code, kind.fields[usize::from(field)].code);
            *counts.entry(name).or_default() += gathered.findings;
        }
        counts
    }

    /// Findings grouped by what has to be mended: errors before warnings, most findings first.
    pub(crate) fn causes(mut self, standard: &Standard, files: &[FileInfo]) -> Vec<Cause> {
        self.causes.sort_by_key(|gathered| {
            (
                std::cmp::Reverse(gathered.severity),
                std::cmp::Reverse(gathered.findings),
                gathered.place,
            )
        });
        let causes = self.causes.into_iter();
        let causes = causes.map(|gathered| cause(gathered, standard, files));
        causes.collect()
    }
}

fn cause(gathered: Gathered, standard: &Standard, files: &[FileInfo]) -> Cause {
    let rule = &standard.rules[usize::from(gathered.first.rule)];
    let kind = gathered.kind.map(|kind| &standard.kinds[usize::from(kind)]);
    let field = kind
        .zip(gathered.first.field)
        .map(|(kind, field)| &kind.fields[usize::from(field)]);
    let (message_zh, mend_zh) = fill_texts(&gathered.first, standard, files, Language::Chinese);
    let (message_en, mend_en) = fill_texts(&gathered.first, standard, files, Language::English);
    // The texts are those of the first finding: where they speak of its value and there are others, that is an example.
    let several = gathered.values.len() > 1;
    let speaks_of_it =
        |template: &str| several && (template.contains("{label}") || template.contains("{value}"));
    let detail = gathered.first.detail.as_deref();
    // It is told behind the message.
    let one_place =
        gathered.findings > 1 && detail.is_some_and(|detail| texts::of_one_place(detail).is_some());
    let example = |is_example: bool, text: String, word: &str| {
        if is_example {
            format!("{word}{text}")
        } else {
            text
        }
    };
    let told = |template: &str| one_place || speaks_of_it(template);
    let message_zh = example(told(&rule.message_zh), message_zh, "例如：");
    let message_en = example(told(&rule.message_en), message_en, "For example: ");
    let mend_zh = example(speaks_of_it(&rule.mend_zh), mend_zh, "逐个处理，例如：");
    let mend_en = example(
        speaks_of_it(&rule.mend_en),
        mend_en,
        "One by one, for example: ",
    );
    Cause {
        rule: rule.id.clone(),
        kind: kind.map(|kind| kind.code.clone()),
        code: field.map(|field| field.code.clone()),
        severity: severity_name(gathered.severity).to_owned(),
        findings: gathered.findings,
        rows: gathered.rows,
        // With what was probably meant beside each: a clerk replaces all of them in one go.
        values: gathered.values.into_iter().map(with_suggestion).collect(),
        message_zh,
        message_en,
        mend_zh,
        mend_en,
    }
}

fn with_suggestion(value: Value) -> String {
    match value.suggestion {
        Some(suggestion) => format!("{} → {suggestion}", value.value),
        None => value.value,
    }
}

/// Name in JSON.
pub(crate) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
