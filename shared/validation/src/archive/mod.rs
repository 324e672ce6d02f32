//! Stage 1: opens the ZIP. Everything the directory can tell is judged before the first byte is expanded; what only
//! expanding shows (checksums, lying sizes) is judged while it goes on.

mod directory;
mod entry;
mod form;
mod guard;
mod name;

pub(crate) use guard::Watched;

use std::io::{self, Read, Seek, SeekFrom};

#[cfg(feature = "workbook")]
use crate::report::workbook;
use crate::{Limits, Note, texts};
use directory::Directory;
use entry::{Entry, Role};
use form::Form;

/// Why an upload is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Which rule says so.
    pub(crate) defect: Defect,
    /// Which defect, as a stable code with its own text ([`crate::texts`]).
    pub(crate) detail: &'static str,
    /// Name of the entry at fault.
    pub(crate) entry: String,
}

/// The rule a refusal belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// ZIP-001.
    NotReadable,
    /// ZIP-004.
    NotSafe,
}

impl Refusal {
    fn unreadable(detail: &'static str) -> Self {
        Self {
            defect: Defect::NotReadable,
            detail,
            entry: String::new(),
        }
    }

    fn unsafe_entry(detail: &'static str, entry: &str) -> Self {
        Self {
            defect: Defect::NotSafe,
            detail,
            entry: entry.to_owned(),
        }
    }

    /// Refuses a workbook that is none of our reports.
    pub(crate) fn foreign_workbook() -> Self {
        Self::unreadable("workbook")
    }

    /// Refuses a workbook for what its reader says.
    #[cfg(feature = "workbook")]
    pub(crate) fn workbook(refused: workbook::Refused) -> Self {
        match refused {
            workbook::Refused::NotOurs => Self::foreign_workbook(),
            workbook::Refused::TooLarge => Self::unsafe_entry("expands_too_much", ""),
            workbook::Refused::Damaged => Self::unreadable("damaged_workbook"),
            workbook::Refused::ReaderDied => Self::unreadable("workbook_reader_died"),
            workbook::Refused::ReaderTooLong => Self::unreadable("workbook_reader_too_long"),
        }
    }

    /// Refuses for what reading an entry has shown.
    pub(crate) fn reading(error: &io::Error, entry: &str) -> Self {
        let detail = if let Some(refused) = guard::refused(error) {
            refused
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            "truncated_entry"
        } else {
            "damaged_entry"
        };
        Self::unsafe_entry(detail, entry)
    }
}

/// An upload that has been opened.
pub(crate) enum Upload<R> {
    /// A ZIP of files.
    Zip(Archive<R>),
    /// A report of ours, mended and sent back as a bare CSV.
    Csv(R),
    /// A report of ours, mended and sent back as a workbook.
    Workbook(R),
}

/// A ZIP whose directory is sound.
pub(crate) struct Archive<R> {
    reader: R,
    entries: Vec<Entry>,
    limits: Limits,
    expanded: u64,
}

/// A data file of the archive.
#[derive(Debug, Clone)]
pub(crate) struct DataFile {
    /// Name without folders.
    pub(crate) name: String,
    /// What was put up with in its name.
    pub(crate) notes: Vec<Note>,
    /// Bytes once expanded, as declared.
    pub(crate) size: u64,
    entry: usize,
}

/// Opens an upload, or says why not. The outer error is that of the storage.
pub(crate) fn open<R: Read + Seek>(
    mut reader: R,
    limits: &Limits,
) -> io::Result<Result<Upload<R>, Refusal>> {
    let length = reader.seek(SeekFrom::End(0))?;
    if length > limits.archive_bytes {
        return Ok(Err(Refusal::unreadable("too_large")));
    }
    let form = form::of(&mut reader)?;
    reader.seek(SeekFrom::Start(0))?;
    match form {
        Form::Zip => {}
        Form::Report => return Ok(Ok(Upload::Csv(reader))),
        Form::Other(detail) => return Ok(Err(Refusal::unreadable(detail))),
    }
    let directory = match Directory::read(&mut reader, length, limits)? {
        Ok(directory) => directory,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if directory.is_workbook() {
        return Ok(Ok(Upload::Workbook(reader)));
    }
    if let Err(refusal) = directory.judge(limits) {
        return Ok(Err(refusal));
    }
    Ok(Ok(Upload::Zip(Archive {
        reader,
        entries: directory.entries,
        limits: *limits,
        expanded: 0,
    })))
}

impl<R: Read + Seek> Archive<R> {
    /// The data files, in the order of the archive.
    pub(crate) fn data_files(&self) -> Vec<DataFile> {
        self.files(Role::Data)
    }

    /// The workbooks, which may be reports of ours.
    pub(crate) fn workbooks(&self) -> Vec<DataFile> {
        self.files(Role::Workbook)
    }

    fn files(&self, role: Role) -> Vec<DataFile> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.role == role)
            .map(|(index, entry)| DataFile {
                name: entry.base_name().to_owned(),
                notes: entry.notes(),
                size: entry.size,
                entry: index,
            })
            .collect()
    }

    /// Names of what is neither data nor left behind by an operating system.
    pub(crate) fn foreign_files(&self) -> Vec<String> {
        self.entries
            .iter()
            .filter(|entry| entry.role == Role::Foreign)
            .map(|entry| entry.name.clone())
            .collect()
    }

    /// What was ignored in the archive.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.entries.iter().any(|entry| entry.role == Role::System) {
            notes.push(texts::note("system_files"));
        }
        notes
    }

    /// Bytes expanded so far.
    pub(crate) fn expanded(&self) -> u64 {
        self.expanded
    }

    /// Expands one data file.
    pub(crate) fn expand(&mut self, file: &DataFile) -> io::Result<guard::Expanding<'_, R>> {
        let entry = self
            .entries
            .get(file.entry)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let limit = self.limits.expanded_bytes;
        guard::Expanding::new(&mut self.reader, entry, limit, &mut self.expanded)
    }
}
