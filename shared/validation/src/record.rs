//! A record as the rules see it: every cell already trimmed, told blank from filled, and parsed by its column's type.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// What the cell checks made of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// Nothing there, or the file lacks the column.
    #[default]
    Blank,
    /// The standard's own "no value": `-`, `_` or `—`.
    Dash,
    /// A value of the column's type. Codes of a pattern table (ICD) are valid whatever their form: the record rules judge it.
    Valid,
    /// Something that is not of the column's type; a finding has been made.
    Invalid,
}

/// One record under check. All slices are indexed by field, as in [`standard::FileKind::fields`].
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Row as a spreadsheet shows it.
    pub(crate) row: u32,
    /// Trimmed bytes in the file's encoding; empty where there is none. ASCII means ASCII in every encoding read here.
    pub(crate) bytes: &'a [&'a [u8]],
    /// What the cell checks made of each.
    pub(crate) states: &'a [State],
    /// The parsed value where the state is `Valid`; see the accessors.
    pub(crate) numbers: &'a [i64],
    /// Encoding of `bytes`.
    pub(crate) encoding: &'static Encoding,
}

impl<'a> Record<'a> {
    /// Whether the field holds no value (blank, absent or `-`).
    pub(crate) fn is_blank(&self, field: usize) -> bool {
        matches!(self.states[field], State::Blank | State::Dash)
    }

    /// Whether the field holds some value, valid or not.
    pub(crate) fn is_filled(&self, field: usize) -> bool {
        !self.is_blank(field)
    }

    /// The value's bytes, in the file's encoding.
    pub(crate) fn bytes(&self, field: usize) -> &'a [u8] {
        self.bytes[field]
    }

    /// The value, decoded.
    pub(crate) fn text(&self, field: usize) -> Cow<'a, str> {
        self.encoding
            .decode_without_bom_handling(self.bytes[field])
            .0
    }

    /// Value of a valid decimal column, in ten-thousandths.
    pub(crate) fn decimal(&self, field: usize) -> Option<i64> {
        self.number(field)
    }

    /// Value of a valid date or date-time column: seconds of civil (Beijing) time since 1970-01-01 00:00:00.
    pub(crate) fn moment(&self, field: usize) -> Option<i64> {
        self.number(field)
    }

    /// Day of a valid date or date-time column, since 1970-01-01.
    pub(crate) fn day(&self, field: usize) -> Option<i64> {
        self.number(field).map(|seconds| seconds.div_euclid(86_400))
    }

    /// Index into the column's code table of a valid code column (closed and open tables; not ICD patterns).
    pub(crate) fn code_index(&self, field: usize) -> Option<usize> {
        self.number(field)
            .and_then(|index| usize::try_from(index).ok())
    }

    fn number(&self, field: usize) -> Option<i64> {
        (self.states[field] == State::Valid).then(|| self.numbers[field])
    }
}
