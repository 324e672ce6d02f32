use arrivals::Announced;
use domain::webhook::{Delivery, FinishedUpload};
use domain::{FailureReason, Upload, UploadProgress, UploadStatus, beijing};
use jiff::{SignedDuration, Timestamp};
use metrics::{Metric, milliseconds};
use store::uploads::{self, Claim, Claimed, Ending};
use store::{Found, StoreError, accounts, icd_files, keys, webhooks};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::{JoinHandle, spawn_blocking};
use validation::CheckError;
use validation::report::pages::Page;

use crate::judge::{self, Judged, Message};
use crate::{Arrival, Intake, IntakeError, Processed, results, settle};

/// Pages written in one go: what one batch of the table takes.
const PAGES_AT_ONCE: usize = 25;
/// The claim from which on a check that breaks off by itself ends the upload: it would always do so.
const HOPELESS: u64 = 3;
/// Workers that died on it without a word, as when memory runs out. One more than a queue delivers, so that the sweep ends it. Tries that
/// failed for table or bucket don't count: what was acknowledged is judged when they are back, however long that takes.
const DEADLY: u64 = 6;

/// Brings the upload an object belongs to into its final state.
///
/// 1. **Find the ticket.** Only keys this service gave out are looked at: anyone may be able to send an event.
/// 2. **Claim it**, which raises the fence and pins the versions of object and standard and the hospital's ICD code files
///    in use, so that every later try judges alike. A second delivery finds the claim,
///    or the result; a worker that died loses it when the lease runs out.
/// 3. **Read that version** and compare it with what was announced.
/// 4. **Check it**, writing pages of findings meanwhile under the number of the claim, where no reader looks.
/// 5. **Write the records**, one object of each kind, likewise.
/// 6. **Commit**: one conditional write that makes all of it count, or none of it if the claim was lost.
/// 7. **Settle**, then settle later uploads anew, then take the upload off the list of unfinished ones. Dying before that
///    leaves it on the list, and the next call, which finds it final, carries on here.
///
/// # Errors
/// When table or bucket fail, or the claim is lost; nothing is lost, and the same call again carries on.
pub async fn process(intake: &Intake, arrival: &Arrival) -> Result<Processed, IntakeError> {
    let own = (arrival.bucket == intake.files.bucket()).then_some(&arrival.key);
    let Some((account, id)) = own.and_then(|key| keys::parse_object_key(key)) else {
        // The key is a stranger's text and stays out of the log.
        tracing::warn!("an object under a key that was never given out is ignored");
        return Ok(Processed::Ignored);
    };
    let upload = uploads::find(&intake.store, &account, &id).await?;
    let Some(upload) = upload.filter(|upload| upload.object_key() == arrival.key) else {
        tracing::warn!(upload = %id, "an object without a ticket is ignored");
        return Ok(Processed::Ignored);
    };
    if has_result(&upload) {
        return conclude(intake, &upload).await;
    }
    let version = arrival
        .version
        .as_deref()
        .or(upload.object_version.as_deref());
    let found = intake.files.head(&arrival.key, version).await?;
    let now = intake.clock.now();
    let received_at = found.as_ref().map_or(now, |found| found.received_at);
    let owner = format!("{:032x}", rand::random::<u128>());
    let claim = Claim {
        owner: &owner,
        until: now + intake.lease,
        object_version: match (&found, version) {
            (Some(found), _) => &found.version,
            (None, version) => version.unwrap_or("null"),
        },
        received_at,
        standard: standard::in_force(intake.standards, beijing(received_at).date())
            .map_or("", |standard| &standard.version),
    };
    // Read before the claim, which pins them unless an earlier one has.
    let code_files = match &upload.code_files {
        Some(pinned) => pinned.clone(),
        None => icd_files::in_use(&intake.store, &account).await?,
    };
    match uploads::claim(&intake.store, &account, &id, &claim, &code_files, now).await? {
        Claimed::Yes(held) => work(intake, &held, found).await,
        Claimed::Held(_) => Ok(Processed::Held),
        Claimed::Final(upload) => conclude(intake, &upload).await,
        Claimed::OtherVersion => {
            tracing::warn!(upload = %id, "a second object under the key of upload {id} is ignored");
            Ok(Processed::Ignored)
        }
        Claimed::Unknown => Ok(Processed::Ignored),
    }
}

/// Whether nothing is left but what follows from the result.
fn has_result(upload: &Upload) -> bool {
    upload.status.is_final() && upload.status != UploadStatus::Expired
}

async fn conclude(intake: &Intake, upload: &Upload) -> Result<Processed, IntakeError> {
    if upload.keeps_records() {
        settle::settle(intake, upload).await?;
    }
    uploads::finish(&intake.store, &upload.account, &upload.id).await?;
    Ok(Processed::Finished)
}

/// From the claim to the end; gives the claim back when it fails on the way, so that the next try need not wait.
async fn work(
    intake: &Intake,
    held: &Upload,
    found: Option<Found>,
) -> Result<Processed, IntakeError> {
    match judge_and_commit(intake, held, found).await {
        Ok(()) => {}
        Err(error) => {
            tracing::warn!(upload = %held.id, fence = held.fence, %error, "upload {} broke off: {error}", held.id);
            if !matches!(error, IntakeError::Lost) {
                // Best effort: the lease runs out by itself.
                let _ = uploads::release(&intake.store, held).await;
            }
            return Err(error);
        }
    }
    let committed = uploads::find(&intake.store, &held.account, &held.id).await?;
    match committed {
        Some(upload) => conclude(intake, &upload).await,
        None => Ok(Processed::Ignored),
    }
}

async fn judge_and_commit(
    intake: &Intake,
    held: &Upload,
    found: Option<Found>,
) -> Result<(), IntakeError> {
    let Some(found) = found else {
        return fail(intake, held, FailureReason::ObjectGone).await;
    };
    if held.deaths >= DEADLY {
        return fail(intake, held, FailureReason::CheckFailed).await;
    }
    let announced = Announced {
        key: &held.object_key(),
        version: held.object_version.as_deref().unwrap_or_default(),
        size: held.size,
        sha256: &held.sha256,
    };
    let archive = match arrivals::read(&intake.files, announced, found.size).await? {
        Ok(archive) => archive,
        Err(reason) => return fail(intake, held, reason).await,
    };
    let judged = match check(intake, held, archive).await? {
        Some(judged) => judged,
        None if held.fence >= HOPELESS => {
            return fail(intake, held, FailureReason::CheckFailed).await;
        }
        None => return Err(IntakeError::Broken),
    };
    results::documents(&intake.store, held, &judged).await?;
    let kinds = judged
        .segments
        .iter()
        .map(|segment| segment.kind().to_owned());
    let kept = if held.dry_run {
        Vec::new()
    } else {
        kinds.collect()
    };
    let figures = results::figures(
        &judged.summary,
        kept,
        judged.code_files,
        judged.findings_sha256,
    );
    let mut settlement = None;
    if held.dry_run {
        let settled = settle::dry_run(intake, held, judged.segments, &judged.summary).await?;
        settlement = Some(settled);
    } else {
        results::segments(&intake.files, held, judged.segments).await?;
    }
    let ending = Ending::Done(figures);
    commit(intake, held, &ending, settlement.as_ref()).await
}

async fn fail(intake: &Intake, held: &Upload, reason: FailureReason) -> Result<(), IntakeError> {
    commit(intake, held, &Ending::Failed(reason), None).await
}

async fn commit(
    intake: &Intake,
    held: &Upload,
    ending: &Ending,
    settlement: Option<&domain::Settlement>,
) -> Result<(), IntakeError> {
    let now = intake.clock.now();
    let webhook = webhooks::find(&intake.store, &held.account).await?;
    let delivery = webhook.map(|webhook| {
        Delivery::upload_finished(webhook.account, finished(held, ending, now), now)
    });
    let (store, told) = (&intake.store, delivery.as_ref());
    match uploads::commit(store, held, ending, settlement, told, now).await {
        Ok(()) => {
            count(held, ending, now);
            Ok(())
        }
        Err(StoreError::Conflict) => Err(IntakeError::Lost),
        Err(error) => Err(error.into()),
    }
}

/// What the hospital's own system is told. Of this moment only: what becomes of the records beside earlier uploads may change
/// again, and is to be asked for.
fn finished(held: &Upload, ending: &Ending, now: Timestamp) -> FinishedUpload {
    let mut finished = FinishedUpload {
        id: held.id.clone(),
        status: UploadStatus::Failed,
        outcome: None,
        reason: None,
        dry_run: held.dry_run,
        total: 0,
        passed: 0,
        errors: 0,
        warnings: 0,
        finished_at: now,
    };
    match ending {
        Ending::Failed(reason) => finished.reason = Some(*reason),
        Ending::Done(figures) => {
            finished.status = UploadStatus::Done;
            finished.outcome = Some(figures.outcome);
            finished.total = figures.total;
            finished.passed = figures.passed;
            finished.errors = figures.errors;
            finished.warnings = figures.warnings;
        }
    }
    finished
}

/// Tells log and metrics of an upload that came to its end.
fn count(held: &Upload, ending: &Ending, now: Timestamp) {
    let figures = match ending {
        Ending::Done(figures) => figures,
        Ending::Failed(reason) => {
            tracing::warn!(upload = %held.id, account = %held.account, ?reason, "upload {} failed", held.id);
            return metrics::record(&[(Metric::UploadsFailed, 1)]);
        }
    };
    let (total, passed) = (figures.total, figures.passed);
    tracing::info!(upload = %held.id, account = %held.account, total, passed, "upload {} judged", held.id);
    let arrived = held.received_at.unwrap_or(held.registered_at);
    metrics::record(&[
        (Metric::UploadsJudged, 1),
        (Metric::Records, total),
        (Metric::RecordsPassed, passed),
        (Metric::Findings, figures.errors + figures.warnings),
        (Metric::WaitingTime, milliseconds(arrived, now)),
        (Metric::TicketTime, milliseconds(held.registered_at, now)),
    ]);
}

/// Runs the check on a thread of its own, writes its pages as they come, and keeps the claim alive. `None`: it panicked.
async fn check(
    intake: &Intake,
    held: &Upload,
    archive: Vec<u8>,
) -> Result<Option<Judged>, IntakeError> {
    let institution = accounts::find(&intake.store, &held.account)
        .await?
        .and_then(|account| judge::institution(&account));
    let standard = intake.standard(held.standard.as_deref());
    let codes = intake
        .codes
        .load(&intake.store, &intake.files, held)
        .await?;
    let (sender, receiver) = mpsc::channel(8);
    let upload = held.clone();
    let worker: JoinHandle<Result<Judged, CheckError>> = spawn_blocking(move || {
        let institution = institution.as_ref();
        judge::judge(standard, &upload, institution, &codes, archive, sender)
    });
    let listened = listen(intake, held, receiver).await;
    // `listen` has dropped the channel if it failed, so the check stops at its next sign of progress.
    let judged = worker.await;
    listened?;
    match judged {
        Ok(Ok(judged)) => Ok(Some(judged)),
        Ok(Err(CheckError::Cancelled)) => Err(IntakeError::Lost),
        Ok(Err(CheckError::Read(_))) | Err(_) => Ok(None),
    }
}

async fn listen(
    intake: &Intake,
    held: &Upload,
    mut messages: Receiver<Message>,
) -> Result<(), IntakeError> {
    let mut pages: Vec<Page> = Vec::new();
    let mut progress = UploadProgress::default();
    let mut renewed = intake.clock.now();
    let mut seen = renewed;
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(10));
    loop {
        let message = tokio::select! {
            message = messages.recv() => message,
            // A check that tells nothing for a while is still at work as long as its thread is.
            _ = tick.tick() => {
                renew(intake, held, progress, &mut renewed, intake.lease / 4).await?;
                continue;
            }
        };
        match message {
            None => break,
            Some(Message::Page(page)) => pages.push(page),
            Some(Message::Progress(now)) => progress = now,
        }
        if pages.len() == PAGES_AT_ONCE {
            results::pages(&intake.store, held, std::mem::take(&mut pages)).await?;
        }
        // Somebody may be watching: a write a second at most, and none for files that take less.
        if intake.clock.now().duration_since(seen) >= SignedDuration::from_secs(1) {
            seen = intake.clock.now();
            renew(intake, held, progress, &mut renewed, SignedDuration::ZERO).await?;
        }
    }
    if !pages.is_empty() {
        results::pages(&intake.store, held, pages).await?;
    }
    Ok(())
}

async fn renew(
    intake: &Intake,
    held: &Upload,
    progress: UploadProgress,
    renewed: &mut Timestamp,
    after: SignedDuration,
) -> Result<(), IntakeError> {
    let now = intake.clock.now();
    if now.duration_since(*renewed) < after {
        return Ok(());
    }
    *renewed = now;
    match uploads::renew(&intake.store, held, now + intake.lease, progress).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => Err(IntakeError::Lost),
        Err(error) => Err(error.into()),
    }
}
