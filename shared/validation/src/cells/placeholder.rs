use std::sync::LazyLock;

use encoding_rs::GB18030;

use crate::decode::TextEncoding;

/// What people type where they have no name (with digits, which count as well).
const MARKS: &str = "-_.*?/xX—–·。？＊×ＸXx／－无";

static UTF8: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    MARKS
        .chars()
        .map(|mark| mark.to_string().into_bytes())
        .collect()
});
/// First bytes of such marks in either encoding, digits and the blank: what begins with another byte is a name.
static FIRST: LazyLock<[bool; 256]> = LazyLock::new(|| {
    let mut first = [false; 256];
    let marks = UTF8.iter().chain(GB.iter()).filter_map(|mark| mark.first());
    for byte in marks.chain(b"0123456789 ") {
        first[usize::from(*byte)] = true;
    }
    first
});
static GB: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    MARKS
        .chars()
        .map(|mark| GB18030.encode(&mark.to_string()).0.into_owned())
        .collect()
});

/// Whether a name is made of digits and such marks only.
pub(super) fn is_placeholder(name: &[u8], encoding: TextEncoding) -> bool {
    if name.first().is_some_and(|byte| !FIRST[usize::from(*byte)]) {
        return false;
    }
    let marks = if encoding == TextEncoding::Gb18030 {
        &*GB
    } else {
        &*UTF8
    };
    let mut rest = name;
    while let Some(first) = rest.first() {
        if first.is_ascii_digit() || *first == b' ' {
            rest = &rest[1..];
            continue;
        }
        match marks.iter().find(|mark| rest.starts_with(mark)) {
            Some(mark) => rest = &rest[mark.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_placeholders_in_both_encodings() {
        for (name, wanted) in [
            ("测试甲", false),
            ("无名氏", false),
            ("无", true),
            ("123", true),
            ("***", true),
            ("？？", true),
            ("xxx", true),
            ("Max", false),
            ("张×", false),
        ] {
            assert_eq!(
                is_placeholder(name.as_bytes(), TextEncoding::Utf8),
                wanted,
                "{name}"
            );
            let (gb, _, _) = GB18030.encode(name);
            assert_eq!(is_placeholder(&gb, TextEncoding::Gb18030), wanted, "{name}");
        }
    }
}
