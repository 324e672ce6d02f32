//! Sets of fields as bits. Of the hundreds of fields of a record most are blank: a rule on a long list of them looks only
//! at those that are not, and one whose fields are all blank is not asked at all.

use crate::block::Values;
use crate::parse::ROWS;

/// Fields of a kind that somebody is interested in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldMask {
    /// Index of a word of a [`FieldSet`], and the bits in it.
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

    /// Whether any of them is in the set.
    #[inline]
    pub(crate) fn meets(&self, set: FieldSet<'_>) -> bool {
        self.parts
            .iter()
            .any(|(word, bits)| set.word(*word) & bits != 0)
    }

    /// Whether all of them are in the set.
    #[inline]
    pub(crate) fn is_within(&self, set: FieldSet<'_>) -> bool {
        self.parts
            .iter()
            .all(|(word, bits)| set.word(*word) & bits == *bits)
    }

    /// Those that are in the set, in the order of the fields.
    #[inline]
    pub(crate) fn members<'s>(&'s self, set: FieldSet<'s>) -> impl Iterator<Item = usize> + 's {
        self.parts
            .iter()
            .flat_map(move |(word, bits)| fields_of(*word, set.word(*word) & bits))
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

/// Some fields of one record.
#[derive(Clone, Copy)]
pub(crate) struct FieldSet<'a> {
    words: &'a [[u64; ROWS]],
    record: usize,
}

impl FieldSet<'_> {
    #[inline]
    fn word(self, index: usize) -> u64 {
        // A field that no record has is in no set.
        self.words
            .get(index)
            .map_or(0, |word| word[self.record % ROWS])
    }
}

/// For each record of a block its fields by their states: the sets of each field turned round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldStates {
    valid: Vec<[u64; ROWS]>,
    invalid: Vec<[u64; ROWS]>,
    filled: Vec<[u64; ROWS]>,
}

impl FieldStates {
    /// Sets the bits anew.
    pub(crate) fn read(&mut self, fields: &[Values]) {
        let words = fields.len().div_ceil(64);
        for sets in [&mut self.valid, &mut self.invalid, &mut self.filled] {
            sets.resize(words, [0; ROWS]);
        }
        for (word, fields) in fields.chunks(64).enumerate() {
            let (mut valid, mut invalid) = ([0; ROWS], [0; ROWS]);
            for (values, (valid, invalid)) in fields.iter().zip(valid.iter_mut().zip(&mut invalid))
            {
                (*valid, *invalid) = (values.valid, values.invalid);
            }
            turn(&mut valid);
            turn(&mut invalid);
            for (filled, sets) in self.filled[word].iter_mut().zip(valid.iter().zip(&invalid)) {
                *filled = sets.0 | sets.1;
            }
            self.valid[word] = valid;
            self.invalid[word] = invalid;
        }
    }

    /// Fields of a record with a valid value.
    pub(crate) fn valid(&self, record: usize) -> FieldSet<'_> {
        let words = &self.valid;
        FieldSet { words, record }
    }

    /// Fields of a record with an invalid one.
    pub(crate) fn invalid(&self, record: usize) -> FieldSet<'_> {
        let words = &self.invalid;
        FieldSet { words, record }
    }

    /// Fields of a record with either.
    pub(crate) fn filled(&self, record: usize) -> FieldSet<'_> {
        let words = &self.filled;
        FieldSet { words, record }
    }
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
    use crate::block::Block;
    use crate::record::State;

    fn block(fields: usize, state: impl Fn(usize, usize) -> State) -> Block {
        let mut block = Block::new(fields);
        for field in 0..fields {
            let values = block.field_mut(field);
            for record in 0..ROWS {
                let bit = 1 << record;
                match state(field, record) {
                    State::Valid => values.valid |= bit,
                    State::Invalid => values.invalid |= bit,
                    State::Dash => values.dash |= bit,
                    State::Blank => {}
                }
            }
        }
        block.settle();
        block
    }

    #[test]
    fn sets_of_records_say_what_the_states_say() {
        let kinds = [State::Blank, State::Dash, State::Valid, State::Invalid];
        let state = |field: usize, record: usize| kinds[(field * 7 / 3 + record * record) % 4];
        for fields in [0, 1, 15, 16, 63, 64, 65, 130, 346] {
            let block = block(fields, state);
            let all = FieldMask::of(0..fields);
            for record in 0..ROWS {
                let with = |wanted: &[State]| -> Vec<usize> {
                    (0..fields)
                        .filter(|field| wanted.contains(&state(*field, record)))
                        .collect()
                };
                for (set, wanted) in [
                    (block.valid_of(record), &[State::Valid][..]),
                    (block.invalid_of(record), &[State::Invalid]),
                    (block.filled_of(record), &[State::Valid, State::Invalid]),
                ] {
                    let members: Vec<usize> = all.members(set).collect();
                    assert_eq!(members, with(wanted), "{fields} {record}");
                }
                for field in 0..fields {
                    assert_eq!(block.state(field, record), Some(state(field, record)));
                }
                assert_eq!(block.state(fields, record), None);
            }
        }
    }

    #[test]
    fn masks_know_what_they_meet() {
        let filled = |field: usize, record: usize| {
            if (field == 3 || field == 150) && record == 5 {
                State::Valid
            } else {
                State::Blank
            }
        };
        let block = block(200, filled);
        let valid = block.valid_of(5);
        assert!(FieldMask::of([150, 7]).meets(valid));
        assert!(!FieldMask::of([149, 7]).meets(valid));
        assert!(!FieldMask::of([150, 7]).meets(block.valid_of(4)));
        assert!(FieldMask::of([150, 3]).is_within(valid));
        assert!(!FieldMask::of([150, 3, 4]).is_within(valid));
        assert!(FieldMask::of([]).is_within(valid));
        assert!(!FieldMask::of([]).meets(valid));
        // A field that no record has is in no set.
        assert!(!FieldMask::of([5000]).meets(valid));
        assert!(!FieldMask::of([5000]).is_within(valid));
        assert_eq!(block.any_valid(&FieldMask::of([150, 7])), 1 << 5);
        assert_eq!(block.all_valid(&FieldMask::of([150, 3])), 1 << 5);
        assert_eq!(block.all_valid(&FieldMask::of([150, 7])), 0);
        assert_eq!(block.all_filled(&FieldMask::of([])), u64::MAX);
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
