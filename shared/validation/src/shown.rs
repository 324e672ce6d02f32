//! Values as findings show them: cut to 200 characters, and decoded.

use std::borrow::Cow;

use encoding_rs::GB18030;

use crate::cells::Pending;
use crate::decode::{TextEncoding, utf8_characters};
use crate::parse::Rows;

/// Characters of a value that a finding shows.
const SHOWN: usize = 200;

/// Bytes that [`SHOWN`] characters have at most, in every encoding read here.
const SHOWN_BYTES: usize = 4 * SHOWN;

/// The value of a cell as findings show it.
pub(crate) fn shown_cell(bytes: &[u8], encoding: TextEncoding) -> Cow<'_, str> {
    // What stands behind is not shown, so it need not be decoded.
    let beginning = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    shown(encoding.decode(beginning))
}

/// A value as findings show it.
pub(crate) fn shown(value: Cow<'_, str>) -> Cow<'_, str> {
    // A character has at least one byte: most values are not counted.
    if value.len() <= SHOWN {
        return value;
    }
    let end = end_of_shown(&value);
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(&value[..end]),
        Cow::Owned(mut value) => {
            value.truncate(end);
            Cow::Owned(value)
        }
    }
}

/// Where the part of a value that is shown ends.
fn end_of_shown(value: &str) -> usize {
    let mut characters = 0;
    let mut start = 0;
    // Many bytes at a time, then a few, up to those in which the first character too many begins.
    for size in [64, 8] {
        while let Some(part) = value.as_bytes().get(start..start + size) {
            let more = utf8_characters(part);
            if characters + more > SHOWN {
                break;
            }
            characters += more;
            start += size;
        }
    }
    let mut begins = (start..value.len()).filter(|place| value.is_char_boundary(*place));
    begins.nth(SHOWN - characters).unwrap_or(value.len())
}

/// Stands between values that are decoded together. It is a part of no character in the encodings rows come in.
const BETWEEN: u8 = 0x1f;

/// The values that the findings of some rows show, decoded together: to begin takes a decoder longer than a short text.
#[derive(Debug, Default)]
pub(crate) struct ShownValues {
    text: String,
    /// For each finding where its value begins; and where one more would.
    starts: Vec<u32>,
}

impl ShownValues {
    /// Takes the values of findings, in their order.
    pub(crate) fn read<'f>(
        &mut self,
        rows: &Rows<'_>,
        findings: impl Iterator<Item = &'f Pending>,
    ) {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        self.starts.clear();
        for pending in findings {
            self.starts.push(bytes.len() as u32);
            let value = value_of(rows, pending);
            if fits(value) {
                bytes.extend_from_slice(value);
            }
            bytes.push(BETWEEN);
        }
        self.starts.push(bytes.len() as u32);
        // Where some value is no text, none is read here, and each is by itself.
        match rows.encoding {
            TextEncoding::Gb18030 => self.decode(&bytes),
            _ => self.text = String::from_utf8(bytes).unwrap_or_default(),
        }
    }

    fn decode(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() {
            self.text = String::from_utf8(bytes.to_vec()).unwrap_or_default();
            return;
        }
        let decoded = GB18030.decode_without_bom_handling_and_without_replacement(bytes);
        let Some(Cow::Owned(text)) = decoded else {
            return;
        };
        let ends = memchr::memchr_iter(BETWEEN, text.as_bytes());
        let mut ended = 0;
        for (start, end) in self.starts.iter_mut().skip(1).zip(ends) {
            *start = end as u32 + 1;
            ended += 1;
        }
        // A value that has such a byte itself would move all behind it.
        if ended + 1 == self.starts.len() && self.starts.last() == Some(&(text.len() as u32)) {
            self.text = text;
        }
    }

    /// The value of a finding, by its number among those read.
    #[inline]
    pub(crate) fn value<'v>(
        &'v self,
        number: usize,
        rows: &Rows<'v>,
        pending: &Pending,
    ) -> Cow<'v, str> {
        let bytes = value_of(rows, pending);
        if let [start, next] = self.starts[number..number + 2]
            && fits(bytes)
            && let Some(text) = self.text.get(start as usize..next as usize - 1)
        {
            return Cow::Borrowed(text);
        }
        shown_cell(bytes, rows.encoding)
    }
}

/// Whether a value is shown as it is, and need not be cut.
fn fits(bytes: &[u8]) -> bool {
    bytes.len() <= SHOWN
}

/// The bytes a finding was made of; none where it is of the whole record.
#[inline]
fn value_of<'r>(rows: &Rows<'r>, pending: &Pending) -> &'r [u8] {
    pending.column.map_or(&[], |column| {
        rows.row(usize::from(pending.index)).bytes(usize::from(column))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_after_so_many_characters_whatever_their_length() {
        for character in ["a", "é", "药", "\u{20000}"] {
            for count in [1, 66, 199, 200, 201, 350, 1_000] {
                let value = format!("x{}", character.repeat(count));
                let cut: String = value.chars().take(SHOWN).collect();
                assert_eq!(shown(Cow::Borrowed(&value)), cut);
                assert_eq!(shown(Cow::Owned(value.clone())), cut);
                assert_eq!(shown_cell(value.as_bytes(), TextEncoding::Utf8), cut);
                let (gb18030, _, _) = encoding_rs::GB18030.encode(&value);
                assert_eq!(shown_cell(&gb18030, TextEncoding::Gb18030), cut);
            }
        }
    }

    #[test]
    fn what_is_no_text_is_shown_as_its_whole_would_be() {
        for encoding in [TextEncoding::Utf8, TextEncoding::Gb18030] {
            for odd in [&b"\xff"[..], b"\xe8\xa0", b"\x81\x30\x81", b"\xf0\x9f\x98"] {
                for before in 0..4 {
                    let mut value = vec![b'a'; before];
                    value.extend(odd.repeat(900));
                    let whole = shown(encoding.decode(&value)).into_owned();
                    assert_eq!(shown_cell(&value, encoding), whole);
                }
            }
        }
    }
}
