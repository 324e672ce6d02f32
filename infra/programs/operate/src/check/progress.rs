use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::language::Language;

/// Archives smaller than this are done before a bar could be read.
const WORTH_A_BAR: u64 = 1024 * 1024;

/// A bar on standard error, where a person is watching and the archive is long.
pub(super) struct Progress {
    bar: ProgressBar,
    language: Language,
}

impl Progress {
    pub(super) fn new(name: &str, size: u64, language: Language) -> Self {
        let bar = if io::stderr().is_terminal() && size >= WORTH_A_BAR {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3}% {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, language }
    }

    pub(super) fn at(&self, progress: validation::Progress) {
        self.bar.set_length(progress.bytes_total);
        self.bar.set_position(progress.bytes);
        let records = progress.records;
        self.bar.set_message(
            self.language
                .say(format!("{records} 条记录"), format!("{records} records")),
        );
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
