use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use validation::report::{self, Options};
use validation::{Settings, Summary};

use super::input::Problem;
use crate::language::Language;

/// Form of a report of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Xlsx,
}

/// Writes a report beside its place and renames it, so that nobody takes half a report for a whole one.
/// Returns where it stands: rows of several files make a ZIP, which must not be called `.csv`.
pub(super) fn report(
    archive: &Path,
    name: &str,
    file: File,
    settings: &Settings<'_>,
    path: &Path,
    form: Form,
    language: Language,
) -> Result<PathBuf, Problem> {
    let options = Options {
        language: language.into(),
        ..Options::default()
    };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    let failed = |error: io::Error| Problem::Report(path.to_owned(), error);
    let mut out = BufWriter::new(File::create(&partial).map_err(failed)?);
    let result = match form {
        Form::Csv => report::csv(name, file, settings, &options, &mut out),
        Form::Xlsx => report::xlsx(name, file, settings, &options, &mut out),
    };
    let result = result
        .map_err(|error| match Problem::of_report(archive, error) {
            Problem::Output(error) => failed(error),
            other => other,
        })
        .and_then(|report| {
            out.flush().map_err(failed)?;
            let path = match report.media_type {
                "application/zip" => path.with_extension("zip"),
                _ => path.to_owned(),
            };
            std::fs::rename(&partial, &path).map_err(failed)?;
            Ok(path)
        });
    if result.is_err() {
        // The first error is the one to tell; a leftover part is no harm.
        let _ = std::fs::remove_file(&partial);
    }
    result
}

/// Several archives together.
#[derive(Default)]
pub(super) struct Totals {
    total: u64,
    passed: u64,
    errors: u64,
    warnings: u64,
}

impl Totals {
    pub(super) fn add(&mut self, summary: &Summary) {
        self.total += summary.total;
        self.passed += summary.passed;
        self.errors += summary.errors;
        self.warnings += summary.warnings;
    }

    pub(super) fn line(&self, files: usize, language: Language) -> String {
        let Self {
            total,
            passed,
            errors,
            warnings,
        } = self;
        language.say(
            format!("{files} 个数据包合计：记录 {total} 条，达标 {passed} 条，错误 {errors} 处，提示 {warnings} 处"),
            format!("{files} archives: {total} records, {passed} passed, {errors} errors, {warnings} warnings"),
        )
    }
}
