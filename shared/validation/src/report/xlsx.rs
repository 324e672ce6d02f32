//! The hospital's own rows as a workbook: what a clerk opens, mends and sends again.

mod front;
mod style;

use std::collections::HashSet;
use std::io::{self, Write};

use rust_xlsxwriter::{Note, Workbook, Worksheet, XlsxError};
use standard::{Field, Severity, Standard};

use self::style::Style;
use super::neutral::trimmed;
use super::rows::{Mark, RowWriter, lines};
use super::words::{self, Text, say};
use crate::{FileInfo, Finding, Language, Summary};

/// Rows a sheet can hold, below its header.
const SHEET_ROWS: u32 = 1_048_575;
/// Cells of the whole workbook: beyond it a spreadsheet takes minutes to open it, and the file outgrows an upload.
const CELLS: u64 = 3_000_000;
/// Bytes of text of the whole workbook: with them it stays below what an upload may have.
const TEXT_BYTES: usize = 60_000_000;
/// Notes of the whole workbook: each is a drawing that a spreadsheet keeps in memory.
const NOTES: u32 = 10_000;
/// Characters a cell can hold are 32,767; a column of the standard holds far fewer.
const CELL_CHARACTERS: usize = 32_000;
/// Columns of a sheet.
const SHEET_COLUMNS: usize = 16_384;
/// Columns of ours, before the hospital's.
const OURS: u16 = 3;

/// Stands in the cells that a row with too few of them lacks, so that it lacks them still when it comes back.
pub(super) const LACKING: Text = ("#缺列", "#lacking");

/// A sheet and the file whose rows it holds.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) file: u16,
    pub(super) rows: u32,
}

/// Writes the workbook; rows go to temporary files as they come.
pub(super) struct XlsxRows<'a> {
    standard: &'a Standard,
    language: Language,
    workbook: Workbook,
    style: Style,
    sheets: Vec<Sheet>,
    names: HashSet<String>,
    width: usize,
    cells: u64,
    text_bytes: usize,
    notes: u32,
    notes_left_out: u64,
    pub(super) rows: u64,
    pub(super) rows_left_out: u64,
}

impl<'a> XlsxRows<'a> {
    pub(super) fn new(standard: &'a Standard, language: Language) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        // First of the sheets, written last: what it says is known when all rows have gone by.
        let name = say(front::NAME, language);
        workbook.add_worksheet().set_name(name).map_err(failed)?;
        Ok(Self {
            standard,
            language,
            workbook,
            style: Style::new(),
            sheets: Vec::new(),
            names: HashSet::from([name.to_lowercase()]),
            width: 0,
            cells: 0,
            text_bytes: 0,
            notes: 0,
            notes_left_out: 0,
            rows: 0,
            rows_left_out: 0,
        })
    }

    /// Adds the summary and writes all to the output.
    pub(super) fn finish<W: Write + Send>(
        mut self,
        file_name: &str,
        summary: &Summary,
        whole: &[Finding<'_>],
        late_left_out: u64,
        output: W,
    ) -> io::Result<()> {
        self.end_sheet()?;
        let files: Vec<FileInfo> = summary.files.iter().map(|file| file.info.clone()).collect();
        let whole: Vec<_> = whole
            .iter()
            .map(|finding| finding.view(self.standard, &files, self.language))
            .collect();
        let front = front::Front {
            standard: self.standard,
            language: self.language,
            style: &self.style,
            file_name,
            summary,
            whole: &whole,
            sheets: &self.sheets,
            rows_left_out: self.rows_left_out,
            notes_left_out: self.notes_left_out,
            late_left_out,
        };
        let sheet = self.workbook.worksheet_from_index(0).map_err(failed)?;
        front.write(sheet).map_err(failed)?;
        self.workbook.save_to_writer(output).map_err(failed)
    }

    fn begin_sheet(&mut self, index: u16, file: &FileInfo) -> Result<(), XlsxError> {
        let language = self.language;
        let kind = file.kind.as_deref();
        let kind = kind.and_then(|code| self.standard.kind_index(code));
        let kind = kind.map(|index| &self.standard.kinds[index]);
        let name = self.sheet_name(&file.name);
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(&name)?;
        sheet.set_freeze_panes(1, 1)?;
        sheet.set_zoom(100);
        for (column, width) in [(0, 8.0), (1, 62.0), (2, 36.0)] {
            sheet.set_column_width(column, width)?;
        }
        sheet.set_row_height(0, 36)?;
        for (column, text) in (0..).zip([words::ROW, words::ERRORS, words::WARNINGS]) {
            let text = say(text, self.language);
            sheet.write_string_with_format(0, column, text, &self.style.our_header)?;
        }
        self.width = file.header.len().min(SHEET_COLUMNS - usize::from(OURS));
        for ((column, code), field) in (OURS..).zip(&file.header).zip(&file.columns) {
            if usize::from(column - OURS) >= self.width {
                break;
            }
            let field = kind.and_then(|kind| kind.fields.get(usize::from((*field)?)));
            let name = field.map(|field| match language {
                Language::Chinese => field.name_zh.as_str(),
                Language::English => field.name_en.as_str(),
            });
            // The code alone on the first line: it is what the check reads back.
            let text = match name {
                Some(name) => format!("{}\n{name}", trimmed(code)),
                None => trimmed(code).to_owned(),
            };
            sheet.set_column_width(column, column_width(&text, field))?;
            let text = escaped(&text);
            sheet.write_string_with_format(0, column, text, &self.style.header)?;
        }
        self.sheets.push(Sheet {
            name,
            file: index,
            rows: 0,
        });
        Ok(())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        let Some(sheet) = self.sheets.last() else {
            return Ok(());
        };
        let (rows, last) = (sheet.rows, OURS + self.width as u16 - 1);
        let sheet = self.sheet().map_err(failed)?;
        sheet.autofilter(0, 0, rows, last).map_err(failed)?;
        Ok(())
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, XlsxError> {
        self.workbook.worksheet_from_index(self.sheets.len())
    }

    // A sheet's name tells the kind of file when it comes back, so it begins as the file's does.
    fn sheet_name(&mut self, file_name: &str) -> String {
        let stem = file_name
            .rsplit_once('.')
            .map_or(file_name, |(stem, _)| stem);
        let stem: String = stem
            .chars()
            .map(|letter| match letter {
                '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'' => '_',
                letter if letter.is_control() => '_',
                letter => letter,
            })
            .collect();
        let stem = if stem.trim().is_empty() {
            "_".to_owned()
        } else {
            stem
        };
        for number in 1_u32.. {
            let suffix = match number {
                1 => String::new(),
                number => format!("~{number}"),
            };
            let room = 31 - suffix.len();
            let name = format!("{}{suffix}", within(&stem, room));
            if self.names.insert(name.to_lowercase()) {
                return name;
            }
        }
        stem
    }

    fn write_row(&mut self, row: u32, cells: &[&str], marks: &[Mark]) -> Result<(), XlsxError> {
        let language = self.language;
        let Some(current) = self.sheets.last_mut() else {
            return Ok(());
        };
        current.rows += 1;
        let at = current.rows;
        let index = self.sheets.len();
        let sheet = self.workbook.worksheet_from_index(index)?;
        let style = &self.style;
        let errors = lines(marks, Severity::Error, language);
        let warnings = lines(marks, Severity::Warning, language);
        let height = height(&errors, 60).max(height(&warnings, 34));
        if height > 1 {
            sheet.set_row_height(at, f64::from(height) * 16.0)?;
        }
        sheet.write_number_with_format(at, 0, f64::from(row), &style.row_number)?;
        let errors = cut(&errors.join("\n"));
        sheet.write_string_with_format(at, 1, escaped(&errors), &style.our_errors)?;
        let warnings = cut(&warnings.join("\n"));
        sheet.write_string_with_format(at, 2, escaped(&warnings), &style.our_warnings)?;
        let lacking = (cells.len()..self.width).map(|_| say(LACKING, language));
        let shown = SHEET_COLUMNS - usize::from(OURS);
        for (column, cell) in (0..).zip(cells.iter().copied().chain(lacking)).take(shown) {
            let of_cell = || marks.iter().filter(|mark| mark.column == Some(column));
            let format = match of_cell().map(|mark| mark.severity).max() {
                Some(Severity::Error) => &style.error,
                Some(Severity::Warning) => &style.warning,
                None => &style.text,
            };
            let place = OURS + column;
            let text = cut(trimmed(cell));
            match text.is_empty() {
                true => sheet.write_blank(at, place, format)?,
                false => sheet.write_string_with_format(at, place, escaped(&text), format)?,
            };
            if of_cell().next().is_none() {
                continue;
            }
            if self.notes == NOTES {
                self.notes_left_out += 1;
                continue;
            }
            self.notes += 1;
            let lines: Vec<String> = of_cell().map(|mark| mark.explanation(language)).collect();
            sheet.insert_note(at, place, &note(&lines))?;
        }
        Ok(())
    }
}

impl RowWriter for XlsxRows<'_> {
    fn file(&mut self, index: u16, file: &FileInfo) -> io::Result<()> {
        self.end_sheet()?;
        self.begin_sheet(index, file).map_err(failed)
    }

    fn row(&mut self, row: u32, cells: &[&str], marks: &[Mark]) -> io::Result<()> {
        self.cells += cells.len().max(self.width) as u64 + u64::from(OURS);
        self.text_bytes += cells.iter().map(|cell| cell.len()).sum::<usize>();
        let is_full = self
            .sheets
            .last()
            .is_none_or(|sheet| sheet.rows >= SHEET_ROWS);
        if is_full || self.cells > CELLS || self.text_bytes > TEXT_BYTES {
            self.rows_left_out += 1;
            return Ok(());
        }
        self.rows += 1;
        self.write_row(row, cells, marks).map_err(failed)
    }
}

fn note(lines: &[String]) -> Note {
    let height = height(lines, 40);
    Note::new(cut(&lines.join("\n")))
        .add_author_prefix(false)
        .set_font_size(9)
        .set_width(300)
        .set_height(20 + 16 * height)
}

/// Lines the texts take in a column of so many digits' width, at most 10.
fn height(texts: &[String], width: usize) -> u32 {
    let lines = texts
        .iter()
        .map(|text| columns(text).div_ceil(width).max(1));
    u32::try_from(lines.sum::<usize>().min(10)).unwrap_or(10)
}

/// Width of a text in digits: a Chinese character takes two.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|letter| if letter < '\u{1100}' { 1 } else { 2 })
        .sum()
}

// Long names wrap; identity card numbers and moments fit.
fn column_width(header: &str, field: Option<&Field>) -> f64 {
    let name = header.lines().map(columns).max().unwrap_or(0);
    let value = field.map_or(0, |field| usize::from(field.max_length));
    name.min(20).max(value.min(24)).max(10) as f64 + 2.0
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn within(text: &str, utf16_units: usize) -> &str {
    let mut units = 0;
    for (index, letter) in text.char_indices() {
        units += letter.len_utf16();
        if units > utf16_units {
            return &text[..index];
        }
    }
    text
}

/// Spreadsheets read `_x0041_` as a character's number; a text that holds this by chance is written so that it comes back.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for (index, letter) in text.char_indices() {
        let is_number = letter == '_'
            && text.as_bytes().get(index + 1) == Some(&b'x')
            && text.as_bytes().get(index + 6) == Some(&b'_')
            && text.as_bytes()[index + 2..index + 6]
                .iter()
                .all(u8::is_ascii_hexdigit);
        result.push_str(if is_number { "_x005F_" } else { "" });
        if !is_number {
            result.push(letter);
        }
    }
    result
}

fn failed(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}
