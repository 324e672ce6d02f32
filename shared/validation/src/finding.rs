use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use standard::{Severity, Standard};

use crate::FileInfo;

/// Language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// 中文.
    #[default]
    Chinese,
    /// English.
    English,
}

/// One thing found wrong, at one place. Texts are made when they are asked for ([`Finding::view`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'a> {
    /// Index of the file in the order of [`crate::Summary::files`]; `None`: the upload as a whole.
    pub file: Option<u16>,
    /// Row as a spreadsheet shows it (the header is row 1); `None`: the file as a whole.
    pub row: Option<u32>,
    /// Column in the file, from 0; `None`: the whole record, or a column the file lacks.
    pub column: Option<u16>,
    /// Index of the field in the file's kind.
    pub field: Option<u16>,
    /// Index of the rule in the standard.
    pub rule: u16,
    /// The value as written, cut to 200 characters.
    pub value: Cow<'a, str>,
    /// What the message's `{value}`, `{label}`, `{n}` or a foreign column's `{code}` stands for; each check documents it.
    pub detail: Option<Cow<'a, str>>,
    /// What was probably meant (a header code, a code for a label, the nearest ICD codes).
    pub suggestion: Option<Cow<'a, str>>,
}

/// A finding with all its texts, as JSON answers, reports and pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// Name of the file inside the ZIP, or of the ZIP.
    pub file: String,
    /// Row as a spreadsheet shows it.
    pub row: Option<u32>,
    /// Column letter, e.g. `AB`.
    pub column: Option<String>,
    /// Column code, e.g. `P7506`.
    pub code: Option<String>,
    /// Column name, Chinese.
    pub name_zh: Option<String>,
    /// Column name, English.
    pub name_en: Option<String>,
    /// Rule id.
    pub rule: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The value as written.
    pub value: String,
    /// Message in the language asked for.
    pub message: String,
    /// How to mend it, in the language asked for.
    pub mend: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Finding<'_> {
    /// The rule's severity under this standard.
    pub fn severity(&self, standard: &Standard) -> Severity {
        standard
            .rules
            .get(usize::from(self.rule))
            .and_then(|rule| rule.severity)
            .unwrap_or(Severity::Warning)
    }

    /// The finding with all its texts. `files` are those of the same check.
    pub fn view(
        &self,
        _standard: &Standard,
        _files: &[FileInfo],
        _language: Language,
    ) -> FindingView {
        FindingView {
            file: String::new(),
            row: self.row,
            column: None,
            code: None,
            name_zh: None,
            name_en: None,
            rule: String::new(),
            severity: String::new(),
            value: self.value.to_string(),
            message: String::new(),
            mend: String::new(),
            suggestion: None,
        }
    }
}
