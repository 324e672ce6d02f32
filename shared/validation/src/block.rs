//! Up to 64 records side by side. Of each field the values of all of them stand together, so that a column is judged in one
//! loop whose branches the processor can guess, and a rule is asked of 64 records by a few operations on words of bits.

use std::cell::Cell;

use crate::field_set::{FieldMask, FieldSet, FieldStates};
use crate::parse::{Cell as Place, ROWS};
use crate::record::State;
use crate::rules::record::IdCard;

/// The records of some rows. Bit and index of a record are those of its row.
pub(crate) struct Block {
    fields: Vec<Values>,
    states: FieldStates,
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
    /// What the valid ones stand for; see [`crate::record::Record`].
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
            numbers: [0; ROWS],
            places: [Place { start: 0, end: 0 }; ROWS],
        };
        Self {
            fields: vec![blank; fields],
            states: FieldStates::default(),
            id_cards: (0..ROWS).map(|_| Cell::new(None)).collect(),
        }
    }

    /// Makes every field of every record blank.
    pub(crate) fn clear(&mut self) {
        for values in &mut self.fields {
            (values.valid, values.invalid, values.dash) = (0, 0, 0);
        }
        for card in &self.id_cards {
            card.set(None);
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

    /// To be called when all values are filled in: makes the sets of each record.
    pub(crate) fn settle(&mut self) {
        self.states.read(&self.fields);
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

    /// Fields of a record with a valid value.
    #[inline]
    pub(crate) fn valid_of(&self, record: usize) -> FieldSet<'_> {
        self.states.valid(record)
    }

    /// Fields of a record with an invalid one.
    #[inline]
    pub(crate) fn invalid_of(&self, record: usize) -> FieldSet<'_> {
        self.states.invalid(record)
    }

    /// Fields of a record with either.
    #[inline]
    pub(crate) fn filled_of(&self, record: usize) -> FieldSet<'_> {
        self.states.filled(record)
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
