//! The ZIP around a code file.

use std::io::{Cursor, Read};

use encoding_rs::GB18030;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{IcdLimits, IcdProblem};

/// The one file of the ZIP.
pub(super) struct CodeFileBytes {
    pub(super) name: String,
    pub(super) form: Form,
    pub(super) bytes: Vec<u8>,
}

/// What the file is, by its content where that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Xls,
    Xlsx,
}

/// The forms of a workbook.
#[cfg(feature = "workbook")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkbookForm {
    Xls,
    Xlsx,
}

/// Entries looked at; what unpacks a single file has no use for more.
const ENTRIES: usize = 1_000;

/// Takes the one file out.
pub(super) fn open(archive: &[u8], limits: &IcdLimits) -> Result<CodeFileBytes, IcdProblem> {
    if archive.len() > limits.archive_bytes {
        return Err(IcdProblem::TooLarge);
    }
    let mut zip = ZipArchive::new(Cursor::new(archive)).map_err(|_| IcdProblem::NotZip)?;
    if zip.len() > ENTRIES {
        return Err(IcdProblem::TooLarge);
    }
    let mut files = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|_| IcdProblem::NotZip)?;
        let name = shown_name(entry.name_raw());
        let leaf = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let added_by_a_system =
            name.contains("__MACOSX") || leaf.starts_with("._") || leaf == ".DS_Store";
        if entry.is_file() && !leaf.is_empty() && !added_by_a_system {
            files.push((index, name.clone(), leaf.to_owned()));
        }
    }
    if files
        .iter()
        .any(|(_, name, _)| name == "[Content_Types].xml")
    {
        return Err(IcdProblem::WorkbookItself);
    }
    let (index, name) = match files.as_slice() {
        [] => return Err(IcdProblem::NoFile),
        [(index, _, leaf)] => (*index, leaf.clone()),
        several => {
            let names = several.iter().map(|(_, _, leaf)| leaf.clone()).collect();
            return Err(IcdProblem::SeveralFiles(names));
        }
    };
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    let named = match extension.as_deref() {
        Some("csv") => Form::Csv,
        Some("xls") => Form::Xls,
        Some("xlsx") => Form::Xlsx,
        _ => return Err(IcdProblem::OtherType(name)),
    };
    let entry = zip.by_index(index).map_err(|error| match error {
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword => IcdProblem::Protected,
        _ => IcdProblem::NotZip,
    })?;
    let mut bytes = Vec::new();
    // What is declared may be a lie; what comes out is counted.
    entry
        .take(limits.expanded_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| IcdProblem::NotZip)?;
    if bytes.len() as u64 > limits.expanded_bytes {
        return Err(IcdProblem::TooLarge);
    }
    let form = match (bytes.as_slice(), named) {
        ([b'P', b'K', 3, 4, ..], _) => Form::Xlsx,
        ([0xd0, 0xcf, 0x11, 0xe0, ..], _) => Form::Xls,
        (_, Form::Csv) => Form::Csv,
        _ => return Err(IcdProblem::NotWhatItsNameSays),
    };
    Ok(CodeFileBytes { name, form, bytes })
}

/// Windows tools write names in GBK and say nothing about it.
fn shown_name(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(raw).0.into_owned(),
    }
}
