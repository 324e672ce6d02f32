//! 上传文件: three stamped documents, put to the object store directly.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::application::{Scan, ScanSlot, ScanState};
use domain::{FileName, SessionToken, Sha256, Upload};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use store::keys;
use utoipa::ToSchema;
use web::{ApiError, Applicant, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::view::{self, ApplicationStatus};
use crate::{refused, save};

/// 每份上传文件大小不能超过5M.
const LARGEST: u64 = 5 * 1024 * 1024;

/// A document that is going to be uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanAnnouncement {
    /// Name of the file, ending in `.jpg`, `.jpeg`, `.png` or `.pdf`.
    file_name: String,
    /// Bytes, at most 5 MB.
    size: u64,
    /// SHA-256 of the file, in hexadecimal or base64.
    sha256: String,
}

/// Where and how the file is to be put.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScanTicket {
    /// To be sent a PUT with the file as its body.
    url: String,
    /// Must be sent along exactly so; each is part of the signature.
    headers: BTreeMap<String, String>,
    /// When the address runs out.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The application from now on.
    application: ApplicationStatus,
}

/// Where a document can be looked at for a few minutes.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScanAddress {
    /// To be sent a GET.
    url: String,
}

/// 上传文件: registers a document and gives the address to put it to. An earlier one in its place is forgotten.
#[utoipa::path(
    post,
    path = "/api/v1/applications/scans/{slot}",
    tag = "applications",
    security(("bearer" = [])),
    params(("slot" = String, Path, description = "`information_form`, `consent` or `licence`")),
    request_body = ScanAnnouncement,
    responses(
        (status = CREATED, body = ScanTicket),
        (status = UNAUTHORIZED, body = Problem),
        (status = CONFLICT, body = Problem, description = "not being edited"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "name, size or digest not acceptable"),
    )
)]
pub(crate) async fn announce_scan(
    State(service): State<Service>,
    applicant: Applicant,
    Path(slot): Path<String>,
    Json(announcement): Json<ScanAnnouncement>,
) -> Result<(StatusCode, Json<ScanTicket>), ApiError> {
    let slot = slot_named(&slot)?;
    let sha256 = announcement.check()?;
    let mut application = applicant.application;
    let (seen, now) = (application.version, service.clock.now());
    let random = SessionToken::random();
    let key = keys::scan_object(
        &application.id,
        slot,
        random.expose(),
        &announcement.file_name,
    );
    let scan = Scan {
        slot,
        key: key.clone(),
        file_name: announcement.file_name,
        size: announcement.size,
        sha256: Some(sha256),
        form_version: application.form_version,
        registered_at: now,
        state: ScanState::Awaited,
    };
    application.await_scan(seen, scan).map_err(refused)?;
    // Written before the address is given away: no object can come that nobody knows of.
    save(&service, &application, seen).await?;
    let address = service
        .files
        .presign_put_of(&key, announcement.size, &sha256)
        .await?;
    let ticket = ScanTicket {
        url: address.url,
        headers: address.headers.into_iter().collect(),
        expires_at: now + Upload::URL_LIFE,
        application: view::status(&service, &application).await?,
    };
    Ok((StatusCode::CREATED, Json(ticket)))
}

/// Gives an address to look at exactly the version of the document that was checked.
#[utoipa::path(
    get,
    path = "/api/v1/applications/scans/{slot}",
    tag = "applications",
    security(("bearer" = [])),
    params(("slot" = String, Path, description = "`information_form`, `consent` or `licence`")),
    responses(
        (status = OK, body = ScanAddress),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn show_scan(
    State(service): State<Service>,
    applicant: Applicant,
    Path(slot): Path<String>,
) -> Result<Json<ScanAddress>, ApiError> {
    let slot = slot_named(&slot)?;
    let scans = &applicant.application.scans;
    let scan = scans.iter().find(|scan| scan.slot == slot);
    let Some(Scan {
        key,
        file_name,
        state: ScanState::Passed {
            object_version,
            media_type,
        },
        ..
    }) = scan
    else {
        return Err(ErrorCode::ScanNotFound.into());
    };
    let name = utf8_percent_encode(file_name, NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let url = service
        .files
        .presign_get_version(key, object_version, &disposition, media_type)
        .await?;
    Ok(Json(ScanAddress { url }))
}

/// 删除 a document.
#[utoipa::path(
    delete,
    path = "/api/v1/applications/scans/{slot}",
    tag = "applications",
    security(("bearer" = [])),
    params(("slot" = String, Path, description = "`information_form`, `consent` or `licence`")),
    responses(
        (status = OK, body = ApplicationStatus),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "not being edited"),
    )
)]
pub(crate) async fn delete_scan(
    State(service): State<Service>,
    applicant: Applicant,
    Path(slot): Path<String>,
) -> Result<Json<ApplicationStatus>, ApiError> {
    let slot = slot_named(&slot)?;
    let mut application = applicant.application;
    let seen = application.version;
    application.delete_scan(seen, slot).map_err(refused)?;
    save(&service, &application, seen).await?;
    Ok(Json(view::status(&service, &application).await?))
}

fn slot_named(name: &str) -> Result<ScanSlot, ApiError> {
    match name {
        "information_form" => Ok(ScanSlot::InformationForm),
        "consent" => Ok(ScanSlot::Consent),
        "licence" => Ok(ScanSlot::Licence),
        _ => Err(ErrorCode::ScanNotFound.into()),
    }
}

impl ScanAnnouncement {
    /// Everything that is wrong with it at once. The name only keeps people from choosing the wrong file; what counts is the
    /// content, which is looked at when it has come.
    fn check(&self) -> Result<Sha256, ApiError> {
        let mut fields = Vec::new();
        let lower = self.file_name.to_lowercase();
        let known = [".jpg", ".jpeg", ".png", ".pdf"];
        let unsafe_letter = |letter: char| {
            letter.is_control()
                || matches!(letter, '/' | '\\' | '"' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        if !known.iter().any(|extension| lower.ends_with(extension)) {
            fields.push(FieldError::new(
                "file_name",
                "unknown_extension",
                "请上传 jpg、png 或 pdf 格式的文件",
                "Please upload a jpg, png or pdf file",
            ));
        } else if self.file_name.chars().count() > 120
            || self.file_name.len() > FileName::MOST_BYTES
            || self.file_name.starts_with('.')
            || self.file_name.chars().any(unsafe_letter)
        {
            fields.push(FieldError::new(
                "file_name",
                "not_a_name",
                "文件名过长或含有特殊字符，请改名后上传",
                "The file name is too long or holds special characters; please rename the file",
            ));
        }
        if self.size == 0 || self.size > LARGEST {
            fields.push(FieldError::new(
                "size",
                "size_out_of_range",
                "每份上传文件不能为空，且不能超过5M；若超过，请用图片压缩工具处理后上传",
                "The file must not be empty and must have at most 5 MB; please compress the picture if it has more",
            ));
        }
        match self.sha256.parse::<Sha256>() {
            Ok(sha256) if fields.is_empty() => return Ok(sha256),
            Ok(_) => {}
            Err(_) => fields.push(FieldError::new(
                "sha256",
                "not_a_digest",
                "文件摘要（SHA-256）格式不正确",
                "This is not a SHA-256 digest",
            )),
        }
        Err(ApiError::fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file_name: &str, size: u64) -> bool {
        let sha256 = Sha256::of(b"").to_string();
        let file_name = file_name.to_owned();
        ScanAnnouncement {
            file_name,
            size,
            sha256,
        }
        .check()
        .is_ok()
    }

    #[test]
    fn pictures_and_pdfs_of_at_most_five_megabytes_are_taken() {
        assert!(check("许可证 (盖章).PDF", LARGEST));
        assert!(check("a.jpeg", 1));
        assert!(!check("a.jpg", 0) && !check("a.jpg", LARGEST + 1));
        for wrong in [
            "a.exe",
            "a.pdf.html",
            "../a.pdf",
            "a\"b.png",
            ".pdf",
            "a\u{202e}.pdf",
        ] {
            assert!(!check(wrong, 1), "{wrong}");
        }
    }
}
