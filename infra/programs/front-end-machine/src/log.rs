use std::io::IsTerminal;

use tracing_appender::rolling::{Builder, Rotation};
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
    let file = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("front-end-machine")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(&folder)
        .map_err(|error| {
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
