use encoding_rs::GB18030;

use crate::word::{HIGH, LOW};

/// How many bytes from the start are valid GB18030.
pub(super) fn valid_up_to(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        if let Some(word) = bytes[at..].first_chunk::<8>() {
            let high = u64::from_le_bytes(*word) & HIGH;
            if high == 0 {
                at += 8;
                continue;
            }
            at += high.trailing_zeros() as usize / 8;
        }
        while let Some(word) = bytes[at..].first_chunk()
            && is_four_pairs(u64::from_le_bytes(*word))
        {
            at += 8;
        }
        while let [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, ..] = &bytes[at..] {
            at += 2;
        }
        match bytes[at..].first() {
            None => {}
            Some(0..=0x7f) => at += 1,
            Some(_) => match character(&bytes[at..]) {
                Character::Whole(length) => at += length,
                Character::Cut | Character::Wrong => return at,
            },
        }
    }
    at
}

/// Whether eight bytes are four characters of two bytes from 81 to FE, as nearly all Chinese ones are.
#[inline]
fn is_four_pairs(word: u64) -> bool {
    let rest = word & !HIGH;
    let is_beyond_80 = rest.wrapping_add(0x7f * LOW);
    let is_ff = rest.wrapping_add(LOW);
    word & is_beyond_80 & !is_ff & HIGH == HIGH
}

/// How many characters valid bytes are.
pub(super) fn characters(bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        if let Some((eight, more)) = rest.split_first_chunk()
            && let characters @ 1.. = characters_of_eight(u64::from_le_bytes(*eight))
        {
            count += characters;
            rest = more;
            continue;
        }
        let length = match (first, rest.get(1)) {
            (0..=0x80, _) => 1,
            (_, Some(0x30..=0x39)) => 4,
            _ => 2,
        };
        rest = rest.get(length..).unwrap_or_default();
        count += 1;
    }
    count
}

/// How many characters eight bytes are that begin with one: 8 of ASCII, 4 of two bytes from 81 on, as nearly all others are,
/// and 0 where that is to be found out one by one.
#[inline]
fn characters_of_eight(word: u64) -> usize {
    if is_four_pairs(word) {
        4
    } else if word & HIGH == 0 {
        8
    } else {
        0
    }
}

/// How many places are not valid. A character cut off at the end is one only where the bytes are complete.
pub(super) fn errors(bytes: &[u8], complete: bool) -> usize {
    let mut errors = 0;
    let mut at = 0;
    while at < bytes.len() {
        match character(&bytes[at..]) {
            Character::Whole(length) => at += length,
            Character::Wrong => {
                errors += 1;
                at += 1;
            }
            Character::Cut => return errors + usize::from(complete),
        }
    }
    errors
}

enum Character {
    Whole(usize),
    Cut,
    Wrong,
}

fn character(bytes: &[u8]) -> Character {
    match *bytes {
        // 0x80 alone is the euro sign of Windows.
        [0..=0x80, ..] => Character::Whole(1),
        [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, ..] => Character::Whole(2),
        // Four bytes are rare and not all of them are characters: the decoder knows.
        [0x81..=0xfe, 0x30..=0x39, 0x81..=0xfe, 0x30..=0x39, ..] => {
            if GB18030
                .decode_without_bom_handling_and_without_replacement(&bytes[..4])
                .is_some()
            {
                Character::Whole(4)
            } else {
                Character::Wrong
            }
        }
        [0x81..=0xfe] | [0x81..=0xfe, 0x30..=0x39] | [0x81..=0xfe, 0x30..=0x39, 0x81..=0xfe] => {
            Character::Cut
        }
        _ => Character::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_decoder_on_every_pair() {
        for lead in 0x80..=0xff_u8 {
            for trail in 0..=0xff_u8 {
                let pair = [lead, trail];
                let decoded = GB18030
                    .decode_without_bom_handling_and_without_replacement(&pair)
                    .is_some();
                // A pair that may go on to four bytes is cut, for both.
                assert_eq!(valid_up_to(&pair) == 2, decoded, "{pair:02x?}");
            }
        }
    }

    #[test]
    fn agrees_with_the_decoder_on_every_wrong_byte_of_many_characters() {
        let (right, _, _) = GB18030.encode("流感病例流感病例流感");
        for place in 0..right.len() {
            for byte in 0..=u8::MAX {
                let mut bytes = right.to_vec();
                bytes[place] = byte;
                let decoded = GB18030
                    .decode_without_bom_handling_and_without_replacement(&bytes)
                    .is_some();
                let valid = valid_up_to(&bytes);
                assert_eq!(valid == bytes.len(), decoded, "{bytes:02x?}");
                assert!(valid + 4 > place, "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn knows_characters_of_four_bytes() {
        let (bytes, _, _) = GB18030.encode("㐀𠀀é");
        assert_eq!(valid_up_to(&bytes), bytes.len());
        assert_eq!(characters(&bytes), 3);
        assert_eq!(characters(b"\x80a\xd2\xa9"), 3);
        assert_eq!(characters(b"\x80\xd2\xa9\xd2\xa9\xd2\xa9\xd2\xa9ab"), 7);
        let parts = [
            "a",
            "药",
            "丂",
            "é",
            "㐀",
            "𠀀",
            "€",
            "8",
            "流感病例",
            "abcdefgh",
        ];
        for first in parts {
            for second in parts {
                for third in parts {
                    for count in 0..12 {
                        let text =
                            format!("{}{}{first}", first.repeat(count), second.repeat(3)) + third;
                        let (bytes, _, _) = GB18030.encode(&text);
                        assert_eq!(characters(&bytes), text.chars().count(), "{text}");
                    }
                }
            }
        }
        assert_eq!(valid_up_to(&[b'a', 0xfe, 0x39, 0xfe, 0x39]), 1);
    }
}
