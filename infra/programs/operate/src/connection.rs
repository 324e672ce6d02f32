//! The service's table, found by the variables the functions have, or by the ready file of a program on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use aws_credential_types::Credentials;
use clap::Args;
use serde::Deserialize;
use startup::{Clients, Config, Options};
use store::Store;

use crate::language::Language;

/// Where the service is, and in which language to speak.
#[derive(Args, Clone)]
pub(crate) struct Connection {
    /// 本机程序的就绪文件，代替 FLU_* 环境变量 · Ready file of the local program, instead of the variables FLU_TABLE, FLU_DYNAMODB_ENDPOINT …
    #[arg(long, value_name = "FILE", env = "FLU_READY_FILE")]
    ready_file: Option<PathBuf>,
    /// 语言 · Language
    #[arg(long, value_enum, default_value = "zh", env = "OPERATE_LANG")]
    pub(crate) lang: Language,
}

/// What of a ready file is needed here.
#[derive(Deserialize)]
pub(crate) struct Ready {
    pub(crate) portal: Option<String>,
    s3: Option<String>,
    dynamodb: String,
    outbox: Option<String>,
    /// The program's data folder.
    pub(crate) data: Option<PathBuf>,
    pub(crate) demo: Option<Demo>,
}

/// The account every local program has.
#[derive(Deserialize)]
pub(crate) struct Demo {
    pub(crate) login: String,
    pub(crate) password: String,
}

impl Connection {
    /// The table.
    pub(crate) async fn store(&self) -> Result<Store> {
        Ok(self.clients(false).await?.store)
    }

    /// The table and the bucket.
    pub(crate) async fn table_and_bucket(&self) -> Result<Clients> {
        self.clients(true).await
    }

    async fn clients(&self, with_bucket: bool) -> Result<Clients> {
        let ready = self.ready()?;
        let variable = |name: &'static str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let config = Config::from_variables(|name| match (name, &ready) {
            ("FLU_DYNAMODB_ENDPOINT", Some(ready)) => Some(ready.dynamodb.clone()),
            ("FLU_S3_ENDPOINT", Some(ready)) => ready.s3.clone(),
            ("FLU_TABLE" | "FLU_BUCKET", Some(_)) => variable(name).or(Some("flu".to_owned())),
            ("AWS_REGION", Some(_)) => variable(name).or(Some("us-east-1".to_owned())),
            ("FLU_BUCKET", _) if !with_bucket => variable(name).or(Some("none".to_owned())),
            _ => variable(name),
        })
        .with_context(|| {
            self.lang.say(
                "请设置环境变量 FLU_TABLE、FLU_BUCKET 等，或用 --ready-file 指定本机程序的就绪文件",
                "set FLU_TABLE, FLU_BUCKET and the other variables, or name the local program's ready file with --ready-file",
            )
        })?;
        let options = Options {
            credentials: ready
                .filter(|_| variable("AWS_ACCESS_KEY_ID").is_none())
                .map(|ready| ready.credentials()),
            ..Options::default()
        };
        Ok(Clients::new(&config, options).await)
    }

    /// The page of the local program that shows what was sent.
    pub(crate) fn outbox_page(&self) -> Result<Option<String>> {
        Ok(self.ready()?.and_then(|ready| ready.outbox))
    }

    /// What the ready file says, where one is named.
    pub(crate) fn ready(&self) -> Result<Option<Ready>> {
        self.ready_file
            .as_deref()
            .map(|path| self.read(path))
            .transpose()
    }

    fn read(&self, path: &Path) -> Result<Ready> {
        let shown = path.display();
        let text = std::fs::read(path).with_context(|| {
            self.lang.say(
                format!("无法读取就绪文件 {shown}：请检查路径，并确认本机程序正在运行"),
                format!("the ready file {shown} can't be read: check the path, and that the local program runs"),
            )
        })?;
        serde_json::from_slice(&text).map_err(|_| {
            anyhow!(self.lang.say(
                format!("{shown} 不是就绪文件"),
                format!("{shown} is no ready file"),
            ))
        })
    }
}

impl Ready {
    /// The key of the program's data folder, which its object store asks for. The embedded table verifies no signatures, but the
    /// SDK signs with nothing less than some key.
    fn credentials(&self) -> Credentials {
        let file = self.data.as_deref().map(|data| data.join("credentials"));
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        let value = |name: &str| {
            let mut lines = text.iter().flat_map(|text| text.lines());
            lines.find_map(|line| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().to_owned())
            })
        };
        let key = value("aws_access_key_id").unwrap_or_else(|| "local".to_owned());
        let secret = value("aws_secret_access_key").unwrap_or_else(|| "local".to_owned());
        Credentials::new(key, secret, None, None, "operate")
    }
}

/// Runs a command that talks to the service, and tells what went wrong with its causes.
pub(crate) fn run(
    lang: Language,
    command: impl Future<Output = Result<bool>>,
) -> std::process::ExitCode {
    use std::io::Write;
    use std::process::ExitCode;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let mark = lang.say("错误", "error");
            // Who closed the pipe knows already that something went wrong.
            let _ = writeln!(std::io::stderr(), "{mark}  {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line; whoever closed the pipe has seen enough.
pub(crate) fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
