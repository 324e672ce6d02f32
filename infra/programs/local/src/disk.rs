//! Whether the disk takes anything more.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// An answer is good for so long.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// What must still go onto it. More than a request writes beside its file.
const LEAST: usize = 1024 * 1024;

/// The disk of the data folder. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Disk {
    probe: PathBuf,
    seen: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl Disk {
    /// `probe` is a file that may come and go.
    pub(crate) fn new(probe: PathBuf) -> Self {
        Self {
            probe,
            seen: Arc::default(),
        }
    }

    /// Tries it, at most once a second: quotas and limits show in no figure of free space.
    pub(crate) async fn is_full(&self) -> bool {
        let mut seen = self.seen.lock().await;
        match *seen {
            Some((at, is_full)) if at.elapsed() < GOOD_FOR => is_full,
            _ => self.look(&mut seen).await,
        }
    }

    /// Tries it at once, because something has just failed.
    pub(crate) async fn is_full_now(&self) -> bool {
        self.look(&mut *self.seen.lock().await).await
    }

    async fn look(&self, seen: &mut Option<(Instant, bool)>) -> bool {
        let probe = self.probe.clone();
        let tried = tokio::task::spawn_blocking(move || try_out(&probe));
        let is_full = match tried.await {
            Ok(Err(error)) => {
                tracing::error!(%error, "the disk of the data folder takes nothing more");
                true
            }
            _ => false,
        };
        *seen = Some((Instant::now(), is_full));
        is_full
    }
}

/// Writes a file and removes it again.
pub(crate) fn try_out(probe: &Path) -> io::Result<()> {
    let tried = File::create(probe).and_then(|mut file| file.write_all(&vec![0; LEAST]));
    let _ = fs::remove_file(probe);
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_probe_leaves_nothing_and_a_failure_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let probe = folder.path().join("probe");
        let disk = Disk::new(probe.clone());
        assert!(!disk.is_full().await);
        assert!(!probe.exists());
        let nowhere = Disk::new(folder.path().join("missing").join("probe"));
        assert!(nowhere.is_full().await);
    }
}
