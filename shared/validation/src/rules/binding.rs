use std::borrow::Cow;

use ecow::EcoString;
use standard::{FileKind, Rule, Standard};
use thiserror::Error;

use crate::block::{Block, members};
use crate::cells::Pending;
use crate::field_set::FieldMask;
#[cfg(test)]
use crate::record::OwnedRecord;
use crate::record::{Record, Records};
use crate::{HospitalCodes, Institution};

/// Which records a check can find something in. Asked once for each file, so that most checks need not be asked at all
/// about most records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Any.
    Every,
    /// Those with a valid value in any of the fields.
    AnyValid(FieldMask),
    /// Those with valid values in all of the fields.
    AllValid(FieldMask),
    /// Those with some value, valid or not, in any of the fields.
    AnyFilled(FieldMask),
    /// Those with no value in any of the fields.
    AnyBlank(FieldMask),
    /// None: what the check compares with is not at hand.
    Never,
}

impl Concern {
    /// Those of a block's records.
    pub(crate) fn among(&self, block: &Block) -> u64 {
        match self {
            Self::Every => u64::MAX,
            Self::AnyValid(fields) => block.any_valid(fields),
            Self::AllValid(fields) => block.all_valid(fields),
            Self::AnyFilled(fields) => block.any_filled(fields),
            Self::AnyBlank(fields) => !block.all_filled(fields),
            Self::Never => 0,
        }
    }
}

/// Looks at the values of one record.
pub(crate) trait RecordCheck: Send + Sync {
    /// Which records are worth asking about.
    fn concern(&self) -> Concern;

    /// Of some records those that may have a finding, told by a look at all of them at once.
    fn suspects(&self, _records: &Records<'_>, asked: u64) -> u64 {
        asked
    }

    /// Adds what it finds; the finding's value is that of its field.
    fn check(&self, record: &Record<'_>, found: &mut Found);

    /// Adds what it finds in some records of its concern.
    fn check_all(&self, records: &Records<'_>, asked: u64, found: &mut Found) {
        for index in members(self.suspects(records, asked)) {
            found.record = index;
            self.check(&records.record(index), found);
        }
    }
}

/// Takes what the checks of rules find.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The rule that is asked.
    pub(crate) rule: u16,
    /// The record that is being looked at.
    pub(crate) record: usize,
    /// For each field its column in the file.
    columns: Vec<Option<u16>>,
    /// The findings.
    pub(crate) pending: Vec<Pending>,
}

impl Found {
    /// Ready for a file in which the fields stand in these columns.
    pub(crate) fn new(columns: Vec<Option<u16>>) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// A finding at a field.
    pub(crate) fn at(&mut self, field: usize) {
        self.add(field, None, None);
    }

    /// A finding at a field, with what `{n}`, `{value}` or `{label}` of its message stands for.
    pub(crate) fn at_with(&mut self, field: usize, detail: impl Into<String>) {
        self.add(field, Some(detail.into()), None);
    }

    /// A finding at a field, with what was probably meant.
    pub(crate) fn at_meaning(&mut self, field: usize, suggestion: Option<EcoString>) {
        self.add(field, None, suggestion);
    }

    fn add(&mut self, field: usize, detail: Option<String>, suggestion: Option<EcoString>) {
        self.pending.push(Pending {
            index: self.record as u8,
            rule: self.rule,
            column: self.columns.get(field).copied().flatten(),
            field: u16::try_from(field).ok(),
            detail: detail.map(Cow::Owned),
            suggestion,
        });
    }

    /// Whether the rule has found something at the field of the record already.
    pub(crate) fn is_at(&self, field: usize) -> bool {
        let mut pending = self.pending.iter().rev();
        pending
            .by_ref()
            .take_while(|one| one.rule == self.rule && usize::from(one.index) == self.record)
            .any(|one| one.field.map(usize::from) == Some(field))
    }
}

/// A rule that cannot be bound to its check: a mistake in `rules.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("rule `{rule}`: {problem}")]
pub(crate) struct BindError {
    /// Rule id.
    pub(crate) rule: String,
    /// What does not fit.
    pub(crate) problem: String,
}

/// What a check is made from.
pub(crate) struct Binding<'a> {
    /// The standard.
    pub(crate) standard: &'a Standard,
    /// The kind of file the check will run on; a rule for two kinds is bound twice.
    pub(crate) kind: &'a FileKind,
    /// The rule.
    pub(crate) rule: &'a Rule,
    /// The hospital's own ICD files; without them the rules on its codes find nothing.
    pub(crate) codes: Option<&'a dyn HospitalCodes>,
    /// The institution the upload belongs to, where somebody is signed in.
    pub(crate) institution: Option<&'a Institution>,
}

impl Binding<'_> {
    /// Index of a field of this kind.
    pub(crate) fn field(&self, code: &str) -> Result<usize, BindError> {
        self.kind
            .field_index(code)
            .ok_or_else(|| self.wrong(format!("`{}` has no column `{code}`", self.kind.code)))
    }

    /// Indexes of the rule's own fields, in its order.
    pub(crate) fn fields(&self) -> Result<Vec<usize>, BindError> {
        self.rule
            .fields
            .iter()
            .map(|code| self.field(code))
            .collect()
    }

    /// An error about this rule.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> BindError {
        BindError {
            rule: self.rule.id.clone(),
            problem: problem.into(),
        }
    }
}

/// What a check finds in one record of a test, asked as the check of a file asks.
#[cfg(test)]
pub(crate) fn found_by(check: &dyn RecordCheck, record: &OwnedRecord) -> Found {
    let mut found = Found {
        record: OwnedRecord::INDEX,
        ..Found::default()
    };
    let records = record.records();
    check.check(&records.record(OwnedRecord::INDEX), &mut found);
    let asked = check.concern().among(records.block) & 1 << OwnedRecord::INDEX;
    let mut of_all = Found::default();
    check.check_all(&records, asked, &mut of_all);
    // What is not asked, or not suspected, must have had nothing to say.
    assert_eq!(
        format!("{:?}", found.pending),
        format!("{:?}", of_all.pending)
    );
    found
}
