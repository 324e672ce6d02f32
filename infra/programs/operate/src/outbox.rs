//! `operate outbox`: mail and text messages that wait, are in doubt, or were given up.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use domain::notice::{Notice, NoticeState};
use domain::{Clock, beijing};
use serde_json::json;
use store::{StoreError, notices};

use crate::connection::{Connection, run, say};

/// 查看未发出的邮件和短信，或重新发送 · Shows mail and SMS that were not sent, or sends one again
#[derive(Args)]
pub(crate) struct Outbox {
    /// 只看一种状态 · Only those in one state
    #[arg(long, value_enum)]
    state: Option<State>,
    /// 重新发送这一条：结果不明或已放弃的 · Sends this one again, which was in doubt or given up
    #[arg(long, value_name = "KEY", conflicts_with = "state")]
    again: Option<String>,
    /// 每种状态最多多少条 · Notices of each state at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    max: usize,
    /// 每条输出一个 JSON 对象 · Print one JSON object for each notice
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Waiting,
    Sending,
    Uncertain,
    Failed,
}

impl State {
    const ALL: [Self; 4] = [Self::Waiting, Self::Sending, Self::Uncertain, Self::Failed];

    fn of_notice(self) -> NoticeState {
        match self {
            Self::Waiting => NoticeState::Waiting,
            Self::Sending => NoticeState::Sending,
            Self::Uncertain => NoticeState::Uncertain,
            Self::Failed => NoticeState::Failed,
        }
    }
}

impl Outbox {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, async {
            match &self.again {
                Some(key) => self.send_again(key).await,
                None => self.list().await,
            }
        })
    }

    async fn list(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let store = self.connection.store().await?;
        let states = self.state.map_or(State::ALL.to_vec(), |state| vec![state]);
        let mut count = 0;
        for state in states {
            for notice in notices::list(&store, state.of_notice(), self.max).await? {
                count += 1;
                say(&self.line(&notice));
            }
        }
        if !self.json {
            say(&lang.say(format!("未发出 {count} 条"), format!("{count} not sent")));
            if let Some(page) = self.connection.outbox_page()? {
                say(&lang.say(
                    format!("已发出的见 {page}"),
                    format!("those that were sent: {page}"),
                ));
            }
        }
        Ok(true)
    }

    async fn send_again(&self, key: &str) -> Result<bool> {
        let lang = self.connection.lang;
        let store = self.connection.store().await?;
        let missing = || anyhow!(lang.say("没有这条通知", "there is no such notice"));
        let mut notice = notices::find(&store, key).await?.ok_or_else(missing)?;
        let seen = notice.version;
        if !notice.send_again(Clock::system().now()) {
            return Err(anyhow!(lang.say(
                "这条通知已发出、正在发送，或其中的密码、验证码已清除，不能重新发送",
                "it was sent, is being sent, or its password or code is gone, so it can't be sent again",
            )));
        }
        match notices::save(&store, &notice, seen).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                return Err(anyhow!(lang.say(
                    "这条通知刚刚有变化，请再查看一次",
                    "it has just changed; please look again",
                )));
            }
            Err(error) => return Err(error.into()),
        }
        say(lang.say("已放回发件箱", "put back into the outbox"));
        Ok(true)
    }

    /// Neither address nor text: who looks after the outbox need not know whom it is about.
    fn line(&self, notice: &Notice) -> String {
        let (kind, key) = (notice.kind.name(), &notice.key);
        if self.json {
            return json!({
                "key": key, "kind": kind, "channel": notice.channel, "state": notice.state,
                "attempts": notice.attempts, "created_at": notice.created_at.to_string(),
                "next_attempt_at": notice.next_attempt_at.to_string(),
            })
            .to_string();
        }
        let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let state = word(serde_json::to_value(notice.state).unwrap_or_default());
        let channel = word(serde_json::to_value(notice.channel).unwrap_or_default());
        let created = beijing(notice.created_at).strftime("%Y-%m-%d %H:%M");
        let attempts = notice.attempts;
        format!("{created}  {state:9}  {channel:4}  {kind:21}  ×{attempts}  {key}")
    }
}
