//! What has been taken and not yet been done with, on the disk.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::durable;
use crate::entry::{Entry, Stamp};
use crate::problem::Problem;
use crate::receipt::Receipt;

/// Receipts of files that were done with are looked up so long: a file left lying in its folder is not sent again.
const REMEMBERED: Duration = Duration::from_secs(120 * 24 * 3600);

/// How far the sending of an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Uploads that came to nothing before.
    pub(crate) attempt: u32,
    /// The upload whose result is awaited.
    pub(crate) upload_id: Option<String>,
}

/// The folders `spool` and `done` of the state folder, held by one process.
pub(crate) struct Spool {
    spool: PathBuf,
    done: PathBuf,
    _lock: File,
}

impl Spool {
    /// Opens it for this process alone.
    pub(crate) fn open(state: &Path) -> Result<Self, Problem> {
        let lock = lock(state)?.ok_or_else(|| {
            Problem::new(
                "程序已在运行，不能同时运行两个",
                "the program is running already; there can be one only",
            )
        })?;
        let (spool, done) = (state.join("spool"), state.join("done"));
        for folder in [&spool, &done] {
            fs::create_dir_all(folder).map_err(|error| Problem::path(folder, &error))?;
        }
        let opened = Self {
            spool,
            done,
            _lock: lock,
        };
        opened
            .tidy()
            .map_err(|error| Problem::path(state, &error))?;
        Ok(opened)
    }

    /// Takes away what a process left half-written when it died, and receipts of long ago.
    fn tidy(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.spool)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "tmp") {
                fs::remove_dir_all(&path)?;
            }
        }
        for entry in fs::read_dir(&self.done)? {
            let entry = entry?;
            let modified = entry.metadata()?.modified()?;
            let age = SystemTime::now()
                .duration_since(modified)
                .unwrap_or_default();
            if age > REMEMBERED {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Whether a file was taken and is not done with.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.spool.join(id).is_dir()
    }

    /// The receipt of a file that was done with.
    pub(crate) fn done(&self, id: &str) -> Option<Receipt> {
        durable::read_json(&self.done.join(format!("{id}.json")))
    }

    /// Takes a file: all of its entry is there, or nothing.
    pub(crate) fn add(
        &self,
        entry: &Entry,
        payload: Option<&[u8]>,
        reports: &[(String, Vec<u8>)],
    ) -> io::Result<()> {
        let beside = self.spool.join(format!("{}.tmp", entry.id));
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        fs::create_dir(&beside)?;
        if let Some(payload) = payload {
            durable::write(&beside.join("payload.zip"), payload)?;
        }
        for (number, (_, report)) in reports.iter().enumerate() {
            durable::write(&beside.join(format!("report-{number}")), report)?;
        }
        durable::write_json(&beside.join("entry.json"), entry)?;
        durable::rename(&beside, &self.spool.join(&entry.id))
    }

    /// Gives reports names that no other file's report has or is to have where they will lie: files of one day may differ in
    /// their ending only, or be exported twice.
    pub(crate) fn name_reports(&self, entry: &mut Entry) -> io::Result<()> {
        if entry.reports.is_empty() {
            return Ok(());
        }
        let folder = put_away_folder(entry, BAD);
        let waiting = self.waiting()?;
        let promised = |name: &String| {
            waiting
                .iter()
                .any(|other| put_away_folder(other, BAD) == folder && other.reports.contains(name))
        };
        for name in &mut entry.reports {
            if promised(name) || folder.join(&*name).exists() {
                *name = with_id(name, &entry.id);
            }
        }
        Ok(())
    }

    /// What was taken, oldest first.
    pub(crate) fn waiting(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in fs::read_dir(&self.spool)? {
            let path = found?.path();
            entries.extend(durable::read_json::<Entry>(&path.join("entry.json")));
        }
        entries.sort_by(|one, other| {
            (one.taken_at, &one.name, &one.id).cmp(&(other.taken_at, &other.name, &other.id))
        });
        Ok(entries)
    }

    pub(crate) fn payload(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        fs::read(self.spool.join(&entry.id).join("payload.zip"))
    }

    pub(crate) fn progress(&self, entry: &Entry) -> Progress {
        durable::read_json(&self.spool.join(&entry.id).join("progress.json")).unwrap_or_default()
    }

    pub(crate) fn write_progress(&self, entry: &Entry, progress: &Progress) -> io::Result<()> {
        durable::write_json(&self.spool.join(&entry.id).join("progress.json"), progress)
    }

    /// Keeps what became of a file. From here on it is never sent again.
    pub(crate) fn write_receipt(&self, receipt: &Receipt) -> io::Result<()> {
        durable::write_json(&self.done.join(format!("{}.json", receipt.id)), receipt)
    }

    /// Moves the file out of its folder, with receipt and reports, and forgets the entry. Can be done again and again.
    pub(crate) fn put_away(&self, entry: &Entry, receipt: &Receipt) -> io::Result<()> {
        let folder = self.spool.join(&entry.id);
        put_away(entry, receipt, |number| {
            fs::read(folder.join(format!("report-{number}")))
        })?;
        // In one step out of sight, so that no half of an entry is ever found.
        let beside = self.spool.join(format!("{}.tmp", entry.id));
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        durable::rename(&folder, &beside)?;
        fs::remove_dir_all(&beside)
    }
}

/// Moves a file that was done with before, and found in its folder again.
pub(crate) fn put_away_again(source: &Path, stamp: Stamp, receipt: &Receipt) -> io::Result<()> {
    let entry = Entry {
        id: receipt.id.clone(),
        name: receipt.file.clone(),
        source: source.to_owned(),
        stamp,
        taken_at: receipt.at,
        local: receipt.checked,
        causes: Vec::new(),
        upload_name: receipt.upload_id.clone(),
        reports: Vec::new(),
    };
    put_away(&entry, receipt, |_| Err(io::ErrorKind::NotFound.into()))
}

fn put_away(
    entry: &Entry,
    receipt: &Receipt,
    report: impl Fn(usize) -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    let place = if receipt.needs_mending() { BAD } else { SENT };
    let folder = put_away_folder(entry, place);
    fs::create_dir_all(&folder)?;
    let name = free_name(&folder, entry, receipt);
    for (number, report_name) in entry.reports.iter().enumerate() {
        durable::write(&folder.join(report_name), &report(number)?)?;
    }
    durable::write_json(&folder.join(format!("{name}.receipt.json")), receipt)?;
    // Written again meanwhile, it is another file, and stays for the next look.
    match Stamp::of(&entry.source) {
        Ok(stamp) if stamp == entry.stamp => durable::rename(&entry.source, &folder.join(&name)),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Where files lie that somebody has to look at.
const BAD: &str = "bad";
/// Where files lie that were sent whole.
const SENT: &str = "sent";

/// By the day the file was taken, so that putting it away again finds the same place.
fn put_away_folder(entry: &Entry, place: &str) -> PathBuf {
    let day = jiff::tz::offset(8).to_datetime(entry.taken_at).date();
    entry.folder().join(place).join(day.to_string())
}

/// Its own name, unless another file of that name was put there before.
fn free_name(folder: &Path, entry: &Entry, receipt: &Receipt) -> String {
    let there: Option<Receipt> =
        durable::read_json(&folder.join(format!("{}.receipt.json", entry.name)));
    let is_free = match there {
        Some(there) => there.id == receipt.id,
        // Somebody has taken the other file's receipt away, and not the file.
        None => !folder.join(&entry.name).exists(),
    };
    if is_free {
        entry.name.clone()
    } else {
        with_id(&entry.name, &entry.id)
    }
}

/// A name that is this entry's alone.
pub(crate) fn with_id(name: &str, id: &str) -> String {
    let short = id.get(..8).unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{short}.{ending}"),
        None => format!("{name}-{short}"),
    }
}

/// The lock of the state folder; `None`: another process holds it. It goes with the process, however that ends.
pub(crate) fn lock(state: &Path) -> Result<Option<File>, Problem> {
    fs::create_dir_all(state).map_err(|error| Problem::path(state, &error))?;
    let path = state.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Problem::path(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(Problem::path(&path, &error)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::check::Figures;
    use crate::language::Language;
    use crate::receipt::{Sent, Totals};

    fn entry(source: &Path) -> Entry {
        fs::write(source, "P900\n1\n").unwrap();
        let stamp = Stamp::of(source).unwrap();
        Entry {
            id: crate::entry::id("flu_1.csv", &stamp, b"P900\n1\n"),
            name: "flu_1.csv".into(),
            source: source.to_owned(),
            stamp,
            taken_at: Timestamp::UNIX_EPOCH,
            local: Figures {
                total: 2,
                passed: 1,
                errors: 1,
                warnings: 0,
            },
            causes: Vec::new(),
            upload_name: Some("flu_1.zip".into()),
            reports: vec!["flu_1_错误.csv".into()],
        }
    }

    fn receipt(entry: &Entry) -> Receipt {
        let sent = Sent::Received {
            upload_id: "u".into(),
            totals: Totals {
                total: 1,
                passed: 1,
                new: 1,
                ..Totals::default()
            },
        };
        Receipt::new(entry, sent, "http://x", Timestamp::UNIX_EPOCH, Language::Zh)
    }

    #[test]
    fn a_file_is_put_away_with_its_report_and_receipt_and_doing_so_again_changes_nothing() {
        let state = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(state.path()).unwrap();
        let entry = entry(&folder.path().join("flu_1.csv"));
        let reports = [("flu_1_错误.csv".to_owned(), b"report".to_vec())];
        spool.add(&entry, Some(b"PK"), &reports).unwrap();
        assert!(spool.holds(&entry.id));
        assert_eq!(spool.waiting().unwrap(), std::slice::from_ref(&entry));
        let receipt = receipt(&entry);
        spool.write_receipt(&receipt).unwrap();
        spool.put_away(&entry, &receipt).unwrap();
        let bad = folder.path().join("bad/1970-01-01");
        for name in ["flu_1.csv", "flu_1.csv.receipt.json", "flu_1_错误.csv"] {
            assert!(bad.join(name).exists(), "{name}");
        }
        assert!(!entry.source.exists() && !spool.holds(&entry.id));
        // It died before it forgot the entry.
        spool.add(&entry, Some(b"PK"), &reports).unwrap();
        spool.put_away(&entry, &receipt).unwrap();
        assert_eq!(fs::read_dir(&bad).unwrap().count(), 3);
        assert_eq!(spool.done(&entry.id), Some(receipt));
    }

    #[test]
    fn another_file_of_the_same_name_keeps_the_first() {
        let state = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(state.path()).unwrap();
        for _ in 0..2 {
            let entry = entry(&folder.path().join("flu_1.csv"));
            spool
                .add(&entry, None, &[("r".into(), Vec::new())])
                .unwrap();
            spool.put_away(&entry, &receipt(&entry)).unwrap();
            // The same second, on a file system that counts no smaller spans, would be the same file.
            std::thread::sleep(Duration::from_millis(20));
        }
        let bad = folder.path().join("bad/1970-01-01");
        let files = fs::read_dir(&bad).unwrap();
        let names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".csv") && !name.contains("错误"))
            .collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn reports_of_one_name_keep_apart_wherever_the_other_is() {
        let state = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(state.path()).unwrap();
        let take = |file: &str, report: &[u8]| {
            let mut entry = entry(&folder.path().join(file));
            entry.name = file.to_owned();
            entry.id = crate::entry::id(file, &entry.stamp, report);
            spool.name_reports(&mut entry).unwrap();
            let reports = [("flu_1_错误.csv".to_owned(), report.to_vec())];
            spool.add(&entry, None, &reports).unwrap();
            entry
        };
        // Both wait to be sent.
        let entries = [take("flu_1.csv", b"one"), take("flu_1.zip", b"two")];
        assert_eq!(entries[0].reports, ["flu_1_错误.csv"]);
        assert_ne!(entries[1].reports, entries[0].reports);
        for entry in &entries {
            spool.put_away(entry, &receipt(entry)).unwrap();
        }
        // The first lies there already.
        let later = take("flu_1.csv", b"three");
        spool.put_away(&later, &receipt(&later)).unwrap();
        let bad = folder.path().join("bad/1970-01-01");
        for (entry, report) in entries.iter().chain([&later]).zip(["one", "two", "three"]) {
            let told = receipt(entry).reports;
            assert_eq!(fs::read_to_string(bad.join(&told[0])).unwrap(), report);
        }
    }

    #[test]
    fn a_file_whose_receipt_was_taken_away_is_not_written_over() {
        let state = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(state.path()).unwrap();
        let bad = folder.path().join("bad/1970-01-01");
        fs::create_dir_all(&bad).unwrap();
        fs::write(bad.join("flu_1.csv"), "somebody's").unwrap();
        let entry = entry(&folder.path().join("flu_1.csv"));
        spool
            .add(&entry, None, &[("r".into(), Vec::new())])
            .unwrap();
        spool.put_away(&entry, &receipt(&entry)).unwrap();
        assert_eq!(
            fs::read_to_string(bad.join("flu_1.csv")).unwrap(),
            "somebody's"
        );
        assert!(!entry.source.exists());
    }

    #[test]
    fn there_is_one_process_only() {
        let state = tempfile::tempdir().unwrap();
        let spool = Spool::open(state.path()).unwrap();
        assert!(Spool::open(state.path()).is_err());
        drop(spool);
        assert!(Spool::open(state.path()).is_ok());
    }

    #[test]
    fn what_was_half_written_is_taken_away() {
        let state = tempfile::tempdir().unwrap();
        let half = state.path().join("spool/abc.tmp");
        fs::create_dir_all(&half).unwrap();
        fs::write(half.join("payload.zip"), "half").unwrap();
        let spool = Spool::open(state.path()).unwrap();
        assert!(!half.exists());
        assert!(spool.waiting().unwrap().is_empty());
    }
}
