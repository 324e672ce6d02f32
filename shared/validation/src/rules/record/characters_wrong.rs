use std::cell::Cell;

use super::arguments::Arguments;
use crate::block::those;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};
use crate::word;

/// ## What
/// An identifier of fixed length has another length or other characters: a postcode of five digits, an institution code
/// with a blank in it.
///
/// ## Why
/// Such a code is found in no register.
///
/// ## How to mend
/// Write it in full and as text, so that no leading zero is lost.
///
/// ## Arguments
/// `length`, `of=digits|letters_and_digits` (ASCII only: a full-width digit is another character), `columns` or the
/// rule's own.
///
/// ## Source
/// Manual 3.1 (22 characters: 9 of the organisation code and 13 of attributes); 2019 front-page standard (postcodes).
struct CharactersWrong {
    length: usize,
    letters: bool,
    columns: Vec<usize>,
}

pub(super) fn build(binding: &Binding<'_>) -> Result<Box<dyn RecordCheck>, BindError> {
    let arguments = Arguments::read(binding, &["length", "of", "columns"])?;
    let length = arguments.required("length")?;
    Ok(Box::new(CharactersWrong {
        length: length
            .parse()
            .map_err(|_| binding.wrong(format!("`{length}` is not a length")))?,
        letters: arguments.word("of", &[("digits", false), ("letters_and_digits", true)])?,
        columns: arguments.columns("columns")?,
    }))
}

impl RecordCheck for CharactersWrong {
    fn concern(&self) -> Concern {
        Concern::AnyValid(FieldMask::of(self.columns.iter().copied()))
    }

    fn suspects(&self, records: &Records<'_>, asked: u64) -> u64 {
        self.columns.iter().fold(0, |any, column| {
            let values = records.block.field(*column);
            // Neighbours often have the same one.
            let right = Cell::new(&[][..]);
            any | those(asked & values.valid & !any, |record| {
                let value = records.bytes(values, record);
                if value == right.get() {
                    return false;
                }
                if self.are_right(value) {
                    right.set(value);
                    return false;
                }
                true
            })
        })
    }

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for column in &self.columns {
            if record.is_valid(*column) && !self.are_right(record.bytes(*column)) {
                found.at(*column);
            }
        }
    }
}

impl CharactersWrong {
    fn are_right(&self, value: &[u8]) -> bool {
        if value.len() != self.length {
            return false;
        }
        if !self.letters && self.length <= 8 {
            return word::digits(word::head(value), value.len()).is_some();
        }
        // Not `all`: without an early end the compiler compares many at once.
        let right = |byte: &u8| byte.is_ascii_digit() || self.letters && byte.is_ascii_alphabetic();
        value.iter().fold(true, |all, byte| all & right(byte))
    }
}
