//! The hospital's own rows as CSV: to be mended in a spreadsheet and sent again as it is.

use std::io::{self, Seek, Write};

use standard::Severity;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::neutral::neutralised;
use super::rows::{Mark, RowWriter, lines};
use super::words::{self, say};
use crate::{FileInfo, Language};

// Excel reads a CSV without this mark in the code page of Windows.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes one CSV, or a ZIP with one for each file.
pub(super) struct CsvRows<W: Write + Seek> {
    output: Output<W>,
    language: Language,
    line: Vec<u8>,
    pub(super) rows: u64,
}

enum Output<W: Write + Seek> {
    Plain(W),
    Zip(Box<ZipWriter<W>>),
}

impl<W: Write + Seek> CsvRows<W> {
    pub(super) fn new(output: W, zipped: bool, language: Language) -> Self {
        let output = match zipped {
            true => Output::Zip(Box::new(ZipWriter::new(output))),
            false => Output::Plain(output),
        };
        Self {
            output,
            language,
            line: Vec::new(),
            rows: 0,
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self.output {
            Output::Plain(mut output) => output.flush(),
            Output::Zip(zip) => zip.finish()?.flush(),
        }
    }

    fn write_line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write_record(&mut line, cells);
        match &mut self.output {
            Output::Plain(output) => output.write_all(&line)?,
            Output::Zip(zip) => zip.write_all(&line)?,
        }
        self.line = line;
        Ok(())
    }
}

impl<W: Write + Seek> RowWriter for CsvRows<W> {
    fn file(&mut self, _index: u16, file: &FileInfo) -> io::Result<()> {
        match &mut self.output {
            Output::Plain(output) => output.write_all(MARK)?,
            Output::Zip(zip) => {
                let options =
                    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
                zip.start_file(file.name.as_str(), options)?;
                zip.write_all(MARK)?;
            }
        }
        let ours = [words::ROW, words::ERRORS, words::WARNINGS];
        let ours = ours.map(|text| say(text, self.language));
        let header = file.header.iter().map(String::as_str);
        self.write_line(ours.into_iter().chain(header))
    }

    fn row(&mut self, row: u32, cells: &[&str], marks: &[Mark]) -> io::Result<()> {
        self.rows += 1;
        let row = row.to_string();
        let errors = lines(marks, Severity::Error, self.language).join("；");
        let warnings = lines(marks, Severity::Warning, self.language).join("；");
        // Ours stand first, so that a row with too few or too many cells is one again when it comes back.
        let ours = [row.as_str(), errors.as_str(), warnings.as_str()];
        self.write_line(ours.into_iter().chain(cells.iter().copied()))
    }
}

/// Appends a record, with CRLF as spreadsheets write it. What holds blanks at its ends or a tab is quoted too, since some readers split at tabs.
pub(super) fn write_record<'a>(line: &mut Vec<u8>, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        let cell = neutralised(cell);
        if cell.contains([',', '"', '\r', '\n', '\t', ';', ' ']) {
            line.push(b'"');
            line.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            line.push(b'"');
        } else {
            line.extend_from_slice(cell.as_bytes());
        }
    }
    line.extend_from_slice(b"\r\n");
}
