use domain::{Sha256, Sha256Builder};
use validation::Finding;

/// Digest of all findings of a check, in their order: for each the numbers of its rule, file, row and column and its value. It
/// depends on what was found and on nothing of how that is stored.
#[derive(Default)]
pub(crate) struct FindingsDigest {
    builder: Sha256Builder,
}

impl FindingsDigest {
    /// Takes the next finding.
    pub(crate) fn add(&mut self, finding: &Finding<'_>) {
        let place = |number: Option<u32>| number.map_or(u32::MAX, |number| number).to_le_bytes();
        self.builder.add(&finding.rule.to_le_bytes());
        self.builder.add(&place(finding.file.map(u32::from)));
        self.builder.add(&place(finding.row));
        self.builder.add(&place(finding.column.map(u32::from)));
        // The length goes in as well, so that what follows cannot be taken for a part of the value.
        self.builder
            .add(&(finding.value.len() as u64).to_le_bytes());
        self.builder.add(finding.value.as_bytes());
    }

    pub(crate) fn finish(self) -> Sha256 {
        self.builder.finish()
    }
}
