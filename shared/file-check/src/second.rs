//! Files that are two things at once.

use memchr::memmem;

use crate::{MediaType, Refusal};

/// Long enough never to occur by chance in the compressed data of a file of this size.
const SCRIPTS: [&[u8]; 6] = [
    b"<script",
    b"<!doctype",
    b"<iframe",
    b"<?php ",
    b"<object ",
    b"javascript:",
];
/// How far into a file readers of PDF look for its header.
const PDF_HEADER_WITHIN: usize = 1024;
/// The last record of a zip without comment, and with the longest one.
const ZIP_END: usize = 22;
const ZIP_COMMENT: usize = 0xFFFF;

/// Refuses a file that holds something else, within or behind its `end`.
pub(crate) fn refuse(bytes: &[u8], end: usize, media_type: MediaType) -> Result<(), Refusal> {
    let behind = bytes.get(end..).unwrap_or_default();
    let found = holds_script(bytes)
        || is_zip(bytes)
        || starts_something(behind)
        || (media_type != MediaType::Pdf && is_pdf(bytes));
    if found {
        Err(Refusal::SecondFile)
    } else {
        Ok(())
    }
}

/// A browser that guesses may take a file for a page if it finds markup in it.
fn holds_script(bytes: &[u8]) -> bool {
    memchr::memchr3_iter(b'<', b'j', b'J', bytes).any(|at| {
        SCRIPTS.iter().any(|script| {
            let found = bytes.get(at..at + script.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(script))
        })
    })
}

/// Archives are read from their end, so that anything may stand before them.
fn is_zip(bytes: &[u8]) -> bool {
    let from = bytes.len().saturating_sub(ZIP_END + ZIP_COMMENT);
    let tail = bytes.get(from..).unwrap_or_default();
    memmem::find_iter(tail, b"PK\x05\x06").any(|at| {
        let comment = tail.get(at + 20..at + ZIP_END);
        let comment = comment.map(|c| {
            c.iter()
                .rev()
                .fold(0, |n, byte| n << 8 | usize::from(*byte))
        });
        comment.is_some_and(|comment| at + ZIP_END + comment <= tail.len())
    })
}

fn is_pdf(bytes: &[u8]) -> bool {
    let head = bytes.get(..PDF_HEADER_WITHIN.min(bytes.len()));
    head.is_some_and(|head| memmem::find(head, b"%PDF-").is_some())
}

/// What telephones append to a photograph is a second photograph, or a table of theirs.
fn starts_something(behind: &[u8]) -> bool {
    let magics: [&[u8]; 6] = [b"MZ", b"\x7FELF", b"#!", b"Rar!", b"7z\xBC\xAF", b"%PDF-"];
    let at_start = behind.trim_ascii_start();
    magics.iter().any(|magic| at_start.starts_with(magic))
        || memmem::find(behind, b"PK\x03\x04").is_some()
        || memmem::find(behind, b"%PDF-").is_some()
        || memmem::find(behind, b"Rar!\x1A\x07").is_some()
}
