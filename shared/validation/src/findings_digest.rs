use std::fmt;

use crate::Finding;
use crate::finding::numbered;
use crate::mixed::Mixed;

/// One number over findings, whatever their order.
#[derive(Debug, Default)]
pub(crate) struct FindingsDigest {
    sum: u128,
}

impl FindingsDigest {
    /// What the digests of all findings of a rule at one place begin with.
    pub(crate) fn seed(rule: &str, finding: &Finding<'_>) -> Mixed {
        let mut seed = Mixed::default();
        seed.bytes(rule.as_bytes());
        let [file, column, field] = [finding.file, finding.column, finding.field].map(numbered);
        seed.number(file << 40 | column << 20 | field);
        seed
    }

    /// Takes a finding by its row and the hash of its value.
    #[inline]
    pub(crate) fn add(&mut self, seed: Mixed, row: Option<u32>, value: Mixed) {
        let place = seed.beside(row.map_or(0, |row| u64::from(row) + 1));
        self.sum = self.sum.wrapping_add(place.times(value));
    }
}

impl fmt::Display for FindingsDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.sum)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn of(findings: &[(u32, &str)]) -> String {
        let mut digest = FindingsDigest::default();
        for (row, value) in findings {
            let finding = Finding {
                file: Some(0),
                row: Some(*row),
                column: Some(3),
                field: None,
                rule: 7,
                value: Cow::Borrowed(value),
                detail: None,
                suggestion: None,
            };
            digest.add(
                FindingsDigest::seed("FLU-001", &finding),
                finding.row,
                Mixed::of_ends(value),
            );
        }
        digest.to_string()
    }

    #[test]
    fn every_finding_counts_and_their_order_does_not() {
        assert_eq!(of(&[]), "0".repeat(32));
        assert_eq!(of(&[(2, "男"), (3, "")]), of(&[(3, ""), (2, "男")]));
        assert_ne!(of(&[(2, "男")]), of(&[(3, "男")]));
        assert_ne!(of(&[(2, "男")]), of(&[(2, "女")]));
        assert_ne!(of(&[(2, "男")]), of(&[(2, "男"), (2, "男")]));
    }
}
