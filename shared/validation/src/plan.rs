//! What is known about a column before its first value: prepared once per file, so that a value that passes costs little.

use standard::{FieldType, FileKind, Requirement, Standard, TableForm};

use crate::cells::Codes;
use crate::rules::own::{OwnCheck, OwnRules};

/// The columns of one file.
pub(crate) struct Plan {
    /// For each column of the file, what is expected in it; `None`: not in the standard.
    pub(crate) columns: Vec<Option<ColumnPlan>>,
    /// Code tables that the columns refer to.
    pub(crate) codes: Vec<Codes>,
}

/// What is expected in a column.
#[derive(Debug, Clone)]
pub(crate) struct ColumnPlan {
    /// Column of the file.
    pub(crate) column: u16,
    /// Field of the kind.
    pub(crate) field: u16,
    /// Form of the values.
    pub(crate) form: Form,
    /// Whether blank is an error.
    pub(crate) required: bool,
    /// Whether `-` is no error where the column is required.
    pub(crate) dash: bool,
    /// Most characters.
    pub(crate) max_length: usize,
    /// Whether a spreadsheet may have rewritten a number that is none (GEN-021).
    pub(crate) identifier: bool,
    /// Whether records are told apart by it, or found again: an invisible character would make it another one.
    pub(crate) key: bool,
    /// Whether it is the name of a person (GEN-022).
    pub(crate) name: bool,
}

/// Form of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Any text.
    Text,
    /// ICD codes: their form is judged by the record rules.
    Pattern,
    /// An integer.
    Integer,
    /// A number with so many digits after the point.
    Decimal(u8),
    /// A day.
    Date,
    /// A moment; a day alone will do where the standard says so.
    DateTime { day_alone: bool },
    /// A code of the table at this index of [`Plan::codes`].
    Code {
        codes: usize,
        labels: bool,
        zeros: bool,
        list: bool,
    },
}

impl Plan {
    /// Prepares the columns of a file, given for each the field it holds.
    pub(crate) fn new(
        columns: &[Option<u16>],
        kind: &FileKind,
        standard: &Standard,
        own: &OwnRules,
    ) -> Self {
        let names = |check: OwnCheck, code: &str| {
            own.get(check).is_some_and(|rule| {
                standard.rules[usize::from(rule)]
                    .fields
                    .iter()
                    .any(|field| field == code)
            })
        };
        let mut codes = Vec::new();
        let mut planned = Vec::with_capacity(columns.len());
        for (column, field_index) in (0..u16::MAX).zip(columns) {
            let Some(field_index) = *field_index else {
                planned.push(None);
                continue;
            };
            let field = &kind.fields[usize::from(field_index)];
            planned.push(Some(ColumnPlan {
                column,
                field: field_index,
                form: form(
                    &field.field_type,
                    &field.condition_en,
                    field.max_length,
                    standard,
                    &mut codes,
                ),
                required: field.requirement == Requirement::Required,
                dash: field.dash,
                max_length: usize::from(field.max_length),
                identifier: names(OwnCheck::SpreadsheetDamage, &field.code),
                key: names(OwnCheck::SpreadsheetDamage, &field.code)
                    || kind.natural_key.contains(&usize::from(field_index)),
                name: names(OwnCheck::PlaceholderName, &field.code),
            }));
        }
        Self {
            columns: planned,
            codes,
        }
    }
}

fn form(
    field_type: &FieldType,
    condition: &str,
    max_length: u16,
    standard: &Standard,
    codes: &mut Vec<Codes>,
) -> Form {
    match *field_type {
        FieldType::Text => Form::Text,
        FieldType::Integer => Form::Integer,
        FieldType::Decimal { scale, .. } => Form::Decimal(scale),
        FieldType::Date => Form::Date,
        FieldType::DateTime => Form::DateTime {
            day_alone: condition.contains("date or date and time"),
        },
        FieldType::Code(table) => {
            let data = &standard.code_tables[table];
            match data.form {
                TableForm::Pattern => Form::Pattern,
                TableForm::Selection => Form::Text,
                TableForm::Closed | TableForm::Open => {
                    let longest = data.codes.iter().map(|code| code.code.len()).max();
                    let known = codes.iter().position(|codes| codes.table == table);
                    Form::Code {
                        codes: known.unwrap_or_else(|| {
                            codes.push(Codes::new(table, data));
                            codes.len() - 1
                        }),
                        labels: condition.contains("name, or"),
                        zeros: condition.contains("leading zero accepted"),
                        // A column ten times as wide as its codes holds several (P24 转科科别).
                        list: longest.is_some_and(|longest| {
                            longest >= 4 && usize::from(max_length) >= longest * 10
                        }),
                    }
                }
            }
        }
    }
}
