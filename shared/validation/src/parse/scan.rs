//! Finds the bytes that structure a CSV, 64 at a time, in the vectors that every processor of its kind has.

use wide::u8x16;

/// Bytes looked at in one step.
pub(crate) const BLOCK: usize = 64;

/// The structure of 64 bytes, one bit for each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Structure {
    /// Commas, quotes, and control characters (line ends among them).
    pub(crate) all: u64,
    /// Commas.
    pub(crate) commas: u64,
}

/// Finds the structure.
///
/// In UTF-8 and GB18030 none of these bytes is ever a part of another character.
#[inline]
pub(crate) fn structure(block: &[u8; BLOCK]) -> Structure {
    let mut found = Structure::default();
    let (parts, _) = block.as_chunks::<16>();
    for (index, part) in parts.iter().enumerate() {
        let bytes = u8x16::new(*part);
        let commas = bytes.simd_eq(u8x16::splat(b','));
        let others = bytes.simd_eq(u8x16::splat(b'"'))
            | bytes.simd_eq(u8x16::splat(0x7f))
            | bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        found.all |= u64::from((commas | others).to_bitmask()) << (16 * index);
        found.commas |= u64::from(commas.to_bitmask()) << (16 * index);
    }
    found
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
                    let found = structure(&block);
                    assert_eq!(
                        found.all,
                        u64::from(wanted) << place,
                        "{byte:#x} at {place}"
                    );
                    assert_eq!(found.commas, u64::from(byte == b',') << place);
                }
            }
        }
    }
}
