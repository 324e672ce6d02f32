use crate::reader::{Files, Table};
use crate::{Code, CodeTable, DataError, TableForm};

/// Reads `code-tables.csv` (the tables) and `codes.csv` (what they hold).
pub(crate) fn read(files: Files<'_>, version: &str) -> Result<Vec<CodeTable>, DataError> {
    let list = Table::open(
        files,
        &format!("{version}/code-tables.csv"),
        &["table", "name_zh", "name_en", "form"],
    )?;
    let mut tables: Vec<CodeTable> = Vec::new();
    for row in list.rows() {
        let id = row.filled("table")?;
        if tables.iter().any(|known| known.id == id) {
            return Err(row.wrong("table", &format!("`{id}` appears twice")));
        }
        tables.push(CodeTable {
            id: id.to_owned(),
            name_zh: row.filled("name_zh")?.to_owned(),
            name_en: row.filled("name_en")?.to_owned(),
            form: row.one_of(
                "form",
                &[
                    ("closed", TableForm::Closed),
                    ("open", TableForm::Open),
                    ("pattern", TableForm::Pattern),
                    ("selection", TableForm::Selection),
                ],
            )?,
            codes: Vec::new(),
        });
    }
    let codes = Table::open(
        files,
        &format!("{version}/codes.csv"),
        &[
            "table",
            "code",
            "label_zh",
            "label_en",
            "confidence",
            "source_note",
        ],
    )?;
    for row in codes.rows() {
        let id = row.filled("table")?;
        let table = tables
            .iter_mut()
            .find(|table| table.id == id)
            .ok_or_else(|| row.wrong("table", &format!("there is no table `{id}`")))?;
        let code = row.filled("code")?;
        if table.get(code).is_some() {
            return Err(row.wrong("code", &format!("`{code}` appears twice in `{id}`")));
        }
        row.basis("confidence")?;
        table.codes.push(Code {
            code: code.to_owned(),
            label_zh: row.filled("label_zh")?.to_owned(),
            label_en: row.filled("label_en")?.to_owned(),
        });
    }
    for (row, table) in list.rows().zip(&tables) {
        if table.codes.is_empty() {
            let problem = format!("`{}` has no line in `codes.csv`", table.id);
            return Err(row.wrong("table", &problem));
        }
    }
    Ok(tables)
}
