//! The folder that holds everything: locked by one process, with credentials of its own.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// Everything the program ever puts there, except the lock. `--fresh` removes these and nothing else: a folder given by mistake
/// keeps what it had.
const CONTENT: [&str; 10] = [
    "objects",
    "table.sqlite",
    "table.sqlite-wal",
    "table.sqlite-shm",
    "dead-letters",
    "outbox.jsonl",
    "outbox.new",
    "credentials",
    "receipt-key",
    "probe",
];

/// An open data folder. Dropping it lets the next process in.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// The key the embedded servers accept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl DataFolder {
    /// Opens or makes the folder and locks it. The operating system frees the lock when the process dies, however it dies.
    pub(crate) fn open(path: &Path, fresh: bool) -> Result<Self, Problem> {
        make_private(path).map_err(|e| Problem::file(path, &e))?;
        let path = fs::canonicalize(path).map_err(|e| Problem::file(path, &e))?;
        let file = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file);
        let lock = lock.map_err(|e| Problem::file(&path, &e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Problem::in_use(&path)),
            Err(TryLockError::Error(error)) => return Err(Problem::file(&file, &error)),
        }
        if fresh {
            for name in CONTENT {
                let content = path.join(name);
                remove(&content).map_err(|e| Problem::file(&content, &e))?;
            }
        }
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.path.join("objects")
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.path.join("table.sqlite")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.path.join("outbox.jsonl")
    }

    /// A file that comes and goes.
    pub(crate) fn probe(&self) -> PathBuf {
        self.path.join("probe")
    }

    pub(crate) fn dead_letters(&self) -> PathBuf {
        self.path.join("dead-letters")
    }

    /// Credentials of this folder, drawn at the first start. Were they the same everywhere, any page open in a browser on this
    /// machine could sign requests to the object store.
    pub(crate) fn credentials(&self) -> Result<Credentials, Problem> {
        let path = self.path.join("credentials");
        match fs::read_to_string(&path) {
            Ok(text) => {
                Credentials::parse(&text).ok_or_else(|| Problem::damaged(&self.path, "credentials"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let credentials = Credentials::draw();
                credentials
                    .write(&path)
                    .map_err(|e| Problem::file(&path, &e))?;
                Ok(credentials)
            }
            Err(error) => Err(Problem::file(&path, &error)),
        }
    }
}

impl DataFolder {
    /// The private key that receipts of this folder are signed with, drawn at the first start.
    pub(crate) fn receipt_key(&self) -> Result<String, Problem> {
        let path = self.path.join("receipt-key");
        match fs::read_to_string(&path) {
            Ok(key) => Ok(key.trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = receipts::generate_key();
                write_private(&path, &key).map_err(|e| Problem::file(&path, &e))?;
                Ok(key)
            }
            Err(error) => Err(Problem::file(&path, &error)),
        }
    }
}

/// Writes a file only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    remove(&temporary)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

impl Credentials {
    fn draw() -> Self {
        Self {
            access_key: format!("LOCAL{:015X}", rand::random::<u64>() >> 4),
            secret_key: format!(
                "{:032x}{:032x}",
                rand::random::<u128>(),
                rand::random::<u128>()
            ),
        }
    }

    /// The format of AWS' own shared credentials file, so that `AWS_SHARED_CREDENTIALS_FILE` can point here.
    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            text.lines().find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
        };
        Some(Self {
            access_key: value("aws_access_key_id")?,
            secret_key: value("aws_secret_access_key")?,
        })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let (access_key, secret_key) = (&self.access_key, &self.secret_key);
        let text = format!(
            "[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}"
        );
        write_private(path, &text)
    }
}

/// Uploads are patients' data: only the user who runs the service may read the folder.
fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_told_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let open = DataFolder::open(&path, false).unwrap();
        let problem = DataFolder::open(&path, true).unwrap_err();
        assert!(
            problem.en.contains("another process uses the data folder"),
            "{problem}"
        );
        drop(open);
        DataFolder::open(&path, false).unwrap();
    }

    #[test]
    fn starting_over_removes_only_what_the_program_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path(), false).unwrap();
        let credentials = first.credentials().unwrap();
        assert!(first.credentials().unwrap() == credentials, "kept");
        fs::create_dir_all(first.objects()).unwrap();
        fs::write(folder.path().join("thesis.doc"), "mine").unwrap();
        drop(first);

        let second = DataFolder::open(folder.path(), true).unwrap();
        assert!(!second.objects().exists());
        assert!(folder.path().join("thesis.doc").exists());
        assert!(second.credentials().unwrap() != credentials, "drawn anew");
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let problem = DataFolder::open(&path, false).unwrap_err();
        assert!(problem.en.contains("is not a folder"), "{problem}");
    }
}
