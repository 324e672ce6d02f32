//! 下载 several files as one ZIP.
//!
//! A gateway's answer has at most some megabytes, so the archive goes through here into the object store, piece by piece, and the
//! client gets an address of it. What is in it names it: asked for again, the same archive is there already.

use std::collections::BTreeSet;

use axum::extract::State;
use bytes::Bytes;
use domain::audit::Act;
use domain::death_case::{Attachment, AttachmentState, Kept, folder};
use domain::{Sha256, beijing};
use serde::{Deserialize, Serialize};
use store::{Files, StoreError, audit, keys};
use tokio::sync::mpsc::{self, Sender};
use utoipa::ToSchema;
use web::{ApiError, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::Manager;
use crate::attachments::{disposition, find};
use crate::stored_zip::{Layout, StoredFile, header};

/// Bytes of all files together.
const LARGEST: u64 = 500 * 1024 * 1024;
/// Pieces on their way from one object to the other.
const PIECES: usize = 4;

/// What is to be downloaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chosen {
    /// Ids of attachments that passed.
    ids: Vec<String>,
}

/// An archive.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArchiveAddress {
    /// To be sent a GET within a few minutes.
    url: String,
    /// Its name.
    file_name: String,
    /// Its bytes.
    size: u64,
    /// Files in it.
    files: usize,
}

/// 下载: the chosen files as one ZIP, each under its folder and the hospital's own name.
#[utoipa::path(
    post,
    path = "/api/v1/death-cases/{id}/attachments/archive",
    tag = "death-cases",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the case's id")),
    request_body = Chosen,
    responses(
        (status = OK, body = ArchiveAddress),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem, description = "no such case or attachment"),
        (status = CONFLICT, body = Problem, description = "one of them has not passed"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "none, or too many bytes"),
    )
)]
pub(crate) async fn make_archive(
    State(service): State<Service>,
    manager: Manager,
    Path(id): Path<String>,
    Json(chosen): Json<Chosen>,
) -> Result<Json<ArchiveAddress>, ApiError> {
    let case = manager.case(&service, &id).await?;
    let ids: BTreeSet<String> = chosen.ids.into_iter().collect();
    if ids.is_empty() || ids.len() > Attachment::MOST {
        return Err(ApiError::fields(vec![FieldError::new(
            "ids",
            "none_chosen",
            "请先勾选需要下载的文件",
            "Please choose the files to be downloaded first",
        )]));
    }
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        let file = find(&service, &case, &id).await?;
        if matches!(file.state, AttachmentState::Deleted { .. }) {
            return Err(ErrorCode::AttachmentNotFound.into());
        }
        let kept = file.kept().cloned();
        files.push((file, kept.ok_or(ErrorCode::AttachmentNotPassed)?));
    }
    if files.iter().map(|(file, _)| file.size).sum::<u64>() > LARGEST {
        return Err(ErrorCode::ArchiveTooLarge.into());
    }
    files.sort_by(|(one, _), (other, _)| {
        (&one.folder, one.registered_at, &one.id).cmp(&(
            &other.folder,
            other.registered_at,
            &other.id,
        ))
    });
    for (file, _) in &files {
        let entry = manager.entry(&service, Act::AttachmentDownloaded, file.id.as_str());
        audit::note(&service.store, &entry).await?;
    }
    let layout = Layout::new(stored(&files));
    let key = keys::archive_object(&case.account, &case.id, &digest(&files));
    let there = service.files.head(&key, None).await?;
    if there.is_none_or(|there| there.size != layout.length()) {
        write(&service.files, &key, &layout, &files).await?;
    }
    let number = &case.header.medical_record_number;
    let plain: String = number.chars().filter(|it| it.is_alphanumeric()).collect();
    let file_name = format!("死亡病例附件_{plain}.zip");
    let url = service
        .files
        .presign_get(&key, &disposition(&file_name))
        .await?;
    Ok(Json(ArchiveAddress {
        url,
        file_name,
        size: layout.length(),
        files: files.len(),
    }))
}

/// Writes the archive while its files are read.
async fn write(
    files: &Files,
    key: &str,
    layout: &Layout,
    chosen: &[(Attachment, Kept)],
) -> Result<(), StoreError> {
    let (sender, pieces) = mpsc::channel(PIECES);
    let reading = async {
        if let Err(error) = read(files, layout, chosen, &sender).await {
            // The receiver may be gone: then writing has failed, and says why.
            let _ = sender.send(Err(error)).await;
        }
        drop(sender);
    };
    let writing = files.write_pieces(key, pieces, layout.length(), "application/zip");
    let ((), written) = tokio::join!(reading, writing);
    written
}

async fn read(
    files: &Files,
    layout: &Layout,
    chosen: &[(Attachment, Kept)],
    sender: &Sender<Result<Bytes, StoreError>>,
) -> Result<(), StoreError> {
    for (stored, (file, kept)) in layout.files().iter().zip(chosen) {
        give(sender, header(stored).into()).await?;
        let key = keys::attachment_object(file);
        let object = files.open(&key, &kept.object_version);
        let mut object = object.await?.ok_or(StoreError::NotFound)?;
        let mut left = u64::from(stored.size);
        let mut sum = crc32fast::Hasher::new();
        while let Some(piece) = object.try_next().await.map_err(broken)? {
            left = left
                .checked_sub(piece.len() as u64)
                .ok_or_else(|| broken("an object is longer than it was"))?;
            sum.update(&piece);
            give(sender, piece).await?;
        }
        if left > 0 {
            return Err(broken("an object is shorter than it was"));
        }
        // Whoever unpacked it would be told that it is damaged, and asking again would give the same archive.
        if sum.finalize() != stored.crc32 {
            return Err(broken("an object is not what it was"));
        }
    }
    give(sender, layout.directory().into()).await
}

async fn give(sender: &Sender<Result<Bytes, StoreError>>, piece: Bytes) -> Result<(), StoreError> {
    let gone = |_| broken("nobody takes the archive");
    sender.send(Ok(piece)).await.map_err(gone)
}

fn broken(message: impl ToString) -> StoreError {
    StoreError::Unavailable {
        operation: "GetObject",
        message: message.to_string(),
    }
}

/// The files at their places: no two at one, and none outside of its folder.
fn stored(files: &[(Attachment, Kept)]) -> Vec<StoredFile> {
    let mut taken = BTreeSet::new();
    files
        .iter()
        .map(|(file, kept)| StoredFile {
            path: unique(file, &mut taken),
            size: u32::try_from(file.size).unwrap_or(u32::MAX),
            crc32: kept.crc32,
            time: beijing(file.registered_at),
        })
        .collect()
}

/// Windows takes no name with these, and takes upper and lower case for the same.
fn unique(file: &Attachment, taken: &mut BTreeSet<String>) -> String {
    let folder = folder(&file.folder).map_or("附件", |folder| folder.name_zh);
    let name: String = file
        .file_name
        .chars()
        .map(|letter| match letter {
            '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => '_',
            letter if letter.is_control() => '_',
            letter => letter,
        })
        .collect();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let mut path = format!("{folder}/{name}");
    for number in 2.. {
        if taken.insert(path.to_lowercase()) {
            break;
        }
        path = format!("{folder}/{stem} ({number}).{ending}");
    }
    path
}

fn digest(files: &[(Attachment, Kept)]) -> Sha256 {
    let names: Vec<String> = files
        .iter()
        .map(|(file, kept)| format!("{} {}", file.id, kept.object_version))
        .collect();
    Sha256::of(names.join("\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::AccountId;
    use domain::death_case::{AttachmentId, DeathCaseId};
    use jiff::Timestamp;

    fn file(folder: &str, name: &str) -> Attachment {
        Attachment {
            account: AccountId::random(),
            case: DeathCaseId::new(1),
            id: AttachmentId::random(),
            folder: folder.to_owned(),
            file_name: name.to_owned(),
            size: 1,
            sha256: Sha256::of(b"a"),
            registered_at: Timestamp::UNIX_EPOCH,
            registered_by: "demo".to_owned(),
            state: AttachmentState::Expected,
            version: 1,
        }
    }

    #[test]
    fn no_two_files_unpack_to_one_place_and_none_outside_its_folder() {
        let mut taken = BTreeSet::new();
        let paths: Vec<String> = [
            file("death_record", "a.pdf"),
            file("death_record", "A.PDF"),
            file("death_record", "a (2).pdf"),
            file("other", "a.pdf"),
            file("other", "..:a?.jpg"),
        ]
        .iter()
        .map(|file| unique(file, &mut taken))
        .collect();
        assert_eq!(
            paths,
            [
                "死亡记录附件/a.pdf",
                "死亡记录附件/A (2).PDF",
                "死亡记录附件/a (2) (2).pdf",
                "其他资料/a.pdf",
                "其他资料/.._a_.jpg"
            ]
        );
    }
}
