use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use standard::Standard;

use super::collector::column_of;
use super::disposition::{Counts, Disposition};
use super::earlier::Earlier;
use super::judge::Judge;
use super::layout::Layout;
use super::segment::{Entry, Segment};
use crate::{FileInfo, Finding};

/// Name of the check of FLU-002, as `rules.csv` binds it: a record is told that it replaced an earlier one.
pub(crate) const REPLACES_EARLIER: &str = "replaces_earlier";

/// What became of an upload's records, and what the rules across uploads find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// One for each segment, in their order.
    pub kinds: Vec<KindSettlement>,
    /// Findings of X-* and FLU-002, by file, row and rule.
    pub findings: Vec<Finding<'static>>,
}

/// What became of the records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindSettlement {
    /// Code of the kind.
    pub kind: String,
    /// How many of each.
    pub counts: Counts,
    /// Every record, by file and row.
    pub records: Vec<SettledRecord>,
}

/// What became of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SettledRecord {
    /// Index of the file in the upload.
    pub file: u16,
    /// Row as a spreadsheet shows it.
    pub row: u32,
    /// What became of it.
    pub disposition: Disposition,
}

/// Settles an upload: a pure function of its own segments and of what was accepted with lower sequence numbers, so the
/// order in which uploads are settled does not matter. When a lower one is committed late, settling again gives the
/// figures that would have stood had it come in time.
///
/// `files` are those of the upload's summary, in its order. Where one upload holds a key twice, the records are taken in
/// order of file and row: the later one is judged against the one before it, and is the version that counts.
pub fn settle(
    standard: &Standard,
    own: &[Segment],
    files: &[FileInfo],
    earlier: &dyn Earlier,
) -> Settlement {
    let layout = Layout::new(standard);
    let mut facts = vec![None; standard.kinds.len()];
    let mut present = vec![false; standard.kinds.len()];
    for segment in own {
        if let Some(kind) = standard.kind_index(&segment.kind) {
            facts[kind] = Some(&segment.facts);
            present[kind] |= !segment.is_empty();
        }
    }
    let judge = Judge::new(standard, &layout, facts, &[], &present, earlier);
    let replaced: Vec<(usize, usize)> = standard
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.check == REPLACES_EARLIER && rule.severity.is_some())
        .flat_map(|(index, rule)| {
            let kinds = rule.kinds.iter();
            kinds.filter_map(move |code| Some((standard.kind_index(code)?, index)))
        })
        .collect();
    let mut settlement = Settlement {
        kinds: Vec::new(),
        findings: Vec::new(),
    };
    for segment in own {
        let Some(kind) = standard.kind_index(&segment.kind) else {
            continue;
        };
        let mut settled = KindSettlement {
            kind: segment.kind.clone(),
            counts: Counts::default(),
            records: Vec::with_capacity(segment.len()),
        };
        let dispositions = dispositions(segment, |entry| earlier.is_same(kind, entry));
        for (place, disposition) in segment.facts.places.iter().zip(dispositions) {
            settled.counts.add(disposition);
            settled.records.push(SettledRecord {
                file: place.file,
                row: place.row,
                disposition,
            });
            let mut emit = |rule: usize, field: usize, value: &str| {
                let file = files.get(usize::from(place.file));
                settlement.findings.push(Finding {
                    file: Some(place.file),
                    row: Some(place.row),
                    column: file.and_then(|file| column_of(&file.columns, field)),
                    field: u16::try_from(field).ok(),
                    rule: rule as u16,
                    value: Cow::Owned(value.to_owned()),
                    detail: None,
                    suggestion: None,
                });
            };
            if disposition == Disposition::Updated {
                for (_, rule) in replaced.iter().filter(|(replaced, _)| *replaced == kind) {
                    if let Some(field) = layout.number_field(kind) {
                        let facts = &segment.facts;
                        let number = match (facts.visit(place), facts.stay(place)) {
                            (Some(visit), _) => facts.text(visit.number),
                            (_, Some(stay)) => facts.text(stay.number),
                            _ => "",
                        };
                        emit(*rule, field, number);
                    }
                }
            }
            judge.record(kind, place, &mut emit);
        }
        settled.records.sort_unstable();
        settlement.kinds.push(settled);
    }
    settlement
        .findings
        .sort_by_key(|finding| (finding.file, finding.row, finding.rule, finding.field));
    settlement
}

/// What became of each entry of a segment, in its order; `is_same` is [`Earlier::is_same`].
pub fn dispositions(
    segment: &Segment,
    is_same: impl Fn(&Entry) -> Option<bool>,
) -> impl Iterator<Item = Disposition> {
    let mut before: Option<Entry> = None;
    segment.entries().map(move |entry| {
        if !entry.passed {
            return Disposition::Failed;
        }
        let is_same = match before.filter(|before| before.key == entry.key) {
            Some(before) => Some(before.digest == entry.digest),
            None => is_same(&entry),
        };
        before = Some(entry);
        match is_same {
            None => Disposition::New,
            Some(true) => Disposition::Unchanged,
            Some(false) => Disposition::Updated,
        }
    })
}
