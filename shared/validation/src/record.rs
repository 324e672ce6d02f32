//! A record as the rules see it: every cell already trimmed, told blank from filled, and parsed by its column's type.

use std::borrow::Cow;
use std::cell::Cell;

use encoding_rs::Encoding;

use crate::field_set::{FieldMask, FieldStates};
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

/// One record under check. All slices are indexed by field, as in [`standard::FileKind::fields`].
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Row as a spreadsheet shows it.
    pub(crate) row: u32,
    /// What the places point into, in the file's encoding. ASCII means ASCII in every encoding read here.
    pub(crate) buffer: &'a [u8],
    /// Where the trimmed bytes stand; of a blank field this says nothing.
    pub(crate) places: &'a [Place],
    /// What the cell checks made of each.
    pub(crate) states: &'a [State],
    /// The states as bits.
    pub(crate) sets: &'a FieldStates,
    /// The parsed value where the state is `Valid`; see the accessors.
    pub(crate) numbers: &'a [i64],
    /// The identity card number that was read last, of which field: several rules read the same one.
    pub(crate) id_card: &'a Cell<Option<(usize, Option<IdCard>)>>,
    /// Encoding of the buffer.
    pub(crate) encoding: &'static Encoding,
}

impl<'a> Record<'a> {
    /// Whether the field holds no value (blank, absent or `-`).
    pub(crate) fn is_blank(&self, field: usize) -> bool {
        matches!(self.states[field], State::Blank | State::Dash)
    }

    /// Whether any of the fields holds some value, valid or not.
    #[inline]
    pub(crate) fn any_filled(&self, fields: &FieldMask) -> bool {
        fields.meets(&self.sets.filled)
    }

    /// Whether all of the fields hold some value, valid or not.
    #[inline]
    pub(crate) fn all_filled(&self, fields: &FieldMask) -> bool {
        fields.is_within(&self.sets.filled)
    }

    /// Those of the fields that hold a valid value.
    #[inline]
    pub(crate) fn valid_of(&self, fields: &'a FieldMask) -> impl Iterator<Item = usize> + 'a {
        fields.members(&self.sets.valid)
    }

    /// Those of the fields that hold some value, valid or not.
    #[inline]
    pub(crate) fn filled_of(&self, fields: &'a FieldMask) -> impl Iterator<Item = usize> + 'a {
        fields.members(&self.sets.filled)
    }

    /// Whether the field holds some value, valid or not.
    pub(crate) fn is_filled(&self, field: usize) -> bool {
        !self.is_blank(field)
    }

    /// The value's bytes, in the file's encoding.
    #[inline]
    pub(crate) fn bytes(&self, field: usize) -> &'a [u8] {
        if self.states[field] == State::Blank {
            return &[];
        }
        let place = self.places[field];
        &self.buffer[place.start as usize..place.end as usize]
    }

    /// The value, decoded.
    pub(crate) fn text(&self, field: usize) -> Cow<'a, str> {
        self.encoding
            .decode_without_bom_handling(self.bytes(field))
            .0
    }

    /// What the field says as an identity card number; `None` where it has not the form of one.
    pub(crate) fn id_card(&self, field: usize) -> Option<IdCard> {
        if let Some((known, card)) = self.id_card.get()
            && known == field
        {
            return card;
        }
        let card = IdCard::read(self.bytes(field));
        self.id_card.set(Some((field, card)));
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

    fn number(&self, field: usize) -> Option<i64> {
        (self.states[field] == State::Valid).then(|| self.numbers[field])
    }
}

/// A record made by a test, with what [`Record`] only refers to.
#[cfg(test)]
pub(crate) struct OwnedRecord {
    buffer: Vec<u8>,
    places: Vec<Place>,
    states: Vec<State>,
    sets: FieldStates,
    numbers: Vec<i64>,
    id_card: Cell<Option<(usize, Option<IdCard>)>>,
}

#[cfg(test)]
impl OwnedRecord {
    /// A record of UTF-8 texts, with what the cell checks made of them.
    pub(crate) fn new<T: AsRef<[u8]>>(texts: &[T], states: Vec<State>, numbers: Vec<i64>) -> Self {
        let mut buffer = Vec::new();
        let places = texts
            .iter()
            .map(|text| {
                let start = buffer.len() as u32;
                buffer.extend_from_slice(text.as_ref());
                Place {
                    start,
                    end: buffer.len() as u32,
                }
            })
            .collect();
        let mut sets = FieldStates::default();
        sets.read(&states);
        Self {
            buffer,
            places,
            states,
            sets,
            numbers,
            id_card: Cell::new(None),
        }
    }

    /// As the checks see it.
    pub(crate) fn record(&self) -> Record<'_> {
        Record {
            row: 2,
            buffer: &self.buffer,
            places: &self.places,
            states: &self.states,
            sets: &self.sets,
            numbers: &self.numbers,
            id_card: &self.id_card,
            encoding: encoding_rs::UTF_8,
        }
    }
}
