//! The beginning of an ICD code as one number, so that a record's codes are compared with many ranges at little cost.

use crate::block::Values;
use crate::word;

/// The first eight characters of a code; a letter may be small, as hospitals' programs write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeStart {
    length: usize,
    start: u64,
}

impl CodeStart {
    /// Reads a code.
    pub(crate) fn of(code: &[u8]) -> Self {
        Self::of_head(word::head(code), code.len())
    }

    /// Reads a code by its first eight bytes and its length.
    #[inline]
    pub(crate) fn of_head(head: u64, length: usize) -> Self {
        let mut start = head.to_le_bytes();
        start.make_ascii_uppercase();
        Self {
            length,
            start: u64::from_be_bytes(start),
        }
    }

    /// What [`CodeStart::number`] was kept of.
    #[inline]
    pub(crate) fn kept(values: &Values, record: usize) -> Self {
        let place = values.places[record];
        Self {
            length: (place.end - place.start) as usize,
            start: values.numbers[record] as u64,
        }
    }

    /// The number that a cell of a column of codes is told by.
    #[inline]
    pub(crate) fn number(self) -> i64 {
        self.start as i64
    }

    /// Characters of the code.
    #[inline]
    pub(crate) fn length(self) -> usize {
        self.length
    }

    /// The characters, the first in the highest place, so that codes compare as they are ordered.
    #[inline]
    pub(crate) fn word(self) -> u64 {
        self.start
    }

    /// Whether a zero byte stands in it, which the end of a shorter one cannot be told from.
    #[inline]
    pub(crate) fn has_zero(self) -> bool {
        let unused = 8 * 8_usize.saturating_sub(self.length);
        let used = self.start | ((1 << unused.min(63)) - 1);
        word::zeros(used) != 0
    }
}
