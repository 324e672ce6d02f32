//! The whole service on this machine, with data of its own, for one video.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::actor;

/// How long a start may take.
const START: Duration = Duration::from_secs(60);
/// How long a mail or SMS may take.
const DELIVERY: Duration = Duration::from_secs(30);
/// What the addresses of the service look like in a video.
const ADDRESS: &str = "https://flu.hqms.org.cn";

/// A running service.
pub(super) struct Service {
    process: Child,
    folder: TempDir,
    programs: PathBuf,
    /// Where its first page is.
    pub(super) portal: String,
}

impl Service {
    /// Starts the program that lies in this folder.
    pub(super) fn start(programs: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = programs.join(format!("local{}", std::env::consts::EXE_SUFFIX));
        let ready = folder.path().join("ready.json");
        let process = Command::new(&program)
            .args(["--port", "0", "--data"])
            .arg(folder.path().join("data"))
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("`{}` could not be started", program.display()))?;
        let mut service = Self {
            process,
            folder,
            programs: programs.to_owned(),
            portal: String::new(),
        };
        let end = Instant::now() + START;
        let addresses = loop {
            if let Ok(text) = std::fs::read(&ready) {
                break serde_json::from_slice::<Value>(&text)?;
            }
            if service.process.try_wait()?.is_some() || Instant::now() > end {
                bail!("`{}` does not come up", program.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        service.portal = addresses["portal"].as_str().unwrap_or_default().to_owned();
        Ok(service)
    }

    /// A folder that goes with it, for what commands read and write.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What stands behind a word in the newest message to somebody, up to the next comma.
    pub(super) fn message(&self, to: &str, after: &str) -> Result<String> {
        let end = Instant::now() + DELIVERY;
        loop {
            let url = format!("{}/_local/outbox.json?to={to}", self.portal);
            let text = ureq::get(&url).call()?.body_mut().read_to_string()?;
            let answer: Value = serde_json::from_str(&text)?;
            let messages = answer["messages"].as_array().cloned().unwrap_or_default();
            let found = messages.iter().find_map(|message| {
                let (_, rest) = message["text"].as_str()?.split_once(after)?;
                let value = rest.split(['，', '。', '\n']).next()?;
                Some(value.trim_matches(['：', ' ']).to_owned())
            });
            match found {
                Some(found) => return Ok(found),
                None if Instant::now() > end => bail!("no message to {to} says `{after}`"),
                None => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// A command in a folder of its own, which finds the project's programs.
    pub(super) fn shell(&self, command: &str) -> Command {
        let mut shell = actor::shell(&command.replace(ADDRESS, &self.portal));
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&paths));
        shell
            .current_dir(self.folder.path())
            .env(
                "FRONT_END_MACHINE_CONFIG",
                self.folder.path().join("front-end-machine.toml"),
            )
            .env("FRONT_END_MACHINE_LANG", "zh")
            .env("NO_COLOR", "1");
        if let Ok(paths) = std::env::join_paths(paths) {
            shell.env("PATH", paths);
        }
        shell
    }

    /// A line without what belongs to this machine.
    pub(super) fn plain(&self, line: &str) -> String {
        let folder = self.folder.path().display().to_string();
        line.replace(&self.portal, ADDRESS)
            .replace(&format!("{folder}/"), "/srv/")
            .replace(&folder, "/srv")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
