//! Reports, made by checking the stored object again: nothing has to be kept for them, and they always fit it.

use std::io::Cursor;
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use domain::Upload;
use intake::{CodeCache, IntakeError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use store::keys;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use validation::Institution;
use validation::report::{self, Options, Report, ReportError};
use web::{ApiError, Caller, ErrorCode, Language, Path, Problem, Sender, Service};

use crate::findings::{link_heads, link_pages, texts};
use crate::{own_upload, result};

/// What a function can answer with: 6 MB in base64. What is longer is put into the store and fetched from there.
const ANSWER: usize = 4_500_000;

/// Reports at once: each holds an archive and what is made of it.
static MAKING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Xlsx,
    List,
}

/// The hospital's own rows with what is wrong in each, as CSV.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/report.csv",
    tag = "uploads",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the upload's id"),
        ("lang" = Option<String>, Query, description = "`zh` or `en`"),
    ),
    responses(
        (status = OK, content_type = "text/csv", description = "a ZIP where the upload holds several files"),
        (status = SEE_OTHER, description = "too long for an answer: to be fetched there"),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "not finished, or nothing could be checked"),
        (status = GONE, body = Problem, description = "no longer kept"),
    )
)]
pub(crate) async fn report_csv(
    State(service): State<Service>,
    Sender(caller): Sender,
    Path(id): Path<String>,
    language: Language,
) -> Result<Response, ApiError> {
    answer(&service, &caller, &id, language, Form::Csv).await
}

/// The same as a workbook: bad cells coloured, the reason beside them.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/report.xlsx",
    tag = "uploads",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the upload's id"),
        ("lang" = Option<String>, Query, description = "`zh` or `en`"),
    ),
    responses(
        (status = OK, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = SEE_OTHER, description = "too long for an answer: to be fetched there"),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "not finished, or nothing could be checked"),
        (status = GONE, body = Problem, description = "no longer kept"),
    )
)]
pub(crate) async fn report_xlsx(
    State(service): State<Service>,
    Sender(caller): Sender,
    Path(id): Path<String>,
    language: Language,
) -> Result<Response, ApiError> {
    answer(&service, &caller, &id, language, Form::Xlsx).await
}

/// All findings as a list, one line each.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/findings.csv",
    tag = "uploads",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the upload's id"),
        ("lang" = Option<String>, Query, description = "`zh` or `en`"),
    ),
    responses(
        (status = OK, content_type = "text/csv"),
        (status = SEE_OTHER, description = "too long for an answer: to be fetched there"),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "not finished, or nothing could be checked"),
        (status = GONE, body = Problem, description = "no longer kept"),
    )
)]
pub(crate) async fn findings_csv(
    State(service): State<Service>,
    Sender(caller): Sender,
    Path(id): Path<String>,
    language: Language,
) -> Result<Response, ApiError> {
    answer(&service, &caller, &id, language, Form::List).await
}

async fn answer(
    service: &Service,
    caller: &Caller,
    id: &str,
    language: Language,
    form: Form,
) -> Result<Response, ApiError> {
    let upload = own_upload(service, caller, id).await?;
    let (generation, _) = result(service, &upload).await?;
    let _permit = MAKING.acquire().await.map_err(ApiError::internal)?;
    let object = service
        .files
        .read(
            &upload.object_key(),
            upload.object_version.as_deref().unwrap_or_default(),
            Upload::MAX_SIZE,
        )
        .await?
        .ok_or(ErrorCode::ResultExpired)?;
    let institution = caller
        .account
        .institution
        .as_ref()
        .map(|institution| Institution {
            code: institution.code.clone(),
            name: institution.name.clone(),
        });
    let links = link_heads(service, &upload).await?;
    let elsewhere = link_pages(service, &upload, &links).await?;
    let standard = service.standard(upload.standard.as_deref());
    // Those it was judged with, whatever the hospital has uploaded or deleted since.
    let codes = CodeCache::default()
        .load(&service.store, &service.files, &upload)
        .await
        .map_err(|error| match error {
            IntakeError::Store(error) => error.into(),
            other => ApiError::internal(other),
        })?;
    let judged = upload.clone();
    let made = spawn_blocking(move || {
        let settings = intake::settings(standard, &judged, institution.as_ref(), &codes);
        let options = Options {
            language: texts(language),
            elsewhere: &elsewhere,
            ..Options::default()
        };
        let name = judged.file_name.as_str();
        let archive = Cursor::new(object.bytes);
        let mut output = Cursor::new(Vec::new());
        let report = match form {
            Form::Csv => report::csv(name, archive, &settings, &options, &mut output),
            Form::Xlsx => report::xlsx(name, archive, &settings, &options, &mut output),
            Form::List => report::list(name, archive, &settings, &options, &mut output),
        };
        report.map(|report| (report, output.into_inner()))
    });
    let made: Result<(Report, Vec<u8>), ReportError> = made.await.map_err(ApiError::internal)?;
    let (report, bytes) = made.map_err(ApiError::internal)?;
    let disposition = attachment(&report.name);
    tracing::info!(upload = %upload.id, ?form, bytes = bytes.len(), "report of upload {} made", upload.id);
    if bytes.len() <= ANSWER {
        let headers = [
            (CONTENT_TYPE, report.media_type.to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ];
        return Ok((headers, bytes).into_response());
    }
    let name = match form {
        Form::Csv => "report.csv",
        Form::Xlsx => "report.xlsx",
        Form::List => "findings.csv",
    };
    let key = keys::report_object(&upload.account, &upload.id, generation, name);
    service.files.write(&key, bytes, report.media_type).await?;
    let address = service.files.presign_get(&key, &disposition).await?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response())
}

/// What RFC 8187 leaves unescaped.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// A `Content-Disposition` with the name in UTF-8 (RFC 6266) and a plain one for programs that read no other.
fn attachment(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
    let encoded = utf8_percent_encode(name, ATTRIBUTE);
    format!("attachment; filename=\"report.{ending}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_header() {
        assert_eq!(
            attachment("流感_错误.csv"),
            "attachment; filename=\"report.csv\"; filename*=UTF-8''%E6%B5%81%E6%84%9F_%E9%94%99%E8%AF%AF.csv"
        );
        let attack = attachment("a\"; x=\r\nSet-Cookie: b.csv");
        assert!(!attack.contains('\r') && attack.matches('"').count() == 2);
    }
}
