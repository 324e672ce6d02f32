//! Finds the bytes that structure a CSV, 64 at a time, in plain integer arithmetic (eight bytes a word).

const LOW_SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;
const QUOTES: u64 = 0x2222_2222_2222_2222;
const COMMAS: u64 = 0x2c2c_2c2c_2c2c_2c2c;
const DELETES: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const ABOVE_CONTROLS: u64 = 0xe0e0_e0e0_e0e0_e0e0;
/// Gathers the lowest bit of each byte into the top byte of the product.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// Bytes looked at in one step.
pub(crate) const BLOCK: usize = 64;

/// For each of 64 bytes one bit: comma, quote, or control character (line ends among them).
///
/// In UTF-8 and GB18030 none of these bytes is ever a part of another character.
#[inline]
pub(crate) fn structure(block: &[u8; BLOCK]) -> u64 {
    let mut hits = [0_u64; 8];
    let (words, _) = block.as_chunks::<8>();
    for (hit, word) in hits.iter_mut().zip(words) {
        let word = u64::from_le_bytes(*word);
        let others = not_zero(word ^ QUOTES)
            & not_zero(word ^ COMMAS)
            & not_zero(word ^ DELETES)
            & not_zero(word & ABOVE_CONTROLS);
        *hit = !others & HIGH;
    }
    hits.iter().enumerate().fold(0, |mask, (index, hit)| {
        mask | (((hit >> 7).wrapping_mul(GATHER) >> 56) << (8 * index))
    })
}

/// The top bit of each byte tells whether the byte is not zero; exact, no borrow crosses a byte.
#[inline]
fn not_zero(word: u64) -> u64 {
    ((word & LOW_SEVEN) + LOW_SEVEN) | word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_commas_quotes_and_controls_wherever_they_stand() {
        for byte in 0..=u8::MAX {
            let wanted = byte == b',' || byte == b'"' || byte < 0x20 || byte == 0x7f;
            for place in 0..BLOCK {
                for around in [b'a', 0x80, 0xff, b'!', b'-'] {
                    let mut block = [around; BLOCK];
                    block[place] = byte;
                    let mask = structure(&block);
                    assert_eq!(mask, u64::from(wanted) << place, "{byte:#x} at {place}");
                }
            }
        }
    }
}
