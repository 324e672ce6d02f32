//! The accepted records of the same patient: discharge and death records in data files with the case's 病案号.

use axum::extract::State;
use domain::{Upload, UploadId, Withdrawals};
use jiff::Timestamp;
use serde::Serialize;
use store::findings::read_summary;
use store::uploads::{self, Side};
use store::{segments, withdrawals};
use utoipa::ToSchema;
use validation::Summary;
use validation::links::Segment;
use web::{ApiError, Json, Path, Problem, Service};

use crate::Manager;

/// Kinds whose records are looked for.
const KINDS: [&str; 2] = ["hdr", "hqms"];
/// Uploads that are looked through, the newest first.
const UPLOADS: usize = 300;
/// Records that are given.
const MOST: usize = 50;

/// An accepted record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AcceptedRecord {
    /// `hdr` or `hqms`.
    kind: String,
    /// Name of the kind.
    kind_name_zh: String,
    kind_name_en: String,
    /// The upload it came with.
    upload_id: String,
    /// Name of the file; of the upload where the findings are no longer kept.
    file_name: String,
    /// Row as a spreadsheet shows it.
    row: u32,
    /// 入院日期, as the record has it.
    admitted_on: String,
    /// 出院日期, likewise.
    discharged_on: String,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// Whether it is the one that counts: a later one with the same key takes the place of the others, and none counts once the
    /// newest was withdrawn.
    current: bool,
}

/// Records of a case.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedRecords {
    /// Newest first, at most 50.
    records: Vec<AcceptedRecord>,
}

/// The accepted hdr and hqms records with the case's 病案号.
#[utoipa::path(
    get,
    path = "/api/v1/death-cases/{id}/records",
    tag = "death-cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the case's id")),
    responses(
        (status = OK, body = AcceptedRecords),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn list_records(
    State(service): State<Service>,
    manager: Manager,
    Path(id): Path<String>,
) -> Result<Json<AcceptedRecords>, ApiError> {
    let case = manager.case(&service, &id).await?;
    let number = &case.header.medical_record_number;
    // After an id of number 0 stand all there are.
    let first = UploadId::new(0);
    let all = uploads::committed(&service.store, &case.account, &first, Side::After).await?;
    let withdrawn = withdrawals::list(&service.store, &case.account).await?;
    let withdrawn = Withdrawals::new(&withdrawn, None);
    let holding = all.iter().rev().filter(|upload| {
        let mut kinds = upload.figures.iter().flat_map(|figures| &figures.segments);
        kinds.any(|kind| KINDS.contains(&kind.as_str()))
    });
    let mut records = Vec::new();
    let mut seen: Vec<(String, u128)> = Vec::new();
    for upload in holding.take(UPLOADS) {
        for kind in KINDS {
            let Some(segment) = segment(&service, upload, kind).await? else {
                continue;
            };
            let found = segment.stays_of(number).filter(|it| it.entry.passed);
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                continue;
            }
            let names = file_names(&service, upload).await?;
            let standard = service.standard(upload.standard.as_deref());
            let data = standard
                .kind_index(kind)
                .map(|index| &standard.kinds[index]);
            for stay in found {
                let key = (kind.to_owned(), stay.entry.key);
                let counts = !withdrawn.withdraws(upload.id.sequence(), kind, stay.entry.key);
                let current = counts && !seen.contains(&key);
                seen.push(key);
                let name = names.get(usize::from(stay.entry.file)).cloned();
                records.push(AcceptedRecord {
                    kind: kind.to_owned(),
                    kind_name_zh: data.map_or(kind, |data| &data.name_zh).to_owned(),
                    kind_name_en: data.map_or(kind, |data| &data.name_en).to_owned(),
                    upload_id: upload.id.to_string(),
                    file_name: name.unwrap_or_else(|| upload.file_name.to_string()),
                    row: stay.entry.row,
                    admitted_on: stay.admission.to_owned(),
                    discharged_on: stay.discharge.to_owned(),
                    received_at: upload.received_at.unwrap_or(upload.registered_at),
                    current,
                });
            }
        }
        if records.len() >= MOST {
            break;
        }
    }
    records.truncate(MOST);
    Ok(Json(AcceptedRecords { records }))
}

/// The records of one kind that came with an upload.
async fn segment(
    service: &Service,
    upload: &Upload,
    kind: &str,
) -> Result<Option<Segment>, ApiError> {
    let bytes = segments::read(&service.files, upload, kind).await?;
    let segment = bytes.map(Segment::decode).transpose();
    segment.map_err(ApiError::internal)
}

/// Names of an upload's files; none where its summary is no longer kept.
async fn file_names(service: &Service, upload: &Upload) -> Result<Vec<String>, ApiError> {
    let summary: Option<Summary> = read_summary(&service.store, upload).await?;
    let files = summary.map(|summary| summary.files).unwrap_or_default();
    Ok(files.into_iter().map(|file| file.info.name).collect())
}
