//! The forms of ICD codes, matched by hand: a regular expression engine would be the slowest part of the check.
//!
//! The standard's tables `ICD10`, `ICD9CM3` and `ICDM` hold the same forms as patterns; a test keeps the two together.

use crate::word;

/// What a diagnosis, procedure or morphology code looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IcdForm {
    /// ICD-10: a letter, two digits, optionally a point with 1 to 7 letters or digits, optionally `+` or `*`.
    Disease,
    /// ICD-9-CM-3: two digits, optionally a point with a digit and further digits or letters.
    Procedure,
    /// ICD-O morphology: `M`, 4 or 5 digits, `/`, a digit.
    Morphology,
}

impl IcdForm {
    /// The form that a pattern table of the standard stands for.
    pub(crate) fn of_table(id: &str) -> Option<Self> {
        match id {
            "ICD10" => Some(Self::Disease),
            "ICD9CM3" => Some(Self::Procedure),
            "ICDM" => Some(Self::Morphology),
            _ => None,
        }
    }

    /// Whether the bytes have this form. Upper case only, as the national editions print them.
    pub(crate) fn matches(self, code: &[u8]) -> bool {
        if code.len() <= 8 && self.is_form_of(word::head(code), code.len()) {
            return true;
        }
        match self {
            Self::Disease => matches_disease(code),
            Self::Procedure => matches_procedure(code),
            Self::Morphology => matches_morphology(code),
        }
    }
}

impl IcdForm {
    /// Whether a word of up to eight bytes is such a code in its usual form: letter or digit, digits, a point, letters and
    /// digits. `false` says nothing.
    #[inline]
    fn is_form_of(self, head: u64, length: usize) -> bool {
        let bytes = head.to_le_bytes();
        let is_digit = |place: usize| bytes[place].is_ascii_digit();
        let (before, point) = match self {
            Self::Disease => (
                bytes[0].is_ascii_uppercase() && is_digit(1) && is_digit(2),
                3,
            ),
            Self::Procedure => (is_digit(0) && is_digit(1) && is_digit(3), 2),
            Self::Morphology => return false,
        };
        // From the fifth byte on; what is missing there counts as a digit.
        let missing = u32::try_from(8_usize.saturating_sub(length)).unwrap_or(0) * 8;
        let filler = (0x3030_3030_u64 << (32 - missing.min(32))) & 0xffff_ffff;
        before && length >= 5 && bytes[point] == b'.' && are_alphanumeric(head >> 32 | filler)
    }
}

/// Whether each of the four lower bytes is a letter or a digit.
#[inline]
fn are_alphanumeric(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101;
    const HIGH: u64 = 0x8080_8080;
    // Of bytes below 0x80, those that reach a bound reach 0x80 when what it lacks of that is added.
    let from = |bytes: u64, bound: u8| bytes + ONES * u64::from(0x80 - bound);
    let between = |bytes, first: u8, last: u8| from(bytes, first) & !from(bytes, last + 1);
    let small = word | (ONES * 0x20);
    let right = between(word, b'0', b'9') | between(small, b'a', b'z');
    word & HIGH == 0 && right & HIGH == HIGH
}

fn matches_disease(code: &[u8]) -> bool {
    let [letter, tens, ones, rest @ ..] = code else {
        return false;
    };
    if !letter.is_ascii_uppercase() || !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return false;
    }
    let rest = match rest {
        [rest @ .., b'+' | b'*'] => rest,
        rest => rest,
    };
    match rest {
        [] => true,
        [b'.', detail @ ..] => {
            (1..=7).contains(&detail.len()) && detail.iter().all(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

fn matches_procedure(code: &[u8]) -> bool {
    let [tens, ones, rest @ ..] = code else {
        return false;
    };
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return false;
    }
    match rest {
        [] => true,
        [b'.', first, detail @ ..] if first.is_ascii_digit() => {
            let longest = match detail.first() {
                Some(second) if second.is_ascii_digit() => 7,
                _ => 6,
            };
            detail.len() <= longest && detail.iter().all(u8::is_ascii_alphanumeric)
        }
        _ => false,
    }
}

fn matches_morphology(code: &[u8]) -> bool {
    let [b'M', digits @ .., b'/', behaviour] = code else {
        return false;
    };
    (4..=5).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && behaviour.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_states_the_same_forms() {
        for (table, pattern) in [
            ("ICD10", r"^[A-Z][0-9]{2}(\.[0-9A-Za-z]{1,7})?([+*])?$"),
            ("ICD9CM3", r"^[0-9]{2}(\.[0-9]{1,2}([0-9A-Za-z]{1,6})?)?$"),
            ("ICDM", r"^M[0-9]{4,5}/[0-9]$"),
        ] {
            let table = standard::latest().code_table(table).unwrap();
            assert_eq!(table.codes[0].code, pattern, "{}", table.id);
            assert!(IcdForm::of_table(&table.id).is_some());
        }
    }

    #[test]
    fn tells_codes_from_other_text() {
        let fits = |form: IcdForm, codes: &[&str]| {
            for code in codes {
                assert!(form.matches(code.as_bytes()), "{form:?} {code}");
            }
        };
        let fails = |form: IcdForm, codes: &[&str]| {
            for code in codes {
                assert!(!form.matches(code.as_bytes()), "{form:?} {code}");
            }
        };
        fits(
            IcdForm::Disease,
            &[
                "J10",
                "J10.1",
                "J10.101",
                "J10.10100x",
                "A17.0+",
                "G01*",
                "Z37.x01",
            ],
        );
        fails(
            IcdForm::Disease,
            &[
                "",
                "J1",
                "j10.1",
                "J10.",
                "J10.12345678",
                "J10.1.1",
                "10.1",
                "J10+*",
                "J10 1",
            ],
        );
        fits(
            IcdForm::Procedure,
            &[
                "96",
                "96.0",
                "96.04",
                "96.0400",
                "96.04x001",
                "96.1x00100",
                "99.1234567",
            ],
        );
        fails(
            IcdForm::Procedure,
            &[
                "",
                "9",
                "96.",
                "96.x",
                "960",
                "96.04x0000001",
                "96.x123",
                "J10",
            ],
        );
        fits(IcdForm::Morphology, &["M8000/0", "M80001/3"]);
        fails(
            IcdForm::Morphology,
            &[
                "",
                "M",
                "M800/0",
                "M800000/0",
                "M8000/",
                "M8000",
                "8000/0",
                "M8000/a",
            ],
        );
    }
}
