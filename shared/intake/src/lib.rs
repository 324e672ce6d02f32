#![doc = include_str!("../README.md")]

mod codes;
mod counting;
mod death_cases;
mod findings_digest;
mod judge;
mod process;
mod results;
mod settle;

use std::sync::Arc;

use domain::{AccountId, Clock, IcdFileId, UploadId, Withdrawal};
use jiff::SignedDuration;
use standard::Standard;
use store::{Files, Store, StoreError};
use thiserror::Error;

pub use arrivals::Arrival;
pub use codes::{CodeCache, UploadCodes};
pub use judge::settings;
pub use process::process;

/// What the judging of uploads may use.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// The time.
    pub clock: Clock,
    /// The versions of the interface standard, oldest first, with the deployment's overrides applied.
    pub standards: &'static [Standard],
    /// Codes of hospitals, as they were read before.
    pub codes: Arc<CodeCache>,
    /// How long a claim holds unless it is renewed.
    pub lease: SignedDuration,
}

impl Intake {
    /// With the usual length of a claim: two minutes, renewed while the work goes on.
    pub fn new(store: Store, files: Files, clock: Clock, standards: &'static [Standard]) -> Self {
        Self {
            store,
            files,
            clock,
            standards,
            codes: Arc::default(),
            lease: SignedDuration::from_mins(2),
        }
    }

    fn standard(&self, version: Option<&str>) -> &'static Standard {
        self.standards
            .iter()
            .find(|standard| Some(standard.version.as_str()) == version)
            .or(self.standards.last())
            .unwrap_or_else(standard::latest)
    }
}

/// What came of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processed {
    /// The upload has its final state, and everything that follows from it is done.
    Finished,
    /// The object belongs to no upload, or is not the one that is judged; nothing will come of it.
    Ignored,
    /// Another worker holds the upload: come again later.
    Held,
}

/// Lets every later upload know of a withdrawal. The same again, at once or after a crash, changes nothing.
///
/// # Errors
/// When table or bucket fail; the sweep carries on.
pub async fn settle_withdrawal(
    intake: &Intake,
    withdrawal: &Withdrawal,
) -> Result<(), IntakeError> {
    settle::withdrawal(intake, withdrawal).await
}

/// Uploads of an account, and withdrawals in their places, that the overview does not count, or not to their end.
///
/// # Errors
/// When the table cannot be read.
pub async fn uncounted(intake: &Intake, account: &AccountId) -> Result<Vec<UploadId>, IntakeError> {
    settle::uncounted(intake, account).await
}

/// Counts all that [`uncounted`] names, as it is counted where it is settled. The same again, at once or after a crash, changes
/// nothing.
///
/// # Errors
/// When table or bucket fail, or the records of an upload are gone.
pub async fn count_all(intake: &Intake, account: &AccountId) -> Result<(), IntakeError> {
    settle::count_all(intake, account).await
}

/// Judging was broken off; trying again may help.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// Table or bucket.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The claim ran out and another worker has the upload now.
    #[error("the claim was lost to another worker")]
    Lost,
    /// The check came to no result.
    #[error("the check broke off")]
    Broken,
    /// The codes of a file an upload was claimed with are gone or damaged.
    #[error("the codes of file `{0}` cannot be read")]
    Codes(IcdFileId),
    /// A stored object is not what this program wrote.
    #[error("the stored records of kind `{kind}` cannot be read: {message}")]
    Segment {
        /// Kind of record.
        kind: String,
        /// Why not.
        message: String,
    },
}
