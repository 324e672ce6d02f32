//! Looks at documents as they arrive: what are they by their content, and may they be kept?
//!
//! Scans of an application come under `incoming/scan/`, attachments of a death case under `incoming/attachment/`. What was
//! found is reported to whoever keeps the document's state; the first version of an object is the one that counts.
//!
//! Now and then the clock makes it look for documents whose event got lost, and for the content of attachments that were deleted.

mod keeper;

use std::time::Duration;

use arrivals::{Announced, Arrival, Handle, Malformed, deliver};
use domain::{FailureReason, Sha256};
use file_check::{Limits, MediaType, Refusal, inspect};
use jiff::{SignedDuration, Timestamp};
use metrics::Metric;
use serde_json::Value;
use store::death_cases::Awaited;
use store::{Files, StoreError, keys};
use thiserror::Error;

pub use keeper::{Findings, Found, Waiting};

/// Under which scans of an application arrive.
pub const SCAN_PREFIX: &str = keys::SCAN_PREFIX;
/// Under which attachments of a death case arrive.
pub const ATTACHMENT_PREFIX: &str = keys::ATTACHMENT_OBJECTS;

/// An event of an object that is younger may still be on its way.
const YOUNG: SignedDuration = SignedDuration::from_mins(2);
/// How long a sweep may take; the next one goes on.
const SWEEP: Duration = Duration::from_secs(50);

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
    if let Some(now) = scheduled(&event) {
        sweep(checking, now).await?;
        return Ok(Value::Null);
    }
    deliver(checking, event).await
}

/// When a schedule made the event; `None` for other events.
fn scheduled(event: &Value) -> Option<Timestamp> {
    let kind = event.get("detail-type")?.as_str()?;
    (kind == "Scheduled Event").then_some(())?;
    event.get("time")?.as_str()?.parse().ok()
}

/// Looks at what arrived and was not looked at.
async fn sweep<F: Findings>(checking: &Checking<F>, now: Timestamp) -> Result<(), CheckError> {
    let until = std::time::Instant::now() + SWEEP;
    let mut outcome = Ok(());
    for waiting in checking.findings.waiting(now - YOUNG).await? {
        if std::time::Instant::now() > until {
            break;
        }
        if let Err(error) = sweep_one(checking, waiting, now).await {
            outcome = Err(error);
        }
    }
    outcome
}

async fn sweep_one<F: Findings>(
    checking: &Checking<F>,
    waiting: Waiting,
    now: Timestamp,
) -> Result<(), CheckError> {
    match checking.files.head(&waiting.key, None).await? {
        Some(object) => {
            let arrival = Arrival {
                bucket: checking.files.bucket().to_owned(),
                key: waiting.key,
                version: Some(object.version),
            };
            check(checking, &arrival).await
        }
        None => Ok(checking.findings.nothing_there(&waiting, now).await?),
    }
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
    let announced = match checking.findings.awaited(&arrival.key).await? {
        Awaited::Yes(announced) => announced,
        Awaited::No => return Ok(()),
        Awaited::Deleted => return remove(checking, arrival).await,
    };
    let Some(found) = look(checking, arrival, announced, (allowed, limits)).await? else {
        // Deleted by the applicant in the meantime; nothing is to be said of it.
        return Ok(());
    };
    let metric = match found.verdict {
        Ok(_) => Metric::DocumentsPassed,
        Err(_) => Metric::DocumentsRefused,
    };
    if checking.findings.checked(&arrival.key, found).await? {
        metrics::record(&[(metric, 1)]);
    } else {
        tracing::info!("a document that is not awaited, or was looked at before, is left alone");
    }
    Ok(())
}

/// Whoever deleted it before it had come meant what was coming.
async fn remove<F>(checking: &Checking<F>, arrival: &Arrival) -> Result<(), CheckError> {
    let files = &checking.files;
    let head = files.head(&arrival.key, arrival.version.as_deref());
    if let Some(head) = head.await? {
        files.delete(&arrival.key, &head.version).await?;
    }
    Ok(())
}

/// Reads one version of the object and looks at it; `None` when it is gone. The version that was looked at is the one
/// people see, whatever comes under the same key later.
async fn look<F: Findings>(
    checking: &Checking<F>,
    arrival: &Arrival,
    announced: Option<Sha256>,
    (allowed, limits): (&'static [MediaType], Limits),
) -> Result<Option<Found>, CheckError> {
    let files = &checking.files;
    let head = files.head(&arrival.key, arrival.version.as_deref());
    let Some(head) = head.await? else {
        return Ok(None);
    };
    let found = |crc32, verdict| {
        Some(Found {
            object_version: head.version.clone(),
            crc32,
            verdict,
        })
    };
    // The head tells the size, so that a giant is refused without being read.
    if head.size > limits.bytes {
        let refusal = Refusal::TooLarge {
            limit: limits.bytes,
        };
        return Ok(found(0, Err(refusal)));
    }
    let bytes = match announced {
        Some(sha256) => {
            let announced = Announced {
                key: &arrival.key,
                version: &head.version,
                size: head.size,
                sha256: &sha256,
            };
            match arrivals::read(files, announced, head.size).await? {
                Ok(bytes) => bytes,
                Err(FailureReason::ObjectGone) => return Ok(None),
                Err(_) => return Ok(found(0, Err(Refusal::Damaged))),
            }
        }
        None => match files
            .read(&arrival.key, &head.version, limits.bytes)
            .await?
        {
            Some(object) => object.bytes,
            None => return Ok(None),
        },
    };
    let looked = tokio::task::spawn_blocking(move || {
        let crc32 = crc32fast::hash(&bytes);
        (crc32, inspect(&bytes, allowed, &limits))
    });
    let (crc32, verdict) = looked.await.map_err(|_| CheckError::Broken)?;
    Ok(found(crc32, verdict))
}

/// What may arrive under a key (manual 3.1, step 5; 3.7, step 3).
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
