//! Values as findings show them: text, cut after so many characters.

use std::borrow::Cow;

use crate::decode::{TextEncoding, utf8_characters};

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
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(shown_part(value)),
        Cow::Owned(mut value) => {
            value.truncate(shown_part(&value).len());
            Cow::Owned(value)
        }
    }
}

/// The part of a value that findings show.
#[inline]
pub(crate) fn shown_part(value: &str) -> &str {
    // A character has at least one byte: most values are not counted.
    if value.len() <= SHOWN {
        value
    } else {
        &value[..end_of_shown(value)]
    }
}

/// Where the part of a value that is shown ends.
#[inline(never)]
fn end_of_shown(value: &str) -> usize {
    /// Characters that are sooner gone back over than counted up to.
    const FEW: usize = 16;
    let beginning = &value[..value.floor_char_boundary(SHOWN_BYTES)];
    let characters = utf8_characters(beginning.as_bytes());
    if let Some(beyond) = characters.checked_sub(SHOWN)
        && beyond <= FEW
    {
        let last = beginning.char_indices().rev().take(beyond).last();
        return last.map_or(beginning.len(), |(place, _)| place);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_after_so_many_characters_whatever_their_length() {
        for character in ["a", "é", "药", "\u{20000}"] {
            for count in [1, 66, 199, 200, 201, 214, 215, 216, 217, 350, 1_000] {
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
