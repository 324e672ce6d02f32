use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use standard::{Field, FieldType, Rule, Severity, Standard};

use crate::tally::severity_name;
use crate::{FileInfo, texts};

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
    /// The rule's severity under this standard. An unknown code of a table that is known to be incomplete is never more
    /// than a warning.
    pub fn severity(&self, standard: &Standard) -> Severity {
        if self.detail.as_deref() == Some(OPEN_TABLE) {
            return Severity::Warning;
        }
        standard
            .rules
            .get(usize::from(self.rule))
            .and_then(|rule| rule.severity)
            .unwrap_or(Severity::Warning)
    }

    /// The finding with all its texts. `files` are those of the same check.
    pub fn view(&self, standard: &Standard, files: &[FileInfo], language: Language) -> FindingView {
        let file = self.file.and_then(|file| files.get(usize::from(file)));
        let field = self.field(standard, files);
        let (message, mend) = fill_texts(self, standard, files, language);
        FindingView {
            file: file.map_or_else(|| self.value.to_string(), |file| file.name.clone()),
            row: self.row,
            column: self.column.map(column_letters),
            code: field.map(|field| field.code.clone()),
            name_zh: field.map(|field| field.name_zh.clone()),
            name_en: field.map(|field| field.name_en.clone()),
            rule: standard
                .rules
                .get(usize::from(self.rule))
                .map(|rule| rule.id.clone())
                .unwrap_or_default(),
            severity: severity_name(self.severity(standard)).to_owned(),
            value: self.value.to_string(),
            message,
            mend,
            suggestion: self.suggestion.as_deref().map(str::to_owned),
        }
    }

    fn field<'s>(&self, standard: &'s Standard, files: &[FileInfo]) -> Option<&'s Field> {
        let kind = files.get(usize::from(self.file?))?.kind.as_deref()?;
        let kind = &standard.kinds[standard.kind_index(kind)?];
        kind.fields.get(usize::from(self.field?))
    }

    /// The same finding with its own texts.
    pub(crate) fn to_owned_finding(&self) -> Finding<'static> {
        let own = |text: &Option<Cow<'_, str>>| text.as_deref().map(|text| text.to_owned().into());
        Finding {
            file: self.file,
            row: self.row,
            column: self.column,
            field: self.field,
            rule: self.rule,
            value: self.value.to_string().into(),
            detail: own(&self.detail),
            suggestion: own(&self.suggestion),
        }
    }
}

/// A file, column or field as a number: one more than it is, so that none is told from the first.
#[inline]
pub(crate) fn numbered(place: Option<u16>) -> u64 {
    place.map_or(0, |place| u64::from(place) + 1)
}

/// Detail of an unknown code in a table that is known to be incomplete.
pub(crate) const OPEN_TABLE: &str = "open_table";

/// Message and how to mend it, in one language.
pub(crate) fn fill_texts(
    finding: &Finding<'_>,
    standard: &Standard,
    files: &[FileInfo],
    language: Language,
) -> (String, String) {
    let Some(rule) = standard.rules.get(usize::from(finding.rule)) else {
        return (String::new(), String::new());
    };
    let (message, mend) = match language {
        Language::Chinese => (&rule.message_zh, &rule.mend_zh),
        Language::English => (&rule.message_en, &rule.mend_en),
    };
    let field = finding.field(standard, files);
    let value_of = |name: &str| placeholder(name, finding, field, standard, rule, language);
    let mut message = fill(message, value_of);
    if let Some((zh, en)) = finding.detail.as_deref().and_then(texts::detail) {
        match language {
            Language::Chinese => {
                message.push('：');
                message.push_str(&zh);
            }
            Language::English => {
                message.push_str(": ");
                message.push_str(&en);
            }
        }
    }
    (message, fill(mend, value_of))
}

fn placeholder(
    name: &str,
    finding: &Finding<'_>,
    field: Option<&Field>,
    standard: &Standard,
    rule: &Rule,
    language: Language,
) -> Option<String> {
    let detail = || {
        finding
            .detail
            .as_deref()
            .unwrap_or(&finding.value)
            .to_owned()
    };
    match name {
        // The label of a code stands where the code should: `{code}` is what to write.
        "code" if rule.message_zh.contains("{label}") => {
            finding.suggestion.as_deref().map(str::to_owned)
        }
        "code" => Some(field.map_or_else(detail, |field| field.code.clone())),
        "name" => Some(match (field, language) {
            (Some(field), Language::Chinese) => field.name_zh.clone(),
            (Some(field), Language::English) => field.name_en.clone(),
            (None, _) => finding.value.to_string(),
        }),
        "max" => Some(field?.max_length.to_string()),
        "scale" => match field?.field_type {
            FieldType::Decimal { scale, .. } => Some(scale.to_string()),
            _ => None,
        },
        "table" => {
            let table = &standard.code_tables[field?.reference_table?];
            Some(table.id.clone())
        }
        "row" => Some(finding.row?.to_string()),
        "value" | "label" | "n" => Some(detail()),
        _ => None,
    }
}

/// Puts values in the place of `{name}`; what has none stays as it is.
fn fill(template: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else {
            break;
        };
        let name = &rest[open + 1..open + close];
        filled.push_str(&rest[..open]);
        match value_of(name) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&rest[open..=open + close]),
        }
        rest = &rest[open + close + 1..];
    }
    filled.push_str(rest);
    filled
}

/// Letters of a column as a spreadsheet shows them: 0 is `A`, 26 is `AA`.
pub(crate) fn column_letters(column: u16) -> String {
    let mut letters = Vec::new();
    let mut rest = u32::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_columns_as_a_spreadsheet_does() {
        for (column, letters) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(column_letters(column), letters);
        }
    }

    #[test]
    fn fills_templates_and_leaves_what_it_does_not_know() {
        let value_of = |name: &str| (name == "name").then(|| "年龄{x}".to_owned());
        assert_eq!(
            fill("{name}应为{what}，{name", value_of),
            "年龄{x}应为{what}，{name"
        );
    }
}
