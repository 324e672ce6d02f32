//! Upload templates: what a hospital fills in.

mod icd;
mod text;
mod workbook;

use standard::{Field, FieldType, FileKind, Requirement, Standard, TableForm};

use crate::{MadeFile, MaterialError};

pub(crate) use icd::category_name;
pub use icd::icd_templates;

/// First bytes of a CSV: without them a spreadsheet takes UTF-8 for the code page of Windows.
const MARK: &str = "\u{FEFF}";

/// The templates of all kinds of data file: CSV and workbook, a filled-in example, and how to use them.
///
/// # Errors
/// A workbook that cannot be written.
pub fn upload_templates(standard: &Standard) -> Result<Vec<MadeFile>, MaterialError> {
    let mut files = vec![MadeFile::new("使用说明.txt", text::how_to_use(standard))];
    for kind in &standard.kinds {
        let prefix = &kind.prefix;
        files.push(MadeFile::new(
            format!("CSV模板/{prefix}模板.csv"),
            blank(kind),
        ));
        files.push(MadeFile::new(
            format!("Excel模板/{prefix}模板.xlsx"),
            workbook::template(standard, kind)?,
        ));
        files.push(MadeFile::new(
            format!("填写示例/{prefix}示例.csv"),
            example(kind),
        ));
    }
    Ok(files)
}

/// The header alone.
fn blank(kind: &FileKind) -> String {
    let codes = kind.fields.iter().map(|field| field.code.as_str());
    format!("{MARK}{}", text::record(codes))
}

/// The header and one record, whose values are the examples of the standard.
fn example(kind: &FileKind) -> String {
    let values = kind.fields.iter().map(|field| field.example.as_str());
    format!("{}{}", blank(kind), text::record(values))
}

fn requirement(field: &Field) -> &'static str {
    match field.requirement {
        Requirement::Required => "必填",
        Requirement::Conditional => "按条件必填",
        Requirement::Optional => "可空",
    }
}

fn type_name(field: &Field) -> String {
    match field.field_type {
        FieldType::Text => format!("文本，最长{}个字符", field.max_length),
        FieldType::Integer => "整数".to_owned(),
        FieldType::Decimal { scale, .. } => format!("数值，最多{scale}位小数"),
        FieldType::Date => "日期，yyyy-MM-dd".to_owned(),
        FieldType::DateTime => "日期时间，yyyy-MM-dd HH:mm:ss".to_owned(),
        FieldType::Code(_) => "代码".to_owned(),
    }
}

/// The table whose codes a cell of the column holds, where it is a list of them.
fn list_of<'a>(standard: &'a Standard, field: &Field) -> Option<&'a standard::CodeTable> {
    let FieldType::Code(index) = field.field_type else {
        return None;
    };
    let table = &standard.code_tables[index];
    matches!(table.form, TableForm::Closed | TableForm::Open).then_some(table)
}
