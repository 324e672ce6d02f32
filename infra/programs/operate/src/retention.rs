//! `operate retention`: deletes objects whose time is over, where no lifecycle of the bucket does it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use domain::Clock;
use domain::audit::Act;
use jiff::SignedDuration;
use serde_json::json;
use store::{Files, Found, keys};

use crate::connection::{Connection, run, say};
use crate::listing::all_below;
use crate::past::note;
use crate::progress::bar;

/// 删除超过保存期限的文件 · Deletes objects that were kept long enough
///
/// 期限见 docs/data-protection.md。AWS 上由存储桶的生命周期规则完成，此命令用于没有这类规则的服务器。
/// How long is long enough stands in docs/data-protection.md. On AWS the bucket's lifecycle does it; this is for servers without one.
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  完成 done\n  1  有文件未能删除 some objects could not be deleted\n  2  无法进行 could not be done"
)]
pub(crate) struct Retention {
    /// 上传的数据文件保存天数 · Days to keep uploaded data files
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(i64).range(1..))]
    raw_days: i64,
    /// 下载用的报告和压缩包保存天数 · Days to keep reports and archives made for download
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i64).range(0..))]
    report_days: i64,
    /// 只列出，不删除 · List only, delete nothing
    #[arg(long)]
    dry_run: bool,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Retention {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.clean())
    }

    async fn clean(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let clients = self.connection.table_and_bucket().await?;
        let now = Clock::system().now();
        if !self.dry_run {
            note(&clients.store, Act::RetentionRun, clients.files.bucket()).await?;
        }
        let mut all_well = true;
        for (prefix, days) in [
            (keys::DATA_PREFIX, self.raw_days),
            (keys::REPORT_PREFIX, self.report_days),
            (keys::ARCHIVE_OBJECTS, self.report_days),
        ] {
            let last = now - SignedDuration::from_hours(24 * days);
            let mut over = all_below(&clients.files, prefix).await?;
            over.retain(|object| object.received_at < last);
            let (mut deleted, mut failed) = (0_u64, 0_u64);
            if !self.dry_run {
                let bar = bar(lang.say("删除", "deleting"), over.len());
                for object in &over {
                    match delete(&clients.files, object).await {
                        Ok(()) => deleted += 1,
                        Err(error) => {
                            failed += 1;
                            bar.suspend(|| complain(&error));
                        }
                    }
                    bar.inc(1);
                }
                bar.finish_and_clear();
            }
            all_well &= failed == 0;
            let bytes: u64 = over.iter().map(|object| object.size).sum();
            let over = over.len();
            say(&match self.json {
                true => json!({
                    "prefix": prefix, "days": days, "over": over, "bytes": bytes, "deleted": deleted, "failed": failed,
                    "dry_run": self.dry_run,
                })
                .to_string(),
                false => lang.say(
                    format!("{prefix:16} 超过 {days} 天：{over} 个，{bytes} 字节；已删除 {deleted}，失败 {failed}"),
                    format!("{prefix:16} older than {days} days: {over}, {bytes} bytes; {deleted} deleted, {failed} failed"),
                ),
            });
        }
        Ok(all_well)
    }
}

/// The version that stands there, and no marker in its place: under these keys nothing is ever written twice.
async fn delete(files: &Files, object: &Found) -> Result<()> {
    if let Some(found) = files.head(&object.key, None).await? {
        files.delete(&object.key, &found.version).await?;
    }
    Ok(())
}

/// The key names an account and a file, and is not told.
fn complain(error: &anyhow::Error) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "operate: {error:#}");
}
