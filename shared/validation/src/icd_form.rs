//! The forms of ICD codes, matched by hand: a regular expression engine would be the slowest part of the check.
//!
//! The standard's tables `ICD10`, `ICD9CM3` and `ICDM` hold the same forms as patterns; a test keeps the two together.

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
        match self {
            Self::Disease => matches_disease(code),
            Self::Procedure => matches_procedure(code),
            Self::Morphology => matches_morphology(code),
        }
    }
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
