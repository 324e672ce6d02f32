//! `operate count-again`: brings into the overview what is older than it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use domain::audit::Act;
use domain::{AccountId, Clock};
use intake::{Intake, IntakeError};
use serde_json::json;
use store::{accounts, overview};

use crate::connection::{Connection, run, say};
use crate::past::{self, note};
use crate::progress::bar;

/// 将上报概览启用前的账号、上传和死亡病例计入概览 · Counts accounts, uploads and death cases that are older than the overview
///
/// 可随时运行、中断和重复运行：已计入的不会重复计入。
/// May run at any time, be broken off and run again: what is counted is not counted twice.
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  全部已计入 everything is counted\n  1  有未计入的 something is not counted\n  2  无法进行 could not be done"
)]
pub(crate) struct CountAgain {
    /// 只处理这些账号（可重复），默认全部 · Only these accounts, all unless given
    #[arg(long, value_name = "WHO")]
    account: Vec<String>,
    /// 只列出，不写入 · List only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What was not counted, and what still is not.
#[derive(Default)]
struct Sum {
    accounts: u64,
    unlisted: u64,
    deaths: u64,
    uploads: u64,
    left: u64,
    /// Accounts that were not done to their end, and why.
    failed: Vec<(AccountId, String)>,
}

impl CountAgain {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.count())
    }

    async fn count(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let clients = self.connection.table_and_bucket().await?;
        let standards = standard::versions();
        let intake = Intake::new(
            clients.store.clone(),
            clients.files.clone(),
            Clock::system(),
            standards,
        );
        let mut all = Vec::new();
        for who in &self.account {
            all.push(past::account(&clients.store, who, lang).await?);
        }
        if all.is_empty() {
            all = overview::every_account(&clients.store).await?;
        }
        if !self.dry_run {
            note(&clients.store, Act::OverviewCounted, "overview").await?;
        }
        let mut sum = Sum::default();
        let bar = bar(lang.say("计入", "counting"), all.len());
        for account in &all {
            if let Err(error) = self.one(&intake, account, &mut sum).await {
                sum.left += 1;
                let error = anyhow::Error::from(error);
                sum.failed.push((account.clone(), format!("{error:#}")));
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.tell(&sum);
        Ok(sum.left == 0)
    }

    async fn one(&self, intake: &Intake, id: &AccountId, sum: &mut Sum) -> Result<(), IntakeError> {
        let store = &intake.store;
        let Some(account) = accounts::find(store, id).await? else {
            return Ok(());
        };
        sum.accounts += 1;
        let mut found = 0;
        if overview::is_unlisted(store, &account).await? {
            sum.unlisted += 1;
            found += u64::from(self.dry_run || !overview::list(store, &account).await?);
        }
        for case in overview::unseen_deaths(store, id).await? {
            sum.deaths += 1;
            found += u64::from(self.dry_run || !overview::see_death(store, &case).await?);
        }
        let uploads = intake::uncounted(intake, id).await?;
        sum.uploads += uploads.len() as u64;
        if self.dry_run {
            found += uploads.len() as u64;
        } else if !uploads.is_empty() {
            intake::count_all(intake, id).await?;
        }
        sum.left += found;
        Ok(())
    }

    fn tell(&self, sum: &Sum) {
        let Sum {
            accounts,
            unlisted,
            deaths,
            uploads,
            left,
            failed,
        } = sum;
        let lang = self.connection.lang;
        for (account, error) in failed.iter().filter(|_| !self.json) {
            say(&lang.say(
                format!("账号 {account} 未能全部计入：{error}"),
                format!("account {account} is not counted to its end: {error}"),
            ));
        }
        let told: Vec<_> = failed
            .iter()
            .map(|(account, error)| json!({"account": account.to_string(), "error": error}))
            .collect();
        say(&match self.json {
            true => json!({
                "accounts": accounts, "hospitals": unlisted, "death_cases": deaths, "uploads": uploads, "left": left,
                "failed": told, "dry_run": self.dry_run,
            })
            .to_string(),
            false => lang.say(
                format!(
                    "{accounts} 个账号：未计入的医院 {unlisted} 家、死亡病例 {deaths} 例、上传（含撤回）{uploads} 次；仍未计入 {left}"
                ),
                format!(
                    "{accounts} accounts: {unlisted} hospitals, {deaths} death cases and {uploads} uploads (or withdrawals) were not counted; {left} still are not"
                ),
            ),
        });
    }
}
