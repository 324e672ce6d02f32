//! 上传/管理资料: files go to the object store directly and stay in quarantine until their content was looked at.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Act;
use domain::death_case::{
    Attachment, AttachmentId, AttachmentState, DeathCase, FOLDERS, attachment_name, folder,
};
use domain::{FileNameError, Sha256, Upload};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use store::{audit, death_cases, keys};
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::Manager;
use crate::refusals::{self, SIZE_EN, SIZE_ZH, TYPES_EN, TYPES_ZH};

/// A file that is going to be uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttachmentAnnouncement {
    /// Code of the folder, as the list of attachments names it.
    folder: String,
    /// Name of the file, ending in `.jpg`, `.jpeg` or `.pdf`.
    file_name: String,
    /// Bytes, at most 15 MB.
    size: u64,
    /// SHA-256 of the file, in hexadecimal or base64.
    sha256: String,
}

/// Where and how the file is to be put.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentTicket {
    /// The attachment's id.
    attachment_id: String,
    /// To be sent a PUT with the file as its body.
    url: String,
    /// Must be sent along exactly so; each is part of the signature.
    headers: BTreeMap<String, String>,
    /// When the address runs out.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A folder.
#[derive(Serialize, ToSchema)]
pub(crate) struct FolderView {
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    /// Whether the case is incomplete without a file in it.
    needed: bool,
    /// Files in it.
    files: usize,
}

/// A file.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentView {
    id: String,
    folder: String,
    file_name: String,
    size: u64,
    /// `expected`, `checking`, `passed` or `refused`.
    state: &'static str,
    /// `image/jpeg` or `application/pdf`, once it passed.
    media_type: Option<String>,
    /// Why it was refused.
    reason: Option<Reason>,
    #[schema(value_type = String, format = DateTime)]
    uploaded_at: Timestamp,
    /// Login name of who uploaded it.
    uploaded_by: String,
}

/// Why a file was refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reason {
    code: String,
    detail_zh: String,
    detail_en: String,
}

/// What is left of a file that was deleted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trace {
    id: String,
    folder: String,
    file_name: String,
    size: u64,
    #[schema(value_type = String, format = DateTime)]
    uploaded_at: Timestamp,
    uploaded_by: String,
    #[schema(value_type = String, format = DateTime)]
    deleted_at: Timestamp,
    /// Login name of who deleted it.
    deleted_by: String,
}

/// 管理上传附件.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentList {
    folders: Vec<FolderView>,
    /// In the order they were uploaded.
    attachments: Vec<AttachmentView>,
    /// Those that were deleted.
    deleted: Vec<Trace>,
}

/// Where a file can be downloaded for a few minutes.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentAddress {
    /// To be sent a GET; the answer is a download under the hospital's own name of the file.
    url: String,
}

/// 上传: registers a file and gives the address to put it to.
#[utoipa::path(
    post,
    path = "/api/v1/death-cases/{id}/attachments",
    tag = "death-cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the case's id")),
    request_body = AttachmentAnnouncement,
    responses(
        (status = CREATED, body = AttachmentTicket),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "the case has too many attachments"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "folder, name, size or digest not acceptable"),
    )
)]
pub(crate) async fn announce_attachment(
    State(service): State<Service>,
    manager: Manager,
    Path(id): Path<String>,
    Json(announcement): Json<AttachmentAnnouncement>,
) -> Result<(StatusCode, Json<AttachmentTicket>), ApiError> {
    let case = manager.case(&service, &id).await?;
    let sha256 = announcement.check()?;
    let now = service.clock.now();
    let there = death_cases::attachments(&service.store, &case.account, &case.id).await?;
    if there.iter().filter(|file| file.is_listed(now)).count() >= Attachment::MOST {
        return Err(ErrorCode::TooManyAttachments.into());
    }
    let attachment = Attachment {
        account: case.account,
        case: case.id,
        id: AttachmentId::random(),
        folder: announcement.folder,
        file_name: announcement.file_name,
        size: announcement.size,
        sha256,
        registered_at: now,
        registered_by: manager.name().to_owned(),
        state: AttachmentState::Expected,
        version: 1,
    };
    let entry = manager.entry(&service, Act::AttachmentUploaded, attachment.id.as_str());
    // Written before the address is given away: no object can come that nobody knows of.
    death_cases::register(&service.store, &attachment, &entry).await?;
    let key = keys::attachment_object(&attachment);
    let address = service
        .files
        .presign_put_of(&key, attachment.size, &sha256)
        .await?;
    let ticket = AttachmentTicket {
        attachment_id: attachment.id.into(),
        url: address.url,
        headers: address.headers.into_iter().collect(),
        expires_at: now + Upload::URL_LIFE,
    };
    Ok((StatusCode::CREATED, Json(ticket)))
}

/// The folders of a case and the files in them.
#[utoipa::path(
    get,
    path = "/api/v1/death-cases/{id}/attachments",
    tag = "death-cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the case's id")),
    responses(
        (status = OK, body = AttachmentList),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn list_attachments(
    State(service): State<Service>,
    manager: Manager,
    Path(id): Path<String>,
) -> Result<Json<AttachmentList>, ApiError> {
    let case = manager.case(&service, &id).await?;
    let all = death_cases::attachments(&service.store, &case.account, &case.id).await?;
    let now = service.clock.now();
    let listed: Vec<&Attachment> = all.iter().filter(|file| file.is_listed(now)).collect();
    let folders = FOLDERS.iter().map(|folder| FolderView {
        code: folder.code,
        name_zh: folder.name_zh,
        name_en: folder.name_en,
        needed: folder.needed,
        files: listed
            .iter()
            .filter(|file| file.folder == folder.code)
            .count(),
    });
    Ok(Json(AttachmentList {
        folders: folders.collect(),
        attachments: listed.into_iter().filter_map(view).collect(),
        deleted: all.iter().filter_map(trace).collect(),
    }))
}

/// 下载 one file: exactly the version that was looked at, as a download under its own name.
#[utoipa::path(
    get,
    path = "/api/v1/death-cases/{id}/attachments/{attachment}/url",
    tag = "death-cases",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the case's id"),
        ("attachment" = String, Path, description = "the attachment's id"),
    ),
    responses(
        (status = OK, body = AttachmentAddress),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem, description = "it has not passed"),
    )
)]
pub(crate) async fn show_attachment_url(
    State(service): State<Service>,
    manager: Manager,
    Path((id, attachment)): Path<(String, String)>,
) -> Result<Json<AttachmentAddress>, ApiError> {
    let case = manager.case(&service, &id).await?;
    let attachment = find(&service, &case, &attachment).await?;
    if matches!(attachment.state, AttachmentState::Deleted { .. }) {
        return Err(ErrorCode::AttachmentNotFound.into());
    }
    let kept = attachment.kept().ok_or(ErrorCode::AttachmentNotPassed)?;
    let entry = manager.entry(&service, Act::AttachmentDownloaded, attachment.id.as_str());
    audit::note(&service.store, &entry).await?;
    let url = service
        .files
        .presign_get_version(
            &keys::attachment_object(&attachment),
            &kept.object_version,
            &disposition(&attachment.file_name),
            &kept.media_type,
        )
        .await?;
    Ok(Json(AttachmentAddress { url }))
}

/// 删除 a file. Who did it, and when, is kept; its content is not.
#[utoipa::path(
    delete,
    path = "/api/v1/death-cases/{id}/attachments/{attachment}",
    tag = "death-cases",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the case's id"),
        ("attachment" = String, Path, description = "the attachment's id"),
    ),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn delete_attachment(
    State(service): State<Service>,
    manager: Manager,
    Path((id, attachment)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let case = manager.case(&service, &id).await?;
    let attachment = find(&service, &case, &attachment).await?;
    let ids = (&case.account, &case.id, &attachment.id);
    let entry = manager.entry(&service, Act::AttachmentDeleted, attachment.id.as_str());
    let (by, clock) = (manager.name(), &service.clock);
    // Deleted already: an answer was lost, perhaps before the object went, so that is made sure of once more. Should nobody ask
    // again, the sweep of `check-document` erases it.
    death_cases::delete(&service.store, ids, by, clock, &entry).await?;
    let key = keys::attachment_object(&attachment);
    if let Some(object) = service.files.head(&key, None).await? {
        service.files.delete(&key, &object.version).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// An attachment of a case, the deleted ones among them.
pub(crate) async fn find(
    service: &Service,
    case: &DeathCase,
    id: &str,
) -> Result<Attachment, ApiError> {
    let id: AttachmentId = id.parse().map_err(|_| ErrorCode::AttachmentNotFound)?;
    let found = death_cases::attachment(&service.store, &case.account, &case.id, &id).await?;
    found.ok_or_else(|| ErrorCode::AttachmentNotFound.into())
}

fn view(file: &Attachment) -> Option<AttachmentView> {
    let (state, media_type, reason) = match &file.state {
        AttachmentState::Expected => ("expected", None, None),
        AttachmentState::Checking => ("checking", None, None),
        AttachmentState::Passed(kept) => ("passed", Some(kept.media_type.clone()), None),
        AttachmentState::Refused { reason } => ("refused", None, Some(reason)),
        AttachmentState::Expired | AttachmentState::Deleted { .. } => return None,
    };
    Some(AttachmentView {
        id: file.id.to_string(),
        folder: file.folder.clone(),
        file_name: file.file_name.clone(),
        size: file.size,
        state,
        media_type,
        reason: reason.map(|code| {
            let (detail_zh, detail_en) = refusals::texts(code);
            Reason {
                code: code.clone(),
                detail_zh,
                detail_en,
            }
        }),
        uploaded_at: file.registered_at,
        uploaded_by: file.registered_by.clone(),
    })
}

fn trace(file: &Attachment) -> Option<Trace> {
    let AttachmentState::Deleted { by, at, .. } = &file.state else {
        return None;
    };
    Some(Trace {
        id: file.id.to_string(),
        folder: file.folder.clone(),
        file_name: file.file_name.clone(),
        size: file.size,
        uploaded_at: file.registered_at,
        uploaded_by: file.registered_by.clone(),
        deleted_at: *at,
        deleted_by: by.clone(),
    })
}

/// What RFC 8187 leaves unescaped.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// A download, never shown as a page of the store, under its own name in UTF-8 (RFC 6266).
pub(crate) fn disposition(file_name: &str) -> String {
    let ending = file_name
        .rsplit_once('.')
        .map_or("bin", |(_, ending)| ending);
    let ending: String = ending.chars().filter(char::is_ascii_alphanumeric).collect();
    let encoded = utf8_percent_encode(file_name, ATTRIBUTE);
    format!("attachment; filename=\"attachment.{ending}\"; filename*=UTF-8''{encoded}")
}

impl AttachmentAnnouncement {
    /// Everything that is wrong with it at once. The name only keeps people from choosing the wrong file; what counts is the
    /// content, which is looked at when it has come.
    fn check(&self) -> Result<Sha256, ApiError> {
        let mut fields = Vec::new();
        if folder(&self.folder).is_none() {
            fields.push(FieldError::new(
                "folder",
                "unknown",
                "请先勾选上传文件夹",
                "Please choose a folder first",
            ));
        }
        match attachment_name(&self.file_name) {
            Ok(()) => {}
            Err(FileNameError::Extension) => {
                fields.push(FieldError::new(
                    "file_name",
                    "unknown_extension",
                    TYPES_ZH,
                    TYPES_EN,
                ));
            }
            Err(FileNameError::Length | FileNameError::Character) => {
                fields.push(FieldError::new(
                    "file_name",
                    "not_a_name",
                    "文件名过长或含有特殊字符，请改名后上传",
                    "The file name is too long or holds special characters; please rename the file",
                ));
            }
        }
        if self.size == 0 {
            fields.push(FieldError::new(
                "size",
                "empty",
                "文件是空的，请重新扫描后上传",
                "The file is empty; please scan the document again",
            ));
        } else if self.size > Attachment::MAX_SIZE {
            fields.push(FieldError::new("size", "too_large", SIZE_ZH, SIZE_EN));
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

    fn check(folder: &str, file_name: &str, size: u64) -> bool {
        let announcement = AttachmentAnnouncement {
            folder: folder.to_owned(),
            file_name: file_name.to_owned(),
            size,
            sha256: Sha256::of(b"").to_string(),
        };
        announcement.check().is_ok()
    }

    #[test]
    fn jpg_and_pdf_of_at_most_fifteen_megabytes_go_into_a_folder_that_exists() {
        assert!(check(
            "death_record",
            "死亡证明扫描件.pdf",
            Attachment::MAX_SIZE
        ));
        assert!(check("other", "a.JPG", 1));
        assert!(!check("", "a.jpg", 1));
        assert!(!check("other", "a.png", 1));
        assert!(!check("other", "a.jpg", 0));
        assert!(!check("other", "a.jpg", Attachment::MAX_SIZE + 1));
    }

    #[test]
    fn names_cannot_break_out_of_the_header() {
        assert_eq!(
            disposition("死.pdf"),
            "attachment; filename=\"attachment.pdf\"; filename*=UTF-8''%E6%AD%BB.pdf"
        );
        let attack = disposition("a\"; x=\r\nSet-Cookie: b.p\"df");
        assert!(!attack.contains('\r') && attack.matches('"').count() == 2);
    }
}
