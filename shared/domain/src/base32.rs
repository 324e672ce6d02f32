//! Crockford's base 32, lower case: its letters stand in the order of ASCII, so numbers of equal width sort as text.

const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A number in `width` letters; higher digits than fit are cut off.
pub(crate) fn number(value: u64, width: usize) -> String {
    (0..width)
        .rev()
        .map(|place| letter((value >> (5 * place).min(63)) & 31))
        .collect()
}

/// The number written by [`number`]; `None` for any other text.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |value, byte| {
        let digit = LETTERS.iter().position(|letter| *letter == byte)?;
        value.checked_mul(32)?.checked_add(digit as u64)
    })
}

/// 128 bits in 26 letters.
pub(crate) fn bits128(value: u128) -> String {
    (0..26)
        .rev()
        .map(|place| letter(((value >> (5 * place)) & 31) as u64))
        .collect()
}

/// Whether the text is what [`bits128`] writes.
pub(crate) fn is_bits128(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| LETTERS.contains(&byte))
}

fn letter(digit: u64) -> char {
    char::from(LETTERS[(digit & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_text_and_come_back() {
        let numbers = [0, 1, 31, 32, 33, 1023, 1024, 40_000, (1 << 40) - 1];
        let texts: Vec<String> = numbers.iter().map(|n| number(*n, 8)).collect();
        assert!(texts.is_sorted());
        for (n, text) in numbers.iter().zip(&texts) {
            assert_eq!(text.len(), 8);
            assert_eq!(parse_number(text), Some(*n));
        }
    }

    #[test]
    fn foreign_letters_are_no_number() {
        assert_eq!(parse_number("0000000i"), None);
        assert_eq!(parse_number("A"), None);
        assert!(!is_bits128("short"));
        assert!(is_bits128(&bits128(u128::MAX)));
    }
}
