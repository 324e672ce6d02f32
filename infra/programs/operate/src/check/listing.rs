use std::borrow::Cow;
use std::ops::ControlFlow;

use standard::{Severity, Standard};
use validation::{FileInfo, Finding, FindingView, Sink, Summary};

use super::progress::Progress;
use crate::language::Language;

/// The first findings of each severity; errors never make room for warnings.
pub(super) struct Listing<'a> {
    standard: &'a Standard,
    most: u64,
    errors: Vec<Finding<'static>>,
    warnings: Vec<Finding<'static>>,
    progress: Progress,
}

/// The findings of a [`Listing`] with their texts, in the order of the files and rows.
pub(super) struct Listed {
    pub(super) errors: Vec<FindingView>,
    pub(super) warnings: Vec<FindingView>,
}

impl<'a> Listing<'a> {
    pub(super) fn new(standard: &'a Standard, most: u64, progress: Progress) -> Self {
        Self {
            standard,
            most,
            errors: Vec::new(),
            warnings: Vec::new(),
            progress,
        }
    }

    /// What was kept. Texts are made only now, since a finding may name a file that the summary alone knows.
    pub(super) fn end(self, upload: &str, summary: &Summary, language: Language) -> Listed {
        self.progress.clear();
        let files: Vec<FileInfo> = summary.files.iter().map(|file| file.info.clone()).collect();
        let views = |mut findings: Vec<Finding<'static>>| {
            // What concerns a file as a whole is found last and read first.
            findings.sort_by_key(|finding| (finding.file, finding.row));
            let view = |finding: &Finding<'_>| {
                let mut view = finding.view(self.standard, &files, language.into());
                if view.file.is_empty() {
                    upload.clone_into(&mut view.file);
                }
                view
            };
            findings.iter().map(view).collect()
        };
        Listed {
            errors: views(self.errors),
            warnings: views(self.warnings),
        }
    }
}

impl Sink for Listing<'_> {
    fn finding(&mut self, finding: &Finding<'_>) {
        let kept = match finding.severity(self.standard) {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if (kept.len() as u64) < self.most {
            kept.push(Finding {
                value: Cow::Owned(finding.value.clone().into_owned()),
                detail: finding
                    .detail
                    .clone()
                    .map(|text| Cow::Owned(text.into_owned())),
                suggestion: finding
                    .suggestion
                    .clone()
                    .map(|text| Cow::Owned(text.into_owned())),
                ..*finding
            });
        }
    }

    fn progress(&mut self, progress: validation::Progress) -> ControlFlow<()> {
        self.progress.at(progress);
        ControlFlow::Continue(())
    }
}
