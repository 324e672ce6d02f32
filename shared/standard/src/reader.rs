//! Reads the data files and places every mistake at its line and column.

mod code_tables;
pub(crate) mod divisions;
mod icd_template;
mod kinds;
#[cfg(test)]
mod mistakes;
mod rules;
mod table;

use jiff::civil::Date;

pub(crate) use table::Table;

use crate::{DataError, Standard};

/// Text of a data file by its path below `data/`.
pub(crate) type Files<'a> = &'a dyn Fn(&str) -> Option<String>;

const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/data_files.rs"));

/// Text of an embedded file.
pub(crate) fn embedded(path: &str) -> Option<String> {
    EMBEDDED
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, text)| (*text).to_owned())
}

/// Reads all versions that `versions.csv` lists, oldest first.
pub(crate) fn read(files: Files<'_>) -> Result<Vec<Standard>, DataError> {
    let table = Table::open(
        files,
        "versions.csv",
        &["version", "first_day", "last_day", "note"],
    )?;
    let mut versions: Vec<Standard> = Vec::new();
    for row in table.rows() {
        let version = row.filled("version")?;
        if versions.iter().any(|known| known.version == version) {
            return Err(row.wrong("version", &format!("`{version}` appears twice")));
        }
        let first_day: Date = row.parsed("first_day", "a day in yyyy-MM-dd")?;
        let last_day: Option<Date> = row.optional("last_day", "a day in yyyy-MM-dd")?;
        if last_day.is_some_and(|last_day| last_day < first_day) {
            return Err(row.wrong("last_day", "lies before `first_day`"));
        }
        if let Some(earlier) = versions.last_mut() {
            if earlier.last_day.unwrap_or(earlier.first_day) >= first_day {
                return Err(row.wrong("first_day", "overlaps the version before"));
            }
            // A version without a last day ends when the next one begins.
            if earlier.last_day.is_none() {
                earlier.last_day = first_day.yesterday().ok();
            }
        }
        versions.push(read_version(files, version, first_day, last_day)?);
    }
    if versions.is_empty() {
        return Err(table.wrong(1, "", "lists no version"));
    }
    Ok(versions)
}

/// Reads one version.
pub(crate) fn read_version(
    files: Files<'_>,
    version: &str,
    first_day: Date,
    last_day: Option<Date>,
) -> Result<Standard, DataError> {
    let code_tables = code_tables::read(files, version)?;
    let kinds = kinds::read(files, version, &code_tables)?;
    let icd_templates = icd_template::read(files, version)?;
    let rules = rules::read(files, version, &kinds, &icd_templates)?;
    Ok(Standard {
        version: version.to_owned(),
        first_day,
        last_day,
        kinds,
        code_tables,
        rules,
        icd_templates,
    })
}
