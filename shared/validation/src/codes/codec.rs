//! The stored form of a code file: little-endian, texts with their lengths, a checksum at the end.

use jiff::civil::Date;
use standard::IcdCategory;
use thiserror::Error;

use super::CodeFile;

const MAGIC: &[u8; 7] = b"flucode";
/// First version.
const VERSION: u8 = 1;

/// Bytes that are no stored code file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodeFileError {
    /// Not written by this program.
    #[error("not a stored code file")]
    Foreign,
    /// Written by a later version.
    #[error("code file version `{0}` is not known")]
    Version(u8),
    /// Cut short or changed since it was written.
    #[error("the stored code file is damaged")]
    Damaged,
}

impl CodeFile {
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.len() * 48);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.push(match self.category {
            IcdCategory::Disease => 0,
            IcdCategory::Procedure => 1,
            IcdCategory::Morphology => 2,
        });
        for day in [self.first_day, self.last_day] {
            bytes.extend_from_slice(&day.year().to_le_bytes());
            bytes.extend_from_slice(&day.month().to_le_bytes());
            bytes.extend_from_slice(&day.day().to_le_bytes());
        }
        for (code, name) in self.rows() {
            for text in [code, name] {
                bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Whatever the bytes are: an error, never a panic.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodeFileError> {
        let body = bytes.strip_prefix(MAGIC).ok_or(CodeFileError::Foreign)?;
        match body.first() {
            Some(&VERSION) => {}
            Some(other) => return Err(CodeFileError::Version(*other)),
            None => return Err(CodeFileError::Damaged),
        }
        let (checked, sum) = bytes
            .split_last_chunk::<4>()
            .ok_or(CodeFileError::Damaged)?;
        if crc32fast::hash(checked) != u32::from_le_bytes(*sum) {
            return Err(CodeFileError::Damaged);
        }
        read(checked.get(MAGIC.len() + 1..).unwrap_or_default()).ok_or(CodeFileError::Damaged)
    }
}

fn read(bytes: &[u8]) -> Option<CodeFile> {
    let (category, mut rest) = bytes.split_first()?;
    let category = match category {
        0 => IcdCategory::Disease,
        1 => IcdCategory::Procedure,
        2 => IcdCategory::Morphology,
        _ => return None,
    };
    let first_day = take_day(&mut rest)?;
    let last_day = take_day(&mut rest)?;
    let mut rows = Vec::new();
    while !rest.is_empty() {
        rows.push((take_text(&mut rest)?, take_text(&mut rest)?));
    }
    Some(CodeFile::new(category, (first_day, last_day), rows))
}

fn take_day(bytes: &mut &[u8]) -> Option<Date> {
    let (day, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    let [low, high, month, day] = *day;
    Date::new(i16::from_le_bytes([low, high]), month as i8, day as i8).ok()
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *bytes = rest;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_comes_back_and_damage_is_an_error(
            rows in prop::collection::vec(("[A-Z][0-9]{2}(\\.[0-9x]{1,4})?", ".{0,6}"), 0..9),
            position in any::<prop::sample::Index>(),
            change in 1..=255_u8,
        ) {
            let days = (date(2019, 11, 1), date(2020, 2, 29));
            let file = CodeFile::new(IcdCategory::Morphology, days, rows);
            let stored = file.encode();
            prop_assert_eq!(CodeFile::decode(&stored).unwrap(), file);
            let at = position.index(stored.len());
            prop_assert!(CodeFile::decode(&stored[..at]).is_err());
            let mut damaged = stored[..stored.len() - 4].to_vec();
            let at = at % damaged.len();
            damaged[at] ^= change;
            let _ = read(&damaged[MAGIC.len() + 1..]);
            damaged.extend_from_slice(&stored[stored.len() - 4..]);
            prop_assert!(CodeFile::decode(&damaged).is_err());
        }

        #[test]
        fn any_bytes_are_a_code_file_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
            let _ = CodeFile::decode(&bytes);
        }
    }
}
