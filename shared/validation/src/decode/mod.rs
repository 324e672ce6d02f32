//! Stage 2: which encoding a file is in, and its bytes in a form that can be split.
//!
//! UTF-8 and GB18030 stay as they are, because no byte that structures a CSV is a part of a character in either; only
//! cells that need it are decoded. UTF-16 is turned into UTF-8 on the way.

mod gb18030;
mod text_buffer;
mod text_reader;

pub(crate) use text_buffer::TextBuffer;
pub(crate) use text_reader::TextReader;

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

/// Bytes up to which the standard library is faster than a decoder made for long texts.
const SHORT: usize = 64;

/// Encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TextEncoding {
    /// Nothing but ASCII so far.
    #[default]
    Ascii,
    /// UTF-8, with or without mark.
    Utf8,
    /// GB18030, and with it GBK and GB2312.
    Gb18030,
    /// UTF-16, least byte first (Excel's "Unicode text").
    Utf16Le,
    /// UTF-16, greatest byte first.
    Utf16Be,
}

impl TextEncoding {
    /// Name for the summary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ascii | Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// Whether it is UTF-16, which programs rarely write on purpose.
    pub(crate) fn is_utf8(self) -> bool {
        matches!(self, Self::Ascii | Self::Utf8)
    }

    /// Whether its rows were turned into UTF-8.
    pub(crate) fn is_utf16(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    /// Encoding of the rows once the reader has done its part.
    pub(crate) fn of_rows(self) -> &'static Encoding {
        match self {
            Self::Gb18030 => GB18030,
            Self::Ascii | Self::Utf8 | Self::Utf16Le | Self::Utf16Be => UTF_8,
        }
    }

    /// Text of bytes of a row; what is not valid becomes U+FFFD.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        // Nearly all that is asked for is short. Where it is ASCII, a decoder of GB18030 says so at once.
        if bytes.len() <= SHORT
            && self != Self::Gb18030
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        self.of_rows().decode_without_bom_handling(bytes).0
    }

    /// How many characters bytes of a row are, which must be valid text.
    pub(crate) fn characters(self, bytes: &[u8]) -> usize {
        match self {
            Self::Gb18030 => gb18030::characters(bytes),
            _ => utf8_characters(bytes),
        }
    }

    /// Whether bytes of a row are valid text.
    pub(crate) fn is_valid(self, bytes: &[u8]) -> bool {
        self.valid_up_to(bytes) == bytes.len()
    }

    /// How many bytes from the start are valid text.
    pub(crate) fn valid_up_to(self, bytes: &[u8]) -> usize {
        match self {
            Self::Ascii | Self::Utf8 => Encoding::utf8_valid_up_to(bytes),
            Self::Gb18030 => gb18030::valid_up_to(bytes),
            // The reader has put U+FFFD where a surrogate stood alone.
            Self::Utf16Le | Self::Utf16Be => {
                memchr::memmem::find(bytes, "\u{fffd}".as_bytes()).unwrap_or(bytes.len())
            }
        }
    }
}

/// How many characters begin in bytes of UTF-8.
pub(crate) fn utf8_characters(bytes: &[u8]) -> usize {
    // Bytes of the form 10xxxxxx go on with a character. A byte holds the count of each part, so that many are added at once.
    let begins = |byte: &u8| u8::from(byte & 0xc0 != 0x80);
    let parts = bytes.chunks(128);
    parts
        .map(|part| usize::from(part.iter().map(begins).sum::<u8>()))
        .sum()
}

/// The likeliest encoding of bytes that begin with a character beyond ASCII.
fn likeliest(window: &[u8], complete: bool) -> TextEncoding {
    let rest = &window[Encoding::utf8_valid_up_to(window)..];
    if rest.is_empty() || (!complete && is_cut(rest)) {
        return TextEncoding::Utf8;
    }
    let (errors, characters) = utf8_errors(window, complete);
    // GB18030 read as UTF-8 is wrong nearly everywhere, and UTF-8 read as GB18030 hardly anywhere: a few broken
    // characters among good ones are still UTF-8.
    if errors * 4 <= characters || gb18030::errors(window, complete) > errors {
        TextEncoding::Utf8
    } else {
        TextEncoding::Gb18030
    }
}

/// Places that are not UTF-8, and characters beyond ASCII.
fn utf8_errors(bytes: &[u8], complete: bool) -> (usize, usize) {
    let (mut errors, mut characters) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        characters += chunk
            .valid()
            .chars()
            .filter(|character| !character.is_ascii())
            .count();
        errors += usize::from(!chunk.invalid().is_empty());
    }
    let last = bytes.utf8_chunks().last();
    let cut = !complete && last.is_some_and(|chunk| is_cut(chunk.invalid()));
    (errors - usize::from(cut), characters)
}

/// Whether bytes are the beginning of a character.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_cut_inside_a_character_does_not_change_the_choice() {
        let utf8 = "流感病例".as_bytes();
        for end in 1..utf8.len() {
            assert_eq!(likeliest(&utf8[..end], false), TextEncoding::Utf8, "{end}");
        }
        let (gb, _, _) = GB18030.encode("流感病例数据");
        for end in 2..gb.len() {
            assert_eq!(likeliest(&gb[..end], false), TextEncoding::Gb18030, "{end}");
        }
    }

    #[test]
    fn one_broken_character_does_not_turn_utf8_into_gb18030() {
        let mut bytes = "流感病例流感病例流感病例".as_bytes().to_vec();
        bytes[13] = b'?';
        assert_eq!(likeliest(&bytes, true), TextEncoding::Utf8);
    }
}
