use axum::extract::State;
use domain::{Settlement, Upload};
use serde::{Deserialize, Serialize};
use standard::Severity;
use store::findings::{read_document, read_pages};
use store::keys::{self, Key};
use utoipa::{IntoParams, ToSchema};
use validation::report::pages::{Filter, PageHead, decode, select};
use validation::{FileInfo, Finding, FindingView};
use web::{ApiError, ErrorCode, FieldError, Json, Language, Path, Problem, Query, Sender, Service};

use crate::{own_upload, result};

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingsQuery {
    /// Page, from 1.
    page: Option<u64>,
    /// Findings on a page, 1 to 500; 50 unless given.
    page_size: Option<u64>,
    /// Only of this rule.
    rule: Option<String>,
    /// Only of the column with this code.
    column: Option<String>,
    /// Only `error` or only `warning`.
    severity: Option<String>,
    /// Only of this file: its name, or its number from 0.
    file: Option<String>,
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingsPage {
    /// Findings that match, on all pages together.
    total: u64,
    /// This page, from 1.
    page: u64,
    /// Findings on a page.
    page_size: u64,
    /// Whether more was found than kept; the upload's own figures are exact all the same.
    truncated: bool,
    /// The findings, in the order of files and rows; then those about links to other files and earlier uploads.
    #[schema(value_type = Vec<Object>)]
    findings: Vec<FindingView>,
}

/// Lists the findings of an upload by page.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/findings",
    tag = "uploads",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the upload's id"),
        FindingsQuery,
        ("lang" = Option<String>, Query, description = "`zh` or `en`"),
    ),
    responses(
        (status = OK, body = FindingsPage),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "not finished"),
        (status = GONE, body = Problem, description = "no longer kept"),
    )
)]
pub(crate) async fn list_findings(
    State(service): State<Service>,
    Sender(caller): Sender,
    Path(id): Path<String>,
    language: Language,
    Query(query): Query<FindingsQuery>,
) -> Result<Json<FindingsPage>, ApiError> {
    let upload = own_upload(&service, &caller, &id).await?;
    let (generation, summary) = result(&service, &upload).await?;
    let standard = service.standard(upload.standard.as_deref());
    let files: Vec<FileInfo> = summary.files.iter().map(|file| file.info.clone()).collect();
    let filter = Filter::new(
        standard,
        &files,
        given(query.rule.as_deref()),
        given(query.column.as_deref()),
        severity(given(query.severity.as_deref()))?,
        given(query.file.as_deref()).map(|file| file_index(&files, file)),
    );
    let page = query.page.unwrap_or(1).max(1);
    let page_size = query.page_size.unwrap_or(50).clamp(1, 500);

    let directory = directory(&service, &upload, generation).await?;
    let selection = select(&directory.heads, standard, &filter, page - 1, page_size);
    let wanted: Vec<Key> = selection
        .reads
        .iter()
        .filter_map(|read| directory.keys.get(read.number as usize).cloned())
        .collect();
    let pages = read_pages(&service.store, &wanted).await?;
    let mut findings = Vec::new();
    for (read, bytes) in selection.reads.iter().zip(pages) {
        let bytes = bytes.ok_or(ErrorCode::ResultExpired)?;
        let stored = decode(&bytes).map_err(ApiError::internal)?;
        let shown = stored
            .iter()
            .filter(|finding| filter.matches(standard, finding))
            .skip(read.skip)
            .take(read.take)
            .map(|finding| finding.view(standard, &files, texts(language)));
        findings.extend(shown);
    }
    Ok(Json(FindingsPage {
        total: selection.total,
        page,
        page_size,
        truncated: summary.truncated,
        findings,
    }))
}

/// The pages of an upload: those of the check, then those about links, numbered through.
struct Directory {
    heads: Vec<PageHead>,
    keys: Vec<Key>,
}

async fn directory(
    service: &Service,
    upload: &Upload,
    generation: u64,
) -> Result<Directory, ApiError> {
    let partition = keys::result_partition(&upload.id, generation);
    let mut heads: Vec<PageHead> =
        read_document(&service.store, &partition, keys::DIRECTORY_PREFIX)
            .await?
            .ok_or(ErrorCode::ResultExpired)?;
    let mut places: Vec<Key> = heads
        .iter()
        .map(|head| Key {
            pk: keys::findings_partition(&upload.id, generation, head.number),
            sk: keys::page_sort(head.number),
        })
        .collect();
    let links = link_heads(service, upload).await?;
    if let Some(settlement) = &upload.settlement {
        places.extend(links.iter().map(|head| link_key(upload, settlement, head)));
    }
    heads.extend(links);
    for (number, head) in (0..).zip(&mut heads) {
        head.number = number;
    }
    Ok(Directory {
        heads,
        keys: places,
    })
}

/// The directory of the findings about links; empty until the upload is settled.
pub(crate) async fn link_heads(
    service: &Service,
    upload: &Upload,
) -> Result<Vec<PageHead>, ApiError> {
    let Some(settlement) = &upload.settlement else {
        return Ok(Vec::new());
    };
    let partition = link_partition(upload, settlement);
    let heads = read_document(&service.store, &partition, keys::DIRECTORY_PREFIX).await?;
    Ok(heads.unwrap_or_default())
}

/// The findings of the first page about links.
pub(crate) async fn first_link_page(
    service: &Service,
    upload: &Upload,
    heads: &[PageHead],
) -> Result<Vec<Finding<'static>>, ApiError> {
    link_pages(service, upload, heads.get(..1).unwrap_or_default()).await
}

/// The findings of some pages about links.
pub(crate) async fn link_pages(
    service: &Service,
    upload: &Upload,
    heads: &[PageHead],
) -> Result<Vec<Finding<'static>>, ApiError> {
    let Some(settlement) = &upload.settlement else {
        return Ok(Vec::new());
    };
    let wanted: Vec<Key> = heads
        .iter()
        .map(|head| link_key(upload, settlement, head))
        .collect();
    let mut findings = Vec::new();
    for bytes in read_pages(&service.store, &wanted)
        .await?
        .into_iter()
        .flatten()
    {
        findings.extend(decode(&bytes).map_err(ApiError::internal)?);
    }
    Ok(findings)
}

fn link_partition(upload: &Upload, settlement: &Settlement) -> String {
    keys::links_partition(&upload.id, settlement.basis, &settlement.basis_digest)
}

fn link_key(upload: &Upload, settlement: &Settlement, head: &PageHead) -> Key {
    Key {
        pk: link_partition(upload, settlement),
        sk: keys::page_sort(head.number),
    }
}

pub(crate) fn texts(language: Language) -> validation::Language {
    match language {
        Language::Zh => validation::Language::Chinese,
        Language::En => validation::Language::English,
    }
}

/// An empty choice in a form's list means all.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn severity(text: Option<&str>) -> Result<Option<Severity>, ApiError> {
    match text {
        None => Ok(None),
        Some("error") => Ok(Some(Severity::Error)),
        Some("warning") => Ok(Some(Severity::Warning)),
        Some(_) => Err(ApiError::fields(vec![FieldError::new(
            "severity",
            "unknown_severity",
            "级别只能为 error（错误）或 warning（提示）",
            "The severity is `error` or `warning`",
        )])),
    }
}

/// A file the upload does not have matches nothing.
fn file_index(files: &[FileInfo], text: &str) -> u16 {
    let named = files.iter().position(|file| file.name == text);
    named
        .and_then(|index| u16::try_from(index).ok())
        .or_else(|| text.parse().ok())
        .unwrap_or(u16::MAX)
}
