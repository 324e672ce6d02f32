//! The sheet as a form: what a page needs to draw it, from the standard's own data.

use axum::extract::State;
use domain::death_case::{ARCHIVED_ON, GROUPS, KIND};
use serde::Serialize;
use standard::{Field, FieldType, FileKind, Requirement, Standard};
use utoipa::ToSchema;
use web::{ApiError, Json, Problem, Service};

use crate::{Manager, sheet};

/// The form.
#[derive(Serialize, ToSchema)]
pub(crate) struct Form {
    /// Version of the interface standard.
    standard: String,
    /// 参数分类, in order.
    groups: Vec<FormGroup>,
}

/// Fields that stand together.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormGroup {
    name_zh: &'static str,
    name_en: &'static str,
    fields: Vec<FormField>,
}

/// One field.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormField {
    /// Code, as in `values`.
    code: String,
    name_zh: String,
    name_en: String,
    /// `text`, `long_text`, `integer`, `decimal`, `date`, `datetime`, `code` or `codes` (several, joined by commas).
    r#type: &'static str,
    /// Whether the case is incomplete without it.
    required: bool,
    /// Whether `-` is taken for "none".
    dash: bool,
    /// Most characters.
    max_length: u16,
    /// What it may hold, in words; may be blank.
    note_zh: String,
    note_en: String,
    /// A valid value.
    example: String,
    /// The codes to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<Choice>,
}

/// A code.
#[derive(Serialize, ToSchema)]
pub(crate) struct Choice {
    code: String,
    label_zh: String,
    label_en: String,
}

/// Texts with more characters than this want a field of several lines.
const LONG: u16 = 200;

/// The fields of the data sheet.
#[utoipa::path(
    get,
    path = "/api/v1/death-cases/fields",
    tag = "death-cases",
    security(("bearer" = [])),
    responses((status = OK, body = Form), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn show_fields(
    State(service): State<Service>,
    _manager: Manager,
) -> Result<Json<Form>, ApiError> {
    let standard = sheet::standard(&service);
    let kind = standard.kind_index(KIND);
    let kind = kind.ok_or_else(|| ApiError::internal("the standard has no death records"))?;
    Ok(Json(form(standard, &standard.kinds[kind])))
}

fn form(standard: &Standard, kind: &FileKind) -> Form {
    let placed: Vec<&str> = GROUPS
        .iter()
        .flat_map(|group| group.fields)
        .copied()
        .collect();
    let mut groups: Vec<FormGroup> = GROUPS
        .iter()
        .map(|group| FormGroup {
            name_zh: group.name_zh,
            name_en: group.name_en,
            fields: group
                .fields
                .iter()
                .filter_map(|code| match *code {
                    ARCHIVED_ON => Some(archived_on()),
                    code => kind
                        .field_index(code)
                        .map(|index| form_field(standard, &kind.fields[index])),
                })
                .collect(),
        })
        .collect();
    let others = kind
        .fields
        .iter()
        .filter(|field| !placed.contains(&field.code.as_str()));
    if let Some(last) = groups.last_mut() {
        last.fields
            .extend(others.map(|field| form_field(standard, field)));
    }
    Form {
        standard: standard.version.clone(),
        groups,
    }
}

fn form_field(standard: &Standard, field: &Field) -> FormField {
    let (r#type, table) = match field.field_type {
        // A text that refers to a table holds several of its codes.
        FieldType::Text if field.reference_table.is_some() => ("codes", field.reference_table),
        FieldType::Text if field.max_length > LONG => ("long_text", None),
        FieldType::Text => ("text", None),
        FieldType::Integer => ("integer", None),
        FieldType::Decimal { .. } => ("decimal", None),
        FieldType::Date => ("date", None),
        FieldType::DateTime => ("datetime", None),
        FieldType::Code(table) => ("code", Some(table)),
    };
    let codes = table.and_then(|table| standard.code_tables.get(table));
    let choices = codes.into_iter().flat_map(|table| &table.codes);
    FormField {
        code: field.code.clone(),
        name_zh: field.name_zh.clone(),
        name_en: field.name_en.clone(),
        r#type,
        required: field.requirement == Requirement::Required,
        dash: field.dash,
        max_length: field.max_length,
        note_zh: field.condition_zh.clone(),
        note_en: field.condition_en.clone(),
        example: field.example.clone(),
        choices: choices
            .map(|code| Choice {
                code: code.code.clone(),
                label_zh: code.label_zh.clone(),
                label_en: code.label_en.clone(),
            })
            .collect(),
    }
}

fn archived_on() -> FormField {
    FormField {
        code: ARCHIVED_ON.to_owned(),
        name_zh: "归档日期".to_owned(),
        name_en: "Day of archiving".to_owned(),
        r#type: "date",
        required: false,
        dash: false,
        max_length: 10,
        note_zh: "归档完成后一周内上传全部附件；未填写时按出院日期计算".to_owned(),
        note_en: "All scans are due one week after it; while it is blank, after the discharge"
            .to_owned(),
        example: "2019-12-13".to_owned(),
        choices: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_form_has_every_field_of_the_standard_once() {
        let standard = standard::latest();
        let kind = &standard.kinds[standard.kind_index(KIND).unwrap()];
        let form = form(standard, kind);
        let fields: Vec<&FormField> = form.groups.iter().flat_map(|group| &group.fields).collect();
        let codes: BTreeSet<&str> = fields.iter().map(|field| field.code.as_str()).collect();
        assert_eq!(codes.len(), fields.len());
        assert_eq!(fields.len(), kind.fields.len() + 1);
        for field in fields {
            let is_code = matches!(field.r#type, "code" | "codes");
            assert_eq!(is_code, !field.choices.is_empty(), "{}", field.code);
        }
        // 病历信息表 of the manual, in its order.
        let names: Vec<&str> = form.groups[0]
            .fields
            .iter()
            .map(|field| field.name_zh.as_str())
            .collect();
        assert_eq!(
            names[..10],
            [
                "病案号",
                "姓名",
                "性别",
                "年龄",
                "入院日期",
                "入院科别",
                "转科科别",
                "出院日期",
                "出院科别",
                "实际住院天数"
            ]
        );
    }
}
