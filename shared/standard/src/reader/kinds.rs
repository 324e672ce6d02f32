use crate::reader::table::Row;
use crate::reader::{Files, Table};
use crate::{CodeTable, DataError, Field, FieldType, FileKind, Requirement};

/// Reads `kinds.csv` and the file of fields of each kind.
pub(crate) fn read(
    files: Files<'_>,
    version: &str,
    code_tables: &[CodeTable],
) -> Result<Vec<FileKind>, DataError> {
    let table = Table::open(
        files,
        &format!("{version}/kinds.csv"),
        &[
            "code",
            "prefix",
            "name_zh",
            "name_en",
            "natural_key",
            "also_unique",
            "record_date",
            "due_days",
            "source_note",
        ],
    )?;
    let mut kinds: Vec<FileKind> = Vec::new();
    for row in table.rows() {
        let code = row.filled("code")?;
        let prefix = row.filled("prefix")?;
        if kinds.iter().any(|kind| kind.code == code) {
            return Err(row.wrong("code", &format!("`{code}` appears twice")));
        }
        if kinds.iter().any(|kind| kind.prefix == prefix) {
            return Err(row.wrong("prefix", &format!("`{prefix}` appears twice")));
        }
        let fields = read_fields(files, &format!("{version}/{code}.csv"), code_tables)?;
        let natural_key = columns(row, "natural_key", row.filled("natural_key")?, &fields)?;
        // A record could not be told apart by a part that is never asked for.
        for &index in &natural_key {
            if fields[index].requirement == Requirement::Optional {
                let problem = format!("`{}` is optional", fields[index].code);
                return Err(row.wrong("natural_key", &problem));
            }
        }
        let also_unique = row
            .get("also_unique")?
            .split('|')
            .filter(|set| !set.is_empty())
            .map(|set| columns(row, "also_unique", set, &fields))
            .collect::<Result<_, _>>()?;
        let record_date = match columns(row, "record_date", row.filled("record_date")?, &fields)?[..]
        {
            [index]
                if matches!(
                    fields[index].field_type,
                    FieldType::Date | FieldType::DateTime
                ) =>
            {
                index
            }
            _ => return Err(row.wrong("record_date", "must be one date or date-time column")),
        };
        let due_days: u8 = row.parsed("due_days", "a number of days")?;
        if due_days > FileKind::MOST_DUE_DAYS {
            let most = FileKind::MOST_DUE_DAYS;
            return Err(row.wrong("due_days", &format!("is more than {most} days")));
        }
        kinds.push(FileKind {
            code: code.to_owned(),
            prefix: prefix.to_owned(),
            name_zh: row.filled("name_zh")?.to_owned(),
            name_en: row.filled("name_en")?.to_owned(),
            fields,
            natural_key,
            also_unique,
            record_date,
            due_days,
        });
    }
    if kinds.is_empty() {
        return Err(table.wrong(1, "", "lists no kind of file"));
    }
    Ok(kinds)
}

/// Indexes of the columns that a `;` list names.
fn columns(
    row: Row<'_>,
    column: &str,
    codes: &str,
    fields: &[Field],
) -> Result<Vec<usize>, DataError> {
    codes
        .split(';')
        .map(|code| {
            fields
                .iter()
                .position(|field| field.code.eq_ignore_ascii_case(code))
                .ok_or_else(|| row.wrong(column, &format!("there is no column `{code}`")))
        })
        .collect()
}

fn read_fields(
    files: Files<'_>,
    path: &str,
    code_tables: &[CodeTable],
) -> Result<Vec<Field>, DataError> {
    let table = Table::open(
        files,
        path,
        &[
            "position",
            "code",
            "name_zh",
            "name_en",
            "type",
            "max_length",
            "precision",
            "scale",
            "required",
            "dash",
            "condition_zh",
            "condition_en",
            "code_table",
            "example",
            "confidence",
            "detail_confidence",
            "required_basis",
            "source_note",
        ],
    )?;
    let mut fields: Vec<Field> = Vec::new();
    for row in table.rows() {
        let position: u16 = row.parsed("position", "a number")?;
        if usize::from(position) != fields.len() + 1 {
            return Err(row.wrong("position", &format!("expected `{}`", fields.len() + 1)));
        }
        let code = row.filled("code")?;
        if fields
            .iter()
            .any(|field| field.code.eq_ignore_ascii_case(code))
        {
            return Err(row.wrong("code", &format!("`{code}` appears twice")));
        }
        let code_table = read_code_table(row, code_tables)?;
        let condition_zh = row.get("condition_zh")?.to_owned();
        let condition_en = row.get("condition_en")?;
        if condition_zh.is_empty() != condition_en.is_empty() {
            return Err(row.wrong("condition_en", "only one language has a text"));
        }
        let max_length: u16 = row.parsed("max_length", "a number")?;
        if max_length == 0 {
            return Err(row.wrong("max_length", "leaves no room for a value"));
        }
        fields.push(Field {
            position,
            code: code.to_owned(),
            name_zh: row.filled("name_zh")?.to_owned(),
            name_en: row.filled("name_en")?.to_owned(),
            field_type: read_field_type(row, code_table)?,
            reference_table: code_table,
            max_length,
            requirement: row.one_of(
                "required",
                &[
                    ("required", Requirement::Required),
                    ("conditional", Requirement::Conditional),
                    ("optional", Requirement::Optional),
                ],
            )?,
            dash: row.yes_or_no("dash")?,
            condition_zh,
            condition_en: condition_en.to_owned(),
            example: row.get("example")?.to_owned(),
            confidence: row.basis("confidence")?,
            detail_confidence: row.basis("detail_confidence")?,
            required_basis: row.basis("required_basis")?,
        });
    }
    if fields.is_empty() {
        return Err(table.wrong(1, "", "lists no column"));
    }
    Ok(fields)
}

fn read_code_table(row: Row<'_>, code_tables: &[CodeTable]) -> Result<Option<usize>, DataError> {
    let id = row.get("code_table")?;
    if id.is_empty() {
        return Ok(None);
    }
    code_tables
        .iter()
        .position(|table| table.id == id)
        .map(Some)
        .ok_or_else(|| row.wrong("code_table", &format!("there is no table `{id}`")))
}

fn read_field_type(row: Row<'_>, code_table: Option<usize>) -> Result<FieldType, DataError> {
    let name = row.get("type")?;
    let field_type = match name {
        "text" => FieldType::Text,
        "integer" => FieldType::Integer,
        "decimal" => {
            let precision = row.parsed("precision", "a number")?;
            let scale = row.parsed("scale", "a number")?;
            if scale > precision {
                return Err(row.wrong("scale", "is more than `precision`"));
            }
            FieldType::Decimal { precision, scale }
        }
        "date" => FieldType::Date,
        "datetime" => FieldType::DateTime,
        "code" => FieldType::Code(code_table.ok_or_else(|| row.wrong("code_table", "is blank"))?),
        other => return Err(row.wrong("type", &format!("`{other}` is not a type"))),
    };
    if name != "decimal" {
        row.blank("precision", "only decimal columns have one")?;
        row.blank("scale", "only decimal columns have one")?;
    }
    // A text column may name a table too: several codes in one value, or a label.
    if name != "code" && name != "text" {
        row.blank("code_table", "only code and text columns have one")?;
    }
    Ok(field_type)
}
