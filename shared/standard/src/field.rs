/// Type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Free text.
    Text,
    /// An optional sign and digits.
    Integer,
    /// Digits with a decimal point: `precision` digits in all, `scale` of them after the point.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point at most.
        scale: u8,
    },
    /// A day, `yyyy-MM-dd`.
    Date,
    /// A moment in Beijing time, `yyyy-MM-dd HH:mm:ss`.
    DateTime,
    /// A code of the table at this index of [`crate::Standard::code_tables`].
    Code(usize),
}

/// Whether a column must be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Blank is an error in every record (rule GEN-009).
    Required,
    /// Blank is judged by the rules that name the column.
    Conditional,
    /// May be blank.
    Optional,
}

/// One column of a file kind: one line of `data/<version>/<kind>.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Place in the standard, from 1. Files may order their columns otherwise.
    pub position: u16,
    /// Column code as the header has it, e.g. `P7501`. Scoped by file kind.
    pub code: String,
    /// Chinese name of the standard.
    pub name_zh: String,
    /// Our English label.
    pub name_en: String,
    /// Type of the values.
    pub field_type: FieldType,
    /// Index of the table that a coded column takes its codes from, or that a text column holds several codes of.
    pub reference_table: Option<usize>,
    /// Most characters a value may have.
    pub max_length: u16,
    /// Whether it must be filled; a deployment may override it.
    pub requirement: Requirement,
    /// Whether `-` is accepted as the standard's own "no value" even where the column is required.
    pub dash: bool,
    /// When it must be filled and what it may hold, in words, for the data dictionary; may be blank.
    pub condition_zh: String,
    /// The same in English.
    pub condition_en: String,
    /// A valid value, for templates.
    pub example: String,
    /// How sure code, name and position are: `source`, `inferred` or `memory`.
    pub confidence: String,
    /// How sure type, length and table are.
    pub detail_confidence: String,
    /// How sure the required mark is.
    pub required_basis: String,
}
