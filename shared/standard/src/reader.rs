//! Reads the data files and places every mistake at its line and column.

use std::collections::HashMap;
use std::str::FromStr;

use jiff::civil::Date;

use crate::{
    Code, CodeTable, DataError, Field, FieldType, FileKind, IcdCategory, IcdColumn, IcdTemplate,
    Level, Requirement, Rule, Severity, Standard, TableForm,
};

/// Text of a data file by its path below `data/`.
pub(crate) type Files<'a> = &'a dyn Fn(&str) -> Option<String>;

const EMBEDDED: &[(&str, &str)] = &[
    ("versions.csv", include_str!("../data/versions.csv")),
    (
        "2019-11/kinds.csv",
        include_str!("../data/2019-11/kinds.csv"),
    ),
    ("2019-11/flu.csv", include_str!("../data/2019-11/flu.csv")),
    ("2019-11/hqms.csv", include_str!("../data/2019-11/hqms.csv")),
    ("2019-11/hda.csv", include_str!("../data/2019-11/hda.csv")),
    ("2019-11/hdr.csv", include_str!("../data/2019-11/hdr.csv")),
    ("2019-11/pdr.csv", include_str!("../data/2019-11/pdr.csv")),
    ("2019-11/lis.csv", include_str!("../data/2019-11/lis.csv")),
    (
        "2019-11/code-tables.csv",
        include_str!("../data/2019-11/code-tables.csv"),
    ),
    (
        "2019-11/rules.csv",
        include_str!("../data/2019-11/rules.csv"),
    ),
    (
        "2019-11/icd-disease.csv",
        include_str!("../data/2019-11/icd-disease.csv"),
    ),
    (
        "2019-11/icd-procedure.csv",
        include_str!("../data/2019-11/icd-procedure.csv"),
    ),
    (
        "2019-11/icd-morphology.csv",
        include_str!("../data/2019-11/icd-morphology.csv"),
    ),
];

/// Text of an embedded file.
pub(crate) fn embedded(path: &str) -> Option<String> {
    EMBEDDED
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, text)| (*text).to_owned())
}

/// Reads the versions compiled into the crate.
pub(crate) fn read_embedded() -> Result<Vec<Standard>, DataError> {
    read(&embedded)
}

/// Reads all versions that `versions.csv` lists, oldest first.
pub(crate) fn read(files: Files<'_>) -> Result<Vec<Standard>, DataError> {
    let table = Table::open(files, "versions.csv")?;
    let mut versions: Vec<Standard> = Vec::new();
    for row in table.rows() {
        let version = row.filled("version")?;
        let first_day: Date = row.parsed("first_day", "a day in yyyy-MM-dd")?;
        let last_day: Option<Date> = row.optional("last_day", "a day in yyyy-MM-dd")?;
        if last_day.is_some_and(|last_day| last_day < first_day) {
            return Err(row.wrong("last_day", "lies before `first_day`"));
        }
        if let Some(earlier) = versions.last_mut() {
            if earlier
                .last_day
                .is_none_or(|last_day| last_day >= first_day)
            {
                return Err(row.wrong("first_day", "overlaps the version before"));
            }
        }
        versions.push(read_version(files, version, first_day, last_day)?);
    }
    if versions.is_empty() {
        return Err(table.wrong(1, "", "lists no version"));
    }
    Ok(versions)
}

fn read_version(
    files: Files<'_>,
    version: &str,
    first_day: Date,
    last_day: Option<Date>,
) -> Result<Standard, DataError> {
    let code_tables = read_code_tables(files, &format!("{version}/code-tables.csv"))?;
    let kinds = read_kinds(files, version, &code_tables)?;
    let rules = read_rules(files, &format!("{version}/rules.csv"), &kinds)?;
    let icd_templates = [
        (IcdCategory::Disease, "disease"),
        (IcdCategory::Procedure, "procedure"),
        (IcdCategory::Morphology, "morphology"),
    ]
    .into_iter()
    .map(|(category, name)| {
        read_icd_template(files, &format!("{version}/icd-{name}.csv"), category)
    })
    .collect::<Result<_, _>>()?;
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

fn read_code_tables(files: Files<'_>, path: &str) -> Result<Vec<CodeTable>, DataError> {
    let table = Table::open(files, path)?;
    let mut tables: Vec<CodeTable> = Vec::new();
    for row in table.rows() {
        let id = row.filled("table")?;
        let code = Code {
            code: row.filled("code")?.to_owned(),
            label_zh: row.filled("label_zh")?.to_owned(),
            label_en: row.filled("label_en")?.to_owned(),
        };
        if tables.last().is_none_or(|last| last.id != id) {
            if tables.iter().any(|known| known.id == id) {
                return Err(row.wrong("table", &format!("`{id}` stands in two places")));
            }
            tables.push(CodeTable {
                id: id.to_owned(),
                name: row.filled("table_name")?.to_owned(),
                form: match id {
                    "ICD10" | "ICD9CM3" | "ICDM" => TableForm::Pattern,
                    "FLU-SCOPE" => TableForm::Selection,
                    "FLU-RC040" | "FLU-RC041" => TableForm::Open,
                    _ => TableForm::Closed,
                },
                codes: Vec::new(),
            });
        }
        let Some(current) = tables.last_mut() else {
            continue;
        };
        if current.get(&code.code).is_some() {
            return Err(row.wrong("code", &format!("`{}` appears twice in `{id}`", code.code)));
        }
        current.codes.push(code);
    }
    Ok(tables)
}

fn read_kinds(
    files: Files<'_>,
    version: &str,
    code_tables: &[CodeTable],
) -> Result<Vec<FileKind>, DataError> {
    let table = Table::open(files, &format!("{version}/kinds.csv"))?;
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
        let mut kind = FileKind {
            code: code.to_owned(),
            prefix: prefix.to_owned(),
            name_zh: row.filled("name_zh")?.to_owned(),
            name_en: row.filled("name_en")?.to_owned(),
            fields: read_fields(files, &format!("{version}/{code}.csv"), code_tables)?,
            natural_key: Vec::new(),
            also_unique: Vec::new(),
            record_date: 0,
        };
        let columns = |column: &str, codes: &str| -> Result<Vec<usize>, DataError> {
            codes
                .split(';')
                .map(|code| {
                    kind.field_index(code)
                        .ok_or_else(|| row.wrong(column, &format!("there is no column `{code}`")))
                })
                .collect()
        };
        let natural_key = columns("natural_key", row.filled("natural_key")?)?;
        let also_unique = row
            .get("also_unique")?
            .split('|')
            .filter(|set| !set.is_empty())
            .map(|set| columns("also_unique", set))
            .collect::<Result<_, _>>()?;
        let record_date = columns("record_date", row.filled("record_date")?)?;
        kind.natural_key = natural_key;
        kind.also_unique = also_unique;
        kind.record_date = record_date[0];
        kinds.push(kind);
    }
    Ok(kinds)
}

fn read_fields(
    files: Files<'_>,
    path: &str,
    code_tables: &[CodeTable],
) -> Result<Vec<Field>, DataError> {
    let table = Table::open(files, path)?;
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
        fields.push(Field {
            position,
            code: code.to_owned(),
            name_zh: row.filled("name_zh")?.to_owned(),
            name_en: row.filled("name_en")?.to_owned(),
            field_type: read_field_type(&row, code_tables)?,
            max_length: row.parsed("max_length", "a number")?,
            requirement: row.one_of(
                "required",
                &[
                    ("required", Requirement::Required),
                    ("conditional", Requirement::Conditional),
                    ("optional", Requirement::Optional),
                ],
            )?,
            dash: row.yes_or_no("dash")?,
            condition: row.get("condition")?.to_owned(),
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

fn read_field_type(row: &Row<'_>, code_tables: &[CodeTable]) -> Result<FieldType, DataError> {
    Ok(match row.get("type")? {
        "text" => FieldType::Text,
        "integer" => FieldType::Integer,
        "decimal" => FieldType::Decimal {
            precision: row.parsed("precision", "a number")?,
            scale: row.parsed("scale", "a number")?,
        },
        "date" => FieldType::Date,
        "datetime" => FieldType::DateTime,
        "code" => {
            let id = row.filled("code_table")?;
            let index = code_tables
                .iter()
                .position(|table| table.id == id)
                .ok_or_else(|| row.wrong("code_table", &format!("there is no table `{id}`")))?;
            FieldType::Code(index)
        }
        other => return Err(row.wrong("type", &format!("`{other}` is not a type"))),
    })
}

fn read_rules(files: Files<'_>, path: &str, kinds: &[FileKind]) -> Result<Vec<Rule>, DataError> {
    let table = Table::open(files, path)?;
    let mut rules: Vec<Rule> = Vec::new();
    for row in table.rows() {
        let id = row.filled("id")?;
        if rules.iter().any(|rule| rule.id == id) {
            return Err(row.wrong("id", &format!("`{id}` appears twice")));
        }
        let file = row.filled("file")?;
        let applies_to: Vec<String> = match file {
            "zip" | "*" | "cross" | "icd" => Vec::new(),
            list => list.split(',').map(str::to_owned).collect(),
        };
        for code in &applies_to {
            let kind = kinds
                .iter()
                .find(|kind| kind.code == *code)
                .ok_or_else(|| row.wrong("file", &format!("there is no kind `{code}`")))?;
            for field in row.get("fields")?.split(';') {
                if kind.field_index(field).is_none() {
                    let problem = format!("`{code}` has no column `{field}`");
                    return Err(row.wrong("fields", &problem));
                }
            }
        }
        rules.push(Rule {
            id: id.to_owned(),
            kinds: applies_to,
            level: row.one_of(
                "level",
                &[
                    ("zip", Level::Zip),
                    ("cell", Level::Cell),
                    ("record", Level::Record),
                    ("file", Level::File),
                    ("cross", Level::Cross),
                    ("icd", Level::Icd),
                ],
            )?,
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
    Ok(rules)
}

fn read_icd_template(
    files: Files<'_>,
    path: &str,
    category: IcdCategory,
) -> Result<IcdTemplate, DataError> {
    let table = Table::open(files, path)?;
    let mut columns = Vec::new();
    for row in table.rows() {
        columns.push(IcdColumn {
            name_zh: row.filled("column_zh")?.to_owned(),
            name_en: row.filled("column_en")?.to_owned(),
            max_length: row.parsed("max_length", "a number")?,
            required: row.one_of("required", &[("required", true), ("optional", false)])?,
            example: row.get("example")?.to_owned(),
        });
    }
    Ok(IcdTemplate { category, columns })
}

/// A data file split into cells.
struct Table {
    file: String,
    header: HashMap<String, usize>,
    rows: Vec<(u64, csv::StringRecord)>,
}

impl Table {
    fn open(files: Files<'_>, path: &str) -> Result<Self, DataError> {
        let mut table = Self {
            file: path.to_owned(),
            header: HashMap::new(),
            rows: Vec::new(),
        };
        let text = files(path).ok_or_else(|| table.wrong(0, "", "the file is missing"))?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| table.wrong(1, "", &error.to_string()))?
            .clone();
        for (index, name) in header.iter().enumerate() {
            if table.header.insert(name.to_owned(), index).is_some() {
                return Err(table.wrong(1, name, "appears twice in the header"));
            }
        }
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                table.wrong(line, "", &error.to_string())
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != header.len() {
                let problem = format!("has {} cells, the header {}", record.len(), header.len());
                return Err(table.wrong(line, "", &problem));
            }
            table.rows.push((line, record));
        }
        Ok(table)
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row {
            table: self,
            line: *line,
            cells,
        })
    }

    fn wrong(&self, line: u64, column: &str, problem: &str) -> DataError {
        DataError {
            file: self.file.clone(),
            line,
            column: column.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

/// One line of a data file.
struct Row<'a> {
    table: &'a Table,
    line: u64,
    cells: &'a csv::StringRecord,
}

impl Row<'_> {
    fn wrong(&self, column: &str, problem: &str) -> DataError {
        self.table.wrong(self.line, column, problem)
    }

    fn get(&self, column: &str) -> Result<&str, DataError> {
        self.table
            .header
            .get(column)
            .and_then(|index| self.cells.get(*index))
            .ok_or_else(|| self.table.wrong(1, column, "is not in the header"))
    }

    fn filled(&self, column: &str) -> Result<&str, DataError> {
        match self.get(column)? {
            "" => Err(self.wrong(column, "is blank")),
            text if text.trim() != text => Err(self.wrong(column, "begins or ends with a blank")),
            text => Ok(text),
        }
    }

    fn parsed<T: FromStr>(&self, column: &str, wanted: &str) -> Result<T, DataError> {
        let text = self.get(column)?;
        text.parse()
            .map_err(|_| self.wrong(column, &format!("`{text}` is not {wanted}")))
    }

    fn optional<T: FromStr>(&self, column: &str, wanted: &str) -> Result<Option<T>, DataError> {
        if self.get(column)?.is_empty() {
            return Ok(None);
        }
        self.parsed(column, wanted).map(Some)
    }

    fn one_of<T: Clone>(&self, column: &str, words: &[(&str, T)]) -> Result<T, DataError> {
        let text = self.get(column)?;
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| value.clone())
            .ok_or_else(|| {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let problem = format!("`{text}` is none of {}", known.join(", "));
                self.wrong(column, &problem)
            })
    }

    fn yes_or_no(&self, column: &str) -> Result<bool, DataError> {
        self.one_of(column, &[("yes", true), ("no", false)])
    }

    /// How sure a part is (see `data/README.md`).
    fn basis(&self, column: &str) -> Result<String, DataError> {
        self.one_of(
            column,
            &["source", "source-2019", "inferred", "memory"].map(|word| (word, word.to_owned())),
        )
    }
}
