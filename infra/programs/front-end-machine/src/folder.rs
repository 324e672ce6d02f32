//! Looks into the folders the hospital's systems export to.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::entry::Stamp;

/// What has been seen in the folders, and since when it has been as it is.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    seen: HashMap<PathBuf, Seen>,
    ignored: usize,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    stamp: Stamp,
    since: Instant,
    taken: bool,
}

/// A file that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complete {
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
}

impl Folders {
    /// Looks once. Files that have not changed for `settle` are complete; those taken before are left out. Folders that cannot
    /// be read, such as a network share that is away, are given back.
    pub(crate) fn look(
        &mut self,
        folders: &[PathBuf],
        settle: Duration,
        now: Instant,
    ) -> (Vec<Complete>, Vec<(PathBuf, std::io::Error)>) {
        let mut complete = Vec::new();
        let mut failed = Vec::new();
        let mut there = HashMap::new();
        self.ignored = 0;
        for folder in folders {
            match files(folder) {
                Ok((files, ignored)) => {
                    self.ignored += ignored;
                    for (path, stamp) in files {
                        let known = self.seen.get(&path).filter(|seen| seen.stamp == stamp);
                        let seen = known.copied().unwrap_or(Seen {
                            stamp,
                            since: now,
                            taken: false,
                        });
                        if !seen.taken && now.duration_since(seen.since) >= settle {
                            complete.push(Complete {
                                path: path.clone(),
                                stamp,
                            });
                        }
                        there.insert(path, seen);
                    }
                }
                Err(error) => failed.push((folder.clone(), error)),
            }
        }
        self.seen = there;
        complete.sort_by(|one, other| {
            (one.stamp.modified, &one.path).cmp(&(other.stamp.modified, &other.path))
        });
        (complete, failed)
    }

    /// A file is in the spool: it is not looked at again until it changes.
    pub(crate) fn taken(&mut self, path: &Path) {
        if let Some(seen) = self.seen.get_mut(path) {
            seen.taken = true;
        }
    }

    /// Files that are none of this program's business.
    pub(crate) fn ignored(&self) -> usize {
        self.ignored
    }
}

fn files(folder: &Path) -> std::io::Result<(Vec<(PathBuf, Stamp)>, usize)> {
    let mut files = Vec::new();
    let mut ignored = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_half_written(&name) || !entry.file_type()?.is_file() {
            continue;
        }
        if !is_data(&name) {
            ignored += 1;
            continue;
        }
        // Gone between the listing and the look: moved by whoever wrote it.
        if let Ok(stamp) = Stamp::of(&path) {
            files.push((path, stamp));
        }
    }
    Ok((files, ignored))
}

/// Names under which programs write what they rename when it is whole, and what editors and systems leave lying about.
fn is_half_written(name: &str) -> bool {
    let lower = name.to_lowercase();
    let endings = [
        ".tmp",
        ".part",
        ".partial",
        ".filepart",
        ".crdownload",
        ".swp",
    ];
    name.starts_with('.')
        || name.starts_with("~$")
        || endings.iter().any(|end| lower.ends_with(end))
}

fn is_data(name: &str) -> bool {
    let lower = name.to_lowercase();
    [".csv", ".zip", ".xlsx"]
        .iter()
        .any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    #[test]
    fn a_file_is_complete_when_it_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flu_1.csv");
        fs::write(&path, "a").unwrap();
        let start = Instant::now();
        let mut folders = Folders::default();
        let all = [folder.path().to_owned()];
        let look = |folders: &mut Folders, seconds| {
            let (complete, _) = folders.look(&all, SETTLE, start + Duration::from_secs(seconds));
            complete.len()
        };
        assert_eq!(look(&mut folders, 0), 0);
        fs::write(&path, "ab").unwrap();
        assert_eq!(look(&mut folders, 4), 0);
        assert_eq!(look(&mut folders, 8), 0, "it grew four seconds ago");
        assert_eq!(look(&mut folders, 9), 1);
        folders.taken(&path);
        assert_eq!(look(&mut folders, 20), 0);
        fs::write(&path, "abc").unwrap();
        assert_eq!(look(&mut folders, 21), 0);
        assert_eq!(look(&mut folders, 26), 1, "written anew");
    }

    #[test]
    fn half_written_and_foreign_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a.csv.tmp",
            ".flu.csv",
            "~$flu.xlsx",
            "flu.csv.part",
            "readme.txt",
            "flu.CSV",
        ] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("sent.csv")).unwrap();
        let mut folders = Folders::default();
        let all = [folder.path().to_owned(), folder.path().join("away")];
        let (complete, failed) = folders.look(&all, Duration::ZERO, Instant::now());
        let names: Vec<_> = complete
            .iter()
            .map(|file| file.path.file_name().unwrap())
            .collect();
        assert_eq!(names, ["flu.CSV"]);
        assert_eq!((folders.ignored(), failed.len()), (1, 1));
    }
}
