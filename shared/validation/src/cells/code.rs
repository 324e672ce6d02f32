//! Code tables in a form that a cell is looked up in without decoding it.

use standard::{CodeTable, TableForm};

use crate::word;

/// Longest code that is looked up; no list of the standard has a longer one (a test says so).
const LONGEST: usize = 8;
const NONE: u16 = u16::MAX;

/// A code table, prepared.
pub(crate) struct Codes {
    /// Index into [`standard::Standard::code_tables`].
    pub(crate) table: usize,
    /// Whether the list is known to be incomplete.
    pub(crate) open: bool,
    /// Codes of one byte.
    short: [u16; 256],
    slots: Vec<Slot>,
    mask: usize,
    /// Each code without the zeros in front.
    bare: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    code: u64,
    length: usize,
    index: u16,
}

const FREE: Slot = Slot {
    code: 0,
    length: 0,
    index: NONE,
};

impl Codes {
    /// Prepares a table.
    pub(crate) fn new(table: usize, codes: &CodeTable) -> Self {
        let places = (codes.codes.len() * 2 + 1).next_power_of_two();
        let mut prepared = Self {
            table,
            open: codes.form == TableForm::Open,
            short: [NONE; 256],
            slots: vec![FREE; places],
            mask: places - 1,
            bare: Vec::new(),
        };
        for (index, code) in (0..NONE).zip(&codes.codes) {
            let bare = without_zeros(code.code.as_bytes());
            prepared.bare.push(Slot {
                code: word::head(bare),
                length: bare.len(),
                index,
            });
            match code.code.as_bytes() {
                [byte] => prepared.short[usize::from(*byte)] = index,
                bytes if bytes.len() <= LONGEST => prepared.insert(bytes, index),
                _ => {}
            }
        }
        prepared
    }

    fn insert(&mut self, bytes: &[u8], index: u16) {
        let code = word::head(bytes);
        let mut place = self.place(code);
        while self.slots[place].index != NONE {
            place = (place + 1) & self.mask;
        }
        self.slots[place] = Slot {
            code,
            length: bytes.len(),
            index,
        };
    }

    /// Index of a code in its table.
    pub(crate) fn get(&self, bytes: &[u8]) -> Option<usize> {
        self.find(word::head(bytes), bytes.len())
    }

    /// Index of a code in its table, by its first word and length.
    #[inline]
    pub(crate) fn find(&self, code: u64, length: usize) -> Option<usize> {
        if length == 1 {
            let index = self.short[code as usize & 0xff];
            return (index != NONE).then_some(usize::from(index));
        }
        if length == 0 || length > LONGEST {
            return None;
        }
        let mut place = self.place(code);
        loop {
            let slot = self.slots[place];
            if slot.index == NONE {
                return None;
            }
            if slot.code == code && slot.length == length {
                return Some(usize::from(slot.index));
            }
            place = (place + 1) & self.mask;
        }
    }

    /// Index of the first code that equals digits but for zeros in front.
    pub(crate) fn but_for_zeros(&self, digits: &[u8]) -> Option<usize> {
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let bare = without_zeros(digits);
        if bare.len() > LONGEST {
            return None;
        }
        let code = word::head(bare);
        let mut known = self.bare.iter();
        let known = known.find(|slot| (slot.code, slot.length) == (code, bare.len()));
        known.map(|slot| usize::from(slot.index))
    }

    fn place(&self, code: u64) -> usize {
        (word::spread(code) >> 40) as usize & self.mask
    }
}

/// A code without the zeros in front of it.
fn without_zeros(code: &[u8]) -> &[u8] {
    let zeros = code.iter().take_while(|byte| **byte == b'0').count();
    &code[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_code_of_every_list_and_nothing_else() {
        let standard = standard::latest();
        for (index, table) in standard.code_tables.iter().enumerate() {
            if !matches!(table.form, TableForm::Closed | TableForm::Open) {
                continue;
            }
            let codes = Codes::new(index, table);
            for (place, code) in table.codes.iter().enumerate() {
                assert!(code.code.len() <= LONGEST, "{} {}", table.id, code.code);
                assert_eq!(codes.get(code.code.as_bytes()), Some(place));
                for other in ["\0{}", "{}\0", "x{}"] {
                    let other = other.replace("{}", &code.code);
                    assert_eq!(codes.get(other.as_bytes()), None, "{other:?}");
                }
            }
            assert_eq!(codes.get(b""), None);
            assert_eq!(codes.get(b"123456789"), None);
        }
    }

    #[test]
    fn finds_the_code_that_lost_its_zero() {
        let standard = standard::latest();
        let tables = standard.code_tables.iter().enumerate();
        for (index, table) in tables {
            let codes = Codes::new(index, table);
            for (place, code) in table.codes.iter().enumerate() {
                let bare = code.code.trim_start_matches('0');
                let is_number =
                    !code.code.is_empty() && code.code.bytes().all(|byte| byte.is_ascii_digit());
                let first = |other: &standard::Code| other.code.trim_start_matches('0') == bare;
                let first = table.codes.iter().position(first).filter(|_| is_number);
                assert!(first <= Some(place));
                for zeros in ["", "0", "0000000000"] {
                    let text = format!("{zeros}{bare}");
                    if !text.is_empty() {
                        assert_eq!(
                            codes.but_for_zeros(text.as_bytes()),
                            first,
                            "{} {text}",
                            table.id
                        );
                    }
                }
            }
        }
        let (index, table) = standard
            .code_tables
            .iter()
            .enumerate()
            .find(|(_, table)| table.id == "FLU-P7501")
            .unwrap();
        let codes = Codes::new(index, table);
        assert_eq!(codes.but_for_zeros(b"001"), Some(0));
        for other in ["", "9", "123456789", "门诊", "-1"] {
            assert_eq!(codes.but_for_zeros(other.as_bytes()), None, "{other}");
        }
    }
}
