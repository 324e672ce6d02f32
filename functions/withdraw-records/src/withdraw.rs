use axum::extract::State;
use domain::audit::{Act, AuditEntry};
use domain::{Role, Upload, UploadId, Withdrawal, Withdrawals, WithdrawnRecord};
use intake::{Intake, IntakeError, settle_withdrawal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::findings::read_summary;
use store::uploads::{self, Side};
use store::withdrawals::{self, Written};
use store::{StoreError, segments};
use utoipa::ToSchema;
use validation::Summary;
use validation::links::{Entry, Segment};
use web::{ApiError, Caller, ClientAddress, ErrorCode, FieldError, Json, Path, Problem, Service};

/// What is taken back, and why.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Request {
    /// 2 to 200 characters, no patient's name or number: reviewers read it.
    reason: String,
    /// One record of the upload; the whole upload unless given.
    record: Option<Place>,
}

/// Where a record stands in an upload.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub(crate) struct Place {
    /// Index of the file in the upload, from 0.
    file: u16,
    /// Row as a spreadsheet shows it.
    row: u32,
}

/// What was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Withdrawn {
    /// The upload.
    upload_id: String,
    /// Why.
    reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whether it was taken back before this request.
    already: bool,
    /// What that means, Chinese.
    detail_zh: String,
    /// What that means, English.
    detail_en: String,
}

/// Takes back an upload, or one record of it. The same again changes nothing and answers the same.
#[utoipa::path(
    post,
    path = "/api/v1/uploads/{id}/withdrawal",
    tag = "uploads",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the upload's id")),
    request_body = Request,
    responses(
        (status = OK, body = Withdrawn),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "no data manager, or a machine's credential"),
        (status = NOT_FOUND, body = Problem, description = "no such upload, or no accepted record there"),
        (status = CONFLICT, body = Problem, description = "not finished, nothing to take back, or a later upload sent the record again"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "no reason that says anything"),
    )
)]
pub(crate) async fn withdraw(
    State(service): State<Service>,
    caller: Caller,
    address: ClientAddress,
    Path(id): Path<String>,
    Json(request): Json<Request>,
) -> Result<Json<Withdrawn>, ApiError> {
    // A person's session, never a machine's: a program that goes wrong must not be able to take back a season.
    if caller.account.role != Role::DataManager {
        return Err(ErrorCode::Forbidden.into());
    }
    let account = &caller.account;
    let upload_id: UploadId = id.parse().map_err(|_| ErrorCode::UploadNotFound)?;
    let upload = uploads::find(&service.store, &account.id, &upload_id).await?;
    let upload = upload.ok_or(ErrorCode::UploadNotFound)?;
    let reason = Withdrawal::reason(&request.reason).map_err(|_| {
        ApiError::fields(vec![FieldError::new(
            "reason",
            "no_reason",
            "请填写撤回原因（2至200个字），不要填写患者姓名、证件号码等个人信息",
            "Please say why (2 to 200 characters), without a patient's name or number",
        )])
    })?;
    if !upload.status.is_final() {
        return Err(ErrorCode::NotFinished.into());
    }
    if !upload.keeps_records() {
        return Err(ErrorCode::NothingToWithdraw.into());
    }
    let record = match request.record {
        None => None,
        Some(place) => Some(record(&service, &upload, place).await?),
    };
    let store = &service.store;
    let known = withdrawals::find(store, &account.id, &upload.id, record.as_ref()).await?;
    let (withdrawal, already) = match known {
        Some(known) => (known, true),
        None => {
            let withdrawal = Withdrawal {
                account: account.id.clone(),
                sequence: uploads::next_sequence(store, &account.id).await?,
                upload: upload.id.clone(),
                record,
                reason,
                by: account.id.clone(),
                at: service.clock.now(),
                province: account.province.clone(),
                settled: false,
            };
            write(&service, withdrawal, &address).await?
        }
    };
    if !withdrawal.settled {
        let intake = Intake::new(
            service.store.clone(),
            service.files.clone(),
            service.clock.clone(),
            service.standards,
        );
        settle_withdrawal(&intake, &withdrawal)
            .await
            .map_err(failed)?;
    }
    let (detail_zh, detail_en) = match &withdrawal.record {
        None => (
            "该上传已撤回：其中的记录不再有效，以后的上传中重新报送的记录不受影响。如需恢复，请重新上传。",
            "The upload was withdrawn: its records no longer count; records that a later upload sent again are not touched. Upload it again to restore them.",
        ),
        Some(_) => (
            "该记录已撤回，不再有效。如需恢复，请重新上传该记录。",
            "The record was withdrawn and no longer counts. Upload it again to restore it.",
        ),
    };
    Ok(Json(Withdrawn {
        upload_id: upload.id.to_string(),
        reason: withdrawal.reason,
        at: withdrawal.at,
        already,
        detail_zh: detail_zh.to_owned(),
        detail_en: detail_en.to_owned(),
    }))
}

async fn write(
    service: &Service,
    withdrawal: Withdrawal,
    address: &ClientAddress,
) -> Result<(Withdrawal, bool), ApiError> {
    let entry = AuditEntry {
        at: withdrawal.at,
        act: match withdrawal.record {
            None => Act::UploadWithdrawn,
            Some(_) => Act::RecordWithdrawn,
        },
        by: withdrawal.by.to_string(),
        subject: withdrawal.upload.to_string(),
        address: address.0.map(|address| address.to_string()),
        request: None,
    };
    match withdrawals::write_new(&service.store, &withdrawal, &entry).await? {
        Written::Now => {
            tracing::info!(upload = %withdrawal.upload, "withdrawn from upload {}", withdrawal.upload);
            Ok((withdrawal, false))
        }
        // Two requests at once: the other one's counts.
        Written::Before => {
            let known = withdrawals::find(
                &service.store,
                &withdrawal.account,
                &withdrawal.upload,
                withdrawal.record.as_ref(),
            )
            .await?;
            Ok((known.ok_or(StoreError::NotFound)?, true))
        }
        Written::Nothing => Err(ErrorCode::NothingToWithdraw.into()),
    }
}

/// The accepted record at a place of the upload, if it is the newest version of it.
async fn record(
    service: &Service,
    upload: &Upload,
    place: Place,
) -> Result<WithdrawnRecord, ApiError> {
    let (kind, entry) = find(service, upload, place).await?;
    let record = WithdrawnRecord {
        kind: kind.clone(),
        key: format!("{:032x}", entry.key),
        file_name: file_name(service, upload, place.file).await?,
        row: place.row,
    };
    // Of one that was taken back already the first withdrawal is answered, whatever came later.
    let known =
        withdrawals::find(&service.store, &upload.account, &upload.id, Some(&record)).await?;
    if known.is_some() {
        return Ok(record);
    }
    let later =
        uploads::committed(&service.store, &upload.account, &upload.id, Side::After).await?;
    for later in later.iter().rev() {
        if let Some(segment) = segment(service, later, &kind).await?
            && segment.entries().any(|it| it.passed && it.key == entry.key)
        {
            return Err(
                ApiError::from(ErrorCode::RecordSentAgain).fact("upload_id", later.id.as_str())
            );
        }
    }
    let withdrawn = withdrawals::list(&service.store, &upload.account).await?;
    if Withdrawals::new(&withdrawn, None).withdraws(upload.id.sequence(), &kind, entry.key) {
        return Err(ErrorCode::NothingToWithdraw.into());
    }
    Ok(record)
}

async fn find(
    service: &Service,
    upload: &Upload,
    place: Place,
) -> Result<(String, Entry), ApiError> {
    let kinds = upload.figures.iter().flat_map(|figures| &figures.segments);
    for kind in kinds {
        let Some(segment) = segment(service, upload, kind).await? else {
            continue;
        };
        let found = segment
            .entries()
            .find(|entry| entry.passed && (entry.file, entry.row) == (place.file, place.row));
        if let Some(entry) = found {
            return Ok((kind.clone(), entry));
        }
    }
    Err(ErrorCode::RecordNotFound.into())
}

async fn segment(
    service: &Service,
    upload: &Upload,
    kind: &str,
) -> Result<Option<Segment>, ApiError> {
    let bytes = segments::read(&service.files, upload, kind).await?;
    let segment = bytes.map(Segment::decode).transpose();
    segment.map_err(ApiError::internal)
}

/// Name of a file of the upload; of the upload itself where its summary is no longer kept.
async fn file_name(service: &Service, upload: &Upload, file: u16) -> Result<String, ApiError> {
    let summary: Option<Summary> = read_summary(&service.store, upload).await?;
    let named = summary.and_then(|summary| {
        let file = summary.files.into_iter().nth(usize::from(file))?;
        Some(file.info.name)
    });
    Ok(named.unwrap_or_else(|| upload.file_name.to_string()))
}

fn failed(error: IntakeError) -> ApiError {
    match error {
        IntakeError::Store(error) => error.into(),
        other => ApiError::internal(other),
    }
}
