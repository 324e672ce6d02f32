//! Compares bucket and table on a schedule, and finds what an event missed.
//!
//! Every upload reaches its end: by the event of its object, or here. An upload stands in the index of unfinished work from
//! its ticket until everything that follows from its result is done; here that index is gone through.

use domain::{AccountId, Upload, UploadId, UploadStatus};
use intake::{Arrival, Intake, IntakeError, Processed, process, settle_withdrawal};
use jiff::{SignedDuration, Timestamp};
use metrics::{Metric, milliseconds};
use serde::Serialize;
use store::{StoreError, keys, uploads, withdrawals};

/// An upload younger than this is left to its event, which is on its way.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// How long one sweep goes on; what is left waits for the next.
const LENGTH: SignedDuration = SignedDuration::from_mins(10);

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Uploads and withdrawals brought to their end.
    pub finished: u32,
    /// Tickets given up, because no object came.
    pub expired: u32,
    /// Uploads left for the next sweep: held by another worker, or failed again.
    pub left: u32,
    /// Objects that belong to no upload.
    pub strangers: u32,
}

/// What to do about an unfinished upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Its object may still come; nothing to do.
    Wait,
    /// Look for its object: judge it if it is there, give the ticket up if it is overdue.
    Look {
        /// Whether the object can no longer come.
        overdue: bool,
    },
    /// A worker died on it, or before everything that follows from its result was done.
    Resume,
}

/// Looks once.
///
/// # Errors
/// When the table cannot be read; the next sweep starts anew.
pub async fn run(intake: &Intake) -> Result<Swept, IntakeError> {
    let start = intake.clock.now();
    let mut swept = Swept::default();
    let pending = uploads::pending(&intake.store, start - PATIENCE).await?;
    let mut pending = pending.into_iter();
    let mut oldest = None;
    for (account, id) in pending.by_ref() {
        // One upload that fails must not keep the others from being looked at.
        match one(intake, &account, &id, &mut swept).await {
            Ok(waiting) => oldest = [oldest, waiting].into_iter().flatten().min(),
            Err(error) => {
                tracing::warn!(upload = %id, %account, %error, "upload {id} is left for the next sweep: {error}");
                swept.left += 1;
            }
        }
        if intake.clock.now().duration_since(start) >= LENGTH {
            break;
        }
    }
    // Written, and nobody came to tell the later uploads.
    for withdrawal in withdrawals::open(&intake.store, start - PATIENCE).await? {
        let upload = &withdrawal.upload;
        match settle_withdrawal(intake, &withdrawal).await {
            Ok(()) => swept.finished += 1,
            Err(error) => {
                tracing::warn!(%upload, %error, "a withdrawal from upload {upload} is left for the next sweep: {error}");
                swept.left += 1;
            }
        }
    }
    swept.left += u32::try_from(pending.len()).unwrap_or(u32::MAX);
    swept.strangers = strangers(intake).await?;
    if swept.strangers > 0 {
        tracing::warn!(
            swept.strangers,
            "{} objects without a ticket",
            swept.strangers
        );
    }
    if swept != Swept::default() {
        tracing::info!(
            swept.finished,
            swept.expired,
            swept.left,
            swept.strangers,
            "sweep done"
        );
    }
    let waited = oldest.map_or(0, |oldest| milliseconds(oldest, intake.clock.now()));
    metrics::record(&[
        (Metric::UploadsLeft, swept.left.into()),
        (Metric::UploadsExpired, swept.expired.into()),
        (Metric::OldestWaiting, waited / 1000),
    ]);
    Ok(swept)
}

/// Ends the claims of workers that are known to be dead, and gives what they and events that died with them left to do.
///
/// For a program that runs all workers itself, when it starts. Were one still alive it would lose its work, and nothing else.
///
/// # Errors
/// When table or bucket cannot be read; the sweep finds the same, later.
pub async fn abandoned(intake: &Intake) -> Result<Vec<Arrival>, IntakeError> {
    let mut arrivals = Vec::new();
    for (account, id) in uploads::pending(&intake.store, intake.clock.now()).await? {
        let Some(upload) = uploads::find(&intake.store, &account, &id).await? else {
            continue;
        };
        let version = match upload.status {
            UploadStatus::Registered => {
                match intake.files.head(&upload.object_key(), None).await? {
                    Some(found) => Some(found.version),
                    None => continue,
                }
            }
            UploadStatus::Expired => continue,
            UploadStatus::Checking | UploadStatus::Done | UploadStatus::Failed => {
                uploads::bury(&intake.store, &upload).await?;
                upload.object_version.clone()
            }
        };
        arrivals.push(Arrival {
            bucket: intake.files.bucket().to_owned(),
            key: upload.object_key(),
            version,
        });
    }
    // In ticket order: one that is judged after a later one makes that be settled anew.
    arrivals.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(arrivals)
}

/// Looks at one upload; since when it has waited for its result, if it still does.
async fn one(
    intake: &Intake,
    account: &AccountId,
    id: &UploadId,
    swept: &mut Swept,
) -> Result<Option<Timestamp>, IntakeError> {
    // The index lags behind; the table itself tells.
    let Some(upload) = uploads::find(&intake.store, account, id).await? else {
        return Ok(None);
    };
    let now = intake.clock.now();
    let since = upload.received_at.unwrap_or(upload.registered_at);
    let version = match step(&upload, now) {
        Step::Wait => return Ok(Some(since).filter(|_| !upload.status.is_final())),
        Step::Resume => upload.object_version.clone(),
        Step::Look { overdue } => match intake.files.head(&upload.object_key(), None).await? {
            Some(found) => Some(found.version),
            None if overdue => {
                expire(intake, &upload, now, swept).await?;
                return Ok(None);
            }
            // A ticket without an object waits for the hospital.
            None => return Ok(None),
        },
    };
    let arrival = Arrival {
        bucket: intake.files.bucket().to_owned(),
        key: upload.object_key(),
        version,
    };
    match process(intake, &arrival).await? {
        Processed::Finished => swept.finished += 1,
        Processed::Ignored => {}
        Processed::Held => {
            swept.left += 1;
            return Ok(Some(since));
        }
    }
    Ok(None)
}

fn step(upload: &Upload, now: Timestamp) -> Step {
    match upload.status {
        UploadStatus::Registered => Step::Look {
            overdue: now >= upload.url_until + Upload::ARRIVAL_SLACK,
        },
        UploadStatus::Checking => match &upload.lease {
            Some(lease) if now < lease.until => Step::Wait,
            _ => Step::Resume,
        },
        UploadStatus::Done | UploadStatus::Failed => Step::Resume,
        UploadStatus::Expired => Step::Wait,
    }
}

async fn expire(
    intake: &Intake,
    upload: &Upload,
    now: Timestamp,
    swept: &mut Swept,
) -> Result<(), IntakeError> {
    match uploads::expire(&intake.store, upload, now).await {
        Ok(()) => {
            tracing::info!(upload = %upload.id, "no object came for upload {}", upload.id);
            swept.expired += 1;
            Ok(())
        }
        // Its object was claimed, or a new address given, between the look and the write.
        Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Counts objects without a ticket among some of the bucket. They are looked at by people, never judged and never deleted
/// here.
///
/// A season's bucket holds millions of objects and a listing comes by key, not by time: so each sweep looks at a few
/// thousand from a place of its own, and goes on at the beginning when it comes to the end.
async fn strangers(intake: &Intake) -> Result<u32, IntakeError> {
    let start = format!("{}{}", keys::DATA_PREFIX, AccountId::random());
    let mut after = Some(start.clone());
    let mut has_wrapped = false;
    let mut count = 0;
    for _ in 0..LISTINGS {
        let found = intake
            .files
            .list(keys::DATA_PREFIX, after.as_deref())
            .await?;
        for object in &found {
            if has_wrapped && object.key > start {
                return Ok(count);
            }
            // A ticket is written before its address is given away, so an object never comes before its ticket.
            let has_ticket = match keys::parse_object_key(&object.key) {
                Some((account, id)) => uploads::find(&intake.store, &account, &id).await?.is_some(),
                None => false,
            };
            count += u32::from(!has_ticket);
        }
        after = found.last().map(|object| object.key.clone());
        if found.len() < LISTED {
            if has_wrapped {
                break;
            }
            has_wrapped = true;
            after = None;
        }
    }
    Ok(count)
}

/// Listings of one sweep.
const LISTINGS: usize = 4;
/// Objects in one answer of a listing.
const LISTED: usize = 1000;

#[cfg(test)]
mod tests {
    use domain::{FileName, Lease, Sha256, UploadKind};

    use super::*;

    fn upload(status: UploadStatus) -> Upload {
        let registered_at: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        Upload {
            account: AccountId::random(),
            id: UploadId::new(1),
            kind: UploadKind::Data,
            file_name: FileName::try_from("flu.zip".to_owned()).unwrap(),
            size: 1,
            sha256: Sha256::of(b"x"),
            dry_run: false,
            found_before: None,
            status,
            registered_at,
            url_until: registered_at + Upload::URL_LIFE,
            object_version: None,
            received_at: None,
            standard: None,
            code_files: None,
            lease: None,
            fence: 0,
            deaths: 0,
            progress: None,
            generation: None,
            figures: None,
            settlement: None,
            reason: None,
            finished_at: None,
            withdrawal: None,
            withdrawn_records: 0,
        }
    }

    #[test]
    fn a_ticket_is_overdue_only_after_its_address_and_the_slack() {
        let ticket = upload(UploadStatus::Registered);
        let end = ticket.url_until + Upload::ARRIVAL_SLACK;
        let before = end - SignedDuration::from_secs(1);
        assert_eq!(step(&ticket, before), Step::Look { overdue: false });
        assert_eq!(step(&ticket, end), Step::Look { overdue: true });
    }

    #[test]
    fn a_claim_is_left_alone_until_it_runs_out() {
        let mut claimed = upload(UploadStatus::Checking);
        let until = claimed.registered_at + SignedDuration::from_mins(2);
        claimed.lease = Some(Lease {
            owner: "a".to_owned(),
            until,
        });
        assert_eq!(
            step(&claimed, until - SignedDuration::from_secs(1)),
            Step::Wait
        );
        assert_eq!(step(&claimed, until), Step::Resume);
        claimed.lease = None;
        assert_eq!(
            step(&claimed, claimed.registered_at),
            Step::Resume,
            "given back"
        );
    }

    #[test]
    fn a_result_that_was_not_followed_up_is() {
        let now = upload(UploadStatus::Done).registered_at;
        assert_eq!(step(&upload(UploadStatus::Done), now), Step::Resume);
        assert_eq!(step(&upload(UploadStatus::Failed), now), Step::Resume);
        assert_eq!(step(&upload(UploadStatus::Expired), now), Step::Wait);
    }
}
