//! Sets of fields as bits. Of the hundreds of fields of a record most are blank: a rule on a long list of them looks only
//! at those that are not, and one whose fields are all blank is not asked at all.

use wide::u8x16;

use crate::record::State;

/// Fields of a kind that somebody is interested in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldMask {
    /// Index of a word of [`FieldStates`], and the bits in it.
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
        let fields = |mask: &Self| -> Vec<usize> {
            let bits = mask.parts.iter().flat_map(|(word, bits)| {
                (0..64)
                    .filter(move |bit| bits >> bit & 1 == 1)
                    .map(move |bit| word * 64 + bit)
            });
            bits.collect()
        };
        Self::of(fields(self).into_iter().chain(fields(others)))
    }

    /// Whether any of them is in the set.
    #[inline]
    pub(crate) fn meets(&self, set: &[u64]) -> bool {
        self.parts
            .iter()
            .any(|(word, bits)| set.get(*word).is_some_and(|set| set & bits != 0))
    }

    /// Whether all of them are in the set.
    #[inline]
    pub(crate) fn is_within(&self, set: &[u64]) -> bool {
        self.parts
            .iter()
            .all(|(word, bits)| set.get(*word).is_some_and(|set| set & bits == *bits))
    }

    /// How many of them are in the set.
    #[inline]
    pub(crate) fn count(&self, set: &[u64]) -> usize {
        self.parts
            .iter()
            .map(|(word, bits)| (set.get(*word).copied().unwrap_or(0) & bits).count_ones() as usize)
            .sum()
    }

    /// Those that are in the set, in the order of the fields.
    #[inline]
    pub(crate) fn members<'s>(&'s self, set: &'s [u64]) -> impl Iterator<Item = usize> + 's {
        self.parts.iter().flat_map(|(word, bits)| {
            let mut left = set.get(*word).copied().unwrap_or(0) & bits;
            std::iter::from_fn(move || {
                let field = (left != 0).then(|| word * 64 + left.trailing_zeros() as usize);
                left &= left.wrapping_sub(1);
                field
            })
        })
    }
}

/// For each field of a record one bit, by its state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldStates {
    /// Fields with a valid value.
    pub(crate) valid: Vec<u64>,
    /// Fields with an invalid one.
    pub(crate) invalid: Vec<u64>,
    /// Fields with either.
    pub(crate) filled: Vec<u64>,
}

impl FieldStates {
    /// Sets the bits anew.
    pub(crate) fn read(&mut self, states: &[State]) {
        let words = states.len().div_ceil(64);
        self.valid.resize(words, 0);
        self.invalid.resize(words, 0);
        self.filled.resize(words, 0);
        for (word, states) in states.chunks(64).enumerate() {
            let (mut valid, mut invalid) = (0, 0);
            for (part, states) in states.chunks(16).enumerate() {
                let mut bytes = [State::Blank as u8; 16];
                for (byte, state) in bytes.iter_mut().zip(states) {
                    *byte = *state as u8;
                }
                let bytes = u8x16::new(bytes);
                let are = |state: State| {
                    let equal = bytes.simd_eq(u8x16::splat(state as u8));
                    u64::from(equal.to_bitmask()) << (16 * part)
                };
                valid |= are(State::Valid);
                invalid |= are(State::Invalid);
            }
            self.valid[word] = valid;
            self.invalid[word] = invalid;
            self.filled[word] = valid | invalid;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_say_what_the_states_say() {
        let kinds = [State::Blank, State::Dash, State::Valid, State::Invalid];
        let mut sets = FieldStates::default();
        for fields in [0, 1, 15, 16, 63, 64, 65, 130, 346] {
            let states: Vec<State> = (0..fields).map(|field| kinds[field * 7 / 3 % 4]).collect();
            sets.read(&states);
            let all = FieldMask::of(0..fields);
            let with = |wanted: &[State]| -> Vec<usize> {
                (0..fields)
                    .filter(|field| wanted.contains(&states[*field]))
                    .collect()
            };
            let valid: Vec<usize> = all.members(&sets.valid).collect();
            assert_eq!(valid, with(&[State::Valid]), "{fields}");
            let invalid: Vec<usize> = all.members(&sets.invalid).collect();
            assert_eq!(invalid, with(&[State::Invalid]), "{fields}");
            let filled: Vec<usize> = all.members(&sets.filled).collect();
            assert_eq!(filled, with(&[State::Valid, State::Invalid]), "{fields}");
            assert_eq!(all.count(&sets.valid), valid.len());
        }
    }

    #[test]
    fn masks_know_what_they_meet() {
        let mut states = vec![State::Blank; 200];
        states[3] = State::Valid;
        states[150] = State::Valid;
        let mut sets = FieldStates::default();
        sets.read(&states);
        let valid = sets.valid.as_slice();
        assert!(FieldMask::of([150, 7]).meets(valid));
        assert!(!FieldMask::of([149, 7]).meets(valid));
        assert!(FieldMask::of([150, 3]).is_within(valid));
        assert!(!FieldMask::of([150, 3, 4]).is_within(valid));
        assert!(FieldMask::of([]).is_within(valid));
        assert!(!FieldMask::of([]).meets(valid));
        // A field that no record has is in no set.
        assert!(!FieldMask::of([5000]).meets(valid));
        assert!(!FieldMask::of([5000]).is_within(valid));
    }
}
