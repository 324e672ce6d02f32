//! What becomes of an upload's records beside those of earlier uploads.
//!
//! Uploads are judged in any order, so one may be settled before an earlier one is committed. Each settlement says how many
//! earlier uploads and withdrawals it knew; whoever commits an upload settles it, then settles anew every later one that is committed
//! already. Of two workers that commit at the same time, the one whose commit is second sees the other's, so the last
//! settlement of each upload knows all before it.
//!
//! The overview counts a withdrawal like an upload that takes records away, so the same holds for it: whoever commits an upload
//! counts anew every withdrawal after it.
//!
//! One rule asks for more than uploads: whether the scans of a death are there. It is answered as it is when the upload is settled,
//! and the answers are part of the name under which the findings stand, so two workers that see different ones do not mix.

use domain::{AccountId, Settlement, Sha256, Upload, UploadId, Withdrawal, Withdrawals};
use standard::Standard;
use store::findings::{StoredPage, read_document, read_summary, write_document, write_pages};
use store::keys::{self, Key};
use store::uploads::{self, Side};
use store::{StoreError, overview, segments, withdrawals};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use validation::links::{self, Counts, EarlierDays, EarlierSegments, Segment};
use validation::report::pages::{Page, PageHead, PageWriter};
use validation::{FileInfo, Filler, Summary};

use crate::counting::{self, Arrival, Movements};
use crate::death_cases::Scans;
use crate::{Intake, IntakeError, results};

/// Settles a committed upload, and anew every later one; and counts anew every later withdrawal.
pub(crate) async fn settle(intake: &Intake, upload: &Upload) -> Result<(), IntakeError> {
    settle_one(intake, upload).await?;
    let later = uploads::committed(&intake.store, &upload.account, &upload.id, Side::After).await?;
    for upload in later {
        settle_one(intake, &upload).await?;
    }
    count_withdrawals(intake, &upload.account, upload.id.sequence()).await
}

/// Settles anew every committed upload with a higher number than a withdrawal: they may have been settled without it. Takes what is
/// withdrawn out of the overview. Then takes it off the list of unfinished work. The same again changes nothing.
pub(crate) async fn withdrawal(
    intake: &Intake,
    withdrawal: &Withdrawal,
) -> Result<(), IntakeError> {
    let account = &withdrawal.account;
    if withdrawal.record.is_none()
        && let Some(upload) = uploads::find(&intake.store, account, &withdrawal.upload).await?
    {
        // The upload keeps its settlement; it is counted as what it is now.
        settle_one(intake, &upload).await?;
    }
    let place = UploadId::new(withdrawal.sequence);
    let later = uploads::committed(&intake.store, account, &place, Side::After).await?;
    for upload in later {
        settle_one(intake, &upload).await?;
    }
    count_withdrawals(intake, account, withdrawal.sequence.saturating_sub(1)).await?;
    withdrawals::settled(&intake.store, withdrawal).await?;
    Ok(())
}

/// What comes before an upload: committed uploads and withdrawals with lower numbers.
struct Before {
    uploads: Vec<Upload>,
    withdrawals: Withdrawals,
}

impl Before {
    async fn read(
        intake: &Intake,
        account: &AccountId,
        upload: &UploadId,
    ) -> Result<Self, IntakeError> {
        let withdrawals = withdrawals::list(&intake.store, account).await?;
        Ok(Self {
            uploads: uploads::committed(&intake.store, account, upload, Side::Before).await?,
            withdrawals: Withdrawals::new(&withdrawals, Some(upload.sequence())),
        })
    }

    /// How many they are: both only ever grow, so of two states of one account the one with more knows all of the other.
    fn basis(&self) -> u64 {
        (self.uploads.len() + self.withdrawals.len()) as u64
    }
}

async fn settle_one(intake: &Intake, upload: &Upload) -> Result<(), IntakeError> {
    let earlier = Before::read(intake, &upload.account, &upload.id).await?;
    let basis = earlier.basis();
    if let Some(known) = &upload.settlement
        && known.basis >= basis
        // A worker may have died between the settlement and the last counter.
        && is_counted(intake, upload, basis).await?
    {
        return Ok(());
    }
    let mut own = Vec::new();
    for kind in kinds(upload) {
        own.push(segment(intake, upload, kind).await?);
    }
    let partition = keys::result_partition(&upload.id, upload.generation.unwrap_or_default());
    let summary: Option<Summary> = read_summary(&intake.store, upload).await?;
    let files = summary.iter().flat_map(|summary| &summary.files);
    let files = files.map(|file| file.info.clone()).collect();
    let (settlement, movements) = work_out(intake, upload, own, files, &earlier).await?;
    uploads::settle(&intake.store, upload, &settlement).await?;
    let fillers: Option<Vec<Filler>> =
        read_document(&intake.store, &partition, keys::FILLERS_PREFIX).await?;
    let arrival = summary
        .as_ref()
        .map(|summary| Arrival::of(summary, &fillers.unwrap_or_default()));
    counting::count(intake, upload, arrival, &movements, basis).await
}

async fn is_counted(intake: &Intake, upload: &Upload, basis: u64) -> Result<bool, IntakeError> {
    let counted = overview::counted(&intake.store, &upload.account, &upload.id).await?;
    Ok(counted >= Some(counting::rank(upload, basis)))
}

/// Uploads of an account, and withdrawals in their places, that are not counted, or not to their end.
pub(crate) async fn uncounted(
    intake: &Intake,
    account: &AccountId,
) -> Result<Vec<UploadId>, IntakeError> {
    let all = uploads::committed(&intake.store, account, &UploadId::new(0), Side::After).await?;
    let withdrawals = withdrawals::list(&intake.store, account).await?;
    let uploads = all.iter().map(|upload| upload.id.sequence());
    let taken = withdrawals.iter().map(|withdrawal| withdrawal.sequence);
    let mut sequences: Vec<u64> = uploads.chain(taken).collect();
    sequences.sort_unstable();
    let before = |sequence: u64| sequences.partition_point(|one| *one < sequence) as u64;
    let mut left = Vec::new();
    for upload in &all {
        if !is_counted(intake, upload, before(upload.id.sequence())).await? {
            left.push(upload.id.clone());
        }
    }
    for withdrawal in &withdrawals {
        let place = place(withdrawal)?;
        let rank = counting::withdrawal_rank(before(withdrawal.sequence));
        if overview::counted(&intake.store, account, &place).await? < Some(rank) {
            left.push(place);
        }
    }
    Ok(left)
}

/// Settles and counts every upload of an account that is not counted, and every withdrawal.
pub(crate) async fn count_all(intake: &Intake, account: &AccountId) -> Result<(), IntakeError> {
    let all = uploads::committed(&intake.store, account, &UploadId::new(0), Side::After).await?;
    for upload in all {
        settle_one(intake, &upload).await?;
    }
    count_withdrawals(intake, account, 0).await
}

/// Counts every withdrawal of an account with a number above `after`.
async fn count_withdrawals(
    intake: &Intake,
    account: &AccountId,
    after: u64,
) -> Result<(), IntakeError> {
    let all = withdrawals::list(&intake.store, account).await?;
    for withdrawal in all.iter().filter(|one| one.sequence > after) {
        count_withdrawal(intake, withdrawal).await?;
    }
    Ok(())
}

/// Takes from the overview the records that a withdrawal takes back: those that stood accepted when its turn came.
async fn count_withdrawal(intake: &Intake, withdrawal: &Withdrawal) -> Result<(), IntakeError> {
    let account = &withdrawal.account;
    let place = place(withdrawal)?;
    let earlier = Before::read(intake, account, &place).await?;
    let rank = counting::withdrawal_rank(earlier.basis());
    if overview::counted(&intake.store, account, &place).await? >= Some(rank) {
        return Ok(());
    }
    let upload = uploads::find(&intake.store, account, &withdrawal.upload).await?;
    let Some(upload) = upload else {
        return Ok(());
    };
    let record = withdrawal.record.as_ref();
    let mut own = Vec::new();
    for kind in kinds(&upload) {
        if record.is_none_or(|record| record.kind == *kind) {
            own.push(segment(intake, &upload, kind).await?);
        }
    }
    let key = record.and_then(|record| u128::from_str_radix(&record.key, 16).ok());
    // A withdrawn upload takes back its own versions, a withdrawn record whichever is there.
    let from = record.is_none().then(|| upload.id.sequence());
    let withdrawn = earlier.withdrawals.clone();
    let (sender, mut receiver) = mpsc::channel::<(u64, Segment)>(2);
    let worker = spawn_blocking(move || {
        let mut days = EarlierDays::new(&own);
        while let Some((sequence, segment)) = receiver.blocking_recv() {
            let kind = segment.kind();
            days.add_without(sequence, &segment, |key| {
                withdrawn.withdraws(sequence, kind, key)
            });
        }
        let is_taken = |one| key.is_none_or(|key| key == one);
        let taken = own.iter().map(|segment| {
            let days = days.taken_back(segment, from, is_taken);
            (segment.kind().to_owned(), days)
        });
        taken.collect::<Movements>()
    });
    let passed = pass(intake, &earlier.uploads, sender).await;
    let taken = worker.await.map_err(|_| IntakeError::Broken)?;
    passed?;
    counting::take_back(intake, &upload, &place, &taken, rank).await
}

/// What a withdrawal is counted under: its own number, and the rest of the upload's id, so that it is the same each time.
fn place(withdrawal: &Withdrawal) -> Result<UploadId, IntakeError> {
    let numbered = UploadId::new(withdrawal.sequence);
    let number = numbered.as_str().split('-').next().unwrap_or_default();
    let upload = withdrawal.upload.as_str();
    let rest = upload.split('-').nth(1).unwrap_or_default();
    let place = format!("{number}-{rest}");
    place.parse().map_err(|_| IntakeError::Broken)
}

/// Hands over the segments of uploads, one after the other, as long as somebody listens.
async fn pass(
    intake: &Intake,
    uploads: &[Upload],
    sender: mpsc::Sender<(u64, Segment)>,
) -> Result<(), IntakeError> {
    for upload in uploads {
        for kind in kinds(upload) {
            let segment = segment(intake, upload, kind).await?;
            if sender.send((upload.id.sequence(), segment)).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Settles a dry run from the records at hand; none of them is kept.
pub(crate) async fn dry_run(
    intake: &Intake,
    upload: &Upload,
    own: Vec<Segment>,
    summary: &Summary,
) -> Result<Settlement, IntakeError> {
    let earlier = Before::read(intake, &upload.account, &upload.id).await?;
    let files = summary.files.iter().map(|file| file.info.clone()).collect();
    let (settlement, _) = work_out(intake, upload, own, files, &earlier).await?;
    Ok(settlement)
}

/// Works out a settlement and writes its findings, where no reader looks before it is committed.
async fn work_out(
    intake: &Intake,
    upload: &Upload,
    own: Vec<Segment>,
    files: Vec<FileInfo>,
    earlier: &Before,
) -> Result<(Settlement, Movements), IntakeError> {
    let standard = intake.standard(upload.standard.as_deref());
    let scans = Scans::of(&intake.store, upload, &own).await?;
    let digest = basis_digest(earlier, &scans);
    // Segments pass through one at a time: a season of them need not fit into memory.
    let (sender, receiver) = mpsc::channel::<(u64, Segment)>(2);
    let withdrawn = earlier.withdrawals.clone();
    let worker =
        spawn_blocking(move || against(standard, &own, &files, &scans, &withdrawn, receiver));
    let passed = pass(intake, &earlier.uploads, sender).await;
    let (counts, pages, movements) = worker.await.map_err(|_| IntakeError::Broken)?;
    passed?;

    let basis = earlier.basis();
    let partition = keys::links_partition(&upload.id, basis, &digest);
    let at = |sk: String| Key {
        pk: partition.clone(),
        sk,
    };
    let expires = results::expiry(upload);
    let heads: Vec<PageHead> = pages.iter().map(|page| page.head.clone()).collect();
    let link_findings = heads.iter().map(|head| u64::from(head.findings)).sum();
    let stored = pages.into_iter().map(|page| StoredPage {
        key: at(keys::page_sort(page.head.number)),
        bytes: page.bytes,
    });
    write_pages(&intake.store, stored.collect(), expires).await?;
    write_document(
        &intake.store,
        |n| at(keys::directory_sort(n)),
        &heads,
        expires,
    )
    .await?;
    let settlement = Settlement {
        basis,
        basis_digest: digest,
        new: counts.new,
        updated: counts.updated,
        unchanged: counts.unchanged,
        failed: counts.failed,
        link_findings,
    };
    Ok((settlement, movements))
}

fn against(
    standard: &Standard,
    own: &[Segment],
    files: &[FileInfo],
    scans: &Scans,
    withdrawn: &Withdrawals,
    mut earlier: mpsc::Receiver<(u64, Segment)>,
) -> (Counts, Vec<Page>, Movements) {
    let mut known = EarlierSegments::new(standard, own)
        .with_death_cases(|number, admission| scans.get(number, admission));
    let mut days = EarlierDays::new(own);
    while let Some((sequence, segment)) = earlier.blocking_recv() {
        let kind = segment.kind();
        let is_withdrawn = |key| withdrawn.withdraws(sequence, kind, key);
        known.add_without(sequence, &segment, is_withdrawn);
        days.add_without(sequence, &segment, is_withdrawn);
    }
    let movements = own
        .iter()
        .map(|segment| (segment.kind().to_owned(), days.movements(segment)))
        .collect();
    let settled = links::settle(standard, own, files, &known);
    let mut counts = Counts::default();
    for kind in &settled.kinds {
        counts.new += kind.counts.new;
        counts.updated += kind.counts.updated;
        counts.unchanged += kind.counts.unchanged;
        counts.failed += kind.counts.failed;
    }
    let mut writer = PageWriter::new();
    let mut pages: Vec<Page> = settled
        .findings
        .iter()
        .filter_map(|finding| writer.push(finding))
        .collect();
    pages.extend(writer.finish());
    (counts, pages, movements)
}

/// Names a set of committed uploads, each by its id and the generation that counts, and of withdrawals, and which deaths had
/// their scans.
fn basis_digest(earlier: &Before, scans: &Scans) -> String {
    let names: Vec<String> = earlier
        .uploads
        .iter()
        .map(|upload| format!("{}-{}", upload.id, upload.generation.unwrap_or_default()))
        .chain(earlier.withdrawals.names().iter().cloned())
        .chain(scans.lines())
        .collect();
    let mut digest = Sha256::of(names.join("\n").as_bytes()).to_string();
    digest.truncate(16);
    digest
}

/// The kinds of which an upload has records.
fn kinds(upload: &Upload) -> impl Iterator<Item = &String> {
    upload.figures.iter().flat_map(|figures| &figures.segments)
}

async fn segment(intake: &Intake, upload: &Upload, kind: &str) -> Result<Segment, IntakeError> {
    let failed = |message: String| IntakeError::Segment {
        kind: kind.to_owned(),
        message,
    };
    match segments::read(&intake.files, upload, kind).await {
        Ok(Some(bytes)) => Segment::decode(bytes).map_err(|error| failed(error.to_string())),
        Ok(None) | Err(StoreError::NotFound) => Err(failed("it is gone".to_owned())),
        Err(error) => Err(error.into()),
    }
}
