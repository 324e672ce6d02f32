use axum::extract::State;
use domain::UploadId;
use domain::audit::Act;
use jiff::Timestamp;
use serde::Serialize;
use store::findings::read_summary;
use store::uploads;
use utoipa::ToSchema;
use validation::Summary;
use web::{ApiError, ErrorCode, Json, Path, Problem, Service};

use crate::Viewer;
use crate::summary::{CauseView, cause_view};

/// What came of a hospital's upload: figures and causes, and no value of any record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadSummary {
    /// Its id.
    id: String,
    /// Id of the hospital.
    hospital: String,
    /// 医疗机构名称.
    hospital_name: String,
    /// `registered`, `checking`, `done`, `expired` or `failed`.
    status: String,
    /// The status in Chinese.
    status_zh: String,
    /// The status in English.
    status_en: String,
    /// Whether it was judged only.
    dry_run: bool,
    /// Bytes.
    size: u64,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    registered_at: Timestamp,
    /// When it came to its end.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Version of the standard it was judged by.
    standard: Option<String>,
    /// 数据包记录总数.
    total: Option<u64>,
    /// 接口达标数.
    passed: Option<u64>,
    /// 新增, 更新, 未变化, 不达标; null until it has been compared with the earlier uploads.
    dispositions: Option<Dispositions>,
    /// Files by kind, without their names.
    files: Vec<FileLine>,
    /// What is wrong, most findings first.
    causes: Vec<CauseView>,
    /// Whether the findings are no longer kept.
    is_expired: bool,
}

/// What became of the records.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Dispositions {
    /// 新增.
    new: u64,
    /// 更新.
    updated: u64,
    /// 未变化.
    unchanged: u64,
    /// 不达标.
    failed: u64,
}

/// A file of the archive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileLine {
    /// Kind of file.
    kind: Option<String>,
    /// Records.
    total: u64,
    /// Records that passed.
    passed: u64,
    /// Whether it could not be read to its end.
    unreadable: bool,
}

/// Shows what came of a hospital's upload, without any value of a record. Looking at it leaves an entry in the audit trail.
#[utoipa::path(
    get,
    path = "/api/v1/overview/hospitals/{id}/uploads/{upload}",
    tag = "overview",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the hospital's id"),
        ("upload" = String, Path, description = "the upload's id"),
    ),
    responses(
        (status = OK, body = UploadSummary),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither reviewer nor analyst"),
        (status = NOT_FOUND, body = Problem, description = "none of the caller's province"),
    )
)]
pub(crate) async fn show_upload(
    State(service): State<Service>,
    viewer: Viewer,
    Path((id, upload)): Path<(String, String)>,
) -> Result<Json<UploadSummary>, ApiError> {
    let (_, listed) = viewer.hospital(&service, &id).await?;
    let upload: UploadId = upload.parse().map_err(|_| ErrorCode::UploadNotFound)?;
    let upload = uploads::find(&service.store, &listed.account, &upload)
        .await?
        .ok_or(ErrorCode::UploadNotFound)?;
    viewer
        .note(&service, Act::UploadViewed, upload.id.as_str())
        .await?;
    let figures = upload.figures.as_ref();
    let summary: Option<Summary> = read_summary(&service.store, &upload).await?;
    let standard = service.standard(upload.standard.as_deref());
    let causes = summary
        .iter()
        .flat_map(|summary| &summary.causes)
        .map(|cause| {
            let (kind, column) = (cause.kind.as_deref(), cause.code.as_deref());
            let findings = i64::try_from(cause.findings).unwrap_or(i64::MAX);
            cause_view(
                standard,
                kind.unwrap_or_default(),
                &cause.rule,
                column.unwrap_or_default(),
                findings,
            )
        });
    let files = summary
        .iter()
        .flat_map(|summary| &summary.files)
        .map(|file| FileLine {
            kind: file.info.kind.clone(),
            total: file.total,
            passed: file.passed,
            unreadable: file.unreadable,
        });
    Ok(Json(UploadSummary {
        id: upload.id.to_string(),
        hospital: listed.account.to_string(),
        hospital_name: listed.name,
        status: upload.status.as_str().to_owned(),
        status_zh: upload.status.name_zh().to_owned(),
        status_en: upload.status.name_en().to_owned(),
        dry_run: upload.dry_run,
        size: upload.size,
        registered_at: upload.registered_at,
        finished_at: upload.finished_at,
        standard: upload.standard.clone(),
        total: figures.map(|figures| figures.total),
        passed: figures.map(|figures| figures.passed),
        dispositions: upload.settlement.as_ref().map(|settlement| Dispositions {
            new: settlement.new,
            updated: settlement.updated,
            unchanged: settlement.unchanged,
            failed: settlement.failed,
        }),
        files: files.collect(),
        causes: causes.collect(),
        is_expired: figures.is_some() && summary.is_none(),
    }))
}
