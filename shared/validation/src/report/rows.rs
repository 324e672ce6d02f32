//! Gathers what a report of rows needs: each record with all that was found in it, in one call.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;

use standard::{Severity, Standard};

use super::words::{self, say};
use crate::{FileInfo, Finding, FindingView, JudgedRecord, Language, Progress, Sink};

/// Which of the hospital's rows a report holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// Those with an error or a warning.
    #[default]
    WithFindings,
    /// Those that did not pass: what has to be mended and sent again.
    WithErrors,
    /// All of them.
    All,
}

/// A finding of a row, ready to be shown.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) severity: Severity,
    #[cfg_attr(
        not(feature = "workbook"),
        expect(dead_code, reason = "only a workbook colours cells")
    )]
    pub(super) column: Option<u16>,
    pub(super) view: FindingView,
}

impl Mark {
    /// One line: where, what, how to mend it.
    pub(super) fn line(&self, language: Language) -> String {
        let view = &self.view;
        let name = match language {
            Language::Chinese => view.name_zh.as_deref(),
            Language::English => view.name_en.as_deref(),
        };
        let place = match (view.code.as_deref(), name) {
            (Some(code), Some(name)) => format!("{code} {name}"),
            (Some(code), None) => code.to_owned(),
            _ => say(words::WHOLE_RECORD, language).to_owned(),
        };
        let line = match language {
            Language::Chinese => format!("【{place}】{}", self.explanation(language)),
            Language::English => format!("[{place}] {}", self.explanation(language)),
        };
        one_line(&line)
    }

    /// What is wrong and how to mend it.
    pub(super) fn explanation(&self, language: Language) -> String {
        let (stop, open, close) = match language {
            Language::Chinese => ("。", "（", "）"),
            Language::English => (". ", " (", ")"),
        };
        let view = &self.view;
        let mut text = view.message.clone();
        for part in [
            (!view.mend.is_empty()).then(|| format!("{}{}", say(words::MEND, language), view.mend)),
            view.suggestion
                .as_ref()
                .map(|suggestion| format!("{}{suggestion}", say(words::MEANT, language))),
        ]
        .into_iter()
        .flatten()
        {
            let end = text.trim_end_matches(['。', '.']).len();
            text.truncate(end);
            text.push_str(stop);
            text.push_str(&part);
        }
        text.push_str(open);
        text.push_str(&view.rule);
        text.push_str(close);
        text
    }
}

/// Lines of all marks of one severity, as one cell without line breaks.
pub(super) fn lines(marks: &[Mark], severity: Severity, language: Language) -> Vec<String> {
    marks
        .iter()
        .filter(|mark| mark.severity == severity)
        .map(|mark| mark.line(language))
        .collect()
}

/// A value of the file may hold line breaks, which a list of findings must not.
pub(super) fn one_line(text: &str) -> String {
    text.split(['\r', '\n', '\u{2028}', '\u{2029}'])
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where the rows of a report go.
pub(super) trait RowWriter {
    /// A file begins.
    fn file(&mut self, index: u16, file: &FileInfo) -> io::Result<()>;
    /// A row of the file that belongs in the report.
    fn row(&mut self, row: u32, cells: &[&str], marks: &[Mark]) -> io::Result<()>;
}

/// Findings about a row that the check makes after the row has gone by, such as links between files.
pub(super) type LateFindings = BTreeMap<(u16, u32), Vec<Finding<'static>>>;

/// The sink of a report of rows.
pub(super) struct RowReport<'a, W> {
    standard: &'a Standard,
    language: Language,
    rows: Rows,
    late: &'a LateFindings,
    files: Vec<FileInfo>,
    /// Columns of the file at hand that are its own, not of an earlier report of ours.
    theirs: Vec<bool>,
    waiting: Vec<Finding<'static>>,
    /// Findings about a file or the upload as a whole, at most 1,000.
    pub(super) whole: Vec<Finding<'static>>,
    pub(super) writer: W,
    failure: Option<io::Error>,
}

const WHOLE_FINDINGS: usize = 1000;

impl<'a, W: RowWriter> RowReport<'a, W> {
    pub(super) fn new(
        standard: &'a Standard,
        language: Language,
        rows: Rows,
        late: &'a LateFindings,
        writer: W,
    ) -> Self {
        Self {
            standard,
            language,
            rows,
            late,
            files: Vec::new(),
            theirs: Vec::new(),
            waiting: Vec::new(),
            whole: Vec::new(),
            writer,
            failure: None,
        }
    }

    /// The writer and the findings about whole files, or why writing failed.
    pub(super) fn finish(self) -> io::Result<(W, Vec<Finding<'static>>)> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok((self.writer, self.whole)),
        }
    }

    // A report that is mended, sent and found faulty again must not gather our columns twice.
    fn theirs<T: Clone>(&self, all: &[T]) -> Vec<T> {
        let is_theirs = |index: usize| self.theirs.get(index).copied().unwrap_or(true);
        let kept = all
            .iter()
            .enumerate()
            .filter(|(index, _)| is_theirs(*index));
        kept.map(|(_, item)| item.clone()).collect()
    }

    fn column(&self, column: u16) -> u16 {
        let before = self.theirs.iter().take(usize::from(column));
        let ours = before.filter(|theirs| !**theirs).count();
        column - u16::try_from(ours).unwrap_or(column)
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failure.get_or_insert(error);
        }
    }
}

impl<W: RowWriter> Sink for RowReport<'_, W> {
    fn file(&mut self, index: u16, file: &FileInfo) {
        self.waiting.clear();
        self.files
            .resize_with(usize::from(index), FileInfo::default);
        self.files.push(file.clone());
        self.theirs = file
            .header
            .iter()
            .map(|name| !name.trim_start().starts_with('#'))
            .collect();
        let shown = FileInfo {
            header: self.theirs(&file.header),
            columns: self.theirs(&file.columns),
            ..file.clone()
        };
        let result = self.writer.file(index, &shown);
        self.keep(result);
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        if finding.row.is_some_and(|row| row > 1) {
            self.waiting.push(kept(finding));
        } else if self.whole.len() < WHOLE_FINDINGS {
            // The header is as good as the whole file: no record has its row.
            self.whole.push(kept(finding));
        }
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        let place = (Some(record.file), Some(record.row));
        let late = self.late.get(&(record.file, record.row));
        let marks: Vec<Mark> = self
            .waiting
            .iter()
            .chain(late.into_iter().flatten())
            .filter(|finding| (finding.file, finding.row) == place)
            .map(|finding| Mark {
                severity: finding.severity(self.standard),
                column: finding.column.map(|column| self.column(column)),
                view: finding.view(self.standard, &self.files, self.language),
            })
            .collect();
        self.waiting.clear();
        let wanted = match self.rows {
            Rows::All => true,
            Rows::WithFindings => !marks.is_empty(),
            Rows::WithErrors => marks.iter().any(|mark| mark.severity == Severity::Error),
        };
        if wanted && self.failure.is_none() {
            let cells: Vec<_> = record.written().collect();
            let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
            let cells = self.theirs(&cells);
            let result = self.writer.row(record.row, &cells, &marks);
            self.keep(result);
        }
    }

    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        match self.failure {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

/// The finding, to be kept beyond the check.
pub(super) fn kept(finding: &Finding<'_>) -> Finding<'static> {
    let text = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
    Finding {
        file: finding.file,
        row: finding.row,
        column: finding.column,
        field: finding.field,
        rule: finding.rule,
        value: text(&finding.value),
        detail: finding.detail.as_ref().map(text),
        suggestion: finding.suggestion.as_ref().map(text),
    }
}

/// The first reading: collects what is found about rows that have gone by.
#[derive(Debug, Default)]
pub(super) struct Late {
    pub(super) findings: LateFindings,
    /// Late findings beyond the limit, which the report has to do without.
    pub(super) left_out: u64,
    kept: u64,
    at: Option<(u16, u32)>,
}

/// Late findings kept; more only come from a file whose every row links wrongly, and each costs some 300 bytes.
const LATE_FINDINGS: u64 = 50_000;

impl Late {
    /// Adds a finding judged elsewhere, or late.
    pub(super) fn add(&mut self, finding: &Finding<'_>) {
        let (Some(file), Some(row)) = (finding.file, finding.row) else {
            return;
        };
        if self.kept < LATE_FINDINGS {
            self.kept += 1;
            let findings = self.findings.entry((file, row)).or_default();
            findings.push(kept(finding));
        } else {
            self.left_out += 1;
        }
    }
}

impl Sink for Late {
    fn finding(&mut self, finding: &Finding<'_>) {
        if let (Some(file), Some(row), Some(at)) = (finding.file, finding.row, self.at)
            && (file, row) <= at
        {
            self.add(finding);
        }
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        self.at = Some((record.file, record.row));
    }
}
