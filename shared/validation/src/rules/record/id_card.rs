//! Resident identity card numbers (居民身份证, GB 11643).

use standard::id_number::check_character;

/// What a number of the right form says: 15 digits, or 17 digits and a check character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdCard {
    birth: (i64, i64, i64),
    male: bool,
    right: bool,
}

impl IdCard {
    /// Reads a number, if it has the form. A small `x` counts as `X`.
    pub(crate) fn read(characters: &[u8]) -> Option<Self> {
        // Not `all`: without an early end the compiler compares all digits at once.
        let are_digits = |digits: &[u8]| {
            digits
                .iter()
                .fold(true, |all, byte| all & byte.is_ascii_digit())
        };
        let number = |digits: &[u8]| {
            digits
                .iter()
                .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
        };
        if let Some((digits, [check])) = characters.split_first_chunk::<17>() {
            let check = check.to_ascii_uppercase();
            if !are_digits(digits) || !(check.is_ascii_digit() || check == b'X') {
                return None;
            }
            return Some(Self {
                birth: (
                    number(&digits[6..10]),
                    number(&digits[10..12]),
                    number(&digits[12..14]),
                ),
                male: digits[16] % 2 == 1,
                right: check == check_character(digits),
            });
        }
        let digits: &[u8; 15] = characters.try_into().ok()?;
        are_digits(digits).then(|| Self {
            birth: (
                1900 + number(&digits[6..8]),
                number(&digits[8..10]),
                number(&digits[10..12]),
            ),
            male: digits[14] % 2 == 1,
            right: true,
        })
    }

    /// Whether the check character is right; numbers of 15 digits, issued until 1999, have none.
    pub(crate) fn check_digit_is_right(&self) -> bool {
        self.right
    }

    /// Year, month and day of birth as written, real or not. 15 digits are of the 20th century.
    pub(crate) fn birth(&self) -> (i64, i64, i64) {
        self.birth
    }

    /// Whether it is a man's: the last digit of the serial number is odd.
    pub(crate) fn is_male(&self) -> bool {
        self.male
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(number: &str) -> Option<IdCard> {
        IdCard::read(number.as_bytes())
    }

    #[test]
    fn only_15_or_18_characters_are_numbers() {
        for number in [
            "110101198005060012",
            "11010119800506001x",
            "110101800506001",
        ] {
            assert!(card(number).is_some(), "{number}");
        }
        for number in [
            "",
            "X",
            "1101011980050600",
            "1101011980050600123",
            "11010180050600X",
            "1101011980050600AX",
            "11010119800506001Y",
            "11010119800506００1",
        ] {
            assert!(card(number).is_none(), "{number}");
        }
    }

    #[test]
    fn the_check_digit_follows_from_the_others() {
        // The standard's own example.
        assert!(card("11010519491231002X").unwrap().check_digit_is_right());
        assert!(card("11010519491231002x").unwrap().check_digit_is_right());
        for last in "0123456789".chars() {
            let number = format!("11010519491231002{last}");
            assert!(!card(&number).unwrap().check_digit_is_right(), "{number}");
        }
        assert!(!card("11010519491231003X").unwrap().check_digit_is_right());
        assert!(card("110105491231002").unwrap().check_digit_is_right());
    }

    #[test]
    fn birth_and_sex_stand_in_the_number() {
        let long = card("11010519491231002X").unwrap();
        assert_eq!((long.birth(), long.is_male()), ((1949, 12, 31), false));
        let short = card("110105491231001").unwrap();
        assert_eq!((short.birth(), short.is_male()), ((1949, 12, 31), true));
    }
}
