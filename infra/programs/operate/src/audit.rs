//! `operate audit`: the audit trail on the command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use domain::audit::{Act, AuditEntry};
use domain::{Clock, beijing};
use jiff::civil::Date;
use serde_json::json;
use store::audit::{self, Filter};
use store::{Store, accounts};

use crate::connection::{Connection, run, say};

/// 查看审计日志，新的在前 · Shows the audit trail, the newest first
#[derive(Args)]
pub(crate) struct Audit {
    /// 日期（北京时间），默认今天 · Day in China, today by default
    #[arg(long, value_name = "yyyy-MM-dd", conflicts_with_all = ["subject", "account"])]
    day: Option<Date>,
    /// 对象：账号、申请或上传的编号 · What it was done to: id of an account, application or upload
    #[arg(long, value_name = "ID", conflicts_with = "account")]
    subject: Option<String>,
    /// 操作者：账号编号、登录名或手机号码 · Who did it: id, login name or phone of an account
    #[arg(long, value_name = "WHO")]
    account: Option<String>,
    /// 最多多少条 · Lines at most
    #[arg(long, value_name = "N", default_value_t = 200)]
    max: usize,
    /// 每条输出一个 JSON 对象 · Print one JSON object for each entry
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Audit {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.show())
    }

    async fn show(&self) -> Result<bool> {
        let store = self.connection.store().await?;
        let now = Clock::system().now();
        let filter = self.filter(&store).await?;
        let seen = AuditEntry {
            at: now,
            act: Act::AuditViewed,
            by: "operator".to_owned(),
            subject: match &filter {
                Filter::Subject(what) | Filter::By(what) => what.clone(),
                Filter::Day(day) => day.to_string(),
            },
            address: None,
            request: None,
        };
        audit::note(&store, &seen).await?;
        let mut left = self.max;
        let mut cursor = None;
        while left > 0 {
            let page = audit::list(&store, &filter, cursor.as_deref(), left.min(100)).await?;
            for entry in &page.entries {
                say(&self.line(entry));
            }
            left = left.saturating_sub(page.entries.len());
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(true)
    }

    async fn filter(&self, store: &Store) -> Result<Filter> {
        Ok(match (&self.subject, &self.account, self.day) {
            (Some(subject), ..) => Filter::Subject(subject.clone()),
            (_, Some(account), _) => {
                let found = accounts::find_by_login(store, &account.to_lowercase()).await?;
                Filter::By(found.map_or_else(|| account.clone(), |found| found.id.to_string()))
            }
            (.., day) => Filter::Day(day.unwrap_or_else(|| beijing(Clock::system().now()).date())),
        })
    }

    fn line(&self, entry: &AuditEntry) -> String {
        let address = entry.address.as_deref();
        if self.json {
            return json!({
                "at": entry.at.to_string(), "act": entry.act, "by": entry.by, "subject": entry.subject,
                "address": address,
            })
            .to_string();
        }
        let at = beijing(entry.at).strftime("%Y-%m-%d %H:%M:%S");
        let act = serde_json::to_value(entry.act).unwrap_or_default();
        let act = act.as_str().unwrap_or_default();
        let (by, subject) = (&entry.by, &entry.subject);
        format!(
            "{at}  {act:22}  {by}  →  {subject}  {}",
            address.unwrap_or("-")
        )
    }
}
