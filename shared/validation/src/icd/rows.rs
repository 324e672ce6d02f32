//! Sheets of a code file, and what is wrong in their rows.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

#[cfg(feature = "workbook")]
use super::WorkbookForm;
use super::archive::{CodeFileBytes, Form};
use super::{Findings, IcdLimits, IcdProblem, IcdReport, IcdRequest, text};
use crate::codes::{CodeFile, Key, key_of};
use crate::icd_form::IcdForm;
#[cfg(feature = "workbook")]
use crate::workbooks;
use serde::{Deserialize, Serialize};
use standard::IcdCategory;

/// Columns kept of a row. The templates have two or three; one more is enough to see that a header differs.
pub(super) const COLUMNS: usize = 8;
/// A finding shows at most this many characters of a value.
const SHOWN: usize = 200;

/// A sheet's rows that hold something, with their numbers as a spreadsheet shows them; cells are trimmed.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sheet {
    /// `None`: a csv file.
    pub(crate) name: Option<String>,
    pub(crate) rows: Vec<(u32, Vec<String>)>,
}

impl Sheet {
    /// Puts a value at its place and tells its bytes; rows come in order, as they are written.
    #[cfg(feature = "workbook")]
    pub(super) fn put(&mut self, row: u32, column: usize, value: &str) -> u64 {
        let value = trimmed(value);
        if value.is_empty() || column >= COLUMNS {
            return 0;
        }
        if self.rows.last().is_none_or(|(last, _)| *last != row) {
            self.rows.push((row, Vec::new()));
        }
        if let Some((_, cells)) = self.rows.last_mut() {
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            // Without room to grow: the code file keeps it as it is.
            cells[column] = value.to_owned();
        }
        value.len() as u64
    }
}

/// Reads all sheets.
pub(super) fn sheets(file: &CodeFileBytes, limits: &IcdLimits) -> Result<Vec<Sheet>, IcdProblem> {
    match file.form {
        Form::Csv => text::read(&file.bytes, limits).map(|sheet| vec![sheet]),
        #[cfg(feature = "workbook")]
        Form::Xls => workbooks::code_file(WorkbookForm::Xls, &file.bytes, limits),
        #[cfg(feature = "workbook")]
        Form::Xlsx => workbooks::code_file(WorkbookForm::Xlsx, &file.bytes, limits),
        #[cfg(not(feature = "workbook"))]
        Form::Xls | Form::Xlsx => Err(IcdProblem::Unreadable),
    }
}

/// White space of any kind, and the mark that Windows puts at the beginning of a file.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

/// Compares headers and looks at every code.
///
/// Every sheet whose header is the template's is read, as long lists are split among sheets; the others (notes, say) are
/// passed over. Where none is, the first one that holds something is compared.
pub(super) fn judge(
    sheets: Vec<Sheet>,
    wanted: &[&str],
    request: &IcdRequest<'_>,
    findings: &mut Findings<'_>,
    report: &mut IcdReport,
) {
    let filled = || sheets.iter().filter(|sheet| !sheet.rows.is_empty());
    let fits = |sheet: &&Sheet| {
        sheet
            .rows
            .first()
            .is_some_and(|(_, header)| header_problem(header, wanted).is_none())
    };
    if !filled().any(|sheet| fits(&sheet)) {
        let Some(sheet) = filled().next() else {
            findings.upload(IcdProblem::Empty);
            return;
        };
        let header = sheet.rows.first().map(|(_, header)| header.as_slice());
        let header = header.unwrap_or_default();
        if let Some((column, problem)) = header_problem(header, wanted) {
            let value = shown(header.get(column).map_or("", String::as_str));
            // About the upload as a whole: no row of it was read.
            let column = u16::try_from(column).ok();
            findings.add(sheet.name.as_deref(), None, column, value, problem);
        }
        return;
    }
    let rows = sheets.iter().map(|sheet| sheet.rows.len()).sum();
    let mut codes = Codes {
        form: match request.category {
            IcdCategory::Disease => IcdForm::Disease,
            IcdCategory::Procedure => IcdForm::Procedure,
            IcdCategory::Morphology => IcdForm::Morphology,
        },
        has_additional: request.category == IcdCategory::Disease,
        seen: HashMap::with_capacity(rows),
        rows: Vec::with_capacity(rows),
    };
    for sheet in sheets {
        if sheet.rows.is_empty() {
            continue;
        }
        if !fits(&&sheet) {
            report.passed_over.extend(sheet.name);
            continue;
        }
        for (row, mut cells) in sheet.rows.into_iter().skip(1) {
            report.rows += 1;
            if let Err(problem) = codes.add(row, &mut cells) {
                report.wrong_rows += 1;
                let value = shown(cells.first().map_or("", String::as_str));
                findings.add(sheet.name.as_deref(), Some(row), Some(0), value, problem);
            }
        }
    }
    if report.rows == 0 {
        findings.upload(IcdProblem::NoCodes);
    }
    let days = (request.first_day, request.last_day);
    report.codes = Some(CodeFile::new(request.category, days, codes.rows));
}

/// First column that differs, and how.
fn header_problem(header: &[String], wanted: &[&str]) -> Option<(usize, IcdProblem)> {
    (0..header.len().max(wanted.len())).find_map(|column| {
        let wanted = wanted.get(column).copied().unwrap_or_default();
        let found = header.get(column).map_or("", String::as_str);
        (wanted != found).then(|| {
            let problem = IcdProblem::Header {
                column: column + 1,
                wanted: wanted.to_owned(),
                found: shown(found),
            };
            (column, problem)
        })
    })
}

struct Codes {
    form: IcdForm,
    /// Whether the second column holds an additional (asterisk) code. Records may hold it as a diagnosis of its own.
    has_additional: bool,
    /// Rows by code, whatever the case of its letters: the look-ups do not tell cases apart either.
    seen: HashMap<Key, u32>,
    rows: Vec<(String, String)>,
}

impl Codes {
    /// Takes a code and its name out of a row that is right.
    fn add(&mut self, row: u32, cells: &mut [String]) -> Result<(), IcdProblem> {
        let code = cells.first().map_or("", String::as_str);
        if code.is_empty() {
            return Err(IcdProblem::Blank);
        }
        // What has the form of a code is never too long for a key.
        let key = Some(code).filter(|code| self.form.matches(code.as_bytes()));
        let key = key.and_then(key_of).ok_or(IcdProblem::Form)?;
        match self.seen.entry(key) {
            Entry::Occupied(first) => {
                let first_row = *first.get();
                return Err(IcdProblem::Repeated { first_row });
            }
            Entry::Vacant(place) => place.insert(row),
        };
        let mut take = |column: usize| {
            cells
                .get_mut(column)
                .map(std::mem::take)
                .unwrap_or_default()
        };
        let (code, second) = (take(0), take(1));
        if !self.has_additional {
            self.rows.push((code, second));
            return Ok(());
        }
        let name = take(2);
        if self.form.matches(second.as_bytes()) {
            self.rows.push((code, name.clone()));
            self.rows.push((second, name));
        } else {
            self.rows.push((code, name));
        }
        Ok(())
    }
}

fn shown(value: &str) -> String {
    value.chars().take(SHOWN).collect()
}
