use crate::DataError;
use crate::divisions::{Division, Divisions};
use crate::reader::{Files, Table};

/// Reads `divisions.csv`, which no version of the standard owns.
pub(crate) fn read(files: Files<'_>) -> Result<Divisions, DataError> {
    let table = Table::open(files, "divisions.csv", &["code", "name", "parent"])?;
    let mut divisions: Vec<Division> = Vec::new();
    for row in table.rows() {
        let code = row.filled("code")?;
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(row.wrong("code", &format!("`{code}` is not six digits")));
        }
        // Look-ups search by halves.
        if divisions.last().is_some_and(|last| *last.code >= *code) {
            return Err(row.wrong(
                "code",
                &format!("`{code}` is out of order or appears twice"),
            ));
        }
        let wanted = match (&code[2..4], &code[4..]) {
            ("00", "00") => String::new(),
            (_, "00") => format!("{}0000", &code[..2]),
            _ => format!("{}00", &code[..4]),
        };
        let parent = row.get("parent")?;
        if parent != wanted {
            return Err(row.wrong("parent", &format!("`{parent}` should be `{wanted}`")));
        }
        // A parent's code is smaller, so it has been read before.
        let parent = divisions
            .binary_search_by(|known| known.code.cmp(&wanted))
            .ok();
        if parent.is_none() && !wanted.is_empty() {
            return Err(row.wrong("parent", &format!("there is no division `{wanted}`")));
        }
        divisions.push(Division {
            code: code.to_owned(),
            name: row.filled("name")?.to_owned(),
            parent,
        });
    }
    if divisions.is_empty() {
        return Err(table.wrong(1, "", "lists no division"));
    }
    Ok(Divisions(divisions))
}
