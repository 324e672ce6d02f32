//! Gives tickets for uploads: checks what is announced, writes it down, and signs an address for exactly that.

mod announcement;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::{AccountId, NewUpload, Sha256, Upload, UploadId, UploadStatus};
use jiff::{SignedDuration, Timestamp};
use store::idempotency::{self, Once};
use store::{Store, StoreError, uploads};
use utoipa_axum::routes;
use web::{ApiError, ErrorCode, Json, OpenApiRouter, Path, Problem, Sender, Service, Ticket};

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

/// Registers an upload and gives the address to put the file to.
#[utoipa::path(
    post,
    path = "/api/v1/uploads",
    tag = "uploads",
    security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "makes the same announcement again after its answer was lost"),
    ),
    request_body = Announcement,
    responses(
        (status = CREATED, body = Ticket),
        (status = CONFLICT, body = Problem, description = "the key was used for another file"),
        (status = UNAUTHORIZED, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "name, size or digest not acceptable"),
        (status = TOO_MANY_REQUESTS, body = Problem, description = "too many uploads are open"),
    )
)]
async fn request_upload(
    State(service): State<Service>,
    Sender(caller): Sender,
    headers: HeaderMap,
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
    let new = NewUpload {
        kind: announced.kind,
        file_name: announced.file_name,
        size: announced.size,
        sha256: announced.sha256,
        dry_run: announced.dry_run,
    };
    let id = id(&service, &account.id, &headers, &new).await?;
    let mut upload = Upload::new(account.id.clone(), id, new, now);
    upload.found_before = announced.findings_digest;
    // The ticket is written before the address is given away: no object can come that nobody knows of.
    uploads::register(&service.store, &upload).await?;
    // Announced before under the same key: the ticket stands as it was, and gets a new address.
    match uploads::extend(&service.store, &upload, upload.url_until).await {
        Ok(()) => {}
        // Received meanwhile. The store refuses a second object, which tells the client so.
        Err(StoreError::Conflict) => {
            upload = uploads::find(&service.store, &account.id, &upload.id)
                .await?
                .ok_or(ErrorCode::UploadNotFound)?;
        }
        Err(error) => return Err(error.into()),
    }
    web::about_upload(&upload.id);
    let address = service.files.presign_put(&upload).await?;
    tracing::info!(upload = %upload.id, size = upload.size, "upload {} registered", upload.id);
    Ok((StatusCode::CREATED, Json(Ticket::new(&upload, address))))
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
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Json<Ticket>, ApiError> {
    let id: UploadId = id.parse().map_err(|_| ErrorCode::UploadNotFound)?;
    let mut upload = uploads::find(&service.store, &caller.account.id, &id)
        .await?
        .ok_or(ErrorCode::UploadNotFound)?;
    web::about_upload(&upload.id);
    let until = service.clock.now() + Upload::URL_LIFE;
    match uploads::extend(&service.store, &upload, until).await {
        Ok(()) => {}
        Err(StoreError::Conflict) => return Err(ErrorCode::UploadNotOpen.into()),
        Err(error) => return Err(error.into()),
    }
    upload.url_until = until;
    let address = service.files.presign_put(&upload).await?;
    Ok(Json(Ticket::new(&upload, address)))
}

/// The id of a new upload; of the one announced before, where the client says by its key that it is the same.
async fn id(
    service: &Service,
    account: &AccountId,
    headers: &HeaderMap,
    new: &NewUpload,
) -> Result<UploadId, ApiError> {
    let (store, now) = (&service.store, service.clock.now());
    let Some(key) = web::idempotency_key(headers)? else {
        return Ok(UploadId::new(uploads::next_sequence(store, account).await?));
    };
    let words = format!(
        "{}\n{}\n{}\n{}",
        new.file_name, new.size, new.sha256, new.dry_run
    );
    match idempotency::once(store, account, &key, &Sha256::of(words.as_bytes()), now).await? {
        Once::New(id) | Once::Known(id) => Ok(id),
        Once::Differs => Err(ErrorCode::KeyReused.into()),
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
