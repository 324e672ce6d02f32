use standard::{FileKind, Rule, Standard};
use thiserror::Error;

use crate::field_set::FieldMask;
use crate::record::Record;
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
    /// Whether the record is one of them.
    #[inline]
    pub(crate) fn holds(&self, record: &Record<'_>) -> bool {
        match self {
            Self::Every => true,
            Self::AnyValid(fields) => fields.meets(&record.sets.valid),
            Self::AllValid(fields) => fields.is_within(&record.sets.valid),
            Self::AnyFilled(fields) => record.any_filled(fields),
            Self::AnyBlank(fields) => !record.all_filled(fields),
            Self::Never => false,
        }
    }
}

/// Looks at the values of one record.
pub(crate) trait RecordCheck: Send + Sync {
    /// Which records are worth asking about.
    fn concern(&self) -> Concern;

    /// Adds what it finds; the finding's value is that of its field.
    fn check(&self, record: &Record<'_>, found: &mut Found);
}

/// What the checks of one rule found in one record.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Field, what the message's placeholders stand for, what was probably meant.
    pub(crate) places: Vec<(Option<usize>, Option<String>, Option<String>)>,
}

impl Found {
    /// A finding at a field.
    pub(crate) fn at(&mut self, field: usize) {
        self.places.push((Some(field), None, None));
    }

    /// A finding at a field, with what `{n}`, `{value}` or `{label}` of its message stands for.
    pub(crate) fn at_with(&mut self, field: usize, detail: impl Into<String>) {
        self.places.push((Some(field), Some(detail.into()), None));
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
