use std::str::FromStr;

use crate::DataError;
use crate::reader::Files;

/// A data file split into cells, with the columns its reader knows and no other.
pub(crate) struct Table {
    file: String,
    header: csv::StringRecord,
    rows: Vec<(u64, csv::StringRecord)>,
}

impl Table {
    /// Opens a file; a missing, doubled or unknown column is a mistake in line 1.
    pub(crate) fn open(files: Files<'_>, path: &str, columns: &[&str]) -> Result<Self, DataError> {
        let mut table = Self {
            file: path.to_owned(),
            header: csv::StringRecord::new(),
            rows: Vec::new(),
        };
        let text = files(path).ok_or_else(|| table.wrong(0, "", "the file is missing"))?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        table.header = reader
            .headers()
            .map_err(|error| table.wrong(1, "", &error.to_string()))?
            .clone();
        for (index, name) in table.header.iter().enumerate() {
            if table.header.iter().take(index).any(|other| other == name) {
                return Err(table.wrong(1, name, "appears twice in the header"));
            }
            if !columns.contains(&name) {
                return Err(table.wrong(1, name, "is not a column of this file"));
            }
        }
        for column in columns {
            if !table.header.iter().any(|name| name == *column) {
                return Err(table.wrong(1, column, "is not in the header"));
            }
        }
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                table.wrong(line, "", &error.to_string())
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != table.header.len() {
                // The first cell too many or too few is where to look.
                let column = table.header.get(record.len()).unwrap_or_default();
                let problem = format!(
                    "has {} cells, the header {}",
                    record.len(),
                    table.header.len()
                );
                return Err(table.wrong(line, column, &problem));
            }
            table.rows.push((line, record));
        }
        Ok(table)
    }

    /// The rows below the header.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row {
            table: self,
            line: *line,
            cells,
        })
    }

    /// A mistake in this file.
    pub(crate) fn wrong(&self, line: u64, column: &str, problem: &str) -> DataError {
        DataError {
            file: self.file.clone(),
            line,
            column: column.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

/// One line of a data file.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    line: u64,
    cells: &'a csv::StringRecord,
}

impl<'a> Row<'a> {
    pub(crate) fn wrong(&self, column: &str, problem: &str) -> DataError {
        self.table.wrong(self.line, column, problem)
    }

    /// The cell as written; blanks around it are a mistake, because the reader would compare with them.
    pub(crate) fn get(&self, column: &str) -> Result<&'a str, DataError> {
        let text = self
            .table
            .header
            .iter()
            .position(|name| name == column)
            .and_then(|index| self.cells.get(index))
            .ok_or_else(|| self.table.wrong(1, column, "is not in the header"))?;
        if text.trim() == text {
            Ok(text)
        } else {
            Err(self.wrong(column, "begins or ends with a blank"))
        }
    }

    pub(crate) fn filled(&self, column: &str) -> Result<&'a str, DataError> {
        match self.get(column)? {
            "" => Err(self.wrong(column, "is blank")),
            text => Ok(text),
        }
    }

    pub(crate) fn blank(&self, column: &str, reason: &str) -> Result<(), DataError> {
        match self.get(column)? {
            "" => Ok(()),
            text => Err(self.wrong(column, &format!("`{text}` must be blank: {reason}"))),
        }
    }

    pub(crate) fn parsed<T: FromStr>(&self, column: &str, wanted: &str) -> Result<T, DataError> {
        let text = self.get(column)?;
        text.parse()
            .map_err(|_| self.wrong(column, &format!("`{text}` is not {wanted}")))
    }

    pub(crate) fn optional<T: FromStr>(
        &self,
        column: &str,
        wanted: &str,
    ) -> Result<Option<T>, DataError> {
        if self.get(column)?.is_empty() {
            return Ok(None);
        }
        self.parsed(column, wanted).map(Some)
    }

    pub(crate) fn one_of<T: Clone>(
        &self,
        column: &str,
        words: &[(&str, T)],
    ) -> Result<T, DataError> {
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

    pub(crate) fn yes_or_no(&self, column: &str) -> Result<bool, DataError> {
        self.one_of(column, &[("yes", true), ("no", false)])
    }

    /// How sure a part is (see `data/README.md`).
    pub(crate) fn basis(&self, column: &str) -> Result<String, DataError> {
        self.one_of(
            column,
            &["source", "source-2019", "inferred", "memory"].map(|word| (word, word.to_owned())),
        )
    }
}
