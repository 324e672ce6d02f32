use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::check::{Cause, Figures};

/// A file on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Names it everywhere; see [`id`].
    pub(crate) id: String,
    /// Its name in the folder.
    pub(crate) name: String,
    /// Where it lies.
    pub(crate) source: PathBuf,
    /// What it was when it was taken: one that changed since is another file.
    pub(crate) stamp: Stamp,
    /// When it was taken.
    pub(crate) taken_at: Timestamp,
    /// What the check on this machine found.
    pub(crate) local: Figures,
    /// What has to be mended.
    pub(crate) causes: Vec<Cause>,
    /// Name under which the records that passed are sent; `None`: there are none.
    pub(crate) upload_name: Option<String>,
    /// Names of the reports.
    pub(crate) reports: Vec<String>,
}

impl Entry {
    /// The folder it was dropped into.
    pub(crate) fn folder(&self) -> &Path {
        self.source.parent().unwrap_or(Path::new("."))
    }
}

/// Size and time of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i128,
}

impl Stamp {
    /// Of a file as it is now.
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        let modified = metadata.modified()?;
        let modified = match modified.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i128::try_from(after.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
        };
        Ok(Self {
            size: metadata.len(),
            modified,
        })
    }
}

/// Names a file by its name, its time and its content: the same after a crash, another when the same data is written again.
pub(crate) fn id(name: &str, stamp: &Stamp, bytes: &[u8]) -> String {
    let mut digest = Sha256::new();
    digest.update(name.as_bytes());
    digest.update([0]);
    digest.update(stamp.modified.to_be_bytes());
    digest.update(Sha256::digest(bytes));
    let mut id = hex::encode(digest.finalize());
    id.truncate(32);
    id
}
