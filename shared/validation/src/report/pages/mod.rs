//! Findings as the table keeps them: in order, a few thousand to a page, each page one item.
//!
//! One item for each bad record would cost some 228 times the table's write units. A page is coded by models of its own
//! (`coder`, `codec`) rather than by a general compressor: on the same findings (one record in twenty bad, the mix of the test
//! below) that comes to 3.9 bytes for each bad record, against 4.3 with zstd 19, 4.7 with deflate, 4.8 with zstd 3 and 6.2
//! with lz4, all of them over columns sorted by rule and transposed by place; and it is safe code that a browser can run.
//!
//! A page keeps the value of each finding, so that a list can be shown without the archive. Values, details and suggestions beyond
//! 60 characters are cut (a list shows no more; the whole text stands in the report, which is made from the archive).

mod codec;
mod coder;
mod select;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::codec::{Codec, SHAPES, Shape};
use self::coder::{Decoder, Encoder};
use crate::Finding;

pub use self::select::{Filter, PageRead, Selection, select};

/// Written first in every page; a reader of the future tells by it what follows.
const VERSION: u8 = 1;
/// Findings after which a page ends with the row.
const FINDINGS: u32 = 4096;
/// Bytes after which a page ends with the row.
const BYTES: usize = 96 * 1024;
/// Findings after which it ends within a row.
const MOST_FINDINGS: u32 = 8192;
/// Bytes after which it ends within a row; an item of the table holds 400 KB at most.
const MOST_BYTES: usize = 256 * 1024;
/// Bytes of text that a page comes to at most when it is read.
const MOST_TEXT: usize = 4 * 1024 * 1024;

/// What a page holds, without the findings: enough to tell whether a filtered list needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHead {
    /// Number of the page, from 0.
    pub number: u32,
    /// Ordinal of its first finding among all of the upload, from 0.
    pub first: u64,
    /// Findings in it.
    pub findings: u32,
    /// Findings by file, rule and field.
    pub counts: Vec<PageCount>,
}

impl PageHead {
    /// Ordinal of the last finding.
    pub fn last(&self) -> u64 {
        self.first + u64::from(self.findings.max(1)) - 1
    }
}

/// Findings of a page of one file, rule and field. The rule tells the severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCount {
    /// Index of the file.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub file: Option<u16>,
    /// Index of the rule in the standard.
    #[serde(rename = "r")]
    pub rule: u16,
    /// Index of the field in the file's kind.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub field: Option<u16>,
    /// Findings.
    #[serde(rename = "n")]
    pub findings: u32,
}

/// A finished page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it holds.
    pub head: PageHead,
    /// The findings, for [`decode`].
    pub bytes: Vec<u8>,
}

/// Why bytes are no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PageError {
    /// Written by a later version of this program.
    #[error("findings page of version `{0}`")]
    Version(u8),
    /// Cut off or altered.
    #[error("damaged findings page")]
    Damaged,
}

/// Packs findings, in the order in which the check hands them out, into pages.
#[derive(Debug)]
pub struct PageWriter {
    codec: Codec<Encoder>,
    counts: BTreeMap<(Option<u16>, u16, Option<u16>), u32>,
    number: u32,
    first: u64,
    findings: u32,
    place: (Option<u16>, Option<u32>),
}

impl Default for PageWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl PageWriter {
    /// A writer at its first page.
    pub fn new() -> Self {
        Self {
            codec: Codec::new(Encoder::new()),
            counts: BTreeMap::new(),
            number: 0,
            first: 0,
            findings: 0,
            place: (None, None),
        }
    }

    /// Adds a finding; answers the page before it once that is full. Findings of a row stay together.
    pub fn push(&mut self, finding: &Finding<'_>) -> Option<Page> {
        let place = (finding.file, finding.row);
        let bytes = self.codec.symbols.coder.len();
        let full = (self.findings >= FINDINGS || bytes >= BYTES) && place != self.place
            || self.findings >= MOST_FINDINGS
            || bytes >= MOST_BYTES
            || self.codec.shapes.len() >= SHAPES
            || self.codec.text_bytes >= MOST_TEXT - 4096;
        let page = if full { self.take() } else { None };
        self.place = place;
        let shape = Shape::of(finding);
        *self
            .counts
            .entry((shape.file, shape.rule, shape.field))
            .or_default() += 1;
        // An encoder answers what it was given; only a decoder meets what it cannot be.
        let _ = self.codec.finding(finding);
        self.findings += 1;
        page
    }

    /// The last page, if any finding waits for it.
    pub fn finish(mut self) -> Option<Page> {
        self.take()
    }

    fn take(&mut self) -> Option<Page> {
        if self.findings == 0 {
            return None;
        }
        let codec = std::mem::replace(&mut self.codec, Codec::new(Encoder::new()));
        let body = codec.symbols.coder.finish();
        let mut bytes = Vec::with_capacity(body.len() + 9);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.findings.to_le_bytes());
        let mut sum = crc32fast::Hasher::new();
        sum.update(&bytes);
        sum.update(&body);
        bytes.extend_from_slice(&sum.finalize().to_le_bytes());
        bytes.extend_from_slice(&body);
        let counts = std::mem::take(&mut self.counts)
            .into_iter()
            .map(|((file, rule, field), findings)| PageCount {
                file,
                rule,
                field,
                findings,
            })
            .collect();
        let head = PageHead {
            number: self.number,
            first: self.first,
            findings: self.findings,
            counts,
        };
        self.number += 1;
        self.first += u64::from(self.findings);
        self.findings = 0;
        Some(Page { head, bytes })
    }
}

/// The findings of a page.
///
/// # Errors
/// When the bytes are no page. Memory is bounded whatever they are.
pub fn decode(bytes: &[u8]) -> Result<Vec<Finding<'static>>, PageError> {
    let (&version, _) = bytes.split_first().ok_or(PageError::Damaged)?;
    if version != VERSION {
        return Err(PageError::Version(version));
    }
    let (head, rest) = bytes.split_first_chunk::<5>().ok_or(PageError::Damaged)?;
    let (sum, body) = rest.split_first_chunk::<4>().ok_or(PageError::Damaged)?;
    let mut expected = crc32fast::Hasher::new();
    expected.update(head);
    expected.update(body);
    let [_, count @ ..] = *head;
    let findings = u32::from_le_bytes(count);
    if expected.finalize() != u32::from_le_bytes(*sum) || findings > MOST_FINDINGS {
        return Err(PageError::Damaged);
    }
    let mut codec = Codec::new(Decoder::new(body));
    let nothing = Finding {
        file: None,
        row: None,
        column: None,
        field: None,
        rule: 0,
        value: Cow::Borrowed(""),
        detail: None,
        suggestion: None,
    };
    let mut read = Vec::with_capacity(findings as usize);
    for _ in 0..findings {
        read.push(codec.finding(&nothing).map_err(|_| PageError::Damaged)?);
        if codec.text_bytes > MOST_TEXT {
            return Err(PageError::Damaged);
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests;
