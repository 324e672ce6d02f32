use arrivals::Arrival;
use domain::{AccountId, IcdFileId, IcdFileStatus, Upload};
use jiff::SignedDuration;
use serde::Serialize;
use store::{StoreError, icd_files, keys};

use crate::{LoadError, Loaded, Loading, load};

/// A file younger than this is left to its event, which is on its way.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// How long one sweep goes on; what is left waits for the next.
const LENGTH: SignedDuration = SignedDuration::from_mins(5);

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Files brought to their end.
    pub finished: u32,
    /// Tickets given up, because no object came.
    pub expired: u32,
    /// Files left for the next sweep: held by another worker, or failed again.
    pub left: u32,
}

/// Looks once for code files that no event brought to their end.
///
/// # Errors
/// When the table cannot be read; the next sweep starts anew.
pub async fn sweep(loading: &Loading) -> Result<Swept, LoadError> {
    let start = loading.clock.now();
    let mut swept = Swept::default();
    let pending = icd_files::pending(&loading.store, start - PATIENCE).await?;
    let mut pending = pending.into_iter();
    for (account, id) in pending.by_ref() {
        // One file that fails must not keep the others from being looked at.
        if let Err(error) = one(loading, &account, &id, &mut swept).await {
            tracing::warn!(file = %id, %error, "code file {id} is left for the next sweep: {error}");
            swept.left += 1;
        }
        if loading.clock.now().duration_since(start) >= LENGTH {
            break;
        }
    }
    swept.left += u32::try_from(pending.len()).unwrap_or(u32::MAX);
    if swept != Swept::default() {
        tracing::info!(swept.finished, swept.expired, swept.left, "sweep done");
    }
    Ok(swept)
}

/// Ends the claims of workers that are known to be dead, and gives what they and events that died with them left to do.
///
/// For a program that runs all workers itself, when it starts. Were one still alive it would lose its work, and nothing else.
///
/// # Errors
/// When table or bucket cannot be read; the sweep finds the same, later.
pub async fn abandoned(loading: &Loading) -> Result<Vec<Arrival>, LoadError> {
    let mut arrivals = Vec::new();
    for (account, id) in icd_files::pending(&loading.store, loading.clock.now()).await? {
        let Some(file) = icd_files::find(&loading.store, &account, &id).await? else {
            continue;
        };
        let key = keys::icd_object(&file);
        let version = match file.status {
            IcdFileStatus::Registered => match loading.files.head(&key, None).await? {
                Some(found) => Some(found.version),
                None => continue,
            },
            IcdFileStatus::Checking => {
                icd_files::bury(&loading.store, &file).await?;
                file.object_version
            }
            _ => continue,
        };
        arrivals.push(Arrival {
            bucket: loading.files.bucket().to_owned(),
            key,
            version,
        });
    }
    Ok(arrivals)
}

async fn one(
    loading: &Loading,
    account: &AccountId,
    id: &IcdFileId,
    swept: &mut Swept,
) -> Result<(), LoadError> {
    // The index lags behind; the table itself tells.
    let Some(file) = icd_files::find(&loading.store, account, id).await? else {
        return Ok(());
    };
    let key = keys::icd_object(&file);
    let now = loading.clock.now();
    let version = match file.status {
        IcdFileStatus::Registered => match loading.files.head(&key, None).await? {
            Some(found) => Some(found.version),
            None if now >= file.url_until + Upload::ARRIVAL_SLACK => {
                return match icd_files::expire(&loading.store, &file, now).await {
                    Ok(()) => {
                        swept.expired += 1;
                        Ok(())
                    }
                    // Claimed or deleted between the look and the write.
                    Err(StoreError::Conflict) => Ok(()),
                    Err(error) => Err(error.into()),
                };
            }
            None => return Ok(()),
        },
        IcdFileStatus::Checking => match &file.lease {
            Some(lease) if now < lease.until => return Ok(()),
            _ => file.object_version,
        },
        _ => return Ok(()),
    };
    let arrival = Arrival {
        bucket: loading.files.bucket().to_owned(),
        key,
        version,
    };
    match load(loading, &arrival).await {
        Ok(Loaded::Finished) => swept.finished += 1,
        Ok(Loaded::Ignored) => {}
        Err(LoadError::Held) => swept.left += 1,
        Err(error) => return Err(error),
    }
    Ok(())
}
