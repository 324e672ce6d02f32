use std::fmt;

use crate::Refusal;

/// What a file can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// jpg.
    Jpeg,
    /// png.
    Png,
    /// pdf.
    Pdf,
}

impl MediaType {
    /// As in `Content-Type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// By the first bytes, at the very beginning: readers that look further are what polyglots are made for.
pub(crate) fn recognise(bytes: &[u8]) -> Result<MediaType, Refusal> {
    const KNOWN: [(&[u8], MediaType); 3] = [
        (b"\xFF\xD8\xFF", MediaType::Jpeg),
        (b"\x89PNG\r\n\x1A\n", MediaType::Png),
        (b"%PDF-", MediaType::Pdf),
    ];
    let known = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic));
    known
        .map(|(_, media_type)| *media_type)
        .ok_or_else(|| stranger(bytes))
}

/// What it is instead, so that the reason helps.
fn stranger(bytes: &[u8]) -> Refusal {
    let begins = |magics: &[&[u8]]| magics.iter().any(|magic| bytes.starts_with(magic));
    let program: [&[u8]; 7] = [
        b"MZ",
        b"\x7FELF",
        b"#!",
        b"\xFE\xED\xFA",
        b"\xCF\xFA\xED\xFE",
        b"\xCA\xFE\xBA\xBE",
        b"\xCE\xFA\xED\xFE",
    ];
    let archive: [&[u8]; 5] = [b"PK", b"Rar!", b"7z\xBC\xAF", b"\x1F\x8B", b"\xFD7zXZ"];
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if begins(&program) {
        Refusal::Program
    } else if begins(&archive) {
        Refusal::Archive
    } else if text.trim_ascii_start().starts_with(b"<") {
        Refusal::WebPage
    } else if bytes.get(4..8) == Some(b"ftyp") && is_heif(bytes) {
        Refusal::Heic
    } else {
        Refusal::OtherType
    }
}

/// What iPhones make of photographs unless told otherwise.
fn is_heif(bytes: &[u8]) -> bool {
    let brands = bytes.get(8..40.min(bytes.len())).unwrap_or_default();
    let known: [&[u8]; 5] = [b"heic", b"heix", b"mif1", b"hevc", b"msf1"];
    brands.chunks(4).any(|brand| known.contains(&brand))
}
