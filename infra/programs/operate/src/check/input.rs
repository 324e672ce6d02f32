use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use standard::{OverrideError, Overrides};
use validation::CheckError;
use validation::report::ReportError;

use crate::language::Language;

/// Why a check could not be done, other than by what the data holds.
#[derive(Debug)]
pub(super) enum Problem {
    /// An input could not be opened or read.
    Read(PathBuf, io::Error),
    /// The overrides cannot be used.
    Overrides(PathBuf, OverrideError),
    /// A report could not be saved there.
    Report(PathBuf, io::Error),
    /// One report was asked for and several archives named.
    SeveralForOneReport,
    /// The result could not be printed.
    Output(io::Error),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Problem {
    /// Of a check that came to no result.
    pub(super) fn of_check(path: &Path, error: CheckError) -> Self {
        match error {
            CheckError::Read(error) => Self::Read(path.to_owned(), error),
            // A check is stopped only where its result cannot be written any more.
            CheckError::Cancelled => Self::Output(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Of a report that was not written.
    pub(super) fn of_report(path: &Path, error: ReportError) -> Self {
        match error {
            ReportError::Check(error) => Self::of_check(path, error),
            ReportError::Write(error) => Self::Output(error),
        }
    }

    /// One sentence: what happened, and what helps.
    pub(super) fn text(&self, language: Language) -> String {
        match self {
            Self::Read(path, error) => {
                let path = path.display();
                match error.kind() {
                    io::ErrorKind::NotFound => language.say(
                        format!("找不到文件 {path}，请检查路径和文件名"),
                        format!("there is no file {path}; check the path and the name"),
                    ),
                    io::ErrorKind::PermissionDenied => language.say(
                        format!("没有权限读取 {path}，请换一个账号或修改文件权限"),
                        format!(
                            "{path} may not be read; use another account or change its permissions"
                        ),
                    ),
                    io::ErrorKind::IsADirectory => language.say(
                        format!("{path} 是文件夹，请指定其中的 ZIP 文件"),
                        format!("{path} is a folder; name a ZIP file in it"),
                    ),
                    _ => language.say(
                        format!("无法读取 {path}：{error}"),
                        format!("{path} could not be read: {error}"),
                    ),
                }
            }
            Self::Overrides(path, error) => {
                let (path, line, problem) = (path.display(), error.line, &error.problem);
                language.say(
                    format!("调整文件 {path} 第 {line} 行不能使用：{problem}"),
                    format!("overrides {path}, line {line}, cannot be used: {problem}"),
                )
            }
            Self::Report(path, error) => {
                let path = path.display();
                language.say(
                    format!("无法保存 {path}：{error}"),
                    format!("{path} could not be saved: {error}"),
                )
            }
            Self::SeveralForOneReport => language
                .say(
                    "--csv 和 --xlsx 一次只能用于一个数据包",
                    "--csv and --xlsx take one archive at a time",
                )
                .to_owned(),
            Self::Output(error) => language.say(
                format!("结果无法写出：{error}"),
                format!("the result could not be written: {error}"),
            ),
        }
    }
}

/// Opens a file to be read from the disk as it is needed.
pub(super) fn open(path: &Path) -> Result<File, Problem> {
    let failed = |error| Problem::Read(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

pub(super) fn overrides(path: &Path) -> Result<Overrides, Problem> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Problem::Read(path.to_owned(), error))?;
    Overrides::parse(&text).map_err(|error| Problem::Overrides(path.to_owned(), error))
}

/// The clock of Beijing, which has no summer time.
pub(super) fn beijing_now() -> DateTime {
    jiff::tz::offset(8).to_datetime(jiff::Timestamp::now())
}
