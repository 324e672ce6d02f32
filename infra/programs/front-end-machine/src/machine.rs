//! The running program: looks into the folders, takes what is complete, sends what was taken, tells how it stands.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::backoff::Backoff;
use crate::check::{self, Basis, Checked, Figures, Hospital};
use crate::client::{Call, CallError, Client};
use crate::config::Config;
use crate::credential::Credential;
use crate::durable;
use crate::entry::{self, Entry, Stamp};
use crate::folder::{Complete, Folders};
use crate::problem::Problem;
use crate::receipt::{Receipt, Sent};
use crate::send::{self, Outcome, Parcel};
use crate::spool::{self, Spool};
use crate::status::Status;

/// Nobody exports so much at once; a file that large is none of ours, and reading it would take the machine's memory.
const LARGEST: u64 = 512 * 1024 * 1024;
/// Between two tries with a credential that was not taken: more often would only lock the account.
const CREDENTIAL_PAUSE: Duration = Duration::from_secs(600);
/// Between two questions for a result that the service is still working out.
const AWAITED_PAUSE: Duration = Duration::from_secs(3);
/// Between two words about itself while a backlog is sent.
const TELL: Duration = Duration::from_secs(5);

pub(crate) struct Machine {
    config: Config,
    client: Client,
    spool: Spool,
    folders: Folders,
    backoff: Backoff,
    /// Nothing is sent before.
    not_before: Instant,
    next_heartbeat: Instant,
    hospital: Option<Hospital>,
    knows_hospital_now: bool,
    status: Status,
    written: Option<Status>,
}

impl Machine {
    pub(crate) fn new(config: Config) -> Result<Self, Problem> {
        let spool = Spool::open(&config.state)?;
        let credential = Credential::read(&config.credential())?;
        let client = Client::new(&config, credential)?;
        let now = Instant::now();
        Ok(Self {
            client,
            spool,
            folders: Folders::default(),
            backoff: Backoff::new(Duration::from_secs(config.retry_max_seconds.max(1))),
            not_before: now,
            next_heartbeat: now,
            hospital: durable::read_json(&hospital_place(&config)),
            knows_hospital_now: false,
            status: Status::new(&config.server, Timestamp::now()),
            written: None,
            config,
        })
    }

    /// Runs until it is told to stop.
    pub(crate) fn run(&mut self, stop: &AtomicBool) {
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            server = self.config.server,
            "started"
        );
        while !stop.load(Ordering::Relaxed) {
            self.turn(stop);
            let until = Instant::now() + Duration::from_secs(self.config.poll_seconds);
            while Instant::now() < until && !stop.load(Ordering::Relaxed) {
                let rest = until.saturating_duration_since(Instant::now());
                std::thread::sleep(rest.min(Duration::from_millis(500)));
            }
        }
        tracing::info!("stopped");
    }

    fn turn(&mut self, stop: &AtomicBool) {
        let mut trouble = self.take_complete_files();
        if Instant::now() >= self.not_before {
            match self.speak(stop) {
                Ok(()) => self.status.next_try_at = None,
                Err(error) => {
                    self.wait_after(&error);
                    trouble = Some(error.problem().clone());
                }
            }
        } else {
            // What stood in the way still does.
            trouble = trouble.or_else(|| {
                let (zh, en) = self.status.error.clone()?;
                Some(Problem::new(zh, en))
            });
        }
        self.write_status(trouble);
    }

    /// Takes files that are complete; what stands in the way.
    fn take_complete_files(&mut self) -> Option<Problem> {
        let settle = Duration::from_secs(self.config.settle_seconds);
        let (complete, failed) = self
            .folders
            .look(&self.config.folders, settle, Instant::now());
        let mut trouble = failed
            .first()
            .map(|(folder, error)| Problem::path(folder, error));
        for file in complete {
            match self.take(&file) {
                Ok(true) => self.folders.taken(&file.path),
                // Still being written, or locked by whoever writes it: the next look.
                Ok(false) => {}
                Err(problem) => {
                    tracing::warn!(file = %file.path.display(), %problem, "a file could not be taken");
                    trouble = Some(problem);
                }
            }
        }
        trouble
    }

    /// Takes one file into the spool; `false`: not now.
    fn take(&mut self, file: &Complete) -> Result<bool, Problem> {
        let failed = |error: &io::Error| Problem::path(&file.path, error);
        let name = file
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bytes = if file.stamp.size > LARGEST {
            Vec::new()
        } else {
            match fs::read(&file.path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(failed(&error)),
            }
        };
        // It changed while it was read.
        if Stamp::of(&file.path).ok() != Some(file.stamp) {
            return Ok(false);
        }
        let id = entry::id(&name, &file.stamp, &bytes);
        if self.spool.holds(&id) {
            return Ok(true);
        }
        if let Some(receipt) = self.spool.done(&id) {
            // Sent before, but the process died before the file was moved.
            spool::put_away_again(&file.path, file.stamp, &receipt)
                .map_err(|error| failed(&error))?;
            return Ok(true);
        }
        let checked = if file.stamp.size > LARGEST {
            too_large()
        } else {
            let basis = Basis {
                hospital: self.hospital.as_ref(),
                now: self.client.now(),
                language: self.config.language,
            };
            check::check(&name, bytes, basis)?
        };
        let (upload_name, payload) = checked.payload.unzip();
        let mut entry = Entry {
            id,
            name,
            source: file.path.clone(),
            stamp: file.stamp,
            taken_at: Timestamp::now(),
            local: checked.figures,
            causes: checked.causes,
            upload_name,
            reports: checked
                .reports
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
        };
        let added = self
            .spool
            .name_reports(&mut entry)
            .and_then(|()| self.spool.add(&entry, payload.as_deref(), &checked.reports));
        added.map_err(|error| Problem::path(&self.config.state, &error))?;
        let Figures { total, passed, .. } = entry.local;
        tracing::info!(file = entry.name, id = entry.id, total, passed, "taken");
        Ok(true)
    }

    /// Everything that needs the service.
    fn speak(&mut self, stop: &AtomicBool) -> Result<(), CallError> {
        let waiting = self.waiting().map_err(not_now)?;
        if !waiting.is_empty() || !self.knows_hospital_now {
            self.learn_hospital()?;
        }
        let mut awaited = false;
        let mut told = Instant::now();
        for entry in waiting {
            // What is left waits for the next start.
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            awaited |= !self.send(&entry)?;
            self.backoff.succeeded();
            // A backlog takes its time; who asks meanwhile is not to read how it stood before.
            if told.elapsed() >= TELL {
                told = Instant::now();
                self.write_status(None);
                self.beat_if_due()?;
            }
        }
        if awaited {
            self.not_before = Instant::now() + AWAITED_PAUSE;
        }
        self.beat_if_due()?;
        self.backoff.succeeded();
        Ok(())
    }

    fn beat_if_due(&mut self) -> Result<(), CallError> {
        if Instant::now() >= self.next_heartbeat {
            self.beat()?;
            self.next_heartbeat =
                Instant::now() + Duration::from_secs(self.config.heartbeat_seconds);
        }
        Ok(())
    }

    fn waiting(&self) -> Result<Vec<Entry>, Problem> {
        self.spool
            .waiting()
            .map_err(|error| Problem::path(&self.config.state, &error))
    }

    /// Whose data it is: what the check compares it with. Kept, so that files are checked while the service cannot be reached.
    fn learn_hospital(&mut self) -> Result<(), CallError> {
        if self.knows_hospital_now {
            return Ok(());
        }
        let session = self.client.call(&Call::get("/api/v1/session"))?.json();
        let text = |name: &str| {
            let value = session.get("account")?.get(name)?;
            value.as_str().map(str::to_owned)
        };
        if let (Some(code), Some(name)) = (text("institution_code"), text("institution_name")) {
            let hospital = Hospital { code, name };
            if self.hospital.as_ref() != Some(&hospital) {
                let place = hospital_place(&self.config);
                let kept = durable::write_json(&place, &hospital);
                kept.map_err(|error| not_now(Problem::path(&place, &error)))?;
                self.hospital = Some(hospital);
            }
        }
        self.knows_hospital_now = true;
        Ok(())
    }

    /// Goes on with one entry; whether it is done with.
    fn send(&mut self, entry: &Entry) -> Result<bool, CallError> {
        let failed = |error: &io::Error| not_now(Problem::path(entry.folder(), error));
        let receipt = match self.spool.done(&entry.id) {
            Some(receipt) => receipt,
            None => {
                let Some(sent) = self.sent(entry)? else {
                    return Ok(false);
                };
                let now = Timestamp::now();
                let receipt =
                    Receipt::new(entry, sent, &self.config.server, now, self.config.language);
                self.spool
                    .write_receipt(&receipt)
                    .map_err(|error| failed(&error))?;
                self.count(&receipt);
                tracing::info!(
                    file = entry.name,
                    id = entry.id,
                    upload = receipt.upload_id,
                    "{}",
                    receipt.result
                );
                receipt
            }
        };
        // A share that is away holds up no other folder's files; the receipt is kept, and the file is moved later.
        if let Err(error) = self.spool.put_away(entry, &receipt) {
            tracing::warn!(file = entry.name, %error, "not moved yet");
            return Ok(false);
        }
        Ok(true)
    }

    fn sent(&mut self, entry: &Entry) -> Result<Option<Sent>, CallError> {
        let Some(name) = &entry.upload_name else {
            return Ok(Some(Sent::Nothing));
        };
        let state = self.config.state.clone();
        let failed = |error: io::Error| Problem::path(&state, &error);
        let bytes = self
            .spool
            .payload(entry)
            .map_err(|error| not_now(failed(error)))?;
        let parcel = Parcel {
            id: &entry.id,
            name,
            bytes,
            dry_run: false,
        };
        let progress = self.spool.progress(entry);
        let spool = &self.spool;
        let mut keep =
            |progress: &spool::Progress| spool.write_progress(entry, progress).map_err(failed);
        match send::send(&mut self.client, &parcel, progress, &mut keep, None) {
            Ok(Outcome::Sent(sent)) => Ok(Some(sent)),
            Ok(Outcome::Awaited) => Ok(None),
            // The same again would be refused again: somebody has to look.
            Err(CallError::Refused { problem, .. }) => Ok(Some(Sent::Refused(
                problem.text(self.config.language).to_owned(),
            ))),
            Err(error) => Err(error),
        }
    }

    fn count(&mut self, receipt: &Receipt) {
        if let Some(totals) = receipt.received {
            self.status.sent_files += 1;
            self.status.sent_records += totals.total;
            self.status.last_sent_at = Some(receipt.at);
        }
        if receipt.needs_mending() {
            self.status.bad_files += 1;
        }
    }

    /// Tells the service how this machine stands, and hears which version fits.
    fn beat(&mut self) -> Result<(), CallError> {
        let waiting = self.waiting().map_err(not_now)?;
        let now = Timestamp::now();
        let oldest = waiting
            .first()
            .map(|entry| now.duration_since(entry.taken_at).as_secs().max(0));
        let told = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "queue_length": waiting.len(),
            "oldest_seconds": oldest.unwrap_or(0),
            // No name of a folder: what the hospital's machine looks like is its own business.
            "last_error": self.status.error.as_ref().map(|_| "see the status of the machine"),
            "last_sent_at": self.status.last_sent_at,
            "clock": now,
        });
        match self.client.call(&Call::post("/api/v1/heartbeats", &told)) {
            Ok(answer) => {
                let version = answer
                    .json()
                    .get("version")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                self.status.server_version = version.or(self.status.server_version.take());
                Ok(())
            }
            // A service that does not know heartbeats takes data all the same.
            Err(CallError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn wait_after(&mut self, error: &CallError) {
        let wait = match error {
            CallError::Credential(_) => {
                // Perhaps `init` has written a new one meanwhile.
                if let Ok(credential) = Credential::read(&self.config.credential())
                    && let Ok(client) = Client::new(&self.config, credential)
                {
                    self.client = client;
                }
                CREDENTIAL_PAUSE
            }
            CallError::Later { after, .. } => self.backoff.failed(*after, rand::random()),
            CallError::Refused { .. } => self.backoff.failed(None, rand::random()),
        };
        self.not_before = Instant::now() + wait;
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        self.status.next_try_at = Some(Timestamp::now() + wait);
        tracing::warn!(problem = %error.problem(), seconds = wait.as_secs(), "will be tried again");
    }

    fn write_status(&mut self, trouble: Option<Problem>) {
        let waiting = self.waiting().unwrap_or_default();
        let status = &mut self.status;
        status.waiting = waiting.len() as u64;
        status.oldest_at = waiting.first().map(|entry| entry.taken_at);
        status.last_contact_at = self.client.last_contact().or(status.last_contact_at);
        status.clock_ahead_seconds = self.client.clock_ahead().as_secs();
        status.ignored = self.folders.ignored() as u64;
        status.error = trouble.map(|problem| {
            use crate::language::Language::{En, Zh};
            (problem.text(Zh).to_owned(), problem.text(En).to_owned())
        });
        // Written when something changed; a disk is not for telling that nothing did.
        if self.written.as_ref() == Some(status) {
            return;
        }
        self.written = Some(status.clone());
        let mut fresh = status.clone();
        fresh.written_at = Timestamp::now();
        if let Err(error) = durable::write_json(&Status::place(&self.config), &fresh) {
            tracing::warn!(%error, "the status could not be written");
        }
    }
}

/// Where the hospital's code and name are kept.
pub(crate) fn hospital_place(config: &Config) -> PathBuf {
    Path::new(&config.state).join("hospital.json")
}

fn not_now(problem: Problem) -> CallError {
    CallError::Later {
        problem,
        after: None,
    }
}

fn too_large() -> Checked {
    Checked {
        figures: Figures {
            errors: 1,
            ..Figures::default()
        },
        causes: vec![check::Cause {
            rule: "file".to_owned(),
            findings: 1,
            rows: Vec::new(),
            message: "文件超过512M，未读取 · the file is larger than 512 MB and was not read".to_owned(),
            mend: "请拆分为多个文件，每个压缩后不超过20M · split it; each file at most 20 MB once compressed".to_owned(),
        }],
        payload: None,
        reports: Vec::new(),
    }
}
