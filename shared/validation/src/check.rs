use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek};

use thiserror::Error;

use crate::archive::{self, Archive, DataFile, Defect, Refusal, Upload, Watched};
use crate::file::{self, FileStart, Stop};
use crate::parse::Splitter;
use crate::rules::own::{OwnCheck, OwnRules};
use crate::run::Run;
use crate::{Settings, Sink, Summary};
#[cfg(feature = "workbook")]
use crate::{report::workbook, texts};

/// A check that came to no result. A defect of the data is never one of these: it is a finding.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The sink asked to stop.
    #[error("the check was stopped")]
    Cancelled,
    /// The archive's bytes could not be read from where they are stored.
    #[error("the archive could not be read")]
    Read(#[from] std::io::Error),
}

/// Checks an archive: every record of every file, by every rule that can be judged with what the settings hold.
///
/// `file_name` is the name of the upload, used in findings about the upload as a whole.
///
/// # Errors
/// Only when the sink stops it or the reader fails; whatever the bytes hold, the answer is a summary.
pub fn check<R: Read + Seek>(
    file_name: &str,
    archive: R,
    settings: &Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Summary, CheckError> {
    let own = OwnRules::bind(settings.standard);
    let mut run = Run::new(settings, &own, sink);
    let (reader, failed) = Watched::new(archive);
    let opened = archive::open(reader, &settings.limits)?;
    if failed.get() {
        return Err(io::Error::from(io::ErrorKind::Other).into());
    }
    match opened {
        Ok(Upload::Zip(archive)) => check_files(&mut run, file_name, archive, &failed)?,
        Ok(Upload::Csv(reader)) => check_report(&mut run, file_name, reader)?,
        Ok(Upload::Workbook(reader)) => check_workbook(&mut run, file_name, reader, &failed)?,
        Err(refusal) => refuse(&mut run, file_name, &refusal),
    }
    Ok(run.finish())
}

fn check_files<R: Read + Seek>(
    run: &mut Run<'_>,
    file_name: &str,
    mut archive: Archive<R>,
    failed: &Cell<bool>,
) -> Result<(), CheckError> {
    run.note(archive.notes());
    let foreign_files = archive.foreign_files();
    for foreign in &foreign_files {
        run.file_finding(OwnCheck::OnlyCsv, None, foreign, Some("not_csv"), None);
    }
    let mut workbooks = archive.workbooks().into_iter();
    // Of a workbook in a ZIP, what it expands to counts twice: more than one would be a way to keep the check busy for hours.
    let workbook = workbooks.next();
    for foreign in workbooks {
        run.file_finding(
            OwnCheck::OnlyCsv,
            None,
            &foreign.name,
            Some("not_csv"),
            None,
        );
    }
    let files = archive.data_files();
    if let Some(workbook) = workbook {
        check_packed_workbook(run, &mut archive, &workbook, failed)?;
    } else if files.is_empty() {
        // Where something else lies in it, that has been said by name.
        if foreign_files.is_empty() {
            run.file_finding(OwnCheck::OnlyCsv, None, file_name, Some("no_csv"), None);
        }
        run.upload_unreadable();
    }
    let kinds: Vec<Option<usize>> = files
        .iter()
        .map(|file| kind_of_name(run.settings, &file.name))
        .collect();
    run.expect(&kinds);
    run.progress.bytes_total = files.iter().map(|file| file.size).sum();
    let limit = run.settings.limits.record_bytes;
    for data in &files {
        let start = FileStart {
            kind: kind_of_name(run.settings, &data.name),
            name: data.name.clone(),
            notes: data.notes.clone(),
            size: Some(data.size),
        };
        let before = archive.expanded();
        let result = match archive.expand(data) {
            Ok(reader) => file::check(run, start, &mut Splitter::new(reader, limit)),
            Err(error) => {
                let info = crate::FileInfo {
                    name: start.name,
                    kind: None,
                    header: Vec::new(),
                    columns: Vec::new(),
                };
                let index = run.begin_file(info, start.notes);
                Err(Stop::Damaged { index, error })
            }
        };
        run.progress.bytes += archive.expanded() - before;
        match result {
            Ok(()) => {}
            Err(Stop::Check(error)) => return Err(error),
            Err(Stop::Damaged { error, .. }) if failed.get() => return Err(error.into()),
            Err(Stop::Damaged { index, error }) => {
                let refusal = Refusal::reading(&error, &data.name);
                run.file_finding(
                    check_of(refusal.defect),
                    Some(index),
                    &data.name,
                    Some(refusal.detail),
                    None,
                );
                run.file_unreadable(index);
            }
            Err(Stop::TooManyRecords { index }) => {
                run.file_finding(
                    OwnCheck::SafeStructure,
                    Some(index),
                    &data.name,
                    Some("too_many_records"),
                    None,
                );
                run.file_unreadable(index);
                break;
            }
        }
    }
    Ok(())
}

/// Checks a report of ours that was mended and sent back without a ZIP around it.
fn check_report<R: Read>(run: &mut Run<'_>, file_name: &str, reader: R) -> Result<(), CheckError> {
    let start = FileStart {
        kind: kind_of_name(run.settings, file_name),
        name: file_name.to_owned(),
        notes: Vec::new(),
        size: None,
    };
    let limit = run.settings.limits.record_bytes;
    match file::check(run, start, &mut Splitter::new(reader, limit)) {
        Ok(()) => Ok(()),
        Err(Stop::Check(error)) => Err(error),
        Err(Stop::Damaged { error, .. }) => Err(error.into()),
        Err(Stop::TooManyRecords { index }) => {
            run.file_unreadable(index);
            Ok(())
        }
    }
}

/// Checks a workbook that was packed into a ZIP, as hospitals are used to.
fn check_packed_workbook<R: Read + Seek>(
    run: &mut Run<'_>,
    archive: &mut Archive<R>,
    workbook: &DataFile,
    failed: &Cell<bool>,
) -> Result<(), CheckError> {
    let mut bytes = Vec::new();
    let limit = run.settings.limits.archive_bytes;
    let read = archive
        .expand(workbook)
        .and_then(|entry| entry.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => check_workbook(run, &workbook.name, Cursor::new(bytes), failed),
        Err(error) if failed.get() => Err(error.into()),
        Err(error) => {
            refuse(
                run,
                &workbook.name,
                &Refusal::reading(&error, &workbook.name),
            );
            Ok(())
        }
    }
}

/// Checks a report of ours that was mended and sent back as a workbook.
#[cfg(feature = "workbook")]
fn check_workbook<R: Read + Seek>(
    run: &mut Run<'_>,
    file_name: &str,
    reader: R,
    failed: &Cell<bool>,
) -> Result<(), CheckError> {
    let settings = run.settings;
    let sheets = match workbook::sheets(reader, settings.standard, &settings.limits) {
        Ok(sheets) => sheets,
        Err(_) if failed.get() => return Err(io::Error::from(io::ErrorKind::Other).into()),
        Err(refused) => {
            refuse(run, file_name, &Refusal::workbook(refused));
            return Ok(());
        }
    };
    run.note(vec![texts::note("workbook")]);
    for sheet in sheets {
        check_report(run, &sheet.name, Cursor::new(sheet.csv))?;
    }
    Ok(())
}

/// Without the reader of workbooks there is no reading them.
#[cfg(not(feature = "workbook"))]
fn check_workbook<R: Read + Seek>(
    run: &mut Run<'_>,
    file_name: &str,
    _reader: R,
    _failed: &Cell<bool>,
) -> Result<(), CheckError> {
    refuse(run, file_name, &Refusal::foreign_workbook());
    Ok(())
}

fn refuse(run: &mut Run<'_>, file_name: &str, refusal: &Refusal) {
    let value = if refusal.entry.is_empty() {
        file_name
    } else {
        &refusal.entry
    };
    run.file_finding(
        check_of(refusal.defect),
        None,
        value,
        Some(refusal.detail),
        None,
    );
    run.upload_unreadable();
}

fn check_of(defect: Defect) -> OwnCheck {
    match defect {
        Defect::NotReadable => OwnCheck::ReadableZip,
        Defect::NotSafe => OwnCheck::SafeStructure,
    }
}

/// The kind whose prefix a name begins with, whatever its case.
fn kind_of_name(settings: &Settings<'_>, name: &str) -> Option<usize> {
    settings.standard.kinds.iter().position(|kind| {
        name.get(..kind.prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&kind.prefix))
    })
}
