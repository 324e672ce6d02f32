//! `operate check`: the same check as everywhere, on files of this machine.

mod human;
mod input;
mod listing;
mod output;
mod progress;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::civil::DateTime;
use standard::{Rule, Standard};
use validation::{Institution, Limits, Links, Settings, Summary, check, report};

use crate::language::Language;
use input::Problem;
use listing::Listing;
use progress::Progress;

/// Findings listed on the screen of each severity, unless asked otherwise.
const LISTED: u64 = 50;

/// 检查数据包，列出每一处错误 · Checks data archives and lists everything wrong in them
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  没有错误（可以有提示） no errors (there may be warnings)\n  1  有错误 errors\n  2  有文件无法读取 something could not be read"
)]
pub(crate) struct Check {
    /// 要检查的 ZIP 数据包 · Archives to check
    #[arg(required = true, value_name = "FILE.zip")]
    files: Vec<PathBuf>,
    /// 输出 JSON，每个数据包一个对象 · Print JSON, one object for each archive
    #[arg(long)]
    json: bool,
    /// 语言 · Language
    #[arg(long, value_enum, default_value = "zh", env = "OPERATE_LANG")]
    lang: Language,
    /// 医疗机构代码，用于核对数据属于本院 · Code of the institution the data must belong to
    #[arg(long, value_name = "CODE")]
    institution: Option<String>,
    /// 医疗机构名称 · Its registered name
    #[arg(long, value_name = "NAME", requires = "institution")]
    institution_name: Option<String>,
    /// 接收时间（北京时间），晚于它的日期视为不合理，默认现在 · Time of receipt in Beijing time, now by default
    #[arg(long, value_name = "yyyy-MM-ddTHH:mm:ss")]
    received_at: Option<DateTime>,
    /// 本地调整：必填标记与严重程度 · File of changed required marks and severities
    #[arg(long, value_name = "FILE")]
    overrides: Option<PathBuf>,
    /// 最多列出多少处（合计数不受影响），屏幕默认错误、提示各 50 处，JSON 默认全部 · Findings listed at most; counts stay exact
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// 有问题的行连同错误说明另存为 CSV，改好后可直接上传 · Save the faulty rows with their errors as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// 同上，存为 Excel 工作簿，错误单元格标色 · The same as a workbook, bad cells marked
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// 有提示时也返回 1 · Return 1 for warnings as well
    #[arg(long)]
    strict: bool,
}

/// How a check ended, worst last; the number is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Clean,
    Findings,
    Unreadable,
}

impl Check {
    pub(crate) fn run(self) -> ExitCode {
        if self.files.len() > 1 && (self.csv.is_some() || self.xlsx.is_some()) {
            return self.stop(&Problem::SeveralForOneReport);
        }
        // One moment for the whole run, so that all archives are judged alike.
        let received_at = self.received_at.unwrap_or_else(input::beijing_now);
        let standard = match self.standard(received_at) {
            Ok(standard) => standard,
            Err(problem) => return self.stop(&problem),
        };
        let institution = self.institution.as_ref().map(|code| Institution {
            code: code.clone(),
            name: self.institution_name.clone().unwrap_or_default(),
        });
        let settings = Settings {
            standard: &standard,
            received_at,
            institution: institution.as_ref(),
            codes: None,
            links: Links::WithinArchive,
            limits: Limits::default(),
        };
        let mut ending = Ending::Clean;
        let mut totals = output::Totals::default();
        for (index, path) in self.files.iter().enumerate() {
            match self.one(path, index, &settings) {
                Ok(summary) => {
                    totals.add(&summary);
                    ending = ending.max(self.judge(&summary));
                }
                // The reader of a pipe has seen enough (`operate check … | head`).
                Err(Problem::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => break,
                Err(problem @ Problem::Output(_)) => return self.stop(&problem),
                Err(problem) => {
                    self.tell(&problem.text(self.lang));
                    ending = Ending::Unreadable;
                }
            }
        }
        if self.files.len() > 1 && !self.json {
            // The result is in the exit status even if nobody reads this line.
            let _ = writeln!(
                io::stdout(),
                "\n{}",
                totals.line(self.files.len(), self.lang)
            );
        }
        ExitCode::from(ending as u8)
    }

    fn one(&self, path: &Path, index: usize, settings: &Settings<'_>) -> Result<Summary, Problem> {
        let file = input::open(path)?;
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let summary = if self.json {
            self.print_json(path, &name, file, settings)?
        } else {
            self.print_listing(path, &name, file, index, settings)?
        };
        for (report, form) in [
            (&self.csv, output::Form::Csv),
            (&self.xlsx, output::Form::Xlsx),
        ] {
            if let Some(report) = report {
                let file = input::open(path)?;
                let written = output::report(path, &name, file, settings, report, form, self.lang)?;
                let written = written.display();
                self.tell(
                    &self
                        .lang
                        .say(format!("已保存 {written}"), format!("saved {written}")),
                );
            }
        }
        Ok(summary)
    }

    fn print_json(
        &self,
        path: &Path,
        name: &str,
        file: File,
        settings: &Settings<'_>,
    ) -> Result<Summary, Problem> {
        let mut settings = *settings;
        if let Some(max) = self.max {
            settings.limits.kept_findings = max;
        }
        let options = report::Options {
            language: self.lang.into(),
            ..report::Options::default()
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let report = report::json(name, file, &settings, &options, &mut out)
            .map_err(|error| Problem::of_report(path, error))?;
        out.flush()?;
        Ok(report.summary)
    }

    fn print_listing(
        &self,
        path: &Path,
        name: &str,
        file: File,
        index: usize,
        settings: &Settings<'_>,
    ) -> Result<Summary, Problem> {
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        let progress = Progress::new(name, size, self.lang);
        let mut listing = Listing::new(settings.standard, self.max.unwrap_or(LISTED), progress);
        let summary = check(name, file, settings, &mut listing)
            .map_err(|error| Problem::of_check(path, error))?;
        let listed = listing.end(name, &summary, self.lang);
        let mut out = io::BufWriter::new(io::stdout().lock());
        if index > 0 {
            writeln!(out)?;
        }
        human::write(
            &mut out,
            name,
            &summary,
            &listed,
            settings.standard,
            self.lang,
        )?;
        out.flush()?;
        Ok(summary)
    }

    fn judge(&self, summary: &Summary) -> Ending {
        if summary.unreadable {
            Ending::Unreadable
        } else if summary.errors > 0 || (self.strict && summary.warnings > 0) {
            Ending::Findings
        } else {
            Ending::Clean
        }
    }

    /// The version in force when the data is received, with the local changes.
    fn standard(&self, received_at: DateTime) -> Result<Standard, Problem> {
        let standard = standard::in_force_on(received_at.date()).unwrap_or_else(standard::latest);
        let mut standard = match &self.overrides {
            None => standard.clone(),
            Some(path) => input::overrides(path)?
                .apply(standard)
                .map_err(|error| Problem::Overrides(path.clone(), error))?,
        };
        let compares_names = |rule: &&mut Rule| rule.id == "FLU-HQMS-003";
        if let Some(rule) = standard.rules.iter_mut().find(compares_names)
            && self.institution_name.is_none()
        {
            // Without a registered name there is nothing to compare with.
            rule.severity = None;
        }
        Ok(standard)
    }

    fn tell(&self, text: &str) {
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(io::stderr(), "operate: {text}");
    }

    fn stop(&self, problem: &Problem) -> ExitCode {
        self.tell(&problem.text(self.lang));
        ExitCode::from(Ending::Unreadable as u8)
    }
}
