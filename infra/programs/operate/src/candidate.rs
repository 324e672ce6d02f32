//! The standard to judge by: a version this program has, one that is still to come, or one with a deployment's changes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use jiff::civil::Date;
use standard::{Overrides, Standard};

use crate::language::Language;

/// Under what to judge; one of them.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Candidate {
    /// 本程序已有的版本 · A version this program has, e.g. 2019-11
    #[arg(long, value_name = "VERSION")]
    standard: Option<String>,
    /// 新版本的数据文件夹，格式同 shared/standard/data/<版本> · Folder of a version that is still to come
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// 本地调整：必填标记与严重程度 · File of changed required marks and severities, applied to each upload's own version
    #[arg(long, value_name = "FILE")]
    overrides: Option<PathBuf>,
}

/// What was chosen.
pub(crate) enum Chosen {
    Whole(Box<Standard>),
    Changes(Overrides),
}

impl Candidate {
    pub(crate) fn choose(&self, lang: Language) -> Result<Chosen> {
        if let Some(folder) = &self.data {
            // The days it is in force decide which uploads it is for, not how one is judged.
            return Ok(Chosen::Whole(Box::new(read(folder, Date::MAX, lang)?)));
        }
        if let Some(path) = &self.overrides {
            let text = std::fs::read_to_string(path).with_context(|| unreadable(path, lang))?;
            return Ok(Chosen::Changes(Overrides::parse(&text)?));
        }
        let wanted = self.standard.as_deref().unwrap_or_default();
        let known = standard::versions();
        let found = known.iter().find(|standard| standard.version == wanted);
        let found = found.ok_or_else(|| {
            let all: Vec<&str> = known.iter().map(|it| it.version.as_str()).collect();
            let all = all.join(", ");
            anyhow!(lang.say(
                format!("没有版本 {wanted}，现有 {all}"),
                format!("there is no version {wanted}; known are {all}"),
            ))
        })?;
        Ok(Chosen::Whole(Box::new(found.clone())))
    }
}

impl Chosen {
    /// The standard to judge an upload by that was judged by `own`.
    pub(crate) fn over(&self, own: &Standard) -> Result<Standard> {
        match self {
            Self::Whole(standard) => Ok((**standard).clone()),
            Self::Changes(changes) => Ok(changes.apply(own)?),
        }
    }

    /// Its name, where it has one of its own.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Whole(standard) => Some(&standard.version),
            Self::Changes(_) => None,
        }
    }
}

/// Reads a version from its folder, whose name is the version's. A mistake is told with file, line and column.
pub(crate) fn read(folder: &Path, first_day: Date, lang: Language) -> Result<Standard> {
    let folder = folder
        .canonicalize()
        .with_context(|| unreadable(folder, lang))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let files = |path: &str| {
        let file = path.strip_prefix(&*name)?.strip_prefix('/')?;
        std::fs::read_to_string(folder.join(file)).ok()
    };
    Ok(Standard::read(&name, first_day, &files)?)
}

fn unreadable(path: &Path, lang: Language) -> String {
    let path = path.display();
    lang.say(format!("无法读取 {path}"), format!("{path} can't be read"))
}
