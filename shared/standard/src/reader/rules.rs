use std::collections::BTreeSet;

use crate::reader::table::Row;
use crate::reader::{Files, Table};
use crate::{DataError, FileKind, IcdTemplate, Level, Rule, Severity};

/// What the field of a finding fills in.
const FIELD_PLACEHOLDERS: &[&str] = &["name", "code", "max", "scale", "table"];
/// What the finding itself fills in.
const FINDING_PLACEHOLDERS: &[&str] = &["value", "label", "n", "row"];

/// Reads `rules.csv`.
pub(crate) fn read(
    files: Files<'_>,
    version: &str,
    kinds: &[FileKind],
    icd_templates: &[IcdTemplate],
) -> Result<Vec<Rule>, DataError> {
    let table = Table::open(
        files,
        &format!("{version}/rules.csv"),
        &[
            "id",
            "file",
            "level",
            "fields",
            "rule",
            "severity",
            "message_zh",
            "message_en",
            "mend_zh",
            "mend_en",
            "check",
            "arguments",
            "basis",
            "note",
        ],
    )?;
    let mut rules: Vec<Rule> = Vec::new();
    for row in table.rows() {
        let id = row.filled("id")?;
        if rules.iter().any(|rule| rule.id == id) {
            return Err(row.wrong("id", &format!("`{id}` appears twice")));
        }
        let applies_to = read_kinds(row, kinds)?;
        let level = read_level(row)?;
        check_fields(row, &applies_to, kinds, icd_templates)?;
        check_placeholders(row)?;
        rules.push(Rule {
            id: id.to_owned(),
            kinds: applies_to,
            level,
            fields: row
                .get("fields")?
                .split(';')
                .filter(|field| !field.is_empty())
                .map(str::to_owned)
                .collect(),
            rule: row.filled("rule")?.to_owned(),
            severity: Some(row.one_of(
                "severity",
                &[("error", Severity::Error), ("warning", Severity::Warning)],
            )?),
            message_zh: row.filled("message_zh")?.to_owned(),
            message_en: row.filled("message_en")?.to_owned(),
            mend_zh: row.filled("mend_zh")?.to_owned(),
            mend_en: row.filled("mend_en")?.to_owned(),
            check: row.filled("check")?.to_owned(),
            arguments: row.get("arguments")?.to_owned(),
            basis: row.basis("basis")?,
        });
    }
    if rules.is_empty() {
        return Err(table.wrong(1, "", "lists no rule"));
    }
    Ok(rules)
}

fn read_kinds(row: Row<'_>, kinds: &[FileKind]) -> Result<Vec<String>, DataError> {
    match row.filled("file")? {
        "zip" | "*" | "cross" | "icd" => Ok(Vec::new()),
        list => list
            .split(',')
            .map(|code| {
                if kinds.iter().any(|kind| kind.code == code) {
                    Ok(code.to_owned())
                } else {
                    Err(row.wrong("file", &format!("there is no kind `{code}`")))
                }
            })
            .collect(),
    }
}

fn read_level(row: Row<'_>) -> Result<Level, DataError> {
    let level = row.one_of(
        "level",
        &[
            ("zip", Level::Zip),
            ("cell", Level::Cell),
            ("record", Level::Record),
            ("file", Level::File),
            ("cross", Level::Cross),
            ("icd", Level::Icd),
        ],
    )?;
    // The package, cross-file and ICD rules look at one thing, whatever the kinds of file.
    let file = row.get("file")?;
    let fixed = match file {
        "zip" => Some(Level::Zip),
        "cross" => Some(Level::Cross),
        "icd" => Some(Level::Icd),
        _ => None,
    };
    let fits = match fixed {
        Some(fixed) => level == fixed,
        None => !matches!(level, Level::Zip | Level::Icd),
    };
    if fits {
        Ok(level)
    } else {
        Err(row.wrong("level", &format!("does not fit the file `{file}`")))
    }
}

/// Every word of the `fields` column names something that this version has.
fn check_fields(
    row: Row<'_>,
    applies_to: &[String],
    kinds: &[FileKind],
    icd_templates: &[IcdTemplate],
) -> Result<(), DataError> {
    let fields = row.get("fields")?;
    let is_kind = |word: &str| kinds.iter().any(|kind| kind.code == word);
    let unknown = |word: &str, what: &str| {
        let problem = format!("`{word}` is not {what}");
        Err(row.wrong("fields", &problem))
    };
    match row.get("file")? {
        "zip" => row.blank("fields", "the package has no columns")?,
        "icd" => {
            for word in fields.split(';').filter(|word| !word.is_empty()) {
                let is_column = icd_templates
                    .iter()
                    .flat_map(|template| &template.columns)
                    .any(|column| column.name_zh == word);
                if word != "header" && !is_column {
                    return unknown(word, "a column of an ICD template");
                }
            }
        }
        "cross" => {
            for word in fields.split(" to ").flat_map(|side| side.split(';')) {
                if word != "attachments" && !is_kind(word) {
                    return unknown(word, "a kind of file");
                }
            }
        }
        "*" => {
            for word in fields.split(';').filter(|word| !word.is_empty()) {
                let is_type = matches!(
                    word,
                    "*" | "text" | "integer" | "decimal" | "date" | "datetime" | "code"
                );
                if !is_type && kinds.iter().all(|kind| kind.field_index(word).is_none()) {
                    return unknown(word, "a type or a column of any kind of file");
                }
            }
        }
        _ => {
            for kind in kinds.iter().filter(|kind| applies_to.contains(&kind.code)) {
                for word in fields.split(';') {
                    if kind.field_index(word).is_none() {
                        return unknown(word, &format!("a column of `{}`", kind.code));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Both languages say the same, and a cure uses nothing of a finding that its message does not use.
fn check_placeholders(row: Row<'_>) -> Result<(), DataError> {
    let message = placeholders(row, "message_zh")?;
    let mend = placeholders(row, "mend_zh")?;
    for (column, wanted) in [("message_en", &message), ("mend_en", &mend)] {
        let found = placeholders(row, column)?;
        if let Some(odd) = found.symmetric_difference(wanted).next() {
            let problem = format!("only one language has `{{{odd}}}`");
            return Err(row.wrong(column, &problem));
        }
    }
    for name in mend.difference(&message) {
        if FINDING_PLACEHOLDERS.contains(name) {
            let problem = format!("`{{{name}}}` is not in the message");
            return Err(row.wrong("mend_zh", &problem));
        }
    }
    Ok(())
}

fn placeholders<'a>(row: Row<'a>, column: &str) -> Result<BTreeSet<&'a str>, DataError> {
    let mut names = BTreeSet::new();
    for part in row.get(column)?.split('{').skip(1) {
        let name = part.split_once('}').map_or(part, |(name, _)| name);
        if !FIELD_PLACEHOLDERS.contains(&name) && !FINDING_PLACEHOLDERS.contains(&name) {
            return Err(row.wrong(column, &format!("there is no placeholder `{{{name}}}`")));
        }
        names.insert(name);
    }
    Ok(names)
}
