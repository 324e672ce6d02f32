//! Resident identity card numbers (GB 11643).

use jiff::civil::Date;

use crate::random::Random;

/// Province and city of a real layout with county `98`, which GB/T 2260 assigns to none: no number made here can be a
/// living person's.
const AREAS: &[&str] = &[
    "110198", "310198", "320198", "330298", "370298", "420198", "440398", "500198", "510198",
    "610198",
];

/// An 18-character number whose birth date, sex digit and check digit agree. `female` decides the 17th digit.
pub(crate) fn number(random: &mut Random, birth: Date, female: bool) -> String {
    let order = random.below(50) * 20 + random.below(10) * 2 + u64::from(!female);
    let digits = format!(
        "{}{:04}{:02}{:02}{:03}",
        random.pick(AREAS),
        birth.year(),
        birth.month(),
        birth.day(),
        order
    );
    let check = check_digit(&digits);
    format!("{digits}{check}")
}

/// The check digit of the first 17 digits.
pub(crate) fn check_digit(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits
        .chars()
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit.to_digit(10).unwrap_or(0) * weight)
        .sum();
    ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_example_of_the_standard_has_its_check_digit() {
        assert_eq!(check_digit("11010519491231002"), 'X');
        assert_eq!(check_digit("44052418800101001"), '4');
    }

    #[test]
    fn a_number_holds_birth_date_and_sex() {
        let mut random = Random::of(1, 1, 1);
        for female in [true, false] {
            let number = number(&mut random, date(1980, 5, 6), female);
            assert_eq!(number.len(), 18);
            assert_eq!(&number[6..14], "19800506");
            let sex_digit = number.as_bytes()[16] - b'0';
            assert_eq!(sex_digit.is_multiple_of(2), female);
        }
    }
}
