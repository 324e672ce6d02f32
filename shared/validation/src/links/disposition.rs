use serde::{Deserialize, Serialize};

/// What became of a record that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// 新增: its natural key was not received before.
    New,
    /// 更新: it replaces an earlier version that differs.
    Updated,
    /// 未变化: it equals the newest earlier version.
    Unchanged,
    /// 不达标: it has an error and was not accepted.
    Failed,
}

/// Records by disposition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// 新增.
    pub new: u64,
    /// 更新.
    pub updated: u64,
    /// 未变化.
    pub unchanged: u64,
    /// 不达标.
    pub failed: u64,
}

impl Counts {
    /// Counts one record.
    pub fn add(&mut self, disposition: Disposition) {
        match disposition {
            Disposition::New => self.new += 1,
            Disposition::Updated => self.updated += 1,
            Disposition::Unchanged => self.unchanged += 1,
            Disposition::Failed => self.failed += 1,
        }
    }

    /// All records.
    pub fn total(&self) -> u64 {
        self.new + self.updated + self.unchanged + self.failed
    }
}
