//! Findings as people and programs take them away: the hospital's own rows as CSV and XLSX, a list, JSON, and pages for the table.
//!
//! A report is made by checking the stored archive again, with a sink that writes instead of one that stores: so nothing has to be kept
//! for it, it always fits the archive, and memory stays flat. Reports of rows check twice, since some findings (links between files)
//! come after their row has gone by.

mod csv;
mod json;
mod list;
pub(crate) mod neutral;
pub mod pages;
mod rows;
mod words;
#[cfg(feature = "workbook")]
pub(crate) mod workbook;
#[cfg(feature = "workbook")]
mod xlsx;

use std::io::{self, Read, Seek, Write};

use thiserror::Error;

use self::csv::CsvRows;
use self::json::{FindingReport, FindingWriter, JsonWriter};
use self::list::ListWriter;
use self::rows::{Late, RowReport};
use crate::{CheckError, Finding, Language, Settings, Summary, check};

pub use self::rows::Rows;

/// What a report is to hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Language of its texts.
    pub language: Language,
    /// Which rows a report of rows holds.
    pub rows: Rows,
    /// Findings judged elsewhere, with earlier uploads at hand ([`crate::Links::Deferred`]).
    pub elsewhere: &'a [Finding<'a>],
}

/// A report that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the check came to.
    pub summary: Summary,
    /// A name for the file, with its ending.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Rows written, where it is a report of rows.
    pub rows: u64,
    /// Rows that did not fit; the report says so.
    pub rows_left_out: u64,
}

/// Why a report could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The archive could not be read.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The report's bytes could not be written.
    #[error("the report could not be written")]
    Write(#[from] io::Error),
}

/// The hospital's own rows as CSV, behind our columns `#行号`, `#错误`, `#提示`; a ZIP of them when the upload holds several files.
/// Can be mended and sent again as it is.
///
/// # Errors
/// When the archive cannot be read or the output not written.
pub fn csv<R: Read + Seek, W: Write + Seek>(
    file_name: &str,
    mut archive: R,
    settings: &Settings<'_>,
    options: &Options<'_>,
    output: W,
) -> Result<Report, ReportError> {
    let (late, first) = late(file_name, &mut archive, settings, options)?;
    let is_zipped = first.files.len() > 1;
    let writer = CsvRows::new(output, is_zipped, options.language);
    let mut sink = RowReport::new(
        settings.standard,
        options.language,
        options.rows,
        &late.findings,
        writer,
    );
    let result = check(file_name, archive, settings, &mut sink);
    let (writer, _) = sink.finish()?;
    let summary = result?;
    let rows = writer.rows;
    writer.finish()?;
    let (name, media_type) = match (is_zipped, summary.files.first()) {
        (false, Some(file)) => (
            named(&file.info.name, options.language, "csv"),
            "text/csv; charset=utf-8",
        ),
        (false, None) => (
            named(file_name, options.language, "csv"),
            "text/csv; charset=utf-8",
        ),
        (true, _) => (named(file_name, options.language, "zip"), "application/zip"),
    };
    Ok(Report {
        summary,
        name,
        media_type,
        rows,
        rows_left_out: 0,
    })
}

/// The hospital's own rows as a workbook: one sheet for each file, bad cells coloured and explained, a summary in front.
/// Can be mended and sent again as it is.
///
/// # Errors
/// When the archive cannot be read or the output not written.
#[cfg(feature = "workbook")]
pub fn xlsx<R: Read + Seek, W: Write + Send>(
    file_name: &str,
    mut archive: R,
    settings: &Settings<'_>,
    options: &Options<'_>,
    output: W,
) -> Result<Report, ReportError> {
    let (late, _) = late(file_name, &mut archive, settings, options)?;
    let writer = xlsx::XlsxRows::new(settings.standard, options.language)?;
    let mut sink = RowReport::new(
        settings.standard,
        options.language,
        options.rows,
        &late.findings,
        writer,
    );
    let result = check(file_name, archive, settings, &mut sink);
    let (writer, whole) = sink.finish()?;
    let summary = result?;
    let (rows, rows_left_out) = (writer.rows, writer.rows_left_out);
    writer.finish(file_name, &summary, &whole, late.left_out, output)?;
    Ok(Report {
        summary,
        name: named(file_name, options.language, "xlsx"),
        media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        rows,
        rows_left_out,
    })
}

/// All findings as a CSV list, one line each.
///
/// # Errors
/// When the archive cannot be read or the output not written.
pub fn list<R: Read + Seek, W: Write>(
    file_name: &str,
    archive: R,
    settings: &Settings<'_>,
    options: &Options<'_>,
    output: W,
) -> Result<Report, ReportError> {
    let writer = ListWriter {
        output,
        language: options.language,
    };
    let (mut writer, summary) = findings(file_name, archive, settings, options, writer)?;
    writer.output.flush()?;
    Ok(Report {
        summary,
        name: named(file_name, options.language, "csv"),
        media_type: "text/csv; charset=utf-8",
        rows: 0,
        rows_left_out: 0,
    })
}

/// The summary and all findings as one JSON object.
///
/// # Errors
/// When the archive cannot be read or the output not written.
pub fn json<R: Read + Seek, W: Write>(
    file_name: &str,
    archive: R,
    settings: &Settings<'_>,
    options: &Options<'_>,
    output: W,
) -> Result<Report, ReportError> {
    let writer = JsonWriter::new(output);
    let (writer, summary) = findings(file_name, archive, settings, options, writer)?;
    writer.end(&summary)?;
    Ok(Report {
        summary,
        name: named(file_name, options.language, "json"),
        media_type: "application/json",
        rows: 0,
        rows_left_out: 0,
    })
}

fn findings<R: Read + Seek, W: FindingWriter>(
    file_name: &str,
    archive: R,
    settings: &Settings<'_>,
    options: &Options<'_>,
    writer: W,
) -> Result<(W, Summary), ReportError> {
    let mut sink = FindingReport::new(settings.standard, options.language, writer);
    let result = check(file_name, archive, settings, &mut sink);
    let failed = sink.failure();
    match (result, failed) {
        (_, Some(failure)) => Err(failure.into()),
        (Err(error), None) => Err(error.into()),
        (Ok(summary), None) => Ok((sink.finish(&summary, options.elsewhere)?, summary)),
    }
}

fn late<R: Read + Seek>(
    file_name: &str,
    archive: &mut R,
    settings: &Settings<'_>,
    options: &Options<'_>,
) -> Result<(Late, Summary), ReportError> {
    let mut late = Late::default();
    let summary = check(file_name, &mut *archive, settings, &mut late)?;
    for finding in options.elsewhere {
        late.add(finding);
    }
    archive.rewind()?;
    Ok((late, summary))
}

// The name still begins as the standard wants it, so the file can be sent under it.
fn named(file_name: &str, language: Language, ending: &str) -> String {
    let stem = file_name
        .rsplit_once('.')
        .map_or(file_name, |(stem, _)| stem);
    let suffix = match language {
        Language::Chinese => "错误",
        Language::English => "errors",
    };
    // Sent, found faulty and taken away again it keeps the name it has.
    let stem = stem
        .strip_suffix(suffix)
        .and_then(|stem| stem.strip_suffix('_'))
        .unwrap_or(stem);
    format!("{stem}_{suffix}.{ending}")
}

#[cfg(test)]
mod tests;
