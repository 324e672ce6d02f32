//! Shows uploads and what was found in them.
//!
//! Whose uploads is told by the session alone: an id of another account's is looked for among the caller's own, and so
//! answers exactly like one that never was.

mod fillers;
mod findings;
mod link_causes;
mod report;
mod view;

use axum::extract::State;
use domain::{Upload, UploadId};
use serde::{Deserialize, Serialize};
use store::findings::read_summary;
use store::uploads;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use validation::Summary;
use web::{
    ApiError, Caller, ErrorCode, FieldError, Json, OpenApiRouter, Path, Problem, Query, Sender,
    Service,
};

use view::{UploadDetail, UploadView};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_uploads))
        .routes(routes!(show_upload))
        .routes(routes!(findings::list_findings))
        .routes(routes!(fillers::list_fillers))
        .routes(routes!(report::report_csv))
        .routes(routes!(report::report_xlsx))
        .routes(routes!(report::findings_csv))
        .with_state(service)
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `next` of the answer before.
    cursor: Option<String>,
    /// Uploads in an answer, 1 to 100; 20 unless given.
    limit: Option<usize>,
}

/// A part of the list of uploads, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct UploadList {
    /// The uploads.
    uploads: Vec<UploadView>,
    /// Cursor of what follows; null at the end.
    next: Option<String>,
}

/// Lists the account's uploads, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/uploads",
    tag = "uploads",
    security(("bearer" = [])),
    params(ListQuery),
    responses((status = OK, body = UploadList), (status = UNAUTHORIZED, body = Problem))
)]
async fn list_uploads(
    State(service): State<Service>,
    Sender(caller): Sender,
    Query(query): Query<ListQuery>,
) -> Result<Json<UploadList>, ApiError> {
    // The cursor is the id of the last upload shown: it names a place, not an offset, so new uploads shift nothing.
    let before: Option<UploadId> = match query.cursor.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| {
            ApiError::fields(vec![FieldError::new(
                "cursor",
                "unknown_cursor",
                "翻页位置无效，请刷新列表",
                "The cursor is none that was given out; please start from the beginning",
            )])
        })?),
        None => None,
    };
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let (uploads, more) =
        uploads::list(&service.store, &caller.account.id, before.as_ref(), limit).await?;
    let next = uploads
        .last()
        .filter(|_| more)
        .map(|upload| upload.id.to_string());
    Ok(Json(UploadList {
        uploads: uploads.iter().map(UploadView::from).collect(),
        next,
    }))
}

/// Shows one upload: status and progress, then figures, files and causes.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}",
    tag = "uploads",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the upload's id")),
    responses(
        (status = OK, body = UploadDetail),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
async fn show_upload(
    State(service): State<Service>,
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Json<UploadDetail>, ApiError> {
    let upload = own_upload(&service, &caller, &id).await?;
    let Some(summary) = read_summary::<Summary>(&service.store, &upload).await? else {
        return Ok(Json(UploadDetail::from(UploadView::from(&upload))));
    };
    let standard = service.standard(upload.standard.as_deref());
    let links = findings::link_heads(&service, &upload).await?;
    let first_page = findings::first_link_page(&service, &upload, &links).await?;
    let causes = link_causes::of(standard, &summary, &links, &first_page);
    Ok(Json(UploadDetail::judged(
        &upload, summary, causes, &links, standard,
    )))
}

/// The caller's upload of this id.
async fn own_upload(service: &Service, caller: &Caller, id: &str) -> Result<Upload, ApiError> {
    let id: UploadId = id.parse().map_err(|_| ErrorCode::UploadNotFound)?;
    let upload = uploads::find(&service.store, &caller.account.id, &id).await?;
    let upload = upload.ok_or(ErrorCode::UploadNotFound)?;
    web::about_upload(&upload.id);
    Ok(upload)
}

/// The figures' generation and summary of an upload whose findings are asked for.
async fn result(service: &Service, upload: &Upload) -> Result<(u64, Summary), ApiError> {
    if !upload.status.is_final() {
        return Err(ErrorCode::NotFinished.into());
    }
    let generation = upload.generation.filter(|_| upload.figures.is_some());
    let generation = generation.ok_or(ErrorCode::NoReport)?;
    let summary = read_summary::<Summary>(&service.store, upload).await?;
    Ok((generation, summary.ok_or(ErrorCode::ResultExpired)?))
}
