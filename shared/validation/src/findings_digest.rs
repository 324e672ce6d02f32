use std::fmt;

use crate::Finding;
use crate::mixed::Mixed;

/// One number over findings, whatever their order.
#[derive(Debug, Default)]
pub(crate) struct FindingsDigest {
    sum: u128,
}

impl FindingsDigest {
    /// Takes a finding of a rule.
    pub(crate) fn add(&mut self, rule: &str, finding: &Finding<'_>) {
        let mut hash = Mixed::default();
        hash.bytes(rule.as_bytes());
        // Each is one more than it is, so that none is told from the first.
        let place = |place: Option<u16>| place.map_or(0, |place| u64::from(place) + 1);
        let row = finding.row.map_or(0, |row| u64::from(row) + 1);
        hash.number(place(finding.file) << 33 | row);
        hash.number(place(finding.column) << 32 | place(finding.field));
        hash.bytes(finding.value.as_bytes());
        let low = hash.finish();
        hash.number(low);
        let high = hash.finish();
        let both = u128::from(high) << 64 | u128::from(low);
        self.sum = self.sum.wrapping_add(both);
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
            digest.add("FLU-001", &finding);
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
