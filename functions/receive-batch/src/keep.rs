//! From bytes in a request to an upload with its result.

use std::time::Duration;

use domain::{Account, AccountId, NewUpload, Sha256, Upload, UploadId, UploadKind};
use intake::{Arrival, Intake};
use jiff::SignedDuration;
use store::{StoreError, uploads};
use web::{ApiError, ErrorCode, Service};

use crate::packing::Packed;

/// A request ends after thirty seconds whatever happens; a claim of its process need not hold longer.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How long a request waits for a result that another worker is about to have.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes ticket and object under `id` and brings the upload to its end, or as far as it comes while the client waits.
///
/// Each step can be done again: a request that is repeated carries on where the last one died.
pub(crate) async fn keep(
    service: &Service,
    account: &Account,
    id: UploadId,
    packed: Packed,
    dry_run: bool,
) -> Result<Upload, ApiError> {
    let new = NewUpload {
        kind: UploadKind::Data,
        file_name: packed.name,
        size: packed.bytes.len() as u64,
        sha256: Sha256::of(&packed.bytes),
        dry_run,
    };
    let upload = Upload::new(account.id.clone(), id, new, service.clock.now());
    // The ticket comes first: no object is ever without one.
    uploads::register(&service.store, &upload).await?;
    let upload = find(service, &account.id, &upload.id).await?;
    if !upload.status.is_final() {
        let key = upload.object_key();
        // A second object under the key would be another version, and only the first is judged.
        let written = service
            .files
            .write_over(&key, None, packed.bytes, "application/zip");
        match written.await {
            // It is there already, written by this request's earlier self.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        tracing::info!(upload = %upload.id, size = upload.size, "upload {} received", upload.id);
    }
    judge(service, &upload).await?;
    settled(service, &account.id, &upload.id).await
}

async fn judge(service: &Service, upload: &Upload) -> Result<(), ApiError> {
    let mut intake = Intake::new(
        service.store.clone(),
        service.files.clone(),
        service.clock.clone(),
        service.standards,
    );
    intake.lease = LEASE;
    let arrival = Arrival {
        bucket: service.files.bucket().to_owned(),
        key: upload.object_key(),
        version: None,
    };
    // The object is there: whatever breaks off here is carried on by its event, and the client may ask for the result.
    if let Err(error) = intake::process(&intake, &arrival).await {
        tracing::warn!(upload = %upload.id, %error, "upload {} is left to its event: {error}", upload.id);
    }
    Ok(())
}

/// The upload once it has its result and was compared with the earlier ones, or as it is when patience is over.
pub(crate) async fn settled(
    service: &Service,
    account: &AccountId,
    id: &UploadId,
) -> Result<Upload, ApiError> {
    let start = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        let upload = find(service, account, id).await?;
        if is_settled(&upload) || start.elapsed() >= PATIENCE {
            return Ok(upload);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

/// Whether nothing about it is still to come.
pub(crate) fn is_settled(upload: &Upload) -> bool {
    upload.status.is_final() && (upload.settlement.is_some() || upload.figures.is_none())
}

pub(crate) async fn find(
    service: &Service,
    account: &AccountId,
    id: &UploadId,
) -> Result<Upload, ApiError> {
    match uploads::find(&service.store, account, id).await? {
        Some(upload) => {
            web::about_upload(&upload.id);
            Ok(upload)
        }
        None => Err(StoreError::NotFound.into()),
    }
}

/// Data is taken of institutions only.
pub(crate) fn reports(account: &Account) -> Result<(), ApiError> {
    match account.institution {
        Some(_) => Ok(()),
        None => Err(ErrorCode::Forbidden.into()),
    }
}
