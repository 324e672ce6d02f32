//! What one check gathers on its way: files, counts, and what goes to the sink.

use std::borrow::Cow;

use standard::{Level, Severity};

use crate::drug_selection::DrugSelection;
use crate::findings_digest::FindingsDigest;
use crate::links::Collector;
use crate::mixed::Mixed;
use crate::rules::own::{OwnCheck, OwnRules};
use crate::shown::shown;
use crate::tally::{CauseIndex, Tally};
use crate::{
    CheckError, FileInfo, FileSummary, Finding, JudgedRecord, Note, Outcome, Progress, Settings,
    Sink, Summary,
};

/// A check while it goes.
pub(crate) struct Run<'a> {
    pub(crate) settings: &'a Settings<'a>,
    pub(crate) own: &'a OwnRules,
    pub(crate) progress: Progress,
    sink: &'a mut dyn Sink,
    tally: Tally,
    digest: FindingsDigest,
    links: Option<Collector<'a>>,
    drugs: Option<DrugSelection>,
    /// Findings handed to the sink.
    kept: u64,
    infos: Vec<FileInfo>,
    files: Vec<FileSummary>,
    /// Notes on the archive as a whole; the first file carries them.
    notes: Vec<Note>,
    upload_failed: bool,
    unreadable: bool,
}

/// What findings of one cause at one place have in common when they are counted.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) severity: Severity,
    cause: CauseIndex,
    /// What their digests begin with; `None`: they are not part of it.
    seed: Option<Mixed>,
}

impl<'a> Run<'a> {
    /// A check that hands what it finds to a sink.
    pub(crate) fn new(
        settings: &'a Settings<'a>,
        own: &'a OwnRules,
        sink: &'a mut dyn Sink,
    ) -> Self {
        let links = match settings.links {
            crate::Links::WithinArchive => Some(Collector::new(settings.standard)),
            crate::Links::Deferred => None,
        };
        Self {
            settings,
            own,
            progress: Progress::default(),
            sink,
            tally: Tally::default(),
            digest: FindingsDigest::default(),
            links,
            drugs: DrugSelection::new(settings.standard),
            kept: 0,
            infos: Vec::new(),
            files: Vec::new(),
            notes: Vec::new(),
            upload_failed: false,
            unreadable: false,
        }
    }

    /// Tells what kinds the files to come are of, before the first begins.
    pub(crate) fn expect(&mut self, kinds: &[Option<usize>]) {
        self.drugs = self.drugs.take().filter(|drugs| drugs.concerns(kinds));
    }

    /// Adds notes on the archive.
    pub(crate) fn note(&mut self, notes: Vec<Note>) {
        self.notes.extend(notes);
    }

    /// A file begins; its index.
    pub(crate) fn begin_file(&mut self, info: FileInfo, mut notes: Vec<Note>) -> u16 {
        let index = u16::try_from(self.infos.len()).unwrap_or(u16::MAX);
        self.sink.file(index, &info);
        if let Some(links) = &mut self.links {
            links.file(index, &info);
        }
        notes.splice(0..0, std::mem::take(&mut self.notes));
        self.files.push(FileSummary {
            info: info.clone(),
            encoding: None,
            total: 0,
            passed: 0,
            unreadable: false,
            notes,
        });
        self.infos.push(info);
        index
    }

    /// The summary of a file, to be filled while it is read.
    pub(crate) fn file(&mut self, index: u16) -> &mut FileSummary {
        &mut self.files[usize::from(index)]
    }

    /// Marks a file that could not be read to its end.
    pub(crate) fn file_unreadable(&mut self, index: u16) {
        let file = self.file(index);
        file.unreadable = true;
        file.passed = 0;
        self.unreadable = true;
    }

    /// Marks the upload as not readable.
    pub(crate) fn upload_unreadable(&mut self) {
        self.unreadable = true;
    }

    /// Takes a finding; its severity.
    pub(crate) fn finding(&mut self, finding: &Finding<'_>, kind: Option<usize>) -> Severity {
        let severity = finding.severity(self.settings.standard);
        if self
            .drugs
            .as_mut()
            .is_some_and(|drugs| drugs.takes(finding))
        {
            return severity;
        }
        let cause = self.cause(finding, kind);
        let hash = Mixed::of_ends(&finding.value);
        self.count(&cause, finding, hash);
        self.hand_over(finding);
        severity
    }

    /// What a finding is counted under.
    pub(crate) fn cause(&mut self, finding: &Finding<'_>, kind: Option<usize>) -> Counted {
        let standard = self.settings.standard;
        let severity = finding.severity(standard);
        let rule = standard.rules.get(usize::from(finding.rule));
        // Those between files need what a browser does not have: earlier uploads and the hospital's codes.
        let rule = rule.filter(|rule| rule.level != Level::Cross);
        Counted {
            severity,
            cause: self.tally.cause(finding, kind, severity),
            seed: rule.map(|rule| FindingsDigest::seed(&rule.id, finding)),
        }
    }

    /// Counts a finding, with the hash of its value.
    #[inline]
    pub(crate) fn count(&mut self, counted: &Counted, finding: &Finding<'_>, hash: Mixed) {
        self.tally.add(counted.cause, finding, hash);
        if let Some(seed) = counted.seed {
            self.digest.add(seed, finding.row, hash);
        }
    }

    /// Tells a finding that was counted.
    #[inline]
    pub(crate) fn tell(&mut self, finding: &Finding<'_>, kind: usize) {
        if self.may_wait(finding) {
            self.finding(finding, Some(kind));
        } else {
            self.hand_over(finding);
        }
    }

    /// Whether the finding is counted once it is known whether it is told.
    pub(crate) fn may_wait(&self, finding: &Finding<'_>) -> bool {
        self.drugs
            .as_ref()
            .is_some_and(|drugs| drugs.is_asked(finding))
    }

    fn hand_over(&mut self, finding: &Finding<'_>) {
        if self.kept < self.settings.limits.kept_findings {
            self.kept += 1;
            self.sink.finding(finding);
        }
    }

    /// Takes a finding of an own check about the upload or a file, unless its rule is switched off.
    pub(crate) fn file_finding(
        &mut self,
        check: OwnCheck,
        file: Option<u16>,
        value: &str,
        detail: Option<&str>,
        suggestion: Option<&str>,
    ) {
        let Some(rule) = self.own.get(check) else {
            return;
        };
        let finding = Finding {
            file,
            row: None,
            column: None,
            field: None,
            rule,
            value: shown(Cow::Borrowed(value)),
            detail: detail.map(Cow::Borrowed),
            suggestion: suggestion.map(Cow::Borrowed),
        };
        let kind = file.and_then(|file| {
            let kind = self.infos[usize::from(file)].kind.as_deref()?;
            self.settings.standard.kind_index(kind)
        });
        if self.finding(&finding, kind) == Severity::Error && file.is_none() {
            self.upload_failed = true;
        }
    }

    /// Tells a judged record.
    #[inline]
    pub(crate) fn record(&mut self, record: &JudgedRecord<'_>) {
        self.sink.record(record);
        if let Some(drugs) = &mut self.drugs {
            drugs.record(record);
        }
        if let Some(links) = &mut self.links {
            links.record(record);
        }
    }

    /// Counts records of a file, of which so many passed.
    pub(crate) fn count_records(&mut self, file: u16, total: u64, passed: u64) {
        let file = self.file(file);
        file.total += total;
        file.passed += passed;
        self.progress.records += total;
    }

    /// Tells how far the check is.
    ///
    /// # Errors
    /// When the sink asks to stop.
    pub(crate) fn tell_progress(&mut self) -> Result<(), CheckError> {
        if self.sink.progress(self.progress).is_break() {
            return Err(CheckError::Cancelled);
        }
        Ok(())
    }

    /// Findings between the files, then the summary.
    pub(crate) fn finish(mut self) -> Summary {
        let kinds: Vec<Option<usize>> = self
            .infos
            .iter()
            .map(|info| self.settings.standard.kind_index(info.kind.as_deref()?))
            .collect();
        if let Some(drugs) = self.drugs.take() {
            for finding in drugs.finish() {
                let kind = finding.file.and_then(|file| *kinds.get(usize::from(file))?);
                self.finding(&finding, kind);
            }
        }
        if let Some(links) = self.links.take() {
            links.each_finding(&mut |finding| {
                let kind = finding.file.and_then(|file| *kinds.get(usize::from(file))?);
                self.finding(finding, kind);
            });
        }
        let total = self.files.iter().map(|file| file.total).sum();
        let passed = self.files.iter().map(|file| file.passed).sum();
        let standard = self.settings.standard;
        let [errors, warnings] =
            [Severity::Error, Severity::Warning].map(|severity| self.tally.findings(severity));
        let outcome = if passed == 0 {
            Outcome::Rejected
        } else if passed == total && !self.unreadable && !self.upload_failed {
            Outcome::Accepted
        } else {
            Outcome::Partly
        };
        Summary {
            standard: standard.version.clone(),
            outcome,
            total,
            passed,
            errors,
            warnings,
            truncated: errors + warnings > self.kept,
            unreadable: self.unreadable,
            findings_digest: self.digest.to_string(),
            by_rule: self.tally.by_rule(standard),
            by_column: self.tally.by_column(standard),
            causes: self.tally.causes(standard, &self.infos),
            files: self.files,
        }
    }
}
