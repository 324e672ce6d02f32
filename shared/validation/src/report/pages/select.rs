//! Which stored pages a filtered list has to read.

use standard::{Severity, Standard};

use super::{PageCount, PageHead};
use crate::{FileInfo, Finding};

/// Which findings a list shows. Every condition that is set must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Index of the rule.
    pub rule: Option<u16>,
    /// Severity under the standard in use.
    pub severity: Option<Severity>,
    /// Index of the file.
    pub file: Option<u16>,
    /// Files and fields of a column code: it may stand in several files.
    pub fields: Option<Vec<(u16, u16)>>,
    nothing: bool,
}

impl Filter {
    /// A filter from what a list's address says: rule id, column code (upper or lower case), severity and file index.
    /// What the standard or the upload does not have matches nothing.
    pub fn new(
        standard: &Standard,
        files: &[FileInfo],
        rule: Option<&str>,
        column: Option<&str>,
        severity: Option<Severity>,
        file: Option<u16>,
    ) -> Self {
        let mut filter = Self {
            severity,
            file,
            ..Self::default()
        };
        if let Some(id) = rule {
            filter.rule = standard
                .rule_index(id)
                .and_then(|index| u16::try_from(index).ok());
            filter.nothing |= filter.rule.is_none();
        }
        filter.fields = column.map(|code| {
            let fields = files.iter().zip(0_u16..).filter_map(|(file, index)| {
                let kind = &standard.kinds[standard.kind_index(file.kind.as_deref()?)?];
                let field = u16::try_from(kind.field_index(code)?).ok()?;
                Some((index, field))
            });
            fields.collect()
        });
        filter
    }

    /// Whether a list with this filter shows the finding.
    pub fn matches(&self, standard: &Standard, finding: &Finding<'_>) -> bool {
        self.holds(standard, finding.file, finding.rule, finding.field)
    }

    fn counts(&self, standard: &Standard, count: &PageCount) -> bool {
        self.holds(standard, count.file, count.rule, count.field)
    }

    fn holds(&self, standard: &Standard, file: Option<u16>, rule: u16, field: Option<u16>) -> bool {
        let severity = || standard.rules.get(usize::from(rule))?.severity;
        !self.nothing
            && self.rule.is_none_or(|wanted| wanted == rule)
            && self.file.is_none_or(|wanted| Some(wanted) == file)
            && self.severity.is_none_or(|wanted| {
                // As `Finding::severity`: what a deployment switched off since is shown as a warning.
                wanted == severity().unwrap_or(Severity::Warning)
            })
            && self
                .fields
                .as_ref()
                .is_none_or(|fields| file.zip(field).is_some_and(|place| fields.contains(&place)))
    }
}

/// A stored page to read, and which of its matching findings to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRead {
    /// Number of the stored page.
    pub number: u32,
    /// Matching findings in it that come before those to show.
    pub skip: usize,
    /// Matching findings to show.
    pub take: usize,
}

/// What [`select`] comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Findings that match in all pages together.
    pub total: u64,
    /// Stored pages to read, in order.
    pub reads: Vec<PageRead>,
}

/// Tells which stored pages hold the findings of a list's page: `page` from 0, of `size` findings each. Exact: the heads count
/// by file, rule and field, so no page is read in vain.
pub fn select(
    heads: &[PageHead],
    standard: &Standard,
    filter: &Filter,
    page: u64,
    size: u64,
) -> Selection {
    let from = page.saturating_mul(size);
    let to = from.saturating_add(size);
    let mut selection = Selection::default();
    for head in heads {
        let matching: u64 = head
            .counts
            .iter()
            .filter(|count| filter.counts(standard, count))
            .map(|count| u64::from(count.findings))
            .sum();
        let first = selection.total;
        selection.total += matching;
        let (begin, end) = (from.max(first), to.min(selection.total));
        if begin < end {
            selection.reads.push(PageRead {
                number: head.number,
                skip: usize::try_from(begin - first).unwrap_or(usize::MAX),
                take: usize::try_from(end - begin).unwrap_or(usize::MAX),
            });
        }
    }
    selection
}
