use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Profile, ProfileDraft, Scan};
use crate::{AccountId, ApplicationId};

/// Where an application stands (审批状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Being filled in, for the first time or again.
    Editing,
    /// 请等待审核.
    Waiting,
    /// 审核不通过.
    Rejected,
    /// 审核通过.
    Approved,
}

/// A profile in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The profile.
    pub profile: Profile,
    /// Its scans.
    pub scans: Vec<Scan>,
    /// Form version of both.
    pub form_version: u32,
    /// When it was approved.
    pub at: Timestamp,
    /// By whom (login name).
    pub by: String,
}

/// Why an application was turned down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The reason, as the applicant reads it.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// By whom (login name).
    pub by: String,
}

/// A reviewer is looking at it; others see that, and may still decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Login name.
    pub by: String,
    /// Since when.
    pub at: Timestamp,
}

/// One hospital's application; one per phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// The phone it is continued with: the one it was begun with, and from an approval on the data manager's.
    pub phone: String,
    /// Where it stands.
    pub stage: Stage,
    /// Counts every change; actions name the one they were made on.
    pub version: u64,
    /// Counts the changes of the profile; scans count only for the version printed on them.
    pub form_version: u32,
    /// What is being filled in, waiting, or was decided on last.
    pub draft: ProfileDraft,
    /// Scans of the draft, at most one per document.
    pub scans: Vec<Scan>,
    /// The account that the first approval made.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// What is in force.
    pub approved: Option<Approved>,
    /// The last rejection, kept until something is approved.
    pub rejection: Option<Rejection>,
    /// Who is looking at it.
    pub claim: Option<Claim>,
    /// When it was submitted last.
    pub submitted_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
}

impl Application {
    /// A new application of a phone whose code was right.
    pub fn begin(phone: &str, now: Timestamp) -> Self {
        let mut draft = ProfileDraft::default();
        draft.manager.phone = phone.to_owned();
        Self {
            id: ApplicationId::random(),
            phone: phone.to_owned(),
            stage: Stage::Editing,
            version: 1,
            form_version: 1,
            draft,
            scans: Vec::new(),
            account: None,
            approved: None,
            rejection: None,
            claim: None,
            submitted_at: None,
            created_at: now,
        }
    }
}
