use super::arguments::Arguments;
use crate::field_set::FieldMask;
use crate::record::Record;
use crate::rules::{BindError, Binding, Concern, Found, RecordCheck};

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

    fn check(&self, record: &Record<'_>, found: &mut Found) {
        for column in &self.columns {
            if !record.is_valid(*column) {
                continue;
            }
            let bytes = record.bytes(*column);
            // Not `all`: without an early end the compiler compares many at once.
            let right =
                |byte: &u8| byte.is_ascii_digit() || self.letters && byte.is_ascii_alphabetic();
            if bytes.len() != self.length || !bytes.iter().fold(true, |all, byte| all & right(byte))
            {
                found.at(*column);
            }
        }
    }
}
