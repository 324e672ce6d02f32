//! The configuration file.

use std::fs;
use std::path::{Path, PathBuf};

use hyper::Uri;
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::problem::Problem;

/// What the configuration file says. Blank fields have defaults; unknown ones are refused, so that a misspelt one is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the service, e.g. `https://flu.hqms.org.cn`.
    pub(crate) server: String,
    /// Folders the hospital's systems export to.
    pub(crate) folders: Vec<PathBuf>,
    /// Where the program keeps what it has not sent yet, its logs, and its credential.
    pub(crate) state: PathBuf,
    /// Proxy, `http://[user:password@]host:port`; `none`: none, whatever the environment says; from the environment unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proxy: Option<String>,
    /// A file is taken when it has not changed for so many seconds.
    #[serde(default = "five")]
    pub(crate) settle_seconds: u64,
    /// Seconds between two looks into the folders.
    #[serde(default = "five")]
    pub(crate) poll_seconds: u64,
    /// Longest wait between two tries to reach the service, in seconds.
    #[serde(default = "quarter_of_an_hour")]
    pub(crate) retry_max_seconds: u64,
    /// Seconds between two reports of the program's state to the service.
    #[serde(default = "five_minutes")]
    pub(crate) heartbeat_seconds: u64,
    /// Language of reports, receipts and messages.
    #[serde(default)]
    pub(crate) language: Language,
}

fn five() -> u64 {
    5
}

fn quarter_of_an_hour() -> u64 {
    900
}

fn five_minutes() -> u64 {
    300
}

impl Config {
    pub(crate) fn new(server: String, folders: Vec<PathBuf>, state: PathBuf) -> Self {
        Self {
            server,
            folders,
            state,
            proxy: None,
            settle_seconds: five(),
            poll_seconds: five(),
            retry_max_seconds: quarter_of_an_hour(),
            heartbeat_seconds: five_minutes(),
            language: Language::default(),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Problem::new(
                format!(
                    "找不到配置文件 {}，请先运行 front-end-machine init",
                    path.display()
                ),
                format!(
                    "there is no configuration {}; run front-end-machine init first",
                    path.display()
                ),
            ),
            _ => Problem::path(path, &error),
        })?;
        let config: Self = toml::from_str(&text).map_err(|error| {
            // The parser shows line and column, and the line itself.
            Problem::new(
                format!("配置文件 {} 有误：\n{error}", path.display()),
                format!("the configuration {} is wrong:\n{error}", path.display()),
            )
        })?;
        config.checked()
    }

    /// The configuration if it can be worked with.
    pub(crate) fn checked(mut self) -> Result<Self, Problem> {
        self.server = self.server.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = self.server.parse().ok();
        let is_address = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some()
                && uri.path() == "/"
        });
        if !is_address {
            return Err(Problem::new(
                format!(
                    "server 应为系统地址，例如 https://flu.example.org，现为“{}”",
                    self.server
                ),
                format!(
                    "`server` is the service's address, e.g. https://flu.example.org, not `{}`",
                    self.server
                ),
            ));
        }
        if self.folders.is_empty() {
            return Err(Problem::new(
                "folders 中至少填写一个文件夹",
                "`folders` names at least one folder",
            ));
        }
        if self.poll_seconds == 0 {
            self.poll_seconds = 1;
        }
        Ok(self)
    }

    pub(crate) fn credential(&self) -> PathBuf {
        self.state.join("credential.toml")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// Writes it as a file with a comment on each choice.
    pub(crate) fn to_file(&self) -> Result<String, Problem> {
        let body = toml::to_string(self)
            .map_err(|error| Problem::new(error.to_string(), error.to_string()))?;
        Ok(format!("{COMMENTS}\n{body}"))
    }

    /// Where the configuration is unless told otherwise.
    pub(crate) fn usual_place() -> PathBuf {
        if cfg!(windows) {
            let folder =
                std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
            PathBuf::from(folder).join(r"FrontEndMachine\config.toml")
        } else {
            PathBuf::from("/etc/front-end-machine/config.toml")
        }
    }

    /// Where the state is unless told otherwise.
    pub(crate) fn usual_state() -> PathBuf {
        if cfg!(windows) {
            let folder =
                std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
            PathBuf::from(folder).join(r"FrontEndMachine\state")
        } else {
            PathBuf::from("/var/lib/front-end-machine")
        }
    }
}

const COMMENTS: &str = "\
# 前置机程序配置。修改后请重新启动程序。 Configuration of the front-end machine; restart the program after a change.
# server             系统地址 address of the service
# folders            导出文件所在的文件夹，可填多个 folders the hospital's systems export to
# state              程序自己的文件夹：待发送文件、日志、凭据 the program's own folder: spool, logs, credential
# proxy              代理服务器 http://主机:端口；none 表示不用代理 proxy; `none`: none
# settle_seconds     文件多少秒不变才视为写完 a file is taken when unchanged for so long
# poll_seconds       多少秒查看一次文件夹 seconds between two looks into the folders
# retry_max_seconds  连接失败后重试的最长间隔 longest wait between two tries
# heartbeat_seconds  多少秒向系统报告一次状态 seconds between two reports of state
# language           zh 或 en
";

#[cfg(test)]
mod tests {
    use super::*;

    fn config(server: &str) -> Result<Config, Problem> {
        Config::new(server.to_owned(), vec!["in".into()], "state".into()).checked()
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let written = config("https://flu.example.org/").unwrap();
        fs::write(&path, written.to_file().unwrap()).unwrap();
        assert_eq!(Config::read(&path), Ok(written.clone()));
        assert_eq!(written.server, "https://flu.example.org");
    }

    #[test]
    fn a_misspelt_field_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(
            &path,
            "server = \"http://x\"\nfolders = [\"a\"]\nstate = \"s\"\npol_seconds = 3\n",
        )
        .unwrap();
        let problem = Config::read(&path).unwrap_err();
        assert!(
            problem.text(Language::Zh).contains("pol_seconds"),
            "{problem}"
        );
        assert!(problem.text(Language::Zh).contains("line 4"), "{problem}");
    }

    #[test]
    fn an_address_is_an_address() {
        for wrong in [
            "",
            "flu.example.org",
            "ftp://x",
            "https://x/api/v1",
            "https://",
        ] {
            assert!(config(wrong).is_err(), "{wrong}");
        }
    }
}
