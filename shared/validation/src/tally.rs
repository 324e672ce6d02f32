//! Counts findings as they are made; the counts are exact however many are kept.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use standard::{Severity, Standard};

use crate::finding::fill_texts;
use crate::{Cause, FileInfo, Finding, Language, texts};

/// Rows of a cause that are named.
const ROWS: usize = 20;
/// Values of a cause that are named.
const VALUES: usize = 5;

/// What has been found so far.
#[derive(Default)]
pub(crate) struct Tally {
    /// Findings of severity error.
    pub(crate) errors: u64,
    /// Findings of severity warning.
    pub(crate) warnings: u64,
    causes: HashMap<Place, Gathered>,
}

/// What a cause is told by, in one number, since it is looked up for every finding. Ordered as its parts are, of which rule
/// is the first, then kind, then field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place(u64);

impl Place {
    fn new(rule: u16, kind: Option<u16>, field: Option<u16>, severity: Severity) -> Self {
        let part = |part: Option<u16>| part.map_or(0, |part| u64::from(part) + 1);
        let severity = u64::from(severity == Severity::Error);
        let place = part(kind) << 20 | part(field);
        Self(u64::from(rule) << 48 | place << 1 | severity)
    }
}

struct Gathered {
    kind: Option<u16>,
    severity: Severity,
    findings: u64,
    rows: Vec<u32>,
    /// Values, each with what was probably meant.
    values: Vec<(String, Option<String>)>,
    first: Finding<'static>,
}

impl Tally {
    /// Counts a finding.
    pub(crate) fn add(&mut self, finding: &Finding<'_>, kind: Option<usize>, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        let kind = kind.and_then(|kind| u16::try_from(kind).ok());
        let place = Place::new(finding.rule, kind, finding.field, severity);
        let gathered = self.causes.entry(place).or_insert_with(|| Gathered {
            kind,
            severity,
            findings: 0,
            rows: Vec::new(),
            values: Vec::new(),
            first: finding.to_owned_finding(),
        });
        gathered.findings += 1;
        if let Some(row) = finding.row
            && gathered.rows.len() < ROWS
        {
            gathered.rows.push(row);
        }
        if gathered.values.len() < VALUES && !finding.value.is_empty() {
            let is_known = gathered.values.iter().any(|(value, suggestion)| {
                *value == finding.value && suggestion.as_deref() == finding.suggestion.as_deref()
            });
            if !is_known {
                let suggestion = finding.suggestion.as_deref().map(str::to_owned);
                gathered
                    .values
                    .push((finding.value.to_string(), suggestion));
            }
        }
    }

    /// Findings by rule id.
    pub(crate) fn by_rule(&self, standard: &Standard) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for gathered in self.causes.values() {
            let id = &standard.rules[usize::from(gathered.first.rule)].id;
            *counts.entry(id.clone()).or_default() += gathered.findings;
        }
        counts
    }

    /// Findings by `kind.column`.
    pub(crate) fn by_column(&self, standard: &Standard) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for gathered in self.causes.values() {
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
    pub(crate) fn causes(self, standard: &Standard, files: &[FileInfo]) -> Vec<Cause> {
        let mut places: Vec<(Place, Gathered)> = self.causes.into_iter().collect();
        places.sort_by_key(|(place, gathered)| {
            (
                std::cmp::Reverse(gathered.severity),
                std::cmp::Reverse(gathered.findings),
                *place,
            )
        });
        places
            .into_iter()
            .map(|(_, gathered)| cause(gathered, standard, files))
            .collect()
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

fn with_suggestion((value, suggestion): (String, Option<String>)) -> String {
    match suggestion {
        Some(suggestion) => format!("{value} → {suggestion}"),
        None => value,
    }
}

/// Name in JSON.
pub(crate) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
