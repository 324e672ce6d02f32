//! The summary and all findings as one JSON object, and the sink that streams findings one by one.

use std::io::{self, Write};
use std::ops::ControlFlow;

use standard::Standard;

use super::rows::kept;
use crate::{FileInfo, Finding, FindingView, Language, Progress, Sink, Summary};

/// Where findings go one by one.
pub(super) trait FindingWriter {
    fn begin(&mut self) -> io::Result<()>;
    fn finding(&mut self, view: &FindingView) -> io::Result<()>;
}

/// The sink of a report that lists findings. Those about whole files come last: their texts may need what only the summary knows.
pub(super) struct FindingReport<'a, W> {
    standard: &'a Standard,
    language: Language,
    files: Vec<FileInfo>,
    whole: Vec<Finding<'static>>,
    writer: W,
    failure: Option<io::Error>,
}

const WHOLE_FINDINGS: usize = 10_000;

impl<'a, W: FindingWriter> FindingReport<'a, W> {
    pub(super) fn new(standard: &'a Standard, language: Language, mut writer: W) -> Self {
        let failure = writer.begin().err();
        Self {
            standard,
            language,
            files: Vec::new(),
            whole: Vec::new(),
            writer,
            failure,
        }
    }

    /// Why writing failed, if it did.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Writes what was kept back, and what was judged elsewhere.
    pub(super) fn finish(mut self, summary: &Summary, elsewhere: &[Finding<'_>]) -> io::Result<W> {
        let files: Vec<FileInfo> = summary.files.iter().map(|file| file.info.clone()).collect();
        for finding in elsewhere.iter().chain(&self.whole) {
            let view = finding.view(self.standard, &files, self.language);
            self.writer.finding(&view)?;
        }
        Ok(self.writer)
    }
}

impl<W: FindingWriter> Sink for FindingReport<'_, W> {
    fn file(&mut self, index: u16, file: &FileInfo) {
        self.files
            .resize_with(usize::from(index), FileInfo::default);
        self.files.push(file.clone());
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        if finding.row.is_none() && self.whole.len() < WHOLE_FINDINGS {
            self.whole.push(kept(finding));
            return;
        }
        if self.failure.is_none() {
            let view = finding.view(self.standard, &self.files, self.language);
            self.failure = self.writer.finding(&view).err();
        }
    }

    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        match self.failure {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Writes `{"findings":[…],"outcome":…}`: the findings stream out while the check runs, what they come to stands behind them.
pub(super) struct JsonWriter<W> {
    output: W,
    is_first: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(super) fn new(output: W) -> Self {
        Self {
            output,
            is_first: true,
        }
    }

    pub(super) fn end(mut self, summary: &Summary) -> io::Result<()> {
        let summary = serde_json::to_string(summary)?;
        // The summary is an object with members, so its brace gives way to a comma.
        let members = summary.strip_prefix('{').unwrap_or(&summary);
        write!(self.output, "\n],{members}")?;
        self.output.write_all(b"\n")?;
        self.output.flush()
    }
}

impl<W: Write> FindingWriter for JsonWriter<W> {
    fn begin(&mut self) -> io::Result<()> {
        self.output.write_all(b"{\"findings\":[")
    }

    fn finding(&mut self, view: &FindingView) -> io::Result<()> {
        let separator: &[u8] = match std::mem::take(&mut self.is_first) {
            true => b"\n",
            false => b",\n",
        };
        self.output.write_all(separator)?;
        Ok(serde_json::to_writer(&mut self.output, view)?)
    }
}
