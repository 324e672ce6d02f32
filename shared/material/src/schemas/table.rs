use serde::Serialize;
use standard::{Field, FieldType, FileKind, Requirement, Standard};

use super::form::{Form, form};
use super::{NO_VALUE, description, title};

/// A Frictionless Table Schema of a kind's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableSchema {
    title: String,
    description: String,
    fields: Vec<Column>,
    missing_values: [&'static str; 4],
    primary_key: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Column {
    name: String,
    title: String,
    description: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    example: String,
    constraints: Constraints,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Constraints {
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#enum: Option<Vec<String>>,
}

/// The Table Schema of a kind.
pub fn table_schema(standard: &Standard, kind: &FileKind) -> TableSchema {
    TableSchema {
        title: title(standard, kind),
        description: kind.name_en.clone(),
        fields: kind
            .fields
            .iter()
            .map(|field| column(standard, field))
            .collect(),
        missing_values: NO_VALUE,
        primary_key: kind
            .natural_key
            .iter()
            .map(|index| kind.fields[*index].code.clone())
            .collect(),
    }
}

fn column(standard: &Standard, field: &Field) -> Column {
    let mut constraints = Constraints {
        // The language knows no column that must be filled and takes `-` for no value.
        required: field.requirement == Requirement::Required && !field.dash,
        ..Constraints::default()
    };
    // Days, moments and numbers have types of their own; the lengths of their texts follow from these.
    let (r#type, format) = match field.field_type {
        FieldType::Integer => ("integer", None),
        FieldType::Decimal { .. } => ("number", None),
        FieldType::Date => ("date", Some("%Y-%m-%d")),
        FieldType::DateTime => match form(standard, field) {
            Form::Pattern(pattern) if pattern.ends_with('?') => ("string", None),
            _ => ("datetime", Some("%Y-%m-%d %H:%M:%S")),
        },
        FieldType::Text | FieldType::Code(_) => ("string", None),
    };
    if r#type == "string" {
        match form(standard, field) {
            Form::Text => constraints.max_length = Some(field.max_length),
            Form::OneOf(values) => constraints.r#enum = Some(values),
            Form::Pattern(pattern) => constraints.pattern = Some(format!("^(?:{pattern})$")),
        }
    }
    Column {
        name: field.code.clone(),
        title: field.name_zh.clone(),
        description: description(field),
        r#type,
        format,
        example: field.example.clone(),
        constraints,
    }
}
