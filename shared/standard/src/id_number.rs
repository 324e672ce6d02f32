//! Resident identity card numbers (居民身份证, GB 11643).

/// The check character of seventeen digits: the sum of all, each weighted with 2 to the power of 18 minus its place, modulo 11.
/// What is no digit gives some character or other; the caller has looked.
pub fn check_character(digits: &[u8; 17]) -> u8 {
    let sum = digits
        .iter()
        .fold(0_u32, |sum, digit| sum * 2 + u32::from(digit & 15));
    b"10X98765432"[(sum * 2 % 11) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_have_their_characters() {
        assert_eq!(check_character(b"11010519491231002"), b'X');
        assert_eq!(check_character(b"44052418800101001"), b'4');
    }
}
