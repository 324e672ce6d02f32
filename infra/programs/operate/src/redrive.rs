//! `operate redrive`: gives events that were put aside back to their functions.
//!
//! A dead letter holds a key and nothing else, and handling it twice changes nothing, so all may be sent back at any time. In AWS the
//! queue moves them itself; the local program looks into a folder (`infra/programs/local/src/redelivery.rs`).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use clap::Args;
use serde_json::{Value, json};

use crate::connection::{Connection, run, say};
use crate::language::Language;

/// 将放弃处理的事件送回重新处理 · Gives events that were put aside back to their functions
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  没有放弃的事件，或已全部送回 none lay there, or all go back\n  1  有未送回的（--dry-run 时：有待送回的） some stay, or (--dry-run) some lie there\n  2  无法进行 could not be done"
)]
pub(crate) struct Redrive {
    /// AWS 上的堆栈名；不填则用 --ready-file 指定的本机程序 · Stack in AWS; without it the program of --ready-file
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// SQS 服务地址，默认 AWS · SQS server to use instead of AWS
    #[arg(long, value_name = "URL", env = "FLU_SQS_ENDPOINT", requires = "stack")]
    sqs_endpoint: Option<String>,
    /// 只列出，不送回 · List only, send nothing back
    #[arg(long)]
    dry_run: bool,
    /// 每个队列输出一个 JSON 对象 · Print one JSON object for each queue
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What lies in one place.
struct Pile {
    name: String,
    letters: u64,
    /// Why they were put aside, where that is known.
    reasons: Vec<String>,
    sent_back: u64,
    /// Why they stay, where they do.
    stays: Option<String>,
}

impl Redrive {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.redrive())
    }

    async fn redrive(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let piles = match &self.stack {
            Some(stack) => self.queues(stack).await?,
            None => {
                let data = self.connection.ready()?.and_then(|ready| ready.data);
                let data = data.ok_or_else(|| {
                    anyhow!(lang.say(
                        "请用 --stack 指定堆栈，或用 --ready-file 指定本机程序的就绪文件",
                        "name a stack with --stack, or the local program's ready file with --ready-file",
                    ))
                })?;
                self.folder(&data.join("dead-letters"))?
            }
        };
        for pile in &piles {
            say(&match self.json {
                true => pile.json(self.dry_run).to_string(),
                false => pile.text(lang),
            });
        }
        Ok(piles.iter().all(|pile| pile.letters == pile.sent_back))
    }

    /// Dead-letter queues carry it in the names the template gives them.
    async fn queues(&self, stack: &str) -> Result<Vec<Pile>> {
        let mut config = aws_config::defaults(BehaviorVersion::latest());
        if let Some(endpoint) = &self.sqs_endpoint {
            config = config.endpoint_url(endpoint);
        }
        let client = Client::new(&config.load().await);
        let listed = client.list_queues().queue_name_prefix(format!("{stack}-"));
        let mut urls = listed.into_paginator().items().send();
        let mut piles = Vec::new();
        while let Some(url) = urls.next().await {
            let url = url.context("ListQueues")?;
            let name = url.rsplit('/').next().unwrap_or_default();
            if name.contains("DeadLetters") {
                piles.push(self.queue(&client, &url, name).await?);
            }
        }
        if piles.is_empty() {
            return Err(anyhow!(self.connection.lang.say(
                format!("堆栈 {stack} 没有死信队列"),
                format!("stack {stack} has no dead-letter queues"),
            )));
        }
        piles.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(piles)
    }

    async fn queue(&self, client: &Client, url: &str, name: &str) -> Result<Pile> {
        let attributes = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
            .context("GetQueueAttributes")?;
        let attribute = |wanted: QueueAttributeName| {
            let found = attributes.attributes().and_then(|all| all.get(&wanted));
            found.cloned().unwrap_or_default()
        };
        let letters = attribute(QueueAttributeName::ApproximateNumberOfMessages);
        let mut pile = Pile {
            name: name.to_owned(),
            letters: letters.parse().unwrap_or(0),
            reasons: Vec::new(),
            sent_back: 0,
            stays: None,
        };
        if pile.letters == 0 || self.dry_run {
            return Ok(pile);
        }
        let before = client.list_dead_letter_source_queues().queue_url(url);
        let before = before.send().await.context("ListDeadLetterSourceQueues")?;
        if before.queue_urls().is_empty() {
            // Where a stream told of notices: the sweep sends them all the same.
            let lang = self.connection.lang;
            let why = lang.say(
                "没有来源队列，无需送回",
                "it stands behind no queue; nothing has to go back",
            );
            pile.stays = Some(why.to_owned());
            return Ok(pile);
        }
        client
            .start_message_move_task()
            .source_arn(attribute(QueueAttributeName::QueueArn))
            .send()
            .await
            .context("StartMessageMoveTask")?;
        pile.sent_back = pile.letters;
        Ok(pile)
    }

    fn folder(&self, folder: &Path) -> Result<Vec<Pile>> {
        let mut piles: BTreeMap<String, Pile> = BTreeMap::new();
        let again = folder.join("again");
        let mut entries: Vec<_> = match std::fs::read_dir(folder) {
            Ok(entries) => entries.collect::<Result<_, _>>()?,
            // Nothing was ever put aside.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries.into_iter().filter(|entry| entry.path().is_file()) {
            let letter: Value =
                serde_json::from_slice(&std::fs::read(entry.path())?).unwrap_or_default();
            let text = |name: &str| {
                letter
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or("?")
                    .to_owned()
            };
            let (name, reason) = (text("function"), text("reason"));
            let pile = piles.entry(name.clone()).or_insert(Pile {
                name,
                letters: 0,
                reasons: Vec::new(),
                sent_back: 0,
                stays: None,
            });
            pile.letters += 1;
            if !pile.reasons.contains(&reason) {
                pile.reasons.push(reason);
            }
            if !self.dry_run {
                std::fs::create_dir_all(&again)?;
                std::fs::rename(entry.path(), again.join(entry.file_name()))?;
                pile.sent_back += 1;
            }
        }
        Ok(piles.into_values().collect())
    }
}

impl Pile {
    fn json(&self, dry_run: bool) -> Value {
        json!({
            "queue": self.name, "letters": self.letters, "sent_back": self.sent_back, "reasons": self.reasons,
            "stays": self.stays, "dry_run": dry_run,
        })
    }

    fn text(&self, lang: Language) -> String {
        let (name, letters, sent_back) = (&self.name, self.letters, self.sent_back);
        let mut text = lang.say(
            format!("{name}  {letters} 个，送回 {sent_back} 个"),
            format!("{name}  {letters} letters, {sent_back} go back"),
        );
        for more in self.reasons.iter().chain(&self.stays) {
            text.push_str("\n    ");
            text.push_str(more);
        }
        text
    }
}
