//! Fillers and sameness in an upload's columns, beside what the other hospitals of the province send.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::beijing;
use domain::overview::{Bucket, Fills};
use jiff::ToSpan;
use serde::Serialize;
use store::findings::read_document;
use store::{keys, overview, provinces};
use utoipa::ToSchema;
use validation::Filler;
use web::{ApiError, Caller, Json, Path, Problem, Service};

use crate::own_upload;

/// By how many tenths a column must be above its peers to stand out.
const ABOVE: u64 = 3;
/// Below this tenth nothing stands out, whatever the peers do.
const HALF: u64 = 5;

/// What is worth a second look.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FillersView {
    /// By kind and column, what stands out first.
    fillers: Vec<FillerView>,
}

/// A column that holds fillers, or one and the same value.
#[derive(Debug, Serialize, ToSchema)]
struct FillerView {
    /// Kind of file.
    kind: String,
    /// Column code.
    column: String,
    /// What the column is called, Chinese.
    column_zh: String,
    /// The same in English.
    column_en: String,
    /// `dash` (nothing but `-`), `same` (one value in nearly every record) or `midnight` (no time of day).
    check: &'static str,
    /// Records with it.
    count: u64,
    /// Records it could have stood in.
    records: u64,
    /// Their share in tenths.
    tenths: u64,
    /// The median of the uploads of the same province in this month and the one before, in tenths; null while there are too few.
    peer_median: Option<u64>,
    /// Uploads it is the median of.
    peers: i64,
    /// Whether it is far above the peers.
    stands_out: bool,
}

/// Shows fillers and sameness in an upload's columns, with the median of its peers. Nothing of it is an error.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/fillers",
    tag = "uploads",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the upload's id")),
    responses(
        (status = OK, body = FillersView),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn list_fillers(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<FillersView>, ApiError> {
    let upload = own_upload(&service, &caller, &id).await?;
    let partition = keys::result_partition(&upload.id, upload.generation.unwrap_or_default());
    let found: Option<Vec<Filler>> =
        read_document(&service.store, &partition, keys::FILLERS_PREFIX).await?;
    let found = found.unwrap_or_default();
    let mut peers = BTreeMap::new();
    if !found.is_empty() {
        let arrived = beijing(upload.received_at.unwrap_or(upload.registered_at)).date();
        let month = arrived.first_of_month();
        let months = [month.saturating_sub(1.month()), month].map(Bucket::Month);
        let province = caller.account.province.clone();
        let province = [province.unwrap_or_else(|| provinces::NOWHERE.to_owned())];
        let counted = overview::fills(&service.store, &province, &months).await?;
        for fills in Fills::of(&counted) {
            let key = (
                fills.kind.clone(),
                fills.column.clone(),
                fills.check.clone(),
            );
            peers.insert(key, fills);
        }
    }
    let standard = service.standard(upload.standard.as_deref());
    let mut fillers: Vec<FillerView> = found
        .into_iter()
        .map(|filler| {
            let key = (
                filler.kind.clone(),
                filler.column.clone(),
                filler.check.as_str().to_owned(),
            );
            let peers = peers.get(&key);
            let peer_median = peers.and_then(Fills::median);
            let tenths = filler.class();
            let kind = standard.kinds.iter().find(|kind| kind.code == filler.kind);
            let field = kind.and_then(|kind| kind.fields.get(kind.field_index(&filler.column)?));
            FillerView {
                column_zh: field.map_or_else(String::new, |field| field.name_zh.clone()),
                column_en: field.map_or_else(String::new, |field| field.name_en.clone()),
                check: filler.check.as_str(),
                kind: filler.kind,
                column: filler.column,
                count: filler.count,
                records: filler.records,
                tenths,
                peers: peers.map_or(0, Fills::uploads),
                stands_out: tenths >= HALF
                    && peer_median.is_some_and(|median| tenths >= median + ABOVE),
                peer_median,
            }
        })
        .collect();
    fillers.sort_by_key(|filler| (!filler.stands_out, std::cmp::Reverse(filler.tenths)));
    Ok(Json(FillersView { fillers }))
}
