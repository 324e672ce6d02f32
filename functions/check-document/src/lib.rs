//! Looks at documents as they arrive: what are they by their content, and may they be kept?
//!
//! Scans of an application come under `incoming/scan/`, attachments of a death case under `incoming/attachment/`. What was
//! found is reported to whoever keeps the document's state; the first version of an object is the one that counts.

use std::future::Future;

use arrivals::{Arrival, Handle, Malformed, deliver};
use domain::application::ScanState;
use file_check::{Limits, MediaType, Refusal, inspect};
use serde_json::Value;
use store::{Files, Store, StoreError, applications, keys};
use thiserror::Error;

/// Under which scans of an application arrive.
pub const SCAN_PREFIX: &str = "incoming/scan/";
/// Under which attachments of a death case arrive.
pub const ATTACHMENT_PREFIX: &str = "incoming/attachment/";

/// Keeps what was found.
pub trait Findings: Send + Sync {
    /// Notes what a document is. `false`: no document like that is awaited, or it has its finding already.
    ///
    /// # Errors
    /// When it cannot be noted; the same again carries on.
    fn checked(
        &self,
        key: &str,
        found: ScanState,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Scans of an application are kept with it. Attachments have no keeper yet: nobody awaits them.
impl Findings for Store {
    async fn checked(&self, key: &str, found: ScanState) -> Result<bool, StoreError> {
        match keys::parse_scan_key(key) {
            Some((application, _)) => {
                applications::record_scan(self, &application, key, found).await
            }
            None => Ok(false),
        }
    }
}

/// What the checking may use.
#[derive(Debug, Clone)]
pub struct Checking<F> {
    /// The bucket.
    pub files: Files,
    /// Where findings go.
    pub findings: F,
}

/// An event that is not done with; whoever sent it should send it again.
#[derive(Debug, Error)]
pub enum CheckError {
    /// Not a form of event this function knows.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Table or bucket.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The check came to no result.
    #[error("the check broke off")]
    Broken,
}

/// Handles an event; see [`deliver`] for its forms and the answer.
///
/// # Errors
/// When an event that did not come by a queue must be sent again.
pub async fn run<F: Findings>(checking: &Checking<F>, event: Value) -> Result<Value, CheckError> {
    deliver(checking, event).await
}

impl<F: Findings> Handle for Checking<F> {
    type Error = CheckError;

    async fn arrived(&self, arrival: &Arrival) -> Result<(), CheckError> {
        check(self, arrival).await
    }
}

async fn check<F: Findings>(checking: &Checking<F>, arrival: &Arrival) -> Result<(), CheckError> {
    let Some((allowed, limits)) = rules(&arrival.key) else {
        return Ok(());
    };
    if arrival.bucket != checking.files.bucket() {
        tracing::warn!("an event tells of another bucket and is left alone");
        return Ok(());
    }
    let Some((version, found)) = look(checking, arrival, allowed, limits).await? else {
        // Deleted by the applicant in the meantime; nothing is to be said of it.
        return Ok(());
    };
    let state = match found {
        Ok(media_type) => ScanState::Passed {
            object_version: version,
            media_type: media_type.as_str().to_owned(),
        },
        Err(refusal) => ScanState::Refused {
            reason: refusal.code().to_owned(),
        },
    };
    if !checking.findings.checked(&arrival.key, state).await? {
        tracing::info!("a document that is not awaited, or was looked at before, is left alone");
    }
    Ok(())
}

type Looked = (String, Result<MediaType, Refusal>);

/// Reads one version of the object and looks at it; `None` when it is gone. The version that was looked at is the one
/// reviewers see, whatever comes under the same key later.
async fn look<F: Findings>(
    checking: &Checking<F>,
    arrival: &Arrival,
    allowed: &'static [MediaType],
    limits: Limits,
) -> Result<Option<Looked>, CheckError> {
    let files = &checking.files;
    let head = files.head(&arrival.key, arrival.version.as_deref());
    let Some(head) = head.await? else {
        return Ok(None);
    };
    // The head tells the size, so that a giant is refused without being read.
    if head.size > limits.bytes {
        let refusal = Refusal::TooLarge {
            limit: limits.bytes,
        };
        return Ok(Some((head.version, Err(refusal))));
    }
    let object = files.read(&arrival.key, &head.version, limits.bytes);
    let Some(object) = object.await? else {
        return Ok(None);
    };
    let found = tokio::task::spawn_blocking(move || inspect(&object.bytes, allowed, &limits));
    let found = found.await.map_err(|_| CheckError::Broken)?;
    Ok(Some((head.version, found)))
}

/// What may arrive under a key (manual 3.1, step 5; 3.4).
fn rules(key: &str) -> Option<(&'static [MediaType], Limits)> {
    if key.starts_with(SCAN_PREFIX) {
        let allowed = &[MediaType::Jpeg, MediaType::Png, MediaType::Pdf];
        Some((allowed, Limits::SCAN))
    } else if key.starts_with(ATTACHMENT_PREFIX) {
        Some((&[MediaType::Jpeg, MediaType::Pdf], Limits::ATTACHMENT))
    } else {
        None
    }
}
