//! Resident identity card numbers (居民身份证, GB 11643).

use standard::id_number::check_character;

use crate::cells::date;
use crate::word;

/// What a number of the right form says: 15 digits, or 17 digits and a check character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdCard {
    birth: Option<i32>,
    male: bool,
    right: bool,
}

impl IdCard {
    /// Reads a number, if it has the form. A small `x` counts as `X`.
    pub(crate) fn read(characters: &[u8]) -> Option<Self> {
        if let Some((digits, [check])) = characters.split_first_chunk::<17>() {
            let check = check.to_ascii_uppercase();
            word::digits(word::head(digits), 8)?;
            let day = word::digits(word::head(&digits[6..]), 8)?;
            word::digits(word::head(&digits[9..]), 8)?;
            if !(check.is_ascii_digit() || check == b'X') {
                return None;
            }
            return Some(Self {
                birth: day_of(day),
                male: digits[16] % 2 == 1,
                right: check == check_character(digits),
            });
        }
        let digits: &[u8; 15] = characters.try_into().ok()?;
        word::digits(word::head(digits), 8)?;
        word::digits(word::head(&digits[7..]), 8)?;
        let day = word::digits(word::head(&digits[6..12]), 6)?;
        Some(Self {
            birth: day_of(19_000_000 + day),
            male: digits[14] % 2 == 1,
            right: true,
        })
    }

    /// Whether the check character is right; numbers of 15 digits, issued until 1999, have none.
    pub(crate) fn check_digit_is_right(&self) -> bool {
        self.right
    }

    /// Day of birth since 1970-01-01; `None`: what is written is no day. 15 digits are of the 20th century.
    pub(crate) fn birth(&self) -> Option<i64> {
        self.birth.map(i64::from)
    }

    /// Whether it is a man's: the last digit of the serial number is odd.
    pub(crate) fn is_male(&self) -> bool {
        self.male
    }
}

/// The day that eight digits name.
fn day_of(digits: i64) -> Option<i32> {
    let day = date::day_of(digits / 10_000, digits / 100 % 100, digits % 100)?;
    i32::try_from(day).ok()
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
        // 7,306 days before 1970.
        assert_eq!((long.birth(), long.is_male()), (Some(-7306), false));
        let short = card("110105491231001").unwrap();
        assert_eq!((short.birth(), short.is_male()), (Some(-7306), true));
        let unreal = card("110105194902310021").unwrap();
        assert_eq!(unreal.birth(), None);
    }
}
