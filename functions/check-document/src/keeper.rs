use std::future::Future;

use domain::AccountId;
use domain::application::ScanState;
use domain::death_case::{AttachmentId, DeathCaseId, Kept};
use file_check::{MediaType, Refusal};
use jiff::Timestamp;
use store::death_cases::Awaited;
use store::{Store, StoreError, applications, death_cases, keys};

/// What the look at a document came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The version of the object that was looked at.
    pub object_version: String,
    /// CRC-32 of its content, where it was read.
    pub crc32: u32,
    /// What it is, or why it is not kept.
    pub verdict: Result<MediaType, Refusal>,
}

/// A document that something is left to be done for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its key.
    pub key: String,
    /// Its version when that was read.
    pub seen: u64,
}

/// Keeps what was found.
pub trait Findings: Send + Sync {
    /// Notes that a document arrived; whether it is to be looked at.
    ///
    /// # Errors
    /// When it cannot be noted; the same again carries on.
    fn awaited(&self, key: &str) -> impl Future<Output = Result<Awaited, StoreError>> + Send;

    /// Notes what a document is. `false`: no document like that is awaited, or it has its finding already.
    ///
    /// # Errors
    /// When it cannot be noted; the same again carries on.
    fn checked(
        &self,
        key: &str,
        found: Found,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Documents that were announced before a moment and have no finding, or were deleted and may still be there.
    ///
    /// # Errors
    /// When they cannot be read.
    fn waiting(
        &self,
        before: Timestamp,
    ) -> impl Future<Output = Result<Vec<Waiting>, StoreError>> + Send;

    /// Notes that nothing was there after it was read, so that, once its address is no longer good, a document that never came
    /// is given up, one that came and went refused, and one that was deleted done with.
    ///
    /// # Errors
    /// When it cannot be noted.
    fn nothing_there(
        &self,
        waiting: &Waiting,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Documents looked at in one sweep, of each shard.
const AT_ONCE: i32 = 100;
/// Applications with scans likewise.
const SCANS_AT_ONCE: usize = 100;

/// Scans are kept with their application, attachments with their death case.
impl Findings for Store {
    async fn awaited(&self, key: &str) -> Result<Awaited, StoreError> {
        match keys::parse_attachment_key(key) {
            Some(ids) => death_cases::arrived(self, borrowed(&ids)).await,
            None => awaited_scan(self, key).await,
        }
    }

    async fn checked(&self, key: &str, found: Found) -> Result<bool, StoreError> {
        if let Some((application, _)) = keys::parse_scan_key(key) {
            return applications::record_scan(self, &application, key, scan_state(found)).await;
        }
        let Some(ids) = keys::parse_attachment_key(key) else {
            return Ok(false);
        };
        let Found {
            object_version,
            crc32,
            verdict,
        } = found;
        let found = match verdict {
            Ok(media_type) => Ok(Kept {
                object_version,
                media_type: media_type.as_str().to_owned(),
                crc32,
            }),
            Err(refusal) => Err(refusal.code().to_owned()),
        };
        death_cases::checked(self, borrowed(&ids), found).await
    }

    async fn waiting(&self, before: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        let waiting = death_cases::unfinished(self, before, AT_ONCE).await?;
        let attachments = waiting.iter().map(|attachment| Waiting {
            key: keys::attachment_object(attachment),
            seen: attachment.version,
        });
        let awaiting = applications::awaiting_scans(self, before, SCANS_AT_ONCE).await?;
        let scans = awaiting.iter().flat_map(|application| {
            let awaited = application.awaited_scans();
            let old = awaited.filter(|scan| scan.registered_at < before);
            old.map(|scan| Waiting {
                key: scan.key.clone(),
                seen: application.version,
            })
        });
        Ok(attachments.chain(scans).collect())
    }

    async fn nothing_there(&self, waiting: &Waiting, now: Timestamp) -> Result<(), StoreError> {
        match keys::parse_attachment_key(&waiting.key) {
            Some(ids) => death_cases::nothing_there(self, borrowed(&ids), waiting.seen, now).await,
            None => match keys::parse_scan_key(&waiting.key) {
                Some((id, _)) => {
                    applications::nothing_there(self, &id, &waiting.key, waiting.seen, now).await
                }
                None => Ok(()),
            },
        }
    }
}

/// An application has no word for what has arrived and was not looked at.
async fn awaited_scan(store: &Store, key: &str) -> Result<Awaited, StoreError> {
    let Some((application, _)) = keys::parse_scan_key(key) else {
        return Ok(Awaited::No);
    };
    let application = applications::find(store, &application).await?;
    let scans = application.into_iter().flat_map(|found| found.scans);
    let scan = scans.into_iter().find(|scan| scan.key == key);
    Ok(match scan {
        Some(scan) if scan.state == ScanState::Awaited => Awaited::Yes(scan.sha256),
        _ => Awaited::No,
    })
}

fn scan_state(found: Found) -> ScanState {
    match found.verdict {
        Ok(media_type) => ScanState::Passed {
            object_version: found.object_version,
            media_type: media_type.as_str().to_owned(),
        },
        Err(refusal) => ScanState::Refused {
            reason: refusal.code().to_owned(),
        },
    }
}

type Ids = (AccountId, DeathCaseId, AttachmentId);

fn borrowed((account, case, id): &Ids) -> (&AccountId, &DeathCaseId, &AttachmentId) {
    (account, case, id)
}
