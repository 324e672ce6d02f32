//! `operate export`: accepted data for analysts, as Parquet.

use std::process::ExitCode;

use accepted_data::{Destination, Export as Work, Exported, Identities, PseudonymKey};
use anyhow::{Context, Result, bail};
use clap::Args;
use domain::audit::{Act, AuditEntry};
use domain::{Clock, Role};
use jiff::civil::Date;
use serde_json::json;
use startup::Clients;
use store::{Files, accounts, audit};

use crate::connection::{Connection, run, say};

/// 导出已接收的数据供分析（Parquet），默认去标识化 · Exports accepted data for analysts (Parquet), de-identified by default
#[derive(Args)]
pub(crate) struct Export {
    /// 数据类别：flu、hqms、hda、hdr、pdr、lis · Kind of data
    #[arg(long)]
    kind: String,
    /// 起始日期（就诊或出院日期） · First day, of the visit or the discharge
    #[arg(long, value_name = "yyyy-MM-dd")]
    from: Date,
    /// 截止日期 · Last day
    #[arg(long, value_name = "yyyy-MM-dd")]
    to: Date,
    /// 只导出一个省份：行政区划代码前两位 · One province only: first two digits of its division code
    #[arg(long, value_name = "NN")]
    province: Option<String>,
    /// 保留姓名、证件号码等身份信息；须同时填写 --reason 和 --account · Leave in what names a person; needs --reason and --account
    #[arg(long, requires_all = ["reason", "account"])]
    identified: bool,
    /// 为何需要身份信息（2至200个字），记入审计日志 · Why people must be named (2 to 200 characters); written to the audit trail
    #[arg(long)]
    reason: Option<String>,
    /// 申请人的账号：登录名或手机号码；导出身份信息时须为“分析员” · Account it is for; to name people it must be an analyst's
    #[arg(long, value_name = "WHO")]
    account: Option<String>,
    /// 假名密钥，至少64位十六进制数字 · Key for pseudonyms, at least 64 hexadecimal digits
    #[arg(
        long,
        env = "FLU_PSEUDONYM_KEY",
        hide_env_values = true,
        value_name = "HEX"
    )]
    pseudonym_key: Option<String>,
    /// 输出文件夹，或 s3://桶/前缀 · Folder, or s3://bucket/prefix
    #[arg(long, value_name = "DIR")]
    out: String,
    /// 每个省份输出一个 JSON 对象 · Print one JSON object for each province
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Export {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.export())
    }

    async fn export(&self) -> Result<bool> {
        let lang = self.connection.lang;
        if self.from > self.to {
            bail!(lang.say(
                "起始日期不能晚于截止日期",
                "the first day is after the last one"
            ));
        }
        let identities = self.identities()?;
        let clients = self.connection.table_and_bucket().await?;
        let by = self.by(&clients).await?;
        let store = clients.store.clone();
        let entry = AuditEntry {
            at: Clock::system().now(),
            act: match self.identified {
                true => Act::IdentifiedDataExported,
                false => Act::AcceptedDataExported,
            },
            by,
            subject: self.subject(),
            address: None,
            request: None,
        };
        // What cannot be noted does not happen.
        audit::note(&store, &entry).await?;
        let work = Work {
            destination: self.destination(&clients),
            store,
            files: clients.files,
            standards: startup::standards(None)?,
            kind: self.kind.clone(),
            days: (self.from, self.to),
            province: self.province.clone(),
            identities,
            memory: Work::MEMORY,
        };
        let done = work.run(|exported| self.tell(exported)).await?;
        if done.is_empty() {
            say(&lang.say(
                "没有已接收的数据".to_owned(),
                "there is no accepted data".to_owned(),
            ));
        }
        Ok(true)
    }

    fn identities(&self) -> Result<Identities> {
        let lang = self.connection.lang;
        if self.identified {
            let reason = self.reason.as_deref().unwrap_or_default();
            domain::Withdrawal::reason(reason).map_err(|_| {
                anyhow::anyhow!(lang.say(
                    "--reason 须为2至200个字，说明为何需要身份信息",
                    "--reason says in 2 to 200 characters why people must be named",
                ))
            })?;
            return Ok(Identities::Named);
        }
        let key = self.pseudonym_key.as_deref().unwrap_or_default();
        let key = PseudonymKey::from_hex(key).with_context(|| {
            lang.say(
                "请用环境变量 FLU_PSEUDONYM_KEY 提供假名密钥，例如 openssl rand -hex 32 的输出，并妥善保管",
                "give the key for pseudonyms in FLU_PSEUDONYM_KEY, e.g. what `openssl rand -hex 32` prints, and keep it safe",
            )
        })?;
        Ok(Identities::Pseudonyms(key))
    }

    /// Who is responsible. Names of people are given to analysts alone.
    async fn by(&self, clients: &Clients) -> Result<String> {
        let lang = self.connection.lang;
        let Some(who) = &self.account else {
            return Ok("operator".to_owned());
        };
        let found = accounts::find_by_login(&clients.store, &who.to_lowercase()).await?;
        let Some(account) = found else {
            bail!(lang.say(
                format!("没有账号“{who}”"),
                format!("there is no account `{who}`"),
            ));
        };
        if self.identified && account.role != Role::Analyst {
            bail!(lang.say(
                format!("账号“{who}”不是分析员，不能导出身份信息"),
                format!("`{who}` is no analyst; people are named to analysts only"),
            ));
        }
        Ok(account.id.to_string())
    }

    /// What the audit trail says of it: which data, and why people are named.
    fn subject(&self) -> String {
        let (kind, from, to) = (&self.kind, self.from, self.to);
        let province = self.province.as_deref().unwrap_or("all");
        match &self.reason {
            Some(reason) => format!("export {kind} {from} {to} {province}: {}", reason.trim()),
            None => format!("export {kind} {from} {to} {province}"),
        }
    }

    fn destination(&self, clients: &Clients) -> Destination {
        match self.out.strip_prefix("s3://") {
            None => Destination::Folder(self.out.clone().into()),
            Some(place) => {
                let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
                let prefix = prefix.trim_matches('/');
                Destination::Bucket {
                    files: Files::new(clients.s3.clone(), clients.s3.clone(), bucket),
                    prefix: match prefix {
                        "" => String::new(),
                        prefix => format!("{prefix}/"),
                    },
                }
            }
        }
    }

    fn tell(&self, exported: &Exported) {
        let (province, rows, files) = (&exported.province, exported.rows, exported.files.len());
        let unchanged = exported.unchanged;
        if self.json {
            let line =
                json!({"province": province, "rows": rows, "files": files, "unchanged": unchanged});
            say(&line.to_string());
            return;
        }
        let zh = if unchanged { "，未变化" } else { "" };
        let en = if unchanged { ", unchanged" } else { "" };
        say(&self.connection.lang.say(
            format!("{province}  {rows} 行，{files} 个文件{zh}"),
            format!("{province}  {rows} rows in {files} files{en}"),
        ));
    }
}
