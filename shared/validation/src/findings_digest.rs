use std::fmt;

use crate::Finding;
use crate::links::of_key;

/// One number over findings, whatever their order.
#[derive(Debug, Default)]
pub(crate) struct FindingsDigest {
    sum: u128,
    /// The text of one finding; its room serves all of them.
    text: String,
}

impl FindingsDigest {
    pub(crate) fn add(&mut self, rule: &str, finding: &Finding<'_>) {
        use std::fmt::Write;
        self.text.clear();
        let (file, row) = (finding.file, finding.row);
        let (column, field) = (finding.column, finding.field);
        // Writing to a string cannot fail. The value comes last, so that nothing in it looks like what follows.
        let _ = write!(
            self.text,
            "{rule}\u{1f}{file:?}\u{1f}{row:?}\u{1f}{column:?}\u{1f}{field:?}\u{1f}{}",
            finding.value
        );
        self.sum = self.sum.wrapping_add(of_key(&self.text));
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
