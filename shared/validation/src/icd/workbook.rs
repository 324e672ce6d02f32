//! A code file as xls or xlsx, read by calamine behind guards: it trusts sizes that a file declares.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Data, DataRef, Reader, SheetVisible, Xls, XlsError, Xlsx};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::rows::Sheet;
use super::{IcdLimits, IcdProblem, biff, compound};

/// Parts of a workbook; a code file has a dozen.
const PARTS: usize = 1_000;

/// Reads an xlsx: part by part, cell by cell, so that neither a sheet's corners nor its declared size allocate anything.
pub(crate) fn xlsx(bytes: &[u8], limits: &IcdLimits) -> Result<Vec<Sheet>, IcdProblem> {
    let parts = expanded(bytes, limits)?;
    contained(|| {
        let mut workbook = Xlsx::new(Cursor::new(parts))
            .map_err(|_: calamine::XlsxError| IcdProblem::Unreadable)?;
        let mut sheets = Vec::new();
        let mut cells = 0;
        let mut kept = 0;
        for name in visible(&workbook) {
            let mut sheet = Sheet {
                name: Some(name.clone()),
                ..Sheet::default()
            };
            // A sheet of charts has no cells to read.
            let Ok(mut reader) = workbook.worksheet_cells_reader(&name) else {
                continue;
            };
            while let Some(cell) = reader.next_cell().map_err(|_| IcdProblem::Unreadable)? {
                cells += 1;
                if cells > limits.cells {
                    return Err(IcdProblem::TooLarge);
                }
                let (row, column) = cell.get_position();
                let row = row.saturating_add(1);
                let column = column as usize;
                kept += match cell.get_value() {
                    DataRef::Empty => 0,
                    DataRef::String(text) => sheet.put(row, column, text),
                    DataRef::SharedString(text) => sheet.put(row, column, text),
                    other => sheet.put(row, column, &Data::from(other.clone()).to_string()),
                };
                // Shared strings again: few bytes may be shown in a million cells.
                if kept > limits.expanded_bytes {
                    return Err(IcdProblem::TooLarge);
                }
            }
            // Rows are written in order; a program that does not keep to it must not hide a repeated code.
            sheet.rows.sort_by_key(|(row, _)| *row);
            sheets.push(sheet);
        }
        Ok(sheets)
    })
}

/// Reads an xls: its workbook stream is taken out, measured and handed on in a container of our own.
pub(crate) fn xls(bytes: &[u8], limits: &IcdLimits) -> Result<Vec<Sheet>, IcdProblem> {
    let container = compound::Container::open(bytes).ok_or(IcdProblem::Unreadable)?;
    let Some(stream) = container
        .stream("Workbook")
        .or_else(|| container.stream("Book"))
    else {
        let protected = container.has("EncryptedPackage");
        return Err(if protected {
            IcdProblem::Protected
        } else {
            IcdProblem::Unreadable
        });
    };
    if !biff::is_bounded(&stream, limits.cells, limits.expanded_bytes) {
        return Err(IcdProblem::TooLarge);
    }
    let rebuilt = compound::build("Workbook", &stream);
    contained(|| {
        let mut workbook = Xls::new(Cursor::new(rebuilt)).map_err(|error| match error {
            XlsError::Password => IcdProblem::Protected,
            _ => IcdProblem::Unreadable,
        })?;
        let mut sheets = Vec::new();
        for name in visible(&workbook) {
            let range = workbook
                .worksheet_range(&name)
                .map_err(|_| IcdProblem::Unreadable)?;
            let mut sheet = Sheet {
                name: Some(name),
                ..Sheet::default()
            };
            let (first_row, first_column) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                let row = (row as u32).saturating_add(first_row).saturating_add(1);
                let column = column + first_column as usize;
                match value {
                    Data::String(text) => sheet.put(row, column, text),
                    other => sheet.put(row, column, &other.to_string()),
                };
            }
            sheets.push(sheet);
        }
        Ok(sheets)
    })
}

/// Names of the sheets that a person sees on opening the file.
fn visible<R: Read + std::io::Seek, W: Reader<R>>(workbook: &W) -> Vec<String> {
    workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect()
}

/// Inflates every part, counting what comes out: a kilobyte of ZIP may declare nothing and hold a gigabyte. What has come
/// out is put together again as it is, so that calamine need not inflate it a second time.
fn expanded(bytes: &[u8], limits: &IcdLimits) -> Result<Vec<u8>, IcdProblem> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| IcdProblem::Unreadable)?;
    if zip.len() > PARTS {
        return Err(IcdProblem::TooLarge);
    }
    let mut left = limits.expanded_bytes;
    let mut parts = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for index in 0..zip.len() {
        let part = zip.by_index(index).map_err(|_| IcdProblem::Unreadable)?;
        let name = part.name().map_err(|_| IcdProblem::Unreadable)?;
        parts
            .start_file(name.to_string(), stored)
            .map_err(|_| IcdProblem::Unreadable)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut parts)
            .map_err(|_| IcdProblem::Unreadable)?;
        left = left.checked_sub(read).ok_or(IcdProblem::TooLarge)?;
    }
    let parts = parts.finish().map_err(|_| IcdProblem::Unreadable)?;
    Ok(parts.into_inner())
}

/// calamine indexes into what a file says without asking in several places (positions of sheets, formulas of xls). A
/// panic there is a file that cannot be read, not the end of the process; memory is bounded before it is called.
fn contained<T>(read: impl FnOnce() -> Result<T, IcdProblem>) -> Result<T, IcdProblem> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(IcdProblem::Unreadable))
}
