//! 上传凭证: signs what of an upload was received and what came of it, and publishes the keys it is verified with.
//!
//! It alone holds the private key, and reads nothing but uploads and their accounts.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::{UploadId, UploadStatus};
use receipts::{Receipt, SignedReceipt, Signer};
use store::uploads;
use utoipa_axum::routes;
use web::{ApiError, Caller, ErrorCode, OpenApiRouter, Path, Problem, Service};

/// What this function works with.
#[derive(Clone)]
struct Issuing {
    service: Service,
    signer: Arc<Signer>,
}

/// The routes of this function.
pub fn router(service: Service, signer: Signer) -> OpenApiRouter {
    let issuing = Issuing {
        service,
        signer: Arc::new(signer),
    };
    OpenApiRouter::new()
        .routes(routes!(show_receipt))
        .routes(routes!(show_keys))
        .with_state(issuing)
}

/// Gives the signed receipt of one of the account's uploads that is finished. Asked for again it is the same.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/receipt",
    tag = "uploads",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the upload's id")),
    responses(
        (status = OK, content_type = "application/json", description = "the receipt with its signature; `operate verify` reads it"),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "not finished, or nothing ever arrived"),
    )
)]
async fn show_receipt(
    State(issuing): State<Issuing>,
    Own(caller): Own,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id: UploadId = id.parse().map_err(|_| ErrorCode::UploadNotFound)?;
    let account = &caller.account;
    let upload = uploads::find(&issuing.service.store, &account.id, &id)
        .await?
        .ok_or(ErrorCode::UploadNotFound)?;
    let code = account
        .institution
        .as_ref()
        .map(|institution| institution.code.as_str());
    let Some(receipt) = Receipt::of(&upload, code) else {
        return Err(match upload.status {
            UploadStatus::Expired => ErrorCode::NoReport.into(),
            _ => ErrorCode::NotFinished.into(),
        });
    };
    let signed = SignedReceipt::sign(receipt, &issuing.signer).map_err(ApiError::internal)?;
    let body = serde_json::to_vec_pretty(&signed).map_err(ApiError::internal)?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''receipt-{id}.json"),
        ),
    ];
    Ok((headers, body).into_response())
}

/// The public keys that receipts are verified with: the current one, and those that signed earlier.
#[utoipa::path(
    get,
    path = "/.well-known/flu-receipt-keys.json",
    tag = "uploads",
    responses((status = OK, content_type = "application/json", description = "keys with their ids; `operate verify --key` reads them"))
)]
async fn show_keys(State(issuing): State<Issuing>) -> Result<Response, ApiError> {
    let body =
        serde_json::to_vec_pretty(&issuing.signer.published()).map_err(ApiError::internal)?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    Ok((headers, body).into_response())
}

/// Who is signed in, with this function's own state.
struct Own(Caller);

impl FromRequestParts<Issuing> for Own {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, issuing: &Issuing) -> Result<Self, ApiError> {
        Ok(Self(
            Caller::from_request_parts(parts, &issuing.service).await?,
        ))
    }
}
