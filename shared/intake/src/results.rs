//! What a worker writes before it commits: all of it under its own generation, where no reader looks yet.

use domain::{Figures, IcdFileId, Sha256, Upload, UploadOutcome};
use jiff::{SignedDuration, Timestamp};
use store::findings::{StoredPage, write_document, write_pages};
use store::keys::{self, Key};
use store::{Files, Store, StoreError};
use validation::links::Segment;
use validation::report::pages::Page;
use validation::{Outcome, Summary};

use crate::judge::Judged;

/// Findings carry values of cells, so they are kept no longer than a hospital needs to mend them.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// When the findings of an upload may be deleted: counted from its arrival, so that the same check writes the same.
pub(crate) fn expiry(upload: &Upload) -> Timestamp {
    upload.received_at.unwrap_or(upload.registered_at) + KEPT
}

/// Writes pages of findings.
pub(crate) async fn pages(
    store: &Store,
    upload: &Upload,
    pages: Vec<Page>,
) -> Result<(), StoreError> {
    let stored = pages.into_iter().map(|page| StoredPage {
        key: Key {
            pk: keys::findings_partition(&upload.id, upload.fence, page.head.number),
            sk: keys::page_sort(page.head.number),
        },
        bytes: page.bytes,
    });
    write_pages(store, stored.collect(), expiry(upload)).await
}

/// Writes the summary, what stands out, and the directory of the pages.
pub(crate) async fn documents(
    store: &Store,
    upload: &Upload,
    judged: &Judged,
) -> Result<(), StoreError> {
    let partition = keys::result_partition(&upload.id, upload.fence);
    let at = |sk: String| Key {
        pk: partition.clone(),
        sk,
    };
    let expires = expiry(upload);
    let (summary, heads) = (&judged.summary, &judged.heads);
    write_document(store, |n| at(keys::summary_sort(n)), summary, expires).await?;
    let fillers = &judged.fillers;
    write_document(store, |n| at(keys::fillers_sort(n)), fillers, expires).await?;
    write_document(store, |n| at(keys::directory_sort(n)), heads, expires).await
}

/// Writes the records, one object of each kind.
pub(crate) async fn segments(
    files: &Files,
    upload: &Upload,
    segments: Vec<Segment>,
) -> Result<(), StoreError> {
    for segment in segments {
        let key = keys::segment_object(&upload.account, segment.kind(), &upload.id, upload.fence);
        files
            .write(&key, segment.encode(), "application/octet-stream")
            .await?;
    }
    Ok(())
}

/// The figures the list shows.
pub(crate) fn figures(
    summary: &Summary,
    segments: Vec<String>,
    code_files: Vec<IcdFileId>,
    findings_sha256: Sha256,
) -> Figures {
    let mut kinds: Vec<String> = Vec::new();
    for kind in summary
        .files
        .iter()
        .filter_map(|file| file.info.kind.as_ref())
    {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    Figures {
        outcome: match summary.outcome {
            Outcome::Accepted => UploadOutcome::Accepted,
            Outcome::Partly => UploadOutcome::Partly,
            Outcome::Rejected => UploadOutcome::Rejected,
        },
        total: summary.total,
        passed: summary.passed,
        errors: summary.errors,
        warnings: summary.warnings,
        unreadable: summary.unreadable,
        truncated: summary.truncated,
        kinds,
        segments,
        code_files,
        findings_sha256: Some(findings_sha256),
    }
}
