//! Sets of fields as bits.

/// Fields of a kind that somebody is interested in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldMask {
    /// The number of a word of 64 fields, and the bits in it.
    parts: Vec<(usize, u64)>,
}

impl FieldMask {
    /// The set of these fields.
    pub(crate) fn of(fields: impl IntoIterator<Item = usize>) -> Self {
        let mut parts: Vec<(usize, u64)> = Vec::new();
        for field in fields {
            let (word, bit) = (field / 64, 1 << (field % 64));
            match parts.iter_mut().find(|(known, _)| *known == word) {
                Some((_, bits)) => *bits |= bit,
                None => parts.push((word, bit)),
            }
        }
        Self { parts }
    }

    /// These fields and others.
    pub(crate) fn with(&self, others: &Self) -> Self {
        Self::of(self.iter().chain(others.iter()))
    }

    /// The fields.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.parts
            .iter()
            .flat_map(|(word, bits)| fields_of(*word, *bits))
    }
}

/// The fields whose bits are set in a word.
#[inline]
fn fields_of(word: usize, mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let field = (bits != 0).then(|| word * 64 + bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        field
    })
}

/// Turns a square of bits round: bit `b` of word `w` becomes bit `w` of word `b`.
pub(crate) fn turn(square: &mut [u64; 64]) {
    if square.iter().fold(0, |any, word| any | word) == 0 {
        return;
    }
    // Halves of words change places across the diagonal, then quarters, down to single bits.
    let (mut half, mut low) = (32, u64::MAX >> 32);
    while half > 0 {
        for words in square.chunks_exact_mut(2 * half) {
            let (upper, lower) = words.split_at_mut(half);
            for (upper, lower) in upper.iter_mut().zip(lower) {
                let other = (*upper >> half ^ *lower) & low;
                *upper ^= other << half;
                *lower ^= other;
            }
        }
        half /= 2;
        low ^= low << half;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_each_of_its_fields_once() {
        let fields = |mask: &FieldMask| {
            let mut fields: Vec<usize> = mask.iter().collect();
            fields.sort_unstable();
            fields
        };
        let mask = FieldMask::of([3, 150, 64, 63, 3]);
        assert_eq!(fields(&mask), [3, 63, 64, 150]);
        assert!(fields(&FieldMask::of([])).is_empty());
        let more = mask.with(&FieldMask::of([63, 346]));
        assert_eq!(fields(&more), [3, 63, 64, 150, 346]);
    }

    #[test]
    fn a_square_turned_twice_is_as_before() {
        let mut square = [0; 64];
        let mut state = 1_u64;
        for word in &mut square {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            *word = state;
        }
        let before = square;
        turn(&mut square);
        for (row, word) in square.iter().enumerate() {
            for (column, other) in before.iter().enumerate() {
                assert_eq!(word >> column & 1, other >> row & 1, "{row} {column}");
            }
        }
        turn(&mut square);
        assert_eq!(square, before);
    }
}
