use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::{Account, NewUpload, Sha256, Upload, UploadKind};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use startup::LAMBDA_BODY;
use store::attempts::{self, Allowed, Quota};
use store::idempotency::{self, Once};
use store::uploads;
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};
use web::{
    ApiError, ErrorCode, FieldError, Json, Language, Path, Problem, Query, Sender, Service, Ticket,
};

use crate::answer::BatchAnswer;
use crate::packing::{self, Packed};
use crate::{body, keep};

/// Batches of one account: more than a machine catching up sends, less than a loop gone wild.
const QUOTA: Quota = Quota {
    what: "BATCH",
    most: 600,
    per: SignedDuration::from_mins(1),
};

/// The kind in the address for a ZIP whose files tell their kinds.
const SEVERAL: &str = "data";

/// How a batch is to be taken.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchQuery {
    /// Name of the file; named by kind and content unless given. A CSV is named as the standard wants it, e.g. `flu_*.csv`.
    file_name: Option<String>,
    /// Judge only: the same report, and no record is kept.
    #[serde(default)]
    dry_run: bool,
}

/// Too much for one request, with the address to put it to.
#[derive(Debug, Serialize, ToSchema)]
struct TooLargeProblem {
    #[serde(flatten)]
    problem: Problem,
    /// Where the same bytes can be put; null where they cannot be stored as they are (a CSV has to be packed into a ZIP first).
    ticket: Option<Ticket>,
}

/// Takes a batch, judges it and answers with its totals and findings.
///
/// The body is a CSV of the kind in the address, or a ZIP of CSV files (kind `data` when it holds several), in at most 4.5 MB, with
/// `Content-Encoding: gzip` or without. With an `Idempotency-Key` the same request can be made again after its answer was lost:
/// it makes no second upload.
#[utoipa::path(
    post,
    path = "/api/v1/batches/{kind}",
    tag = "batches",
    security(("bearer" = [])),
    params(
        ("kind" = String, Path, description = "`flu`, `hqms`, `hda`, `hdr`, `pdr`, `lis`, or `data`"),
        BatchQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters, one for each batch"),
        ("Content-Encoding" = Option<String>, Header, description = "`gzip`"),
        ("lang" = Option<String>, Query, description = "`zh` or `en`"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = OK, body = BatchAnswer, description = "judged"),
        (status = ACCEPTED, body = BatchAnswer, description = "stored and still being judged; ask for the upload later"),
        (status = UNAUTHORIZED, body = Problem),
        (status = CONFLICT, body = Problem, description = "the key was used for other data"),
        (status = PAYLOAD_TOO_LARGE, body = TooLargeProblem),
        (status = UNSUPPORTED_MEDIA_TYPE, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "kind, name or key not acceptable, or nothing in the body"),
        (status = TOO_MANY_REQUESTS, body = Problem),
    )
)]
pub(crate) async fn receive_batch(
    State(service): State<Service>,
    Sender(caller): Sender,
    Path(kind): Path<String>,
    Query(query): Query<BatchQuery>,
    language: Language,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let account = &caller.account;
    keep::reports(account)?;
    let prefix = prefix(&service, &kind)?;
    let key = web::idempotency_key(&headers)?;
    let now = service.clock.now();
    if let Allowed::After(wait) =
        attempts::spend(&service.store, QUOTA, account.id.as_str(), now).await?
    {
        let seconds = u64::try_from(wait.as_secs()).unwrap_or(0);
        return Err(ApiError::after(ErrorCode::TooManyRequests, seconds));
    }
    let sent = body::read(body).await?;
    let is_too_large = sent.len() > LAMBDA_BODY;
    let bytes = body::expand(&headers, sent).await?;
    if bytes.is_empty() {
        return Err(ApiError::fields(vec![FieldError::new(
            "body",
            "empty",
            "请求内容为空，请发送CSV或ZIP文件的内容",
            "The body is empty; please send the content of a CSV or ZIP file",
        )]));
    }
    // By what was sent, not by what it is packed into.
    let request = fingerprint(&kind, &query, &bytes);
    let name = query.file_name.clone();
    let packed = spawn_blocking(move || packing::pack(prefix.as_deref(), name.as_deref(), bytes))
        .await
        .map_err(ApiError::internal)??;
    if is_too_large || packed.bytes.len() as u64 > Upload::MAX_SIZE {
        return too_large(&service, account, packed, query.dry_run).await;
    }
    let (id, repeated) = match &key {
        None => (new_id(&service, account).await?, false),
        Some(key) => {
            match idempotency::once(&service.store, &account.id, key, &request, now).await? {
                Once::New(id) => (id, false),
                Once::Known(id) => (id, true),
                Once::Differs => return Err(ErrorCode::KeyReused.into()),
            }
        }
    };
    let upload = keep::keep(&service, account, id, packed, query.dry_run).await?;
    let status = if keep::is_settled(&upload) {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    let answer = BatchAnswer::of(&service, &upload, repeated, language).await?;
    Ok((status, Json(answer)).into_response())
}

async fn new_id(service: &Service, account: &Account) -> Result<domain::UploadId, ApiError> {
    let sequence = uploads::next_sequence(&service.store, &account.id).await?;
    Ok(domain::UploadId::new(sequence))
}

/// What the file names of a kind begin with; `None` for a ZIP of any kinds.
fn prefix(service: &Service, kind: &str) -> Result<Option<String>, ApiError> {
    if kind == SEVERAL {
        return Ok(None);
    }
    let standard = service.standard(None);
    let known = standard.kind_index(kind).map(|kind| &standard.kinds[kind]);
    match known {
        Some(kind) => Ok(Some(kind.prefix.clone())),
        None => Err(ApiError::fields(vec![FieldError::new(
            "kind",
            "unknown_kind",
            "文件类别应为 flu、hqms、hda、hdr、pdr、lis 之一，或 data（ZIP内含多类文件）",
            "The kind is one of flu, hqms, hda, hdr, pdr, lis, or data for a ZIP of several",
        )])),
    }
}

/// Tells requests apart that may not share a key.
fn fingerprint(kind: &str, query: &BatchQuery, bytes: &[u8]) -> Sha256 {
    let name = query.file_name.as_deref().unwrap_or_default();
    let words = format!("{kind}\n{name}\n{}\n{}", query.dry_run, Sha256::of(bytes));
    Sha256::of(words.as_bytes())
}

/// Gives an address for what came, so that the client need only send the same bytes there.
async fn too_large(
    service: &Service,
    account: &Account,
    packed: Packed,
    dry_run: bool,
) -> Result<Response, ApiError> {
    let mut ticket = None;
    if packed.is_as_sent && packed.bytes.len() as u64 <= Upload::MAX_SIZE {
        let new = NewUpload {
            kind: UploadKind::Data,
            file_name: packed.name,
            size: packed.bytes.len() as u64,
            sha256: Sha256::of(&packed.bytes),
            dry_run,
        };
        let id = new_id(service, account).await?;
        let upload = Upload::new(account.id.clone(), id, new, service.clock.now());
        uploads::register(&service.store, &upload).await?;
        let address = service.files.presign_put(&upload).await?;
        ticket = Some(Ticket::new(&upload, address));
    }
    let problem = ApiError::from(ErrorCode::BatchTooLarge).problem();
    let mut answer = (
        StatusCode::PAYLOAD_TOO_LARGE,
        Json(TooLargeProblem { problem, ticket }),
    )
        .into_response();
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json; charset=utf-8"),
    );
    Ok(answer)
}
