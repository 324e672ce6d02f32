//! Every record with the number, in every upload.

use domain::{Account, Upload, UploadId, Withdrawals};
use store::findings::read_summary;
use store::uploads::{self, Side};
use store::{segments, withdrawals};
use validation::links::{Entry, Segment};
use validation::{FileInfo, Summary};
use web::{ApiError, Service};

/// Uploads that are looked through, the newest first.
const UPLOADS: usize = 300;

/// What was found.
pub(crate) struct Found {
    /// Newest upload first, in it by kind and row.
    pub(crate) versions: Vec<Version>,
    /// Whether there are older uploads.
    pub(crate) older_left: bool,
}

/// One record with the number, as one upload has it.
pub(crate) struct Version {
    pub(crate) upload: Upload,
    pub(crate) files: Vec<FileInfo>,
    pub(crate) kind: String,
    pub(crate) entry: Entry,
    pub(crate) stay: Option<(String, String)>,
    pub(crate) died: Option<bool>,
    pub(crate) inpatient: bool,
    /// Whether it was taken back.
    pub(crate) withdrawn: bool,
    /// Whether it is the one that counts.
    pub(crate) current: bool,
    /// Whether a later upload holds an accepted version of it.
    pub(crate) replaced: bool,
    pub(crate) reasons: Vec<validation::FindingView>,
}

/// All versions of all records with a number.
pub(crate) async fn find(
    service: &Service,
    account: &Account,
    number: &str,
) -> Result<Found, ApiError> {
    // After an id of number 0 stand all there are.
    let first = UploadId::new(0);
    let all = uploads::committed(&service.store, &account.id, &first, Side::After).await?;
    let withdrawn = withdrawals::list(&service.store, &account.id).await?;
    let withdrawn = Withdrawals::new(&withdrawn, None);
    let mut versions: Vec<Version> = Vec::new();
    let mut accepted: Vec<(String, u128)> = Vec::new();
    for upload in all.iter().rev().take(UPLOADS) {
        let mut of_upload = of_upload(service, upload, number).await?;
        if of_upload.is_empty() {
            continue;
        }
        let files = files(service, upload).await?;
        // Of one upload the later row of a key counts.
        of_upload.sort_by_key(|it| std::cmp::Reverse((it.entry.file, it.entry.row)));
        for mut version in of_upload {
            version.files.clone_from(&files);
            let key = (version.kind.clone(), version.entry.key);
            version.replaced = accepted.contains(&key);
            if version.entry.passed {
                let sequence = upload.id.sequence();
                version.withdrawn = withdrawn.withdraws(sequence, &version.kind, key.1);
                version.current = !version.replaced && !version.withdrawn;
                accepted.push(key);
            }
            versions.push(version);
        }
    }
    Ok(Found {
        versions,
        older_left: all.len() > UPLOADS,
    })
}

async fn of_upload(
    service: &Service,
    upload: &Upload,
    number: &str,
) -> Result<Vec<Version>, ApiError> {
    let mut found = Vec::new();
    for kind in upload.figures.iter().flat_map(|figures| &figures.segments) {
        let Some(bytes) = segments::read(&service.files, upload, kind).await? else {
            continue;
        };
        let segment = Segment::decode(bytes).map_err(ApiError::internal)?;
        let version = |entry| Version {
            upload: upload.clone(),
            files: Vec::new(),
            kind: kind.clone(),
            entry,
            stay: None,
            died: None,
            inpatient: true,
            withdrawn: false,
            current: false,
            replaced: false,
            reasons: Vec::new(),
        };
        found.extend(segment.stays_of(number).map(|stay| Version {
            stay: Some((stay.admission.to_owned(), stay.discharge.to_owned())),
            died: stay.died,
            ..version(stay.entry)
        }));
        found.extend(segment.visits_of(number).map(|visit| Version {
            inpatient: visit.inpatient,
            ..version(visit.entry)
        }));
    }
    Ok(found)
}

/// The files of an upload; none where its summary is no longer kept.
async fn files(service: &Service, upload: &Upload) -> Result<Vec<FileInfo>, ApiError> {
    let summary: Option<Summary> = read_summary(&service.store, upload).await?;
    let files = summary.map(|summary| summary.files).unwrap_or_default();
    Ok(files.into_iter().map(|file| file.info).collect())
}
