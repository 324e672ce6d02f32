use std::fmt;
use std::io;
use std::path::Path;

use crate::language::Language;

/// Why something cannot be done: what is wrong and what helps, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    zh: String,
    en: String,
}

impl Problem {
    pub(crate) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// A file or folder cannot be used.
    pub(crate) fn path(path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(
                format!("找不到 {path}，请检查路径"),
                format!("there is no {path}; check the path"),
            ),
            io::ErrorKind::PermissionDenied => Self::new(
                format!("没有权限读写 {path}，请检查运行本程序的系统用户的权限"),
                format!(
                    "{path} may not be used; check the rights of the user this program runs as"
                ),
            ),
            _ => Self::new(
                format!("无法读写 {path}：{error}"),
                format!("{path} cannot be used: {error}"),
            ),
        }
    }

    pub(crate) fn text(&self, language: Language) -> &str {
        language.say(&self.zh, &self.en)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} · {}", self.zh, self.en)
    }
}
