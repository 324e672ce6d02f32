use std::collections::BTreeMap;

use domain::{Settlement, Upload};
use jiff::Timestamp;
use serde::Serialize;
use standard::Standard;
use utoipa::ToSchema;
use validation::report::pages::PageHead;
use validation::{Cause, FileSummary, Note, Summary};

/// An upload in the list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct UploadView {
    /// Its id.
    id: String,
    /// `data`.
    kind: String,
    /// Name of the file as it was sent.
    file_name: String,
    /// Bytes.
    size: u64,
    /// Whether it is judged only, and no record kept.
    dry_run: bool,
    /// `registered`, `checking`, `done`, `expired` or `failed`.
    status: String,
    /// The status in Chinese.
    status_zh: String,
    /// The status in English.
    status_en: String,
    /// When the ticket was given.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// When it came to its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// How far the check is.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressView>,
    /// The figures, once it is done.
    #[serde(flatten)]
    figures: Option<FiguresView>,
    /// 新增, 更新, 未变化, 不达标; null until it has been compared with the earlier uploads.
    dispositions: Option<Dispositions>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonView>,
    /// 撤回: when the hospital took it back, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawal: Option<WithdrawalView>,
    /// Records of it that were taken back one by one.
    withdrawn_records: u64,
}

/// That an upload was taken back.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct WithdrawalView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why.
    reason: String,
}

/// How far a check is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct ProgressView {
    /// Bytes read, unpacked.
    bytes: u64,
    /// Bytes in all, unpacked.
    bytes_total: u64,
    /// Records judged.
    records: u64,
}

/// The figures of a check.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct FiguresView {
    /// `accepted`, `partly` or `rejected`.
    #[schema(value_type = String)]
    outcome: domain::UploadOutcome,
    /// 数据包记录总数.
    total: u64,
    /// 接口达标数.
    passed: u64,
    /// Findings that refuse a record.
    errors: u64,
    /// Findings that refuse none.
    warnings: u64,
    /// Whether the archive or one of its files could not be read.
    unreadable: bool,
    /// Whether more was found than the list keeps; the figures are exact all the same.
    truncated: bool,
    /// Kinds of file in it.
    kinds: Vec<String>,
}

/// What became of the records.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
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

/// Why an upload failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ReasonView {
    /// Stable code.
    #[schema(value_type = String)]
    code: domain::FailureReason,
    /// What happened and what to do, Chinese.
    detail_zh: String,
    /// What happened and what to do, English.
    detail_en: String,
}

impl From<&Upload> for UploadView {
    fn from(upload: &Upload) -> Self {
        let settlement = upload.settlement.as_ref();
        Self {
            id: upload.id.to_string(),
            kind: upload.kind.as_str().to_owned(),
            file_name: upload.file_name.to_string(),
            size: upload.size,
            dry_run: upload.dry_run,
            status: upload.status.as_str().to_owned(),
            status_zh: upload.status.name_zh().to_owned(),
            status_en: upload.status.name_en().to_owned(),
            registered_at: upload.registered_at,
            finished_at: upload.finished_at,
            progress: upload.progress.map(|progress| ProgressView {
                bytes: progress.bytes,
                bytes_total: progress.bytes_total,
                records: progress.records,
            }),
            figures: upload.figures.as_ref().map(|figures| FiguresView {
                outcome: figures.outcome,
                total: figures.total,
                passed: figures.passed,
                errors: figures.errors,
                warnings: figures.warnings
                    + settlement.map_or(0, |settlement| settlement.link_findings),
                unreadable: figures.unreadable,
                truncated: figures.truncated,
                kinds: figures.kinds.clone(),
            }),
            dispositions: settlement.map(Dispositions::from),
            reason: upload.reason.map(|reason| ReasonView {
                code: reason,
                detail_zh: reason.text_zh().to_owned(),
                detail_en: reason.text_en().to_owned(),
            }),
            withdrawal: upload.withdrawal.as_ref().map(|withdrawal| WithdrawalView {
                at: withdrawal.at,
                reason: withdrawal.reason.clone(),
            }),
            withdrawn_records: upload.withdrawn_records,
        }
    }
}

impl From<&Settlement> for Dispositions {
    fn from(settlement: &Settlement) -> Self {
        Self {
            new: settlement.new,
            updated: settlement.updated,
            unchanged: settlement.unchanged,
            failed: settlement.failed,
        }
    }
}

/// One upload with all that is known about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct UploadDetail {
    #[serde(flatten)]
    upload: UploadView,
    /// Version of the standard it was judged by.
    standard: Option<String>,
    /// Whether the sender's own check, whose digest came with the ticket, had found what this one found; null where it told
    /// nothing. Findings that need earlier uploads or the hospital's codes are not compared.
    found_before: Option<Comparison>,
    /// Files in the order of the archive.
    files: Vec<FileView>,
    /// Findings grouped by what has to be mended, most first.
    #[schema(value_type = Vec<Object>)]
    causes: Vec<Cause>,
    /// Findings by rule.
    by_rule: BTreeMap<String, u64>,
    /// Findings by `kind.column`.
    by_column: BTreeMap<String, u64>,
    /// Where to read on, once it is done.
    links: Option<LinksView>,
}

/// What two checks of one file come to beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Comparison {
    /// The same findings.
    Same,
    /// Other findings: this one counts.
    Differs,
}

/// A file of the archive.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct FileView {
    /// Name inside the archive.
    name: String,
    /// Kind, as the name tells it.
    kind: Option<String>,
    /// Encoding it was read in.
    encoding: Option<String>,
    /// Records.
    total: u64,
    /// Records without an error.
    passed: u64,
    /// What was read otherwise than written.
    #[schema(value_type = Vec<Object>)]
    notes: Vec<Note>,
}

impl From<FileSummary> for FileView {
    fn from(file: FileSummary) -> Self {
        Self {
            name: file.info.name,
            kind: file.info.kind,
            encoding: file.encoding,
            total: file.total,
            passed: file.passed,
            notes: file.notes,
        }
    }
}

/// Addresses of what belongs to an upload.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct LinksView {
    /// Findings by page.
    findings: String,
    /// All findings as a list.
    findings_csv: String,
    /// The hospital's own rows with what is wrong, as CSV.
    report_csv: String,
    /// The same as a workbook.
    report_xlsx: String,
}

impl From<UploadView> for UploadDetail {
    fn from(upload: UploadView) -> Self {
        Self {
            upload,
            standard: None,
            found_before: None,
            files: Vec::new(),
            causes: Vec::new(),
            by_rule: BTreeMap::new(),
            by_column: BTreeMap::new(),
            links: None,
        }
    }
}

impl UploadDetail {
    /// An upload with its result: what the check found, and what the comparison with earlier uploads added.
    pub(crate) fn judged(
        upload: &Upload,
        summary: Summary,
        link_causes: Vec<Cause>,
        links: &[PageHead],
        standard: &Standard,
    ) -> Self {
        let mut by_rule = summary.by_rule;
        let mut by_column = summary.by_column;
        for count in links.iter().flat_map(|head| &head.counts) {
            let findings = u64::from(count.findings);
            if let Some(rule) = standard.rules.get(usize::from(count.rule)) {
                *by_rule.entry(rule.id.clone()).or_default() += findings;
            }
            let file = count
                .file
                .and_then(|file| summary.files.get(usize::from(file)));
            let kind = file.and_then(|file| standard.kind_index(file.info.kind.as_deref()?));
            let kind = kind.map(|kind| &standard.kinds[kind]);
            if let (Some(kind), Some(field)) = (kind, count.field)
                && let Some(field) = kind.fields.get(usize::from(field))
            {
                let place = format!("{}.{}", kind.code, field.code);
                *by_column.entry(place).or_default() += findings;
            }
        }
        let mut causes = summary.causes;
        causes.extend(link_causes);
        let comparable = !summary.findings_digest.is_empty();
        let found_before = upload.found_before.as_ref().filter(|_| comparable);
        let found_before = found_before.map(|before| {
            if before.as_str() == summary.findings_digest {
                Comparison::Same
            } else {
                Comparison::Differs
            }
        });
        let base = format!("/api/v1/uploads/{}", upload.id);
        Self {
            upload: upload.into(),
            standard: Some(summary.standard),
            found_before,
            files: summary.files.into_iter().map(FileView::from).collect(),
            causes,
            by_rule,
            by_column,
            links: Some(LinksView {
                findings: format!("{base}/findings"),
                findings_csv: format!("{base}/findings.csv"),
                report_csv: format!("{base}/report.csv"),
                report_xlsx: format!("{base}/report.xlsx"),
            }),
        }
    }
}
