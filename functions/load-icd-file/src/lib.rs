//! Reads ICD code files (manual 3.5) when the object store says that they have arrived, and puts their codes into use.
//!
//! The clock makes it run as well: then it looks for files whose event was lost, whose worker died, and whose object never
//! came.

mod read;
mod sweep;

use arrivals::{Announced, Arrival, Handle, Malformed, deliver};
use domain::{Clock, FailureReason, IcdFile, beijing};
use jiff::{SignedDuration, Timestamp};
use metrics::Metric;
use serde_json::Value;
use standard::Standard;
use store::icd_files::{self, Claim, Claimed, Ending};
use store::{Files, Found, Store, StoreError, keys};
use thiserror::Error;

pub use sweep::{Swept, abandoned, sweep};

/// The claim from which on a reading that breaks off by itself ends the file: it would always do so.
const HOPELESS: u64 = 3;
/// Workers that died on it without a word, as when memory runs out. One more than a queue delivers, so that the sweep ends it. Tries that
/// failed for table or bucket don't count.
const DEADLY: u64 = 6;

/// What the loading may use.
#[derive(Debug, Clone)]
pub struct Loading {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// The time.
    pub clock: Clock,
    /// The versions of the interface standard, oldest first, with the deployment's overrides applied.
    pub standards: &'static [Standard],
    /// How long a claim holds. Reading a file takes seconds, so it is never renewed.
    pub lease: SignedDuration,
}

/// An event that is not done with; whoever sent it should send it again.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Not a form of event this function knows.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Another worker holds the file.
    #[error("another worker holds the code file")]
    Held,
    /// The claim ran out, or the file was deleted, before the result was written.
    #[error("the claim was lost")]
    Lost,
    /// The reading came to no result.
    #[error("the reading broke off")]
    Broken,
    /// Table or bucket.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loaded {
    /// The file has its final state.
    Finished,
    /// The object belongs to no file, or is not the one that is read.
    Ignored,
}

impl Loading {
    /// With the usual length of a claim.
    pub fn new(store: Store, files: Files, clock: Clock, standards: &'static [Standard]) -> Self {
        Self {
            store,
            files,
            clock,
            standards,
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

/// Handles an event: the clock's, or one of an object store; see [`deliver`] for the latter's forms and the answer.
///
/// # Errors
/// When an event that did not come by a queue must be sent again.
pub async fn run(loading: &Loading, event: Value) -> Result<Value, LoadError> {
    if event.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event") {
        let swept = sweep(loading).await?;
        return Ok(serde_json::to_value(swept).unwrap_or_default());
    }
    deliver(loading, event).await
}

impl Handle for Loading {
    type Error = LoadError;

    async fn arrived(&self, arrival: &Arrival) -> Result<(), LoadError> {
        load(self, arrival).await.map(|_| ())
    }
}

/// Brings the code file an object belongs to into its final state.
///
/// 1. **Find the ticket**: only keys this service gave out are looked at.
/// 2. **Claim it**, which raises the fence and pins the versions of object and standard. A second delivery finds the claim
///    or the result; a worker that died loses it when the lease runs out.
/// 3. **Read that version**, compare it with what was announced, and judge header and rows.
/// 4. **Write** problems and codes under the number of the claim, where no reader looks.
/// 5. **Commit**: one conditional write puts the codes into use, or none of it counts if the claim was lost or the hospital
///    deleted the file meanwhile.
pub(crate) async fn load(loading: &Loading, arrival: &Arrival) -> Result<Loaded, LoadError> {
    let own = (arrival.bucket == loading.files.bucket()).then_some(&arrival.key);
    let Some((account, id)) = own.and_then(|key| keys::parse_icd_key(key)) else {
        tracing::warn!("an object under a key that was never given out is ignored");
        return Ok(Loaded::Ignored);
    };
    let file = icd_files::find(&loading.store, &account, &id).await?;
    let Some(file) = file.filter(|file| keys::icd_object(file) == arrival.key) else {
        tracing::warn!(file = %id, "an object without a ticket is ignored");
        return Ok(Loaded::Ignored);
    };
    let version = arrival
        .version
        .as_deref()
        .or(file.object_version.as_deref());
    let found = loading.files.head(&arrival.key, version).await?;
    let now = loading.clock.now();
    let received_at = found.as_ref().map_or(now, |found| found.received_at);
    let owner = format!("{:032x}", rand::random::<u128>());
    let claim = Claim {
        owner: &owner,
        until: now + loading.lease,
        object_version: match (&found, version) {
            (Some(found), _) => &found.version,
            (None, version) => version.unwrap_or("null"),
        },
        received_at,
        standard: standard_of(loading.standards, received_at),
    };
    match icd_files::claim(&loading.store, &account, &id, &claim, now).await? {
        Claimed::Yes(held) => work(loading, &held, found).await,
        Claimed::Held(_) => Err(LoadError::Held),
        Claimed::Final(_) => Ok(Loaded::Finished),
        Claimed::OtherVersion | Claimed::Unknown => {
            tracing::warn!(file = %id, "an object that is not the one read is ignored");
            Ok(Loaded::Ignored)
        }
    }
}

fn standard_of(standards: &'static [Standard], received_at: Timestamp) -> &'static str {
    let day = beijing(received_at).date();
    standard::in_force(standards, day).map_or("", |standard| &standard.version)
}

/// From the claim to the end; gives the claim back when it fails on the way, so that the next try need not wait.
async fn work(
    loading: &Loading,
    held: &IcdFile,
    found: Option<Found>,
) -> Result<Loaded, LoadError> {
    let worked = match read_and_write(loading, held, found).await {
        Ok(ending) => commit(loading, held, &ending).await,
        Err(error) => Err(error),
    };
    if let Err(error) = worked {
        tracing::warn!(file = %held.id, fence = held.fence, %error, "code file {} broke off: {error}", held.id);
        if !matches!(error, LoadError::Lost) {
            // Best effort: the lease runs out by itself.
            let _ = icd_files::release(&loading.store, held).await;
        }
        return Err(error);
    }
    Ok(Loaded::Finished)
}

async fn read_and_write(
    loading: &Loading,
    held: &IcdFile,
    found: Option<Found>,
) -> Result<Ending, LoadError> {
    let Some(found) = found else {
        return Ok(Ending::Failed(FailureReason::ObjectGone));
    };
    if held.deaths >= DEADLY {
        return Ok(Ending::Failed(FailureReason::CheckFailed));
    }
    let key = keys::icd_object(held);
    let announced = Announced {
        key: &key,
        version: held.object_version.as_deref().unwrap_or_default(),
        size: held.size,
        sha256: &held.sha256,
    };
    let archive = match arrivals::read(&loading.files, announced, found.size).await? {
        Ok(archive) => archive,
        Err(reason) => return Ok(Ending::Failed(reason)),
    };
    let standard = loading.standard(held.standard.as_deref());
    let read = match read::read(standard, held, archive).await {
        Some(read) => read,
        None if held.fence >= HOPELESS => return Ok(Ending::Failed(FailureReason::CheckFailed)),
        None => return Err(LoadError::Broken),
    };
    read::write(loading, held, &read).await?;
    Ok(Ending::Read(read.result))
}

async fn commit(loading: &Loading, held: &IcdFile, ending: &Ending) -> Result<(), LoadError> {
    let now = loading.clock.now();
    match icd_files::commit(&loading.store, held, ending, now).await {
        Ok(()) => {
            let codes = match ending {
                Ending::Read(result) => result.codes,
                Ending::Failed(_) => 0,
            };
            tracing::info!(file = %held.id, account = %held.account, codes, "code file {} read", held.id);
            let metric = match codes {
                0 => Metric::CodeFilesRefused,
                _ => Metric::CodeFilesRead,
            };
            metrics::record(&[(metric, 1)]);
            Ok(())
        }
        Err(StoreError::Conflict) => Err(LoadError::Lost),
        Err(error) => Err(error.into()),
    }
}
