//! Cases that were selected by a drug. FLU-014 is silent for a visit with an influenza antiviral, and the drug may stand in
//! a file behind the case: its findings wait until all files have been read.

use std::borrow::Cow;

use hashbrown::HashSet;
use standard::{Severity, Standard};

use crate::links::{Link, of_link};
use crate::rules::record::{TextPattern, words};
use crate::{Finding, JudgedRecord};

/// Findings that wait at most. Beyond it they are told at once: a warning too many is better than memory without end.
const WAITING: usize = 50_000;

/// The findings of one rule that drugs can disprove, and the visits with such a drug.
pub(crate) struct DrugSelection {
    rule: u16,
    cases: Visits,
    drugs: Visits,
    drug: usize,
    antivirals: TextPattern,
    treated: HashSet<Link>,
    /// The finding of the record that is being judged.
    current: Option<Finding<'static>>,
    waiting: Vec<(Option<Link>, Finding<'static>)>,
}

/// Kind of file and its fields of P7501 就诊类型, P7502 就诊卡号 and P7506 就诊日期.
struct Visits {
    kind: usize,
    fields: [usize; 3],
}

impl DrugSelection {
    /// Finds the rule, by the argument `drugs=<kind>.<column>`. `None` where it is switched off, or where a deployment made
    /// it an error: whether a record passes is settled before the next one is read.
    pub(crate) fn new(standard: &Standard) -> Option<Self> {
        let (index, rule, place) =
            standard
                .rules
                .iter()
                .enumerate()
                .find_map(|(index, rule)| {
                    let drugs = rule.arguments.split(';').map(str::trim);
                    let place = drugs.clone().find_map(|pair| pair.strip_prefix("drugs="))?;
                    (rule.severity == Some(Severity::Warning)).then_some((index, rule, place))
                })?;
        let (kind, column) = place.split_once('.')?;
        let drugs = Visits::of(standard, kind)?;
        let antivirals: Vec<String> = standard
            .code_table("FLU-SCOPE")?
            .codes
            .iter()
            .filter_map(|entry| entry.code.strip_prefix("DRUG:"))
            .flat_map(words)
            .collect();
        Some(Self {
            rule: u16::try_from(index).ok()?,
            cases: Visits::of(standard, rule.kinds.first()?)?,
            drug: standard.kinds[drugs.kind].field_index(column)?,
            drugs,
            antivirals: TextPattern::new(&antivirals, &[]),
            treated: HashSet::new(),
            current: None,
            waiting: Vec::new(),
        })
    }

    /// Whether files of these kinds can tell anything: a drug disproves only a case in the same archive.
    pub(crate) fn concerns(&self, kinds: &[Option<usize>]) -> bool {
        let has = |visits: &Visits| kinds.contains(&Some(visits.kind));
        has(&self.cases) && has(&self.drugs)
    }

    /// Whether the finding is of the rule that drugs can disprove.
    pub(crate) fn is_asked(&self, finding: &Finding<'_>) -> bool {
        finding.rule == self.rule
    }

    /// Whether the finding waits; otherwise it is to be told at once.
    pub(crate) fn takes(&mut self, finding: &Finding<'_>) -> bool {
        if !self.is_asked(finding) || self.waiting.len() >= WAITING {
            return false;
        }
        self.current = Some(Finding {
            value: Cow::Owned(finding.value.to_string()),
            detail: None,
            suggestion: None,
            ..*finding
        });
        true
    }

    /// Takes a judged record, after its findings.
    pub(crate) fn record(&mut self, record: &JudgedRecord<'_>) {
        if record.kind == self.cases.kind {
            if let Some(finding) = self.current.take() {
                let visit = self.cases.visit(record);
                self.waiting.push((visit, finding));
            }
        } else if record.kind == self.drugs.kind
            && self
                .antivirals
                .matches_of(&record.record(), self.drug)
                .wanted
        {
            self.treated.extend(self.drugs.visit(record));
        }
    }

    /// The findings that no drug disproves, in the order they came in.
    pub(crate) fn finish(self) -> impl Iterator<Item = Finding<'static>> {
        let treated = self.treated;
        self.waiting
            .into_iter()
            .filter(move |(visit, _)| visit.is_none_or(|visit| !treated.contains(&visit)))
            .map(|(_, finding)| finding)
    }
}

impl Visits {
    fn of(standard: &Standard, kind: &str) -> Option<Self> {
        let index = standard.kind_index(kind)?;
        let field = |code| standard.kinds[index].field_index(code);
        Some(Self {
            kind: index,
            fields: [field("P7501")?, field("P7502")?, field("P7506")?],
        })
    }

    fn visit(&self, record: &JudgedRecord<'_>) -> Option<Link> {
        let [visit_type, number, moment] = self.fields.map(|field| record.value(field));
        of_link(&[&visit_type, &number, &moment])
    }
}
