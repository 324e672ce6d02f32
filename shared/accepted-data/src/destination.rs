use std::path::{Path, PathBuf};

use bytes::Bytes;
use store::{Files, StoreError};
use tokio::fs;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use crate::ExportError;

/// Bytes of a file in hand while it is sent.
const PIECE: usize = 1024 * 1024;

/// Where the files go.
#[derive(Debug, Clone)]
pub enum Destination {
    /// A folder of this machine.
    Folder(PathBuf),
    /// What begins with a prefix in a bucket.
    Bucket {
        /// The bucket.
        files: Files,
        /// With a `/` at its end, or empty.
        prefix: String,
    },
}

impl Destination {
    /// Brings a finished file to its place; what was there is replaced as a whole.
    pub(crate) async fn put(
        &self,
        name: &str,
        source: &Path,
        length: u64,
    ) -> Result<(), ExportError> {
        match self {
            Self::Folder(folder) => {
                let place = folder.join(name);
                if let Some(parent) = place.parent() {
                    fs::create_dir_all(parent).await?;
                }
                fs::rename(source, &place).await?;
                Ok(())
            }
            Self::Bucket { files, prefix } => {
                let mut file = fs::File::open(source).await?;
                let (sender, pieces) = mpsc::channel(2);
                let reader = tokio::spawn(async move {
                    loop {
                        let mut piece = vec![0; PIECE];
                        let read = match file.read(&mut piece).await {
                            Ok(0) | Err(_) => break,
                            Ok(read) => read,
                        };
                        piece.truncate(read);
                        if sender.send(Ok(Bytes::from(piece))).await.is_err() {
                            break;
                        }
                    }
                });
                let key = format!("{prefix}{name}");
                // A file that cannot be read to its end comes out too short, which the store refuses.
                files
                    .write_pieces(&key, pieces, length, "application/vnd.apache.parquet")
                    .await?;
                let _ = reader.await;
                Ok(())
            }
        }
    }

    pub(crate) async fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), ExportError> {
        match self {
            Self::Folder(folder) => {
                let place = folder.join(name);
                if let Some(parent) = place.parent() {
                    fs::create_dir_all(parent).await?;
                }
                let beside = place.with_extension("new");
                fs::write(&beside, bytes).await?;
                fs::rename(&beside, &place).await?;
                Ok(())
            }
            Self::Bucket { files, prefix } => {
                let key = format!("{prefix}{name}");
                files.write(&key, bytes, "application/json").await?;
                Ok(())
            }
        }
    }

    pub(crate) async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ExportError> {
        match self {
            Self::Folder(folder) => match fs::read(folder.join(name)).await {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Bucket { files, prefix } => {
                let key = format!("{prefix}{name}");
                let object = files.read(&key, "null", u64::MAX).await?;
                Ok(object.map(|object| object.bytes))
            }
        }
    }

    /// Length of a file; `None`: it is not there.
    pub(crate) async fn length(&self, name: &str) -> Result<Option<u64>, ExportError> {
        match self {
            Self::Folder(folder) => match fs::metadata(folder.join(name)).await {
                Ok(found) => Ok(Some(found.len())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Bucket { files, prefix } => {
                let found = files.head(&format!("{prefix}{name}"), None).await?;
                Ok(found.map(|found| found.size))
            }
        }
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<(), ExportError> {
        match self {
            Self::Folder(folder) => match fs::remove_file(folder.join(name)).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
            Self::Bucket { files, prefix } => {
                let removed: Result<(), StoreError> =
                    files.remove(&format!("{prefix}{name}")).await;
                Ok(removed?)
            }
        }
    }

    /// Where files are written before they are brought to their place: for a folder below it, so that they can be moved.
    pub(crate) fn workshop(&self) -> Result<tempfile::TempDir, ExportError> {
        Ok(match self {
            Self::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                tempfile::Builder::new()
                    .prefix(".unfinished-")
                    .tempdir_in(folder)?
            }
            Self::Bucket { .. } => tempfile::tempdir()?,
        })
    }
}
