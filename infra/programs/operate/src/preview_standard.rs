//! `operate preview-standard`: what another standard would have made of past uploads.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use domain::audit::Act;
use domain::{AccountId, UploadId, beijing};
use intake::CodeCache;
use jiff::civil::Date;
use serde_json::{Value, json};
use startup::Clients;
use store::keys;

use crate::candidate::{Candidate, Chosen};
use crate::connection::{Connection, run, say};
use crate::language::Language;
use crate::listing::all_below;
use crate::past::{self, Past};
use crate::progress::bar;
use crate::replay::print_places;
use crate::verdict::{Count, Difference, Place};

/// Hospitals listed on the screen, those that lose most first.
const LISTED: usize = 20;

/// 预览新标准对历史上传的影响；不保存任何结果 · Shows what another standard would have made of past uploads; stores nothing
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  没有变化 nothing changes\n  1  有变化 something changes\n  2  无法进行 could not be done"
)]
pub(crate) struct PreviewStandard {
    #[command(flatten)]
    candidate: Candidate,
    /// 只看这些账号（可重复），默认全部 · Only these accounts, all unless given
    #[arg(long, value_name = "WHO")]
    account: Vec<String>,
    /// 只看这一天（北京时间）及以后收到的 · Only what came on this day in China or later
    #[arg(long, value_name = "yyyy-MM-dd")]
    since: Option<Date>,
    /// 最多多少次上传，新的优先 · Uploads at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 500)]
    max: usize,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What a hospital's records come to, before and after.
#[derive(Default)]
struct Hospital {
    uploads: u64,
    total: u64,
    passed: [u64; 2],
}

#[derive(Default)]
struct Effect {
    judged: u64,
    left: BTreeMap<&'static str, u64>,
    changed: u64,
    newly_failed: u64,
    newly_passed: u64,
    hospitals: BTreeMap<AccountId, Hospital>,
    places: BTreeMap<Place, (Count, Count)>,
}

impl PreviewStandard {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.preview())
    }

    async fn preview(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let chosen = self.candidate.choose(lang)?;
        let clients = self.connection.table_and_bucket().await?;
        let uploads = self.uploads(&clients).await?;
        let cache = CodeCache::default();
        let mut effect = Effect::default();
        let bar = bar(lang.say("校验", "judging"), uploads.len());
        for (account, id) in &uploads {
            match Past::load(&clients, &cache, account, id).await? {
                Ok(past) => {
                    past::note(&clients.store, Act::UploadReplayed, id.as_str()).await?;
                    effect.add(&past, &chosen)?;
                }
                Err(left) => *effect.left.entry(left.code()).or_default() += 1,
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        match self.json {
            true => say(&effect.json(chosen.name()).to_string()),
            false => effect.print(lang),
        }
        Ok(effect.changed == 0)
    }

    /// Uploads whose bytes are still there. The bucket tells, because the table has no list of all uploads.
    async fn uploads(&self, clients: &Clients) -> Result<Vec<(AccountId, UploadId)>> {
        let mut prefixes = Vec::new();
        for who in &self.account {
            let account = past::account(&clients.store, who, self.connection.lang).await?;
            prefixes.push(format!("{}{account}/", keys::DATA_PREFIX));
        }
        if prefixes.is_empty() {
            prefixes.push(keys::DATA_PREFIX.to_owned());
        }
        let mut found = Vec::new();
        for prefix in prefixes {
            found.extend(all_below(&clients.files, &prefix).await?);
        }
        let since = self.since.unwrap_or(Date::MIN);
        found.retain(|object| beijing(object.received_at).date() >= since);
        found.sort_by(|a, b| (b.received_at, &b.key).cmp(&(a.received_at, &a.key)));
        let keys = found
            .iter()
            .filter_map(|found| keys::parse_object_key(&found.key));
        Ok(keys.take(self.max).collect())
    }
}

impl Effect {
    fn add(&mut self, past: &Past, chosen: &Chosen) -> Result<()> {
        let own = past.own_standard(standard::versions())?;
        let (before, after) = (past.verdict(own)?, past.verdict(&chosen.over(own)?)?);
        let difference = Difference::between(&before, &after);
        self.judged += 1;
        self.changed += u64::from(!difference.is_none());
        self.newly_failed += difference.newly_failed.len() as u64;
        self.newly_passed += difference.newly_passed.len() as u64;
        let account = past.upload.account.clone();
        let hospital = self.hospitals.entry(account).or_default();
        hospital.uploads += 1;
        hospital.total += before.total;
        hospital.passed[0] += before.passed;
        hospital.passed[1] += after.passed;
        for (place, (before, after)) in difference.places {
            let (all_before, all_after) = self.places.entry(place).or_default();
            for (all, one) in [(all_before, before), (all_after, after)] {
                all.errors += one.errors;
                all.warnings += one.warnings;
            }
        }
        Ok(())
    }

    /// Hospitals of which a different number of records would have passed, those that lose most first.
    fn moved(&self) -> Vec<(&AccountId, &Hospital)> {
        let moved = self.hospitals.iter();
        let mut moved: Vec<_> = moved
            .filter(|(_, hospital)| hospital.passed[0] != hospital.passed[1])
            .collect();
        moved.sort_by_key(|(_, hospital)| {
            hospital.passed[1].cast_signed() - hospital.passed[0].cast_signed()
        });
        moved
    }

    fn passed(&self, which: usize) -> u64 {
        let hospitals = self.hospitals.values();
        hospitals.map(|hospital| hospital.passed[which]).sum()
    }

    fn total(&self) -> u64 {
        self.hospitals.values().map(|hospital| hospital.total).sum()
    }

    fn json(&self, standard: Option<&str>) -> Value {
        let hospitals = self.moved().into_iter().map(|(account, hospital)| {
            json!({
                "account": account.as_str(), "uploads": hospital.uploads, "total": hospital.total,
                "passed_before": hospital.passed[0], "passed_after": hospital.passed[1],
            })
        });
        let places = self.places.iter().map(|(place, (before, after))| {
            json!({"rule": place.rule, "place": place.place, "before": before, "after": after})
        });
        json!({
            "standard": standard, "judged": self.judged, "left_out": self.left, "changed": self.changed,
            "total": self.total(), "passed_before": self.passed(0), "passed_after": self.passed(1),
            "newly_failed": self.newly_failed, "newly_passed": self.newly_passed,
            "hospitals": hospitals.collect::<Vec<_>>(), "places": places.collect::<Vec<_>>(),
        })
    }

    fn print(&self, lang: Language) {
        let left: u64 = self.left.values().sum();
        let (judged, changed, total) = (self.judged, self.changed, self.total());
        let (before, after) = (self.passed(0), self.passed(1));
        say(&lang.say(
            format!("校验 {judged} 次上传，{changed} 次有变化，{left} 次无法校验"),
            format!("{judged} uploads judged, {changed} change, {left} can't be judged"),
        ));
        say(&lang.say(
            format!(
                "记录 {total} 条，达标 {before} → {after}（不再达标 {}，改为达标 {}）",
                self.newly_failed, self.newly_passed
            ),
            format!(
                "{total} records, passed {before} → {after} ({} no longer, {} newly)",
                self.newly_failed, self.newly_passed
            ),
        ));
        let places = self.places.iter();
        print_places(
            places.map(|(place, (before, after))| {
                (place.rule.as_str(), place.place.as_str(), *before, *after)
            }),
            lang,
        );
        let moved = self.moved();
        for (account, hospital) in moved.iter().take(LISTED) {
            let Hospital {
                uploads,
                total,
                passed: [before, after],
            } = hospital;
            say(&lang.say(
                format!("  账号 {account}  {uploads} 次上传，记录 {total} 条，达标 {before} → {after}"),
                format!("  account {account}  {uploads} uploads, {total} records, passed {before} → {after}"),
            ));
        }
        if moved.len() > LISTED {
            let more = moved.len() - LISTED;
            say(&lang.say(
                format!("  另有 {more} 个账号，见 --json"),
                format!("  {more} accounts more; --json has all"),
            ));
        }
    }
}
