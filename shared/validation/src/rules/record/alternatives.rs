//! Values a rule names: alternatives separated by `|`, exceptions with `!` before them.

use crate::code_start::CodeStart;

/// `01|02`: one of these; `01-86|!38.9`: one of the first but not the second; `!1`: anything but.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alternatives<T> {
    wanted: Vec<T>,
    excluded: Vec<T>,
}

impl<T> Alternatives<T> {
    /// Reads the list, each item by `read`.
    pub(crate) fn parse<E>(
        text: &str,
        mut read: impl FnMut(&str) -> Result<T, E>,
    ) -> Result<Self, E> {
        let mut list = Self {
            wanted: Vec::new(),
            excluded: Vec::new(),
        };
        for item in text.split('|').map(str::trim) {
            match item.strip_prefix('!') {
                Some(excluded) => list.excluded.push(read(excluded)?),
                None => list.wanted.push(read(item)?),
            }
        }
        Ok(list)
    }

    /// Whether a value, told by how it compares with an item, is meant.
    pub(crate) fn contain(&self, is: impl Fn(&T) -> bool) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(&is)) && !self.excluded.iter().any(is)
    }
}

/// Codes that lie between two prefixes of the same length: `J09-J11`, `C51-C58`, `01-86`; or begin with one: `Z37.0`, `S`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeRange {
    length: usize,
    first: u64,
    last: u64,
}

impl CodeRange {
    /// Reads one range; `None` when the two ends are not of one length (8 at most) or in the wrong order.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let length = first.len();
        if !(1..=8).contains(&length) || length != last.len() || first > last {
            return None;
        }
        let any_end = u64::MAX.checked_shr(8 * length as u32).unwrap_or(0);
        Some(Self {
            length,
            first: CodeStart::of(first.as_bytes()).word(),
            last: CodeStart::of(last.as_bytes()).word() | any_end,
        })
    }

    /// Whether the code lies inside.
    pub(crate) fn contains(&self, code: CodeStart) -> bool {
        code.length() >= self.length && (self.first..=self.last).contains(&code.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Alternatives<CodeRange> {
        Alternatives::parse(text, |item| CodeRange::parse(item).ok_or(())).unwrap()
    }

    fn meant(text: &str, code: &str) -> bool {
        codes(text).contain(|range| range.contains(CodeStart::of(code.as_bytes())))
    }

    #[test]
    fn ranges_hold_both_ends_and_their_subcategories() {
        for code in ["D00", "D00.0", "D48", "D48.900x", "d20"] {
            assert!(meant("D00-D48", code), "{code}");
        }
        for code in ["C99", "D49", "D49.0", "E00", "D4", ""] {
            assert!(!meant("D00-D48", code), "{code}");
        }
    }

    #[test]
    fn prefixes_hold_what_begins_with_them() {
        assert!(meant("Z37.0", "Z37.000"));
        assert!(!meant("Z37.0", "Z37.1"));
        assert!(!meant("Z37.0", "Z37"));
        assert!(meant("33.24x00", "33.24x001"));
        assert!(!meant("33.24x00", "33.24x01"));
    }

    #[test]
    fn exceptions_are_taken_out() {
        assert!(meant("01-86|!38.9", "38.8"));
        assert!(!meant("01-86|!38.9", "38.93"));
        assert!(meant("!V00-Y99", "S72"));
        assert!(!meant("!V00-Y99", "W19"));
    }

    #[test]
    fn ends_must_fit_each_other() {
        for text in ["", "D00-D4", "D48-D00", "-D48", "Z37.00000"] {
            assert_eq!(CodeRange::parse(text), None, "{text}");
        }
    }
}
