//! Characters that nobody sees: copied from web pages and documents, they stand around values or inside them.

use crate::decode::TextEncoding;

/// An invisible character in the two encodings rows come in.
struct Known {
    character: char,
    utf8: &'static [u8],
    gb18030: &'static [u8],
    zh: &'static str,
    en: &'static str,
}

const fn known(
    character: char,
    utf8: &'static [u8],
    gb18030: &'static [u8],
    zh: &'static str,
    en: &'static str,
) -> Known {
    Known {
        character,
        utf8,
        gb18030,
        zh,
        en,
    }
}

const KNOWN: [Known; 8] = [
    known(
        '\u{3000}',
        b"\xe3\x80\x80",
        b"\xa1\xa1",
        "全角空格",
        "ideographic space",
    ),
    known(
        '\u{a0}',
        b"\xc2\xa0",
        b"\x81\x30\x84\x32",
        "不间断空格",
        "no-break space",
    ),
    known(
        '\u{200b}',
        b"\xe2\x80\x8b",
        b"\x81\x36\xa4\x37",
        "零宽空格",
        "zero width space",
    ),
    known(
        '\u{200c}',
        b"\xe2\x80\x8c",
        b"\x81\x36\xa4\x38",
        "零宽不连字",
        "zero width non-joiner",
    ),
    known(
        '\u{200d}',
        b"\xe2\x80\x8d",
        b"\x81\x36\xa4\x39",
        "零宽连字",
        "zero width joiner",
    ),
    known(
        '\u{feff}',
        b"\xef\xbb\xbf",
        b"\x84\x31\x95\x33",
        "字节顺序标记",
        "byte order mark",
    ),
    known(
        '\u{2060}',
        b"\xe2\x81\xa0",
        b"\x81\x36\xab\x36",
        "单词连接符",
        "word joiner",
    ),
    // Read as U+3000 too.
    known(
        '\u{3000}',
        b"\xe3\x80\x80",
        b"\xa3\xa0",
        "全角空格",
        "ideographic space",
    ),
];

/// What was put up with in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    /// Values and headers.
    pub(crate) count: u64,
    /// Row, column and character of the first.
    pub(crate) first: Option<(u32, u16, char)>,
}

impl Seen {
    /// One more.
    pub(crate) fn add(&mut self, row: u32, column: u16, character: char) {
        self.count += 1;
        let place = (row, column, character);
        // Columns are judged one after the other: what is found later may stand before.
        if self.first.is_none_or(|first| place < first) {
            self.first = Some(place);
        }
    }

    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            first: self.first.into_iter().chain(other.first).min(),
        }
    }
}

/// A value without the invisible characters and blanks around it: bytes left out in front, the rest, and the first
/// character left out.
pub(crate) fn trim(bytes: &[u8], encoding: TextEncoding) -> (usize, &[u8], Option<char>) {
    let form = |known: &Known| match encoding {
        TextEncoding::Gb18030 => known.gb18030,
        _ => known.utf8,
    };
    let mut character = None;
    let mut rest = bytes.trim_ascii_start();
    while let Some((known, more)) = KNOWN
        .iter()
        .find_map(|known| Some((known, rest.strip_prefix(form(known))?)))
    {
        character = character.or(Some(known.character));
        rest = more.trim_ascii_start();
    }
    let front = bytes.len() - rest.len();
    rest = rest.trim_ascii_end();
    while let Some((known, more)) = KNOWN
        .iter()
        .find_map(|known| Some((known, rest.strip_suffix(form(known))?)))
    {
        character = character.or(Some(known.character));
        rest = more.trim_ascii_end();
    }
    (front, rest, character)
}

/// Whether the value begins or ends with one; asks little of the others.
#[inline]
pub(crate) fn stands_around(bytes: &[u8], encoding: TextEncoding) -> bool {
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let may = matches!(first, 0x81 | 0x84 | 0xa1 | 0xa3 | 0xc2 | 0xe2 | 0xe3 | 0xef)
        || matches!(last, 0x32 | 0x33 | 0x36..=0x39 | 0x80 | 0x8b..=0x8d | 0xa0 | 0xa1 | 0xbf);
    may && !bytes.is_ascii() && trim(bytes, encoding).2.is_some()
}

/// Whether there is nothing else in the value; asks little of the others.
#[inline]
pub(crate) fn is_all(bytes: &[u8], encoding: TextEncoding) -> bool {
    bytes
        .first()
        .is_some_and(|first| matches!(first, 0x81 | 0x84 | 0xa1 | 0xa3 | 0xc2 | 0xe2 | 0xe3 | 0xef))
        && trim(bytes, encoding).1.is_empty()
}

/// Whether it is one of them.
pub(crate) fn is_invisible(character: char) -> bool {
    KNOWN.iter().any(|known| known.character == character)
}

/// The first of them in a text: which character of the text it is, from 1, and which it is.
pub(crate) fn inside(text: &str) -> Option<(usize, char)> {
    (1..)
        .zip(text.chars())
        .find(|(_, character)| is_invisible(*character))
}

/// The text with blanks that are seen, and without what has no width.
pub(crate) fn without(text: &str) -> String {
    text.chars()
        .filter_map(|character| match character {
            '\u{a0}' | '\u{3000}' => Some(' '),
            other => (!is_invisible(other)).then_some(other),
        })
        .collect()
}

/// Chinese and English name of one, each with its number.
pub(crate) fn names(character: char) -> (String, String) {
    let number = u32::from(character);
    KNOWN
        .iter()
        .find(|known| known.character == character)
        .map_or_else(Default::default, |known| {
            (
                format!("{}（U+{number:04X}）", known.zh),
                format!("{} (U+{number:04X})", known.en),
            )
        })
}

/// The detail of a finding that says where one stands.
pub(crate) fn detail((place, character): (usize, char)) -> String {
    format!("invisible {place} {:04X}", u32::from(character))
}

/// What such a detail says in Chinese and English.
pub(crate) fn told(detail: &str) -> Option<(String, String)> {
    let (place, number) = detail.strip_prefix("invisible ")?.split_once(' ')?;
    let character = char::from_u32(u32::from_str_radix(number, 16).ok()?)?;
    let (zh, en) = names(character);
    Some((
        format!("第{place}个字符是看不见的{zh}，请删除"),
        format!("character {place} is an invisible {en}; delete it"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_character() {
        for known in &KNOWN {
            let text = known.character.to_string();
            assert_eq!(known.utf8, text.as_bytes());
            let (text_again, _, _) = encoding_rs::GB18030.decode(known.gb18030);
            assert_eq!(text_again, text, "{:?}", known.character);
            for (encoding, bytes) in [
                (TextEncoding::Utf8, known.utf8),
                (TextEncoding::Gb18030, known.gb18030),
            ] {
                assert!(is_all(bytes, encoding) && stands_around(bytes, encoding));
                let around = [bytes, b" ", bytes, b"01\t", bytes].concat();
                let found = trim(&around, encoding);
                let front = 2 * bytes.len() + 1;
                assert_eq!(found, (front, &b"01"[..], Some(known.character)));
                assert!(stands_around(&around, encoding) && !is_all(&around, encoding));
                assert!(stands_around(&around[front..], encoding));
            }
        }
    }

    #[test]
    fn an_end_of_a_character_is_none() {
        // In GBK, 啊 is B0 A1 and 、 is A1 A2.
        for text in ["啊", "、甲、", "张三", "A1", "路罗"] {
            let (bytes, _, _) = encoding_rs::GB18030.encode(text);
            let (front, rest, character) = trim(&bytes, TextEncoding::Gb18030);
            assert_eq!((front, rest, character), (0, &bytes[..], None), "{text}");
            assert!(!stands_around(&bytes, TextEncoding::Gb18030));
            assert!(!stands_around(text.as_bytes(), TextEncoding::Utf8));
        }
    }
}
