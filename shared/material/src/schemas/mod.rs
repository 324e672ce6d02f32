//! The standard for programs: what an export can be tested with before it is uploaded.
//!
//! Both forms say what one value of a record may be (rules GEN-009 to GEN-019, without the forms that the check only puts up
//! with). What several values, records or files must fulfil together is left to the check itself.

mod form;
mod json;
mod table;

use standard::{FileKind, Standard};

use crate::{MadeFile, MaterialError};

pub use json::json_schema;
pub use table::table_schema;

/// What stands for "no value" where a column may be blank (GEN-019).
const NO_VALUE: [&str; 4] = ["", "-", "_", "—"];

/// Both schemas of every kind of a version, as `<version>/<kind>.schema.json` and `<version>/<kind>.table.json`.
///
/// # Errors
/// A schema that cannot be written as JSON.
pub fn schemas(standard: &Standard) -> Result<Vec<MadeFile>, MaterialError> {
    let mut files = Vec::new();
    for kind in &standard.kinds {
        let path = format!("{}/{}", standard.version, kind.code);
        files.push(MadeFile::new(
            format!("{path}.schema.json"),
            written(&json_schema(standard, kind))?,
        ));
        files.push(MadeFile::new(
            format!("{path}.table.json"),
            written(&table_schema(standard, kind))?,
        ));
    }
    Ok(files)
}

fn written(schema: &impl serde::Serialize) -> Result<Vec<u8>, MaterialError> {
    let mut bytes = serde_json::to_vec_pretty(schema)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn title(standard: &Standard, kind: &FileKind) -> String {
    format!("{}（{}）", kind.name_zh, standard.version)
}

fn description(field: &standard::Field) -> String {
    let parts = [
        field.name_en.as_str(),
        &field.condition_zh,
        &field.condition_en,
    ];
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join("; ")
}
