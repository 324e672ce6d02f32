//! What a batch is answered with: the figures, the causes, and the first findings.

use domain::Upload;
use serde::Serialize;
use store::findings::{read_document, read_pages, read_summary};
use store::keys::{self, Key};
use utoipa::ToSchema;
use validation::report::pages::{PageHead, decode};
use validation::{Cause, FileInfo, FindingView, Summary};
use web::{ApiError, Language, Service};

/// Findings in an answer; the others are a link away.
const SHOWN: usize = 50;

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    /// Names the upload the batch has become.
    upload_id: String,
    /// Its name in the list of uploads.
    file_name: String,
    /// Whether it was judged only, and no record kept.
    dry_run: bool,
    /// Whether the same request was made before, so that this is its result.
    repeated: bool,
    /// `done`, or `failed`; `checking` where the result has to be asked for later.
    status: String,
    /// The status in Chinese.
    status_zh: String,
    /// The status in English.
    status_en: String,
    /// `accepted`, `partly` or `rejected`.
    #[schema(value_type = Option<String>)]
    outcome: Option<domain::UploadOutcome>,
    /// 数据包记录总数.
    total: u64,
    /// 接口达标数.
    passed: u64,
    /// Findings that refuse a record.
    errors: u64,
    /// Findings that refuse none.
    warnings: u64,
    /// What became of the records; null where that is not known yet.
    dispositions: Option<Dispositions>,
    /// Why it failed, Chinese.
    reason_zh: Option<String>,
    /// Why it failed, English.
    reason_en: Option<String>,
    /// Findings grouped by what has to be mended, most first.
    #[schema(value_type = Vec<Object>)]
    causes: Vec<Cause>,
    /// The first findings, at most fifty.
    #[schema(value_type = Vec<Object>)]
    findings: Vec<FindingView>,
    /// Where to read on.
    links: Links,
}

/// What became of the records.
#[derive(Debug, Serialize, ToSchema)]
struct Dispositions {
    /// 新增.
    new: u64,
    /// 更新.
    updated: u64,
    /// 未变化.
    unchanged: u64,
    /// 不达标.
    failed: u64,
}

/// Addresses of what belongs to a batch.
#[derive(Debug, Serialize, ToSchema)]
struct Links {
    /// The upload, with status and figures.
    upload: String,
    /// All findings by page.
    findings: String,
    /// The rows with what is wrong in each, as CSV.
    report_csv: String,
    /// The same as a workbook.
    report_xlsx: String,
}

impl BatchAnswer {
    /// Of an upload as it is.
    pub(crate) async fn of(
        service: &Service,
        upload: &Upload,
        repeated: bool,
        language: Language,
    ) -> Result<Self, ApiError> {
        let summary = read_summary::<Summary>(&service.store, upload).await?;
        let findings = match &summary {
            Some(summary) => first_findings(service, upload, summary, language).await?,
            None => Vec::new(),
        };
        let base = format!("/api/v1/uploads/{}", upload.id);
        let figures = upload.figures.as_ref();
        let settlement = upload.settlement.as_ref();
        Ok(Self {
            upload_id: upload.id.to_string(),
            file_name: upload.file_name.to_string(),
            dry_run: upload.dry_run,
            repeated,
            status: upload.status.as_str().to_owned(),
            status_zh: upload.status.name_zh().to_owned(),
            status_en: upload.status.name_en().to_owned(),
            outcome: figures.map(|figures| figures.outcome),
            total: figures.map_or(0, |figures| figures.total),
            passed: figures.map_or(0, |figures| figures.passed),
            errors: figures.map_or(0, |figures| figures.errors),
            warnings: figures.map_or(0, |figures| figures.warnings)
                + settlement.map_or(0, |settlement| settlement.link_findings),
            dispositions: settlement.map(|settlement| Dispositions {
                new: settlement.new,
                updated: settlement.updated,
                unchanged: settlement.unchanged,
                failed: settlement.failed,
            }),
            reason_zh: upload.reason.map(|reason| reason.text_zh().to_owned()),
            reason_en: upload.reason.map(|reason| reason.text_en().to_owned()),
            causes: summary.map(|summary| summary.causes).unwrap_or_default(),
            findings,
            links: Links {
                findings: format!("{base}/findings"),
                report_csv: format!("{base}/report.csv"),
                report_xlsx: format!("{base}/report.xlsx"),
                upload: base,
            },
        })
    }
}

/// The first findings of the check, then those about links to other uploads.
async fn first_findings(
    service: &Service,
    upload: &Upload,
    summary: &Summary,
    language: Language,
) -> Result<Vec<FindingView>, ApiError> {
    let files: Vec<FileInfo> = summary.files.iter().map(|file| file.info.clone()).collect();
    let standard = service.standard(upload.standard.as_deref());
    let language = match language {
        Language::Zh => validation::Language::Chinese,
        Language::En => validation::Language::English,
    };
    let mut shown = Vec::new();
    for key in first_pages(service, upload).await? {
        let Some(bytes) = read_pages(&service.store, &[key]).await?.pop().flatten() else {
            continue;
        };
        let findings = decode(&bytes).map_err(ApiError::internal)?;
        let room = SHOWN - shown.len();
        let views = findings.iter().take(room);
        shown.extend(views.map(|finding| finding.view(standard, &files, language)));
        if shown.len() == SHOWN {
            break;
        }
    }
    Ok(shown)
}

async fn first_pages(service: &Service, upload: &Upload) -> Result<Vec<Key>, ApiError> {
    let mut first = Vec::new();
    let generation = upload.generation.unwrap_or_default();
    let partition = keys::result_partition(&upload.id, generation);
    let heads: Option<Vec<PageHead>> =
        read_document(&service.store, &partition, keys::DIRECTORY_PREFIX).await?;
    first.extend(heads.iter().flatten().take(1).map(|head| Key {
        pk: keys::findings_partition(&upload.id, generation, head.number),
        sk: keys::page_sort(head.number),
    }));
    if let Some(settlement) = &upload.settlement {
        let partition =
            keys::links_partition(&upload.id, settlement.basis, &settlement.basis_digest);
        let heads: Option<Vec<PageHead>> =
            read_document(&service.store, &partition, keys::DIRECTORY_PREFIX).await?;
        first.extend(heads.iter().flatten().take(1).map(|head| Key {
            pk: partition.clone(),
            sk: keys::page_sort(head.number),
        }));
    }
    Ok(first)
}
