use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use standard::{Field, FileKind, Requirement, Standard};

use super::form::{Form, form};
use super::{NO_VALUE, description, title};

/// A JSON Schema (2020-12) of one record: an object with a text for each column, as the CSV has them. Lines appear in the
/// order of the standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSchema {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "$id")]
    id: String,
    title: String,
    description: String,
    r#type: &'static str,
    required: Vec<String>,
    properties: Properties,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Properties(Vec<(String, Property)>);

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (code, property) in &self.0 {
            map.serialize_entry(code, property)?;
        }
        map.end()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Property {
    title: String,
    description: String,
    r#type: &'static str,
    #[serde(flatten)]
    rule: Rule,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    examples: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Rule {
    /// Must be filled; "no value" is none.
    Filled {
        #[serde(flatten)]
        value: Value,
        not: Enumeration,
    },
    /// Blank or "no value" will do as well.
    #[serde(rename_all = "camelCase")]
    Blank { any_of: [Choice; 2] },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Choice {
    NoValue(Enumeration),
    Value(Value),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Enumeration {
    r#enum: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#enum: Option<Vec<String>>,
}

/// The JSON Schema of a kind's records.
pub fn json_schema(standard: &Standard, kind: &FileKind) -> RecordSchema {
    let codes = || kind.fields.iter().map(|field| field.code.clone());
    RecordSchema {
        schema: "https://json-schema.org/draft/2020-12/schema",
        id: format!(
            "https://flu.hqms.org.cn/schemas/{}/{}.schema.json",
            standard.version, kind.code
        ),
        title: title(standard, kind),
        description: format!(
            "{}: one record, each value as text as in the CSV",
            kind.name_en
        ),
        r#type: "object",
        required: codes().collect(),
        properties: Properties(
            codes()
                .zip(kind.fields.iter().map(|field| property(standard, field)))
                .collect(),
        ),
    }
}

fn property(standard: &Standard, field: &Field) -> Property {
    let value = value(standard, field);
    let enumeration = |values: &[&str]| Enumeration {
        r#enum: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let rule = match (field.requirement, field.dash) {
        (Requirement::Required, false) => Rule::Filled {
            value,
            not: enumeration(&NO_VALUE),
        },
        (Requirement::Required, true) => Rule::Blank {
            any_of: [
                Choice::NoValue(enumeration(&NO_VALUE[1..])),
                Choice::Value(value),
            ],
        },
        _ => Rule::Blank {
            any_of: [
                Choice::NoValue(enumeration(&NO_VALUE)),
                Choice::Value(value),
            ],
        },
    };
    Property {
        title: field.name_zh.clone(),
        description: description(field),
        r#type: "string",
        rule,
        examples: (!field.example.is_empty())
            .then(|| field.example.clone())
            .into_iter()
            .collect(),
    }
}

fn value(standard: &Standard, field: &Field) -> Value {
    let max_length = Some(field.max_length);
    match form(standard, field) {
        // Blanks alone are blank.
        Form::Text => Value {
            max_length,
            pattern: Some(r"\S".to_owned()),
            r#enum: None,
        },
        Form::OneOf(values) => Value {
            max_length: None,
            pattern: None,
            r#enum: Some(values),
        },
        Form::Pattern(pattern) => Value {
            max_length,
            pattern: Some(format!("^(?:{pattern})$")),
            r#enum: None,
        },
    }
}
