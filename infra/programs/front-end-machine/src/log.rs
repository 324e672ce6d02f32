use std::io::IsTerminal;
use std::path::Path;

use tracing_appender::rolling::{Builder, InitError, RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Config;
use crate::problem::Problem;

/// Days of logs that are kept.
const KEPT: usize = 14;

/// Logs into a file a day, and to the terminal if somebody is watching. Names of files stand in it, values of cells never.
pub(crate) fn start(config: &Config) -> Result<(), Problem> {
    let folder = config.logs();
    // The first start has none, which the appender would complain about.
    std::fs::create_dir_all(&folder).map_err(|error| Problem::path(&folder, &error))?;
    let file = file(&folder, Rotation::DAILY).map_err(|error| {
        Problem::new(
            format!("无法写入日志文件夹 {}：{error}", folder.display()),
            format!(
                "the folder {} for logs cannot be used: {error}",
                folder.display()
            ),
        )
    })?;
    let filter = EnvFilter::try_from_env("FRONT_END_MACHINE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("front_end_machine=info"));
    let to_file = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(file);
    let to_terminal = std::io::stderr()
        .is_terminal()
        .then(|| tracing_subscriber::fmt::layer().with_writer(std::io::stderr));
    // A second start in one process, as a service host may make it, keeps the first.
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(to_file)
        .with(to_terminal)
        .try_init();
    Ok(())
}

/// A file for each span of time, the newest [`KEPT`] of them.
fn file(folder: &Path, rotation: Rotation) -> Result<RollingFileAppender, InitError> {
    Builder::new()
        .rotation(rotation)
        .filename_prefix("front-end-machine")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn logs_of_two_weeks_are_kept_and_nothing_else_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        for day in 1..=28 {
            let name = format!("front-end-machine.2026-01-{day:02}.log");
            fs::write(folder.path().join(name), "old").unwrap();
        }
        fs::write(folder.path().join("other.txt"), "somebody's").unwrap();
        let mut file = file(folder.path(), Rotation::DAILY).unwrap();
        file.write_all(b"new").unwrap();
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.pop().as_deref(), Some("other.txt"));
        assert!(names.len() <= KEPT, "{names:?}");
        let today = names.last().unwrap();
        assert_eq!(fs::read(folder.path().join(today)).unwrap(), b"new");
    }
}
