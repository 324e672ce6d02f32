//! Which rows of which uploads count.

use std::collections::BTreeMap;

use domain::Withdrawals;
use hashbrown::HashMap;
use validation::links::Segment;

/// The versions of one account's records of one kind that count, gathered from segments in any order.
#[derive(Debug, Default)]
pub(crate) struct Current(HashMap<u128, Version>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    upload: u64,
    file: u16,
    row: u32,
}

/// By upload: place of each row that counts, and the fingerprint of its natural key.
pub(crate) type Rows = BTreeMap<u64, HashMap<(u16, u32), u128>>;

impl Current {
    /// Takes the records of an upload.
    pub(crate) fn add(&mut self, upload: u64, segment: &Segment) {
        for entry in segment.entries().filter(|entry| entry.passed) {
            let version = Version {
                upload,
                file: entry.file,
                row: entry.row,
            };
            let newest = self.0.entry(entry.key).or_insert(version);
            // Entries of one key stand in order of place, and of one upload the later one counts.
            if newest.upload <= upload {
                *newest = version;
            }
        }
    }

    /// What counts, without what was withdrawn: of a record whose newest version was, no older one comes back.
    pub(crate) fn finish(self, kind: &str, withdrawals: &Withdrawals) -> Rows {
        let mut rows = Rows::new();
        for (key, version) in self.0 {
            if !withdrawals.withdraws(version.upload, kind, key) {
                let of_upload = rows.entry(version.upload).or_default();
                of_upload.insert((version.file, version.row), key);
            }
        }
        rows
    }
}
