use crate::reader::{Files, Table};
use crate::{DataError, IcdCategory, IcdColumn, IcdTemplate};

/// Reads the templates of the three categories.
pub(crate) fn read(files: Files<'_>, version: &str) -> Result<Vec<IcdTemplate>, DataError> {
    [
        (IcdCategory::Disease, "disease"),
        (IcdCategory::Procedure, "procedure"),
        (IcdCategory::Morphology, "morphology"),
    ]
    .into_iter()
    .map(|(category, name)| read_one(files, &format!("{version}/icd-{name}.csv"), category))
    .collect()
}

fn read_one(files: Files<'_>, path: &str, category: IcdCategory) -> Result<IcdTemplate, DataError> {
    let table = Table::open(
        files,
        path,
        &[
            "position",
            "column_zh",
            "column_en",
            "meaning",
            "type",
            "max_length",
            "required",
            "example",
            "confidence",
            "source_note",
        ],
    )?;
    let mut columns: Vec<IcdColumn> = Vec::new();
    for row in table.rows() {
        let position: usize = row.parsed("position", "a number")?;
        if position != columns.len() + 1 {
            return Err(row.wrong("position", &format!("expected `{}`", columns.len() + 1)));
        }
        let name_zh = row.filled("column_zh")?;
        if columns.iter().any(|column| column.name_zh == name_zh) {
            return Err(row.wrong("column_zh", &format!("`{name_zh}` appears twice")));
        }
        row.one_of("type", &[("code", ()), ("text", ())])?;
        row.basis("confidence")?;
        columns.push(IcdColumn {
            name_zh: name_zh.to_owned(),
            name_en: row.filled("column_en")?.to_owned(),
            max_length: row.parsed("max_length", "a number")?,
            required: row.one_of("required", &[("required", true), ("optional", false)])?,
            example: row.get("example")?.to_owned(),
        });
    }
    if columns.is_empty() {
        return Err(table.wrong(1, "", "lists no column"));
    }
    Ok(IcdTemplate { category, columns })
}
