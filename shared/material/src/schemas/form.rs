//! What a value of a column looks like, as both schema languages can say it.

use standard::{CodeTable, Field, FieldType, Standard, TableForm};

/// Years from 1900 on (GEN-016).
const YEAR: &str = "(?:19|[2-9][0-9])[0-9]{2}";
const LEAP: &str =
    "(?:(?:19|[2-9][0-9])(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)";
const TIME: &str = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]";

/// Form of a column's values, blank ones aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// Any text that is not blank.
    Text,
    /// One of these.
    OneOf(Vec<String>),
    /// A text of this form, unanchored.
    Pattern(String),
}

pub(super) fn form(standard: &Standard, field: &Field) -> Form {
    match field.field_type {
        FieldType::Text => Form::Text,
        FieldType::Integer => Form::Pattern("[+-]?[0-9]{1,18}".to_owned()),
        FieldType::Decimal { scale: 0, .. } => Form::Pattern("[+-]?[0-9]{1,14}".to_owned()),
        FieldType::Decimal { scale, .. } => Form::Pattern(format!(
            r"[+-]?[0-9]{{1,14}}(?:\.[0-9]{{1,{}}})?",
            scale.min(4)
        )),
        FieldType::Date => Form::Pattern(day()),
        // Some columns take a day alone, as their condition says.
        FieldType::DateTime if field.condition_en.contains("date or date and time") => {
            Form::Pattern(format!("(?:{})(?: {TIME})?", day()))
        }
        FieldType::DateTime => Form::Pattern(format!("(?:{}) {TIME}", day())),
        FieldType::Code(index) => coded(&standard.code_tables[index], field),
    }
}

/// A day that exists.
fn day() -> String {
    format!(
        "{YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{LEAP}-02-29"
    )
}

fn coded(table: &CodeTable, field: &Field) -> Form {
    // Codes of an open table are not all known, and ICD codes are each hospital's own.
    if table.form != TableForm::Closed {
        return Form::Text;
    }
    let mut values: Vec<String> = table.codes.iter().map(|code| code.code.clone()).collect();
    // A column ten times as wide as its codes holds several.
    let longest = values.iter().map(String::len).max().unwrap_or_default();
    if longest >= 4 && usize::from(field.max_length) >= longest * 10 {
        let one = values
            .iter()
            .map(|value| escaped(value))
            .collect::<Vec<_>>()
            .join("|");
        return Form::Pattern(format!("(?:{one})(?: *, *(?:{one}))*"));
    }
    if field.condition_en.contains("leading zero accepted") {
        let short: Vec<String> = values
            .iter()
            .filter_map(|value| value.strip_prefix('0').map(str::to_owned))
            .filter(|short| !short.is_empty())
            .collect();
        values.extend(short);
    }
    if field.condition_en.contains("name, or") {
        values.extend(table.codes.iter().map(|code| code.label_zh.clone()));
    }
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| seen.insert(value.clone()));
    Form::OneOf(values)
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let plain = letter.is_alphanumeric();
            (!plain).then_some('\\').into_iter().chain([letter])
        })
        .collect()
}
