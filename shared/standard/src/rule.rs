/// Whether a finding keeps a record from being accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Told to the hospital; the record counts as 接口达标.
    Warning,
    /// The record (or file, or upload) is refused.
    Error,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The ZIP.
    Zip,
    /// The text and header of one file, or one value.
    Cell,
    /// Several values of one record.
    Record,
    /// Several records of one file.
    File,
    /// Other files, earlier uploads, or the hospital's ICD codes.
    Cross,
    /// An ICD code file (manual 3.5).
    Icd,
}

/// One rule of the interface standard: one line of `rules.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable id, e.g. `HQMS-004`; never used again for another rule.
    pub id: String,
    /// File kinds it applies to, by code; empty for the rules of every kind, the ZIP, cross-file and ICD rules.
    pub kinds: Vec<String>,
    /// What it looks at.
    pub level: Level,
    /// The `fields` column as written.
    pub fields: Vec<String>,
    /// The rule in words.
    pub rule: String,
    /// Severity; a deployment may override it. `None`: switched off by a deployment.
    pub severity: Option<Severity>,
    /// Message templates: `{name}`, `{code}`, `{max}`, `{scale}`, `{table}` come from the field,
    /// `{value}`, `{label}`, `{n}`, `{row}` from the finding.
    pub message_zh: String,
    /// English message.
    pub message_en: String,
    /// How to mend it, same placeholders.
    pub mend_zh: String,
    /// English text of how to mend it.
    pub mend_en: String,
    /// Name of the check that implements it (`validation::rules`).
    pub check: String,
    /// Arguments of the check, as it documents them.
    pub arguments: String,
    /// Where the rule comes from: `source`, `inferred` or `memory`.
    pub basis: String,
}
