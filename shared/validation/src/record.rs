//! A record as the rules see it: every cell already trimmed, told blank from filled, and parsed by its column's type.

use std::borrow::Cow;

use encoding_rs::Encoding;

use crate::block::{Block, Values};
use crate::field_set::FieldMask;
#[cfg(test)]
use crate::parse::Cell as Place;
use crate::rules::record::IdCard;

/// What the cell checks made of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    /// Nothing there, or the file lacks the column.
    #[default]
    Blank,
    /// The standard's own "no value": `-`, `_` or `—`.
    Dash,
    /// A value of the column's type. Codes of a pattern table (ICD) are valid whatever their form: the record rules judge it.
    Valid,
    /// Something that is not of the column's type; a finding has been made.
    Invalid,
}

/// The records of a block under check, all in one buffer.
#[derive(Clone, Copy)]
pub(crate) struct Records<'a> {
    /// What the places point into, in the file's encoding. ASCII means ASCII in every encoding read here.
    pub(crate) buffer: &'a [u8],
    /// Their values.
    pub(crate) block: &'a Block,
    /// Encoding of the buffer.
    pub(crate) encoding: &'static Encoding,
}

impl<'a> Records<'a> {
    /// One of them.
    #[inline]
    pub(crate) fn record(&self, index: usize) -> Record<'a> {
        Record {
            records: *self,
            index,
        }
    }

    /// The bytes of a field of one of them, which must not be blank.
    #[inline]
    pub(crate) fn bytes(&self, values: &Values, index: usize) -> &'a [u8] {
        let place = values.places[index];
        &self.buffer[place.start as usize..place.end as usize]
    }
}

/// One record under check. Fields are told by their index in [`standard::FileKind::fields`].
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Those it stands among.
    pub(crate) records: Records<'a>,
    /// Which of them it is.
    pub(crate) index: usize,
}

impl<'a> Record<'a> {
    /// Whether the field holds a value of the column's type.
    #[inline]
    pub(crate) fn is_valid(&self, field: usize) -> bool {
        self.is_in(self.records.block.field(field).valid)
    }

    /// Whether the field holds no value (blank, absent or `-`).
    #[inline]
    pub(crate) fn is_blank(&self, field: usize) -> bool {
        !self.is_filled(field)
    }

    /// Whether any of the fields holds some value, valid or not.
    pub(crate) fn any_filled(&self, fields: &FieldMask) -> bool {
        self.is_in(self.records.block.any_filled(fields))
    }

    /// Whether all of the fields hold some value, valid or not.
    pub(crate) fn all_filled(&self, fields: &FieldMask) -> bool {
        self.is_in(self.records.block.all_filled(fields))
    }

    /// Whether any of the fields holds something that is not of its type.
    pub(crate) fn any_invalid(&self, fields: &FieldMask) -> bool {
        self.is_in(self.records.block.any_invalid(fields))
    }

    /// Those of the fields that hold some value, valid or not.
    pub(crate) fn filled_of(&self, fields: &FieldMask) -> impl Iterator<Item = usize> {
        fields.iter().filter(|field| self.is_filled(*field))
    }

    /// Whether it is one of a set of records.
    #[inline]
    fn is_in(&self, records: u64) -> bool {
        records >> self.index & 1 == 1
    }

    /// Whether the field holds some value, valid or not.
    #[inline]
    pub(crate) fn is_filled(&self, field: usize) -> bool {
        self.is_in(self.records.block.field(field).filled())
    }

    /// Whether the field says `-`.
    pub(crate) fn is_dash(&self, field: usize) -> bool {
        self.is_in(self.records.block.field(field).dash)
    }

    /// The value's bytes, in the file's encoding.
    #[inline]
    pub(crate) fn bytes(&self, field: usize) -> &'a [u8] {
        let values = self.records.block.field(field);
        if !self.is_in(values.filled() | values.dash) {
            return &[];
        }
        self.records.bytes(values, self.index)
    }

    /// The value, decoded.
    pub(crate) fn text(&self, field: usize) -> Cow<'a, str> {
        self.records
            .encoding
            .decode_without_bom_handling(self.bytes(field))
            .0
    }

    /// What the field says as an identity card number; `None` where it has not the form of one.
    pub(crate) fn id_card(&self, field: usize) -> Option<IdCard> {
        let known = self.records.block.id_card(self.index);
        if let Some((known, card)) = known.get()
            && known == field
        {
            return card;
        }
        let card = IdCard::read(self.bytes(field));
        known.set(Some((field, card)));
        card
    }

    /// Value of a valid decimal column, in ten-thousandths.
    pub(crate) fn decimal(&self, field: usize) -> Option<i64> {
        self.number(field)
    }

    /// Value of a valid date or date-time column: seconds of civil (Beijing) time since 1970-01-01 00:00:00.
    pub(crate) fn moment(&self, field: usize) -> Option<i64> {
        self.number(field)
    }

    /// Day of a valid date or date-time column, since 1970-01-01.
    pub(crate) fn day(&self, field: usize) -> Option<i64> {
        self.number(field).map(|seconds| seconds.div_euclid(86_400))
    }

    /// Index into the column's code table of a valid code column (closed and open tables; not ICD patterns).
    pub(crate) fn code_index(&self, field: usize) -> Option<usize> {
        self.number(field)
            .and_then(|index| usize::try_from(index).ok())
    }

    /// What a valid value stands for, in the unit of its column's type.
    #[inline]
    pub(crate) fn number(&self, field: usize) -> Option<i64> {
        self.is_valid(field)
            .then(|| self.records.block.field(field).numbers[self.index])
    }
}

/// A record made by a test, alone in its block.
#[cfg(test)]
pub(crate) struct OwnedRecord {
    buffer: Vec<u8>,
    block: Block,
}

#[cfg(test)]
impl OwnedRecord {
    /// Its bit in the sets of the block: not the first, so that a mistaken index is found out.
    pub(crate) const INDEX: usize = 37;

    /// A record of UTF-8 texts, with what the cell checks made of them.
    pub(crate) fn new<T: AsRef<[u8]>>(texts: &[T], states: &[State], numbers: &[i64]) -> Self {
        let mut buffer = Vec::new();
        let mut block = Block::new(texts.len());
        let bit = 1 << Self::INDEX;
        for (field, text) in texts.iter().enumerate() {
            let start = buffer.len() as u32;
            buffer.extend_from_slice(text.as_ref());
            let values = block.field_mut(field);
            values.numbers[Self::INDEX] = numbers[field];
            values.places[Self::INDEX] = Place {
                start,
                end: buffer.len() as u32,
            };
            match states[field] {
                State::Valid => values.valid = bit,
                State::Invalid => values.invalid = bit,
                State::Dash => values.dash = bit,
                State::Blank => {}
            }
        }
        Self { buffer, block }
    }

    /// As the checks see it.
    pub(crate) fn records(&self) -> Records<'_> {
        Records {
            buffer: &self.buffer,
            block: &self.block,
            encoding: encoding_rs::UTF_8,
        }
    }
}
