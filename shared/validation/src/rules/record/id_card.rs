//! Resident identity card numbers (居民身份证, GB 11643).

/// A number of the right form: 15 digits, or 17 digits and a check character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdCard<'a> {
    characters: &'a [u8],
}

/// Weight of each of the first 17 digits (GB 11643: 2 to the power of 18 minus its place, modulo 11).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check character by the weighted sum modulo 11.
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";

impl<'a> IdCard<'a> {
    /// The number, if it has the form. A small `x` counts as `X`.
    pub(crate) fn read(characters: &'a [u8]) -> Option<Self> {
        let digits = match characters {
            [digits @ .., last] if characters.len() == 18 => {
                if !last.is_ascii_digit() && !last.eq_ignore_ascii_case(&b'X') {
                    return None;
                }
                digits
            }
            _ if characters.len() == 15 => characters,
            _ => return None,
        };
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then_some(Self { characters })
    }

    /// Whether the check character is right; numbers of 15 digits have none.
    pub(crate) fn check_digit_is_right(&self) -> bool {
        let [digits @ .., last] = self.characters else {
            return false;
        };
        if digits.len() != WEIGHTS.len() {
            return true;
        }
        let sum: u32 = digits
            .iter()
            .zip(WEIGHTS)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        last.to_ascii_uppercase() == CHECK_CHARACTERS[(sum % 11) as usize]
    }

    /// Year, month and day of birth as written, real or not. 15 digits are of the 20th century.
    pub(crate) fn birth(&self) -> (i64, i64, i64) {
        let number = |from: usize, to: usize| {
            self.characters[from..to]
                .iter()
                .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
        };
        if self.characters.len() == 18 {
            (number(6, 10), number(10, 12), number(12, 14))
        } else {
            (1900 + number(6, 8), number(8, 10), number(10, 12))
        }
    }

    /// Whether it is a man's: the last digit before the check character is odd.
    pub(crate) fn is_male(&self) -> bool {
        let place = if self.characters.len() == 18 { 16 } else { 14 };
        self.characters[place] % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(number: &str) -> Option<IdCard<'_>> {
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
