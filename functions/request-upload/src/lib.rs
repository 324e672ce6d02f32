//! Gives tickets for uploads: checks what is announced, writes it down, and signs an address for exactly that.

mod announcement;

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, Upload, UploadId, UploadStatus};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use store::{PresignedPut, Store, StoreError, uploads};
use utoipa::ToSchema;
use utoipa_axum::routes;
use web::{ApiError, Caller, ErrorCode, Json, OpenApiRouter, Path, Problem, Service};

use announcement::Announcement;

/// Tickets an account may have open at once. A hospital sends six kinds a day; a front-end machine catching up sends more.
const OPEN_TICKETS: usize = 100;

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(request_upload))
        .routes(routes!(renew_address))
        .with_state(service)
}

/// A ticket: where and how the object is to be put.
#[derive(Debug, Serialize, ToSchema)]
struct Ticket {
    /// Names the upload from now on.
    upload_id: String,
    /// To be sent a PUT with the file as its body.
    url: String,
    /// Must be sent along exactly so; each is part of the signature.
    headers: BTreeMap<String, String>,
    /// When the address runs out.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Registers an upload and gives the address to put the file to.
#[utoipa::path(
    post,
    path = "/api/v1/uploads",
    tag = "uploads",
    security(("bearer" = [])),
    request_body = Announcement,
    responses(
        (status = CREATED, body = Ticket),
        (status = UNAUTHORIZED, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "name, size or digest not acceptable"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "too many uploads are open"),
    )
)]
async fn request_upload(
    State(service): State<Service>,
    caller: Caller,
    Json(announcement): Json<Announcement>,
) -> Result<(StatusCode, Json<Ticket>), ApiError> {
    let account = &caller.account;
    if account.institution.is_none() {
        return Err(ErrorCode::Forbidden.into());
    }
    let announced = announcement.check()?;
    let now = service.clock.now();
    if open_tickets(&service.store, &account.id, now).await? >= OPEN_TICKETS {
        return Err(ApiError::after(ErrorCode::TooManyOpenUploads, 60));
    }
    let sequence = uploads::next_sequence(&service.store, &account.id).await?;
    let upload = Upload {
        account: account.id.clone(),
        id: UploadId::new(sequence),
        kind: announced.kind,
        file_name: announced.file_name,
        size: announced.size,
        sha256: announced.sha256,
        dry_run: announced.dry_run,
        status: UploadStatus::Registered,
        registered_at: now,
        url_until: now + Upload::URL_LIFE,
        object_version: None,
        received_at: None,
        standard: None,
        code_files: None,
        lease: None,
        fence: 0,
        progress: None,
        generation: None,
        figures: None,
        settlement: None,
        reason: None,
        finished_at: None,
    };
    // The ticket is written before the address is given away: no object can come that nobody knows of.
    uploads::register(&service.store, &upload).await?;
    let address = service.files.presign_put(&upload).await?;
    tracing::info!(upload = %upload.id, size = upload.size, "upload {} registered", upload.id);
    Ok((StatusCode::CREATED, Json(ticket(&upload, address))))
}

/// Gives a new address for an upload whose address has run out before the file came.
#[utoipa::path(
    post,
    path = "/api/v1/uploads/{id}/url",
    tag = "uploads",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the upload's id")),
    responses(
        (status = OK, body = Ticket),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "received already, or given up"),
    )
)]
async fn renew_address(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Ticket>, ApiError> {
    let id: UploadId = id.parse().map_err(|_| ErrorCode::UploadNotFound)?;
    let mut upload = uploads::find(&service.store, &caller.account.id, &id)
        .await?
        .ok_or(ErrorCode::UploadNotFound)?;
    let until = service.clock.now() + Upload::URL_LIFE;
    match uploads::extend(&service.store, &upload, until).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Err(ErrorCode::UploadNotOpen.into()),
        Err(error) => return Err(error.into()),
    }
    upload.url_until = until;
    let address = service.files.presign_put(&upload).await?;
    Ok(Json(ticket(&upload, address)))
}

fn ticket(upload: &Upload, address: PresignedPut) -> Ticket {
    Ticket {
        upload_id: upload.id.to_string(),
        url: address.url,
        headers: address.headers.into_iter().collect(),
        expires_at: upload.url_until,
    }
}

/// Tickets among the newest whose object may still come. Two requests at once may both pass the last place: the bound is
/// against floods, not an exact one.
async fn open_tickets(
    store: &Store,
    account: &AccountId,
    now: Timestamp,
) -> Result<usize, ApiError> {
    let (newest, _) = uploads::list(store, account, None, OPEN_TICKETS).await?;
    Ok(newest.iter().filter(|upload| is_open(upload, now)).count())
}

fn is_open(upload: &Upload, now: Timestamp) -> bool {
    match upload.status {
        UploadStatus::Registered => now < upload.url_until,
        // Work stuck for longer is the service's fault and must not lock the hospital out.
        UploadStatus::Checking => now < upload.registered_at + SignedDuration::from_hours(1),
        _ => false,
    }
}
