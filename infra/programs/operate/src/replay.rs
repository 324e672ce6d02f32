//! `operate replay`: what becomes of a past upload under another standard.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;
use domain::audit::Act;
use domain::{Upload, UploadId};
use intake::CodeCache;
use serde_json::{Value, json};

use crate::candidate::Candidate;
use crate::connection::{Connection, run, say};
use crate::language::Language;
use crate::past::{self, Past};
use crate::verdict::{Count, Difference, Verdict};

/// 用另一版接口标准重新校验一次历史上传，列出差异；不保存任何结果 · Judges a past upload under another standard and shows what changes; stores nothing
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  没有变化 nothing changes\n  1  有变化 something changes\n  2  无法进行 could not be done"
)]
pub(crate) struct Replay {
    /// 上传编号 · Id of the upload
    upload: String,
    /// 账号：编号、登录名或手机号码 · Account: id, login name or phone
    #[arg(long, value_name = "WHO")]
    account: String,
    #[command(flatten)]
    candidate: Candidate,
    /// 最多列出多少条变化的记录 · Changed records listed at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    max: usize,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Replay {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.replay())
    }

    async fn replay(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let chosen = self.candidate.choose(lang)?;
        let clients = self.connection.table_and_bucket().await?;
        let account = past::account(&clients.store, &self.account, lang).await?;
        let id: UploadId = self
            .upload
            .parse()
            .map_err(|_| anyhow!(lang.say("上传编号的格式不对", "this is no id of an upload")))?;
        let past = Past::load(&clients, &CodeCache::default(), &account, &id).await?;
        let past = past.map_err(|left| anyhow!(left.text(lang)))?;
        past::note(&clients.store, Act::UploadReplayed, id.as_str()).await?;
        let own = past.own_standard(standard::versions())?;
        let other = chosen.over(own)?;
        let (before, after) = (past.verdict(own)?, past.verdict(&other)?);
        let difference = Difference::between(&before, &after);
        let told = Told {
            upload: &past.upload,
            names: [&own.version, chosen.name().unwrap_or("overrides")],
            before: &before,
            after: &after,
            difference: &difference,
            max: self.max,
        };
        match self.json {
            true => say(&told.json().to_string()),
            false => told.print(lang),
        }
        Ok(difference.is_none())
    }
}

struct Told<'a> {
    upload: &'a Upload,
    names: [&'a str; 2],
    before: &'a Verdict,
    after: &'a Verdict,
    difference: &'a Difference,
    max: usize,
}

impl Told<'_> {
    /// What was told to the hospital then, which other overrides may have shaped.
    fn stored(&self) -> Option<(u64, u64)> {
        let figures = self.upload.figures.as_ref()?;
        Some((figures.total, figures.passed))
    }

    fn json(&self) -> Value {
        let rows = |rows: &[(String, u32)]| -> Vec<Value> {
            let rows = rows.iter().take(self.max);
            rows.map(|(file, row)| json!({"file": file, "row": row}))
                .collect()
        };
        let places = self.difference.places.iter();
        let [own, other] = self.names;
        json!({
            "upload": self.upload.id.as_str(),
            "stored": self.stored().map(|(total, passed)| json!({"total": total, "passed": passed})),
            "before": {"standard": own, "figures": self.before.figures()},
            "after": {"standard": other, "figures": self.after.figures()},
            "places": places.map(|(place, (before, after))| json!({
                "rule": place.rule, "place": place.place, "before": before, "after": after,
            })).collect::<Vec<_>>(),
            "newly_failed": {"count": self.difference.newly_failed.len(), "rows": rows(&self.difference.newly_failed)},
            "newly_passed": {"count": self.difference.newly_passed.len(), "rows": rows(&self.difference.newly_passed)},
        })
    }

    fn print(&self, lang: Language) {
        if let Some((total, passed)) = self.stored() {
            say(&lang.say(
                format!(
                    "{}  当时结果：记录 {total} 条，达标 {passed} 条",
                    self.upload.id
                ),
                format!(
                    "{}  as stored: {total} records, {passed} passed",
                    self.upload.id
                ),
            ));
        }
        for (name, verdict) in self.names.iter().zip([self.before, self.after]) {
            say(&format!("  {name:12} {}", figures(verdict, lang)));
        }
        if self.difference.is_none() {
            say(lang.say("  没有变化", "  nothing changes"));
        }
        print_places(
            self.difference
                .places
                .iter()
                .map(|(place, (before, after))| {
                    (place.rule.as_str(), place.place.as_str(), *before, *after)
                }),
            lang,
        );
        let passed = lang.say("不再不达标", "pass now");
        let failed = lang.say("不再达标", "no longer pass");
        for (what, rows) in [
            (failed, &self.difference.newly_failed),
            (passed, &self.difference.newly_passed),
        ] {
            if rows.is_empty() {
                continue;
            }
            let count = rows.len();
            say(&lang.say(
                format!("  {what} {count} 条："),
                format!("  {count} {what}:"),
            ));
            for (file, row) in rows.iter().take(self.max) {
                say(&lang.say(
                    format!("    {file} 第 {row} 行"),
                    format!("    {file} row {row}"),
                ));
            }
        }
    }
}

/// The four figures in a line.
fn figures(verdict: &Verdict, lang: Language) -> String {
    let Verdict {
        total,
        passed,
        errors,
        warnings,
        ..
    } = verdict;
    lang.say(
        format!("记录 {total} 条，达标 {passed} 条，错误 {errors} 处，提示 {warnings} 处"),
        format!("{total} records, {passed} passed, {errors} errors, {warnings} warnings"),
    )
}

/// Rules and columns with their counts before and after, one a line.
pub(crate) fn print_places<'a>(
    places: impl Iterator<Item = (&'a str, &'a str, Count, Count)>,
    lang: Language,
) {
    for (rule, place, before, after) in places {
        let [errors, warnings] = [
            (before.errors, after.errors),
            (before.warnings, after.warnings),
        ]
        .map(|(before, after)| format!("{before} → {after}"));
        say(&lang.say(
            format!("  {rule:14} {place:16} 错误 {errors}，提示 {warnings}"),
            format!("  {rule:14} {place:16} errors {errors}, warnings {warnings}"),
        ));
    }
}
