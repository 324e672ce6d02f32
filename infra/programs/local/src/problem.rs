//! What can keep the service from starting, told to the person who started it: one sentence with the cure, in both languages.

use std::fmt;
use std::io;
use std::path::Path;

/// A reason not to start, as two sentences that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} · {}", self.zh, self.en)
    }
}

impl std::error::Error for Problem {}

impl Problem {
    pub(crate) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// A second process on one data folder would break both.
    pub(crate) fn in_use(folder: &Path) -> Self {
        let folder = folder.display();
        Self::new(
            format!(
                "数据文件夹 {folder} 正被另一个进程使用：请先停止它，或用 --data 指定别的文件夹。"
            ),
            format!(
                "another process uses the data folder {folder}: stop it, or choose another one with --data."
            ),
        )
    }

    /// A file or folder that can't be used, with the cure for the usual reasons.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        let path = path.display();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::new(
                format!("没有权限写入 {path}：请修改权限，或用 --data 指定可写的文件夹。"),
                format!(
                    "{path} is not writable: change its permissions, or choose another folder with --data."
                ),
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::new(
                format!("磁盘已满，无法写入 {path}：请清理空间，或用 --data 指定另一块磁盘。"),
                format!(
                    "the disk is full, {path} can't be written: free some space, or choose a folder on another disk with --data."
                ),
            ),
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => Self::new(
                format!("{path} 不是文件夹：请用 --data 指定一个文件夹。"),
                format!("{path} is not a folder: choose a folder with --data."),
            ),
            _ => Self::new(
                format!("无法使用 {path}（{error}）：请检查该路径，或用 --data 指定别的文件夹。"),
                format!(
                    "{path} can't be used ({error}): check the path, or choose another folder with --data."
                ),
            ),
        }
    }

    /// Stored data that can't be understood.
    pub(crate) fn damaged(folder: &Path, reason: &str) -> Self {
        let folder = folder.display();
        Self::new(
            format!(
                "数据文件夹 {folder} 中的数据无法读取（{reason}）：请从备份恢复，或加 --fresh 清空后重新开始。"
            ),
            format!(
                "stored data in {folder} can't be read ({reason}): restore it from a backup, or start over with --fresh."
            ),
        )
    }

    /// An address that can't be listened on.
    pub(crate) fn address(address: &str, option: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::new(
                format!(
                    "端口 {address} 及其后的端口都被占用：请用 {option} 指定别的端口，{option} 0 为任意空闲端口。"
                ),
                format!(
                    "port {address} and those after it are taken: choose another with {option}; {option} 0 takes any free one."
                ),
            ),
            io::ErrorKind::PermissionDenied => Self::new(
                format!("没有权限使用端口 {address}：请用 {option} 指定 1024 以上的端口。"),
                format!(
                    "port {address} needs special rights: choose one above 1024 with {option}."
                ),
            ),
            _ => Self::new(
                format!("无法在 {address} 上监听（{error}）：请检查 --bind 和 {option}。"),
                format!("can't listen on {address} ({error}): check --bind and {option}."),
            ),
        }
    }

    /// An object store or table that does not do what it is asked.
    pub(crate) fn server(
        what: &str,
        endpoint: &str,
        option: &str,
        reason: impl fmt::Display,
    ) -> Self {
        Self::new(
            format!(
                "{what} {endpoint} 无法使用（{reason}）：请确认它已启动、凭据（AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY）正确，并检查 {option}。"
            ),
            format!(
                "{what} at {endpoint} can't be used ({reason}): see that it runs and that the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) are right, and check {option}."
            ),
        )
    }

    /// A start that failed where no cure is known.
    pub(crate) fn internal(step: &str, reason: impl fmt::Display) -> Self {
        Self::new(
            format!("启动失败，步骤“{step}”出错（{reason}）：请重试；若仍失败，请附上此信息报告。"),
            format!(
                "start failed at `{step}` ({reason}): try again; if it fails again, report this message."
            ),
        )
    }
}
