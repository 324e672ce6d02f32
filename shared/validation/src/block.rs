//! Up to 64 records side by side. Of each field the values of all of them stand together, so that a column is judged in one
//! loop whose branches the processor can guess, and a rule is asked of 64 records by a few operations on words of bits.

use std::cell::Cell;

use crate::field_set::FieldMask;
use crate::parse::{Cell as Place, ROWS};
use crate::record::State;
use crate::rules::record::IdCard;

/// The records of some rows. Bit and index of a record are those of its row.
pub(crate) struct Block {
    fields: Vec<Values>,
    id_cards: Vec<Cell<KnownCard>>,
}

/// The identity card number that was read last, of which field: several rules read the same one.
pub(crate) type KnownCard = Option<(usize, Option<IdCard>)>;

/// The values of one field.
#[derive(Clone)]
pub(crate) struct Values {
    /// Records with a value of the column's type.
    pub(crate) valid: u64,
    /// Records with one that is not.
    pub(crate) invalid: u64,
    /// Records with the standard's own "no value".
    pub(crate) dash: u64,
    /// Records of which a number may be left from those before.
    stale: u64,
    /// What the valid ones stand for; see [`crate::record::Record`]. Of all others it is 0, so that sums need not ask.
    pub(crate) numbers: [i64; ROWS],
    /// Where the trimmed bytes of those that are not blank stand.
    pub(crate) places: [Place; ROWS],
}

impl Values {
    /// Of some records those whose valid value is so. It is asked of all of them, without looking first whether there is
    /// one: that is faster.
    #[inline]
    pub(crate) fn those(&self, of: u64, is: impl Fn(i64) -> bool) -> u64 {
        let of = of & self.valid;
        if of == 0 {
            return 0;
        }
        let numbers = self.numbers.iter().enumerate();
        of & numbers.fold(0, |those, (record, number)| {
            those | u64::from(is(*number)) << record
        })
    }

    /// Records with some value, valid or not.
    pub(crate) fn filled(&self) -> u64 {
        self.valid | self.invalid
    }
}

impl Block {
    /// A block for records of so many fields.
    pub(crate) fn new(fields: usize) -> Self {
        let blank = Values {
            valid: 0,
            invalid: 0,
            dash: 0,
            stale: 0,
            numbers: [0; ROWS],
            places: [Place { start: 0, end: 0 }; ROWS],
        };
        Self {
            fields: vec![blank; fields],
            id_cards: (0..ROWS).map(|_| Cell::new(None)).collect(),
        }
    }

    /// Makes every field of every record blank, but for the numbers: [`Block::settle`] when the fields have been filled in.
    pub(crate) fn clear(&mut self) {
        for values in &mut self.fields {
            values.stale |= values.valid;
            (values.valid, values.invalid, values.dash) = (0, 0, 0);
        }
        for card in &self.id_cards {
            card.set(None);
        }
    }

    /// Takes away the numbers that nothing was put in place of.
    pub(crate) fn settle(&mut self) {
        for values in &mut self.fields {
            for record in members(values.stale & !values.valid) {
                values.numbers[record] = 0;
            }
            values.stale = 0;
        }
    }

    /// The values of a field, to be filled in.
    pub(crate) fn field_mut(&mut self, field: usize) -> &mut Values {
        &mut self.fields[field]
    }

    /// The values of a field.
    #[inline]
    pub(crate) fn field(&self, field: usize) -> &Values {
        &self.fields[field]
    }

    /// State of a field of a record; `None`: the kind has no such field.
    #[inline]
    pub(crate) fn state(&self, field: usize, record: usize) -> Option<State> {
        let values = self.fields.get(field)?;
        let has = |set: u64| set >> record & 1 == 1;
        Some(if has(values.valid) {
            State::Valid
        } else if has(values.invalid) {
            State::Invalid
        } else if has(values.dash) {
            State::Dash
        } else {
            State::Blank
        })
    }

    /// Where the identity card number of a record is remembered.
    pub(crate) fn id_card(&self, record: usize) -> &Cell<KnownCard> {
        &self.id_cards[record]
    }

    /// Records with a valid value in any of the fields.
    pub(crate) fn any_valid(&self, fields: &FieldMask) -> u64 {
        self.of(fields).fold(0, |any, values| any | values.valid)
    }

    /// Records with valid values in all of the fields.
    pub(crate) fn all_valid(&self, fields: &FieldMask) -> u64 {
        self.of(fields)
            .fold(u64::MAX, |all, values| all & values.valid)
    }

    /// Records with an invalid value in any of the fields.
    pub(crate) fn any_invalid(&self, fields: &FieldMask) -> u64 {
        self.of(fields).fold(0, |any, values| any | values.invalid)
    }

    /// Records with some value, valid or not, in any of the fields.
    pub(crate) fn any_filled(&self, fields: &FieldMask) -> u64 {
        self.of(fields).fold(0, |any, values| any | values.filled())
    }

    /// Records with some value, valid or not, in all of the fields.
    pub(crate) fn all_filled(&self, fields: &FieldMask) -> u64 {
        self.of(fields)
            .fold(u64::MAX, |all, values| all & values.filled())
    }

    fn of(&self, fields: &FieldMask) -> impl Iterator<Item = &Values> {
        fields.iter().map(|field| &self.fields[field])
    }
}

/// The records of a set, in their order.
#[inline]
pub(crate) fn members(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let record = (set != 0).then(|| set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        record
    })
}

/// Those records of a set of which something is so.
#[inline]
pub(crate) fn those(set: u64, is: impl Fn(usize) -> bool) -> u64 {
    members(set).fold(0, |those, record| those | u64::from(is(record)) << record)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three fields: in the first records 0 to 3 are valid, in the second records 2 to 5; the third is invalid in 3 and holds
    /// no value in 9.
    fn block() -> Block {
        let mut block = Block::new(3);
        block.field_mut(0).valid = 0b1111;
        block.field_mut(1).valid = 0b11_1100;
        block.field_mut(2).invalid = 0b1000;
        block.field_mut(2).dash = 1 << 9;
        for record in 0..4 {
            block.field_mut(0).numbers[record] = record as i64;
        }
        block
    }

    #[test]
    fn sets_are_those_of_the_fields() {
        let block = block();
        let mask = |fields: &[usize]| FieldMask::of(fields.iter().copied());
        assert_eq!(block.any_valid(&mask(&[0, 1, 2])), 0b11_1111);
        assert_eq!(block.all_valid(&mask(&[0, 1])), 0b1100);
        assert_eq!(block.all_valid(&mask(&[0, 2])), 0);
        assert_eq!(block.any_invalid(&mask(&[0, 2])), 0b1000);
        assert_eq!(block.any_filled(&mask(&[1, 2])), 0b11_1100);
        assert_eq!(block.all_filled(&mask(&[0, 2])), 0b1000);
        assert_eq!(block.all_filled(&mask(&[])), u64::MAX);
        assert_eq!(block.field(0).those(0b111, |number| number > 0), 0b110);
        assert_eq!(those(0b1010, |record| record == 3), 0b1000);
        assert_eq!(members(0b1010).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_record_has_one_state_in_each_field() {
        let mut block = block();
        let states = |block: &Block, record| [0, 1, 2].map(|field| block.state(field, record));
        let blank = Some(State::Blank);
        assert_eq!(
            states(&block, 3),
            [State::Valid, State::Valid, State::Invalid].map(Some)
        );
        assert_eq!(states(&block, 9), [blank, blank, Some(State::Dash)]);
        assert_eq!(block.state(3, 0), None);
        block.clear();
        block.field_mut(0).valid = 0b1;
        block.field_mut(0).numbers[0] = 7;
        block.settle();
        assert_eq!(block.field(0).numbers[0], 7);
        block.clear();
        block.settle();
        assert_eq!(states(&block, 3), [blank; 3]);
        assert_eq!(block.field(0).numbers, [0; ROWS]);
    }
}
