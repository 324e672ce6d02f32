use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Sha256;

/// The three stamped documents (manual 3.1, step 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanSlot {
    /// 《医疗机构信息收集表》.
    InformationForm,
    /// 《系统使用须知及同意书》.
    Consent,
    /// 《医疗机构执业许可证》.
    Licence,
}

impl ScanSlot {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 3] = [Self::InformationForm, Self::Consent, Self::Licence];
}

/// Whether a scan can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ScanState {
    /// A URL was given; the file has not been looked at.
    Awaited,
    /// It is what it claims to be.
    Passed {
        /// The version of the object that was looked at; reviewers see exactly this one.
        object_version: String,
        /// `image/jpeg`, `image/png` or `application/pdf`, by content.
        media_type: String,
    },
    /// It is not.
    Refused {
        /// Stable code of the reason.
        reason: String,
    },
}

/// One uploaded document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Which document.
    pub slot: ScanSlot,
    /// Object key.
    pub key: String,
    /// Name of the applicant's file.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// Digest announced; scans registered before it was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// The form version it was stamped for.
    pub form_version: u32,
    /// When the URL was given.
    pub registered_at: Timestamp,
    /// Whether it can be used.
    #[serde(flatten)]
    pub state: ScanState,
}

impl Scan {
    /// Whether it passed and belongs to this form version.
    pub fn counts_for(&self, form_version: u32) -> bool {
        self.form_version == form_version && matches!(self.state, ScanState::Passed { .. })
    }
}
