//! Keeps a hospital's ICD code files (manual 3.5): gives tickets for them, lists them, and takes them out of use.
//!
//! Whose files is told by the session alone: an id of another account's is looked for among the caller's own, and so
//! answers exactly like one that never was.

mod announcement;
mod periods;
mod view;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::{Act, AuditEntry};
use domain::{IcdFile, IcdFileId, IcdFileProblem, IcdFileStatus, Upload};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::findings::read_document;
use store::{icd_files, keys, uploads};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use web::{
    ApiError, Caller, ClientAddress, ErrorCode, Json, OpenApiRouter, Path, Problem, Query, Service,
};

use announcement::Announcement;
use periods::Periods;
use view::{IcdFileView, JudgedUpload, ProblemView};

/// Files an account may have at a time, refused ones included. Three categories with a dozen periods are few.
const FILES: usize = 60;
/// Codes of an account in use at a time: what a check holds in memory. Ten periods of the national editions have fewer.
const CODES: u64 = 1_000_000;

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(announce, list))
        .routes(routes!(show, delete))
        .with_state(service)
}

/// A ticket: where and how the file is to be put.
#[derive(Debug, Serialize, ToSchema)]
struct Ticket {
    /// Names the code file from now on.
    icd_file_id: String,
    /// To be sent a PUT with the ZIP as its body.
    url: String,
    /// Must be sent along exactly so; each is part of the signature.
    headers: BTreeMap<String, String>,
    /// When the address runs out.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Registers an ICD code file and gives the address to put it to.
#[utoipa::path(
    post,
    path = "/api/v1/icd-files",
    tag = "icd-files",
    security(("bearer" = [])),
    request_body = Announcement,
    responses(
        (status = CREATED, body = Ticket),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "not a hospital's account"),
        (status = CONFLICT, body = Problem, description = "too many files are there already"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "category, name, size, digest or period not acceptable"),
    )
)]
async fn announce(
    State(service): State<Service>,
    caller: Caller,
    Json(announcement): Json<Announcement>,
) -> Result<(StatusCode, Json<Ticket>), ApiError> {
    let account = &caller.account;
    if account.institution.is_none() {
        return Err(ErrorCode::Forbidden.into());
    }
    let announced = announcement.check(service.standard(None))?;
    // Two requests at once may both pass the last place: the bound is against floods, not an exact one.
    let known = icd_files::list(&service.store, &account.id).await?;
    let results = known.iter().filter_map(|file| file.result.as_ref());
    let codes: u64 = results.map(|result| result.codes).sum();
    if known.len() >= FILES || codes >= CODES {
        return Err(ErrorCode::TooManyIcdFiles.into());
    }
    let now = service.clock.now();
    let file = IcdFile {
        account: account.id.clone(),
        id: IcdFileId::new(now),
        category: announced.category,
        file_name: announced.file_name,
        size: announced.size,
        sha256: announced.sha256,
        first_day: announced.first_day,
        last_day: announced.last_day,
        status: IcdFileStatus::Registered,
        registered_at: now,
        url_until: now + Upload::URL_LIFE,
        object_version: None,
        received_at: None,
        standard: None,
        lease: None,
        fence: 0,
        deaths: 0,
        generation: None,
        result: None,
        reason: None,
        finished_at: None,
        deleted_at: None,
    };
    // The ticket is written before the address is given away: no object can come that nobody knows of.
    icd_files::register(&service.store, &file).await?;
    let address = service
        .files
        .presign_put_of(&keys::icd_object(&file), file.size, &file.sha256)
        .await?;
    tracing::info!(file = %file.id, size = file.size, "code file {} registered", file.id);
    let ticket = Ticket {
        icd_file_id: file.id.to_string(),
        url: address.url,
        headers: address.headers.into_iter().collect(),
        expires_at: file.url_until,
    };
    Ok((StatusCode::CREATED, Json(ticket)))
}

/// The hospital's code files.
#[derive(Debug, Serialize, ToSchema)]
struct IcdFileList {
    /// The files, newest first.
    files: Vec<IcdFileView>,
    /// How the periods of those in use lie beside each other, by category.
    periods: Vec<Periods>,
}

/// Lists the hospital's code files, newest first, and points out overlaps and gaps of their periods.
#[utoipa::path(
    get,
    path = "/api/v1/icd-files",
    tag = "icd-files",
    security(("bearer" = [])),
    responses((status = OK, body = IcdFileList), (status = UNAUTHORIZED, body = Problem))
)]
async fn list(
    State(service): State<Service>,
    caller: Caller,
) -> Result<Json<IcdFileList>, ApiError> {
    let files = icd_files::list(&service.store, &caller.account.id).await?;
    Ok(Json(IcdFileList {
        periods: periods::of(&files),
        files: files.iter().map(IcdFileView::from).collect(),
    }))
}

/// Which problems.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ShowQuery {
    /// Page from 1.
    page: Option<usize>,
    /// Problems on a page, 1 to 200; 50 unless given.
    page_size: Option<usize>,
}

/// One code file with a page of its problems.
#[derive(Debug, Serialize, ToSchema)]
struct IcdFileDetail {
    #[serde(flatten)]
    file: IcdFileView,
    /// The problems of this page: the file as a whole first, then its rows in order.
    problems: Vec<ProblemView>,
    /// Problems that can be read page by page; beyond ten thousand, rows are only counted.
    problems_total: u64,
    /// The page.
    page: usize,
    /// Problems on a page.
    page_size: usize,
}

/// Shows one code file and what is wrong with its rows.
#[utoipa::path(
    get,
    path = "/api/v1/icd-files/{id}",
    tag = "icd-files",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the code file's id"), ShowQuery),
    responses(
        (status = OK, body = IcdFileDetail),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
async fn show(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ShowQuery>,
) -> Result<Json<IcdFileDetail>, ApiError> {
    let file = own_file(&service, &caller, &id).await?;
    let page = query.page.unwrap_or(1).max(1);
    let page_size = query.page_size.unwrap_or(50).clamp(1, 200);
    let view = IcdFileView::from(&file);
    let problems = problems(&service, &file).await?;
    let shown = problems
        .iter()
        .skip((page - 1).saturating_mul(page_size))
        .take(page_size);
    Ok(Json(IcdFileDetail {
        problems: shown.cloned().map(ProblemView::from).collect(),
        problems_total: problems.len() as u64,
        file: view,
        page,
        page_size,
    }))
}

/// All problems that are kept; the first ones where the others have expired.
async fn problems(service: &Service, file: &IcdFile) -> Result<Vec<IcdFileProblem>, ApiError> {
    let (Some(generation), Some(result)) = (file.generation, &file.result) else {
        return Ok(Vec::new());
    };
    let first = &result.first_problems;
    if first.len() as u64 >= result.kept_problems {
        return Ok(first.clone());
    }
    let partition = keys::icd_result_partition(&file.id, generation);
    let all = read_document(&service.store, &partition, keys::PROBLEMS_PREFIX).await?;
    Ok(all.unwrap_or_else(|| first.clone()))
}

/// A code file that is out of use, and what it was used for.
#[derive(Debug, Serialize, ToSchema)]
struct Deleted {
    /// Its id.
    icd_file_id: String,
    /// When it was deleted.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// Uploads whose codes were looked up in it; their results stay as they are.
    judged_uploads: Vec<JudgedUpload>,
    /// The same as a sentence, Chinese.
    detail_zh: String,
    /// The same as a sentence, English.
    detail_en: String,
}

/// Takes a code file out of use, and tells which uploads were judged with it. The same again answers the same.
#[utoipa::path(
    delete,
    path = "/api/v1/icd-files/{id}",
    tag = "icd-files",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the code file's id")),
    responses(
        (status = OK, body = Deleted),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
async fn delete(
    State(service): State<Service>,
    caller: Caller,
    address: ClientAddress,
    Path(id): Path<String>,
) -> Result<Json<Deleted>, ApiError> {
    let file = own_file(&service, &caller, &id).await?;
    let account = &caller.account.id;
    if file.status != IcdFileStatus::Deleted {
        let entry = AuditEntry {
            at: service.clock.now(),
            act: Act::IcdFileDeleted,
            by: account.to_string(),
            subject: file.id.to_string(),
            address: address.0.map(|address| address.to_string()),
            request: None,
        };
        icd_files::delete(&service.store, account, &file.id, &entry).await?;
        tracing::info!(file = %file.id, "code file {} deleted", file.id);
    }
    // After the deletion: an upload that is claimed from here on does not know the file.
    let judged = uploads::judged_with(&service.store, account, &file.id).await?;
    let deleted = icd_files::find(&service.store, account, &file.id).await?;
    let count = judged.len();
    Ok(Json(Deleted {
        icd_file_id: file.id.to_string(),
        deleted_at: deleted.and_then(|file| file.deleted_at),
        judged_uploads: judged.iter().map(JudgedUpload::from).collect(),
        detail_zh: match count {
            0 => "已删除。没有上传的数据使用过该编码文件。请及时重新上传ICD编码文件。".to_owned(),
            _ => format!(
                "已删除。有{count}次上传的数据使用过该编码文件，其校验结果不变。请及时重新上传ICD编码文件。"
            ),
        },
        detail_en: match count {
            0 => "Deleted. No upload was judged with this file. Please upload a new one in time."
                .to_owned(),
            _ => format!(
                "Deleted. {count} uploads were judged with this file; their results stay. Please upload a new one in time."
            ),
        },
    }))
}

/// The caller's code file of this id.
async fn own_file(service: &Service, caller: &Caller, id: &str) -> Result<IcdFile, ApiError> {
    let id: IcdFileId = id.parse().map_err(|_| ErrorCode::IcdFileNotFound)?;
    let file = icd_files::find(&service.store, &caller.account.id, &id).await?;
    file.ok_or_else(|| ErrorCode::IcdFileNotFound.into())
}
