//! Files on disk: where they are, and in which order they become durable.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::Error;
use crate::version::Version;

const FORMAT: &str = "1";
/// Sequence numbers are reserved on disk in blocks of this size, so that most uploads need no write for theirs.
const BLOCK: u64 = 1024;

/// The store's folder.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    next_temporary: AtomicU64,
    reserved: std::sync::Mutex<Reserved>,
}

#[derive(Debug)]
struct Reserved {
    next: u64,
    end: u64,
}

/// A file under `incoming/` that disappears unless it is moved into place.
#[derive(Debug)]
pub(crate) struct Temporary {
    path: PathBuf,
}

impl Folder {
    /// Opens or makes the folder, and removes what uploads under way at the last stop left.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let at = |path: &Path, source| Error::Folder {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(root.join("buckets")).map_err(|e| at(root, e))?;

        let format = root.join("format");
        match fs::read_to_string(&format) {
            Ok(found) if found.trim() == FORMAT => {}
            Ok(found) => {
                let found = found.trim().to_owned();
                return Err(Error::Format {
                    path: format,
                    found,
                    expected: FORMAT,
                });
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                write_durably(&format, FORMAT.as_bytes()).map_err(|e| at(&format, e))?;
            }
            Err(e) => return Err(at(&format, e)),
        }

        let incoming = root.join("incoming");
        match fs::remove_dir_all(&incoming) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(at(&incoming, e)),
        }
        fs::create_dir(&incoming).map_err(|e| at(&incoming, e))?;

        let sequence = root.join("sequence");
        let end = match fs::read_to_string(&sequence) {
            Ok(text) => text.trim().parse().map_err(|_| Error::Damaged {
                path: sequence,
                reason: format!("`{}` is not a number", text.trim()),
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => 1,
            Err(e) => return Err(at(&sequence, e)),
        };
        Ok(Self {
            root: root.to_owned(),
            next_temporary: AtomicU64::new(0),
            reserved: std::sync::Mutex::new(Reserved { next: end, end }),
        })
    }

    /// Every version on disk with its bucket. Content without description was never acknowledged and goes;
    /// a description without content is set aside.
    pub(crate) fn load(&self) -> Result<Vec<(String, Vec<Version>)>, Error> {
        let buckets = self.root.join("buckets");
        let mut all = Vec::new();
        for bucket in entries(&buckets)? {
            let Some(name) = bucket
                .file_name()
                .and_then(|n| n.to_str())
                .map(str::to_owned)
            else {
                continue;
            };
            let mut versions = Vec::new();
            for shard in entries(&bucket)? {
                self.load_shard(&shard, &mut versions)?;
            }
            all.push((name, versions));
        }
        Ok(all)
    }

    fn load_shard(&self, shard: &Path, versions: &mut Vec<Version>) -> Result<(), Error> {
        for path in entries(shard)? {
            let described = path.with_extension("json");
            match path.extension().and_then(|e| e.to_str()) {
                Some("data") if !described.exists() => {
                    fs::remove_file(&path).map_err(|source| Error::Folder { path, source })?;
                }
                Some("json") => {
                    let text = fs::read(&path).map_err(|source| Error::Folder {
                        path: path.clone(),
                        source,
                    })?;
                    let version: Version =
                        serde_json::from_slice(&text).map_err(|e| Error::Damaged {
                            path: path.clone(),
                            reason: e.to_string(),
                        })?;
                    let size = fs::metadata(path.with_extension("data"))
                        .map(|m| m.len())
                        .ok();
                    if version.delete_marker || size == Some(version.content.size) {
                        versions.push(version);
                    } else {
                        self.set_aside(&path)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A machine that lost power before a folder was synced may keep the second of two renames only.
    fn set_aside(&self, description: &Path) -> Result<(), Error> {
        tracing::warn!(file = %description.display(), "object content is missing, description set aside");
        let damaged = self.root.join("damaged");
        let source = |source| Error::Folder {
            path: description.to_owned(),
            source,
        };
        fs::create_dir_all(&damaged).map_err(source)?;
        let name = description.file_name().unwrap_or_default();
        fs::rename(description, damaged.join(name)).map_err(source)
    }

    /// The folder of a bucket with all its subfolders, so that an upload never has to make one.
    pub(crate) fn make_bucket(&self, bucket: &str) -> io::Result<()> {
        let path = self.root.join("buckets").join(bucket);
        for shard in 0..=255u8 {
            fs::create_dir_all(path.join(hex::encode([shard])))?;
        }
        sync_folder(&path)?;
        sync_folder(&self.root.join("buckets"))
    }

    /// A number no version had before, across restarts.
    pub(crate) fn next_sequence(&self) -> io::Result<u64> {
        let mut reserved = self
            .reserved
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if reserved.next == reserved.end {
            let end = reserved.end + BLOCK;
            write_durably(&self.root.join("sequence"), end.to_string().as_bytes())?;
            reserved.end = end;
        }
        let sequence = reserved.next;
        reserved.next += 1;
        Ok(sequence)
    }

    /// An empty file for an upload.
    pub(crate) fn temporary(&self) -> io::Result<(Temporary, File)> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join("incoming").join(format!("{number}"));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok((Temporary { path }, file))
    }

    /// Makes a version exist. `content` must be synced already; the description is renamed last, because it decides.
    pub(crate) fn commit(
        &self,
        bucket: &str,
        version: &Version,
        content: Option<&Temporary>,
    ) -> io::Result<()> {
        let path = self.path(bucket, version);
        let (description, mut file) = self.temporary()?;
        file.write_all(&serde_json::to_vec(version)?)?;
        file.sync_all()?;
        drop(file);
        if let Some(content) = content {
            fs::rename(&content.path, path.with_extension("data"))?;
        }
        fs::rename(&description.path, path.with_extension("json"))?;
        sync_folder(path.parent().unwrap_or(&self.root))
    }

    /// Removes a version for good: first what makes it exist, then its content.
    pub(crate) fn remove(&self, bucket: &str, version: &Version) -> io::Result<()> {
        let path = self.path(bucket, version);
        fs::remove_file(path.with_extension("json"))?;
        sync_folder(path.parent().unwrap_or(&self.root))?;
        if version.delete_marker {
            return Ok(());
        }
        fs::remove_file(path.with_extension("data"))
    }

    /// The content of a version, for reading.
    pub(crate) fn content(&self, bucket: &str, version: &Version) -> io::Result<File> {
        File::open(self.path(bucket, version).with_extension("data"))
    }

    fn path(&self, bucket: &str, version: &Version) -> PathBuf {
        let name = hex::encode(Sha256::digest(version.key.as_bytes()));
        let shard = name.get(..2).unwrap_or_default();
        let file = format!("{name}-{:016x}", version.sequence);
        self.root
            .join("buckets")
            .join(bucket)
            .join(shard)
            .join(file)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Moved into place it is no longer there, which is no error.
        let _ = fs::remove_file(&self.path);
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Folder {
        path: folder.to_owned(),
        source,
    };
    let listing = fs::read_dir(folder).map_err(failed)?;
    listing
        .map(|entry| entry.map(|e| e.path()).map_err(failed))
        .collect()
}

fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// A rename is durable only once the folder that holds the name is. Windows has no such call and needs none.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_never_used_twice() {
        let root = tempfile::tempdir().unwrap();
        let first = Folder::open(root.path()).unwrap().next_sequence().unwrap();
        let second = Folder::open(root.path()).unwrap().next_sequence().unwrap();
        assert!(second > first, "{second} after {first}");
    }

    #[test]
    fn an_unknown_format_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("format"), "2\n").unwrap();
        let error = Folder::open(root.path()).unwrap_err().to_string();
        assert!(error.contains("has format `2`"), "{error}");
    }
}
