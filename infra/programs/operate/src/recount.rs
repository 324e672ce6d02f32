//! `operate recount`: holds the counters of the overview against what they are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use domain::overview::{Bucket, HospitalBucket, Ledger, ProvinceBucket};
use serde_json::json;
use store::overview;

use crate::connection::{Connection, run, say};

/// 核对上报概览的计数 · Holds the counters of the overview against what every upload contributes
///
/// 读取整个数据表，只用于检查，不作任何修改。可在医院上传时运行：核对期间变化的计数不作判断。
/// Reads the whole table and changes nothing. May run while hospitals upload: counters that change meanwhile are not judged.
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  没有不一致 nothing differs\n  1  有不一致 something differs\n  2  无法进行 could not be done"
)]
pub(crate) struct Recount {
    /// 另存各省各类数据每月的计数（CSV），用于与导出数据核对 · Also writes the counters by province, kind and month as CSV, to be held against exported records
    #[arg(long, value_name = "FILE")]
    figures: Option<PathBuf>,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Differing counters that are named.
const NAMED: usize = 20;

impl Recount {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.compare())
    }

    async fn compare(&self) -> Result<bool> {
        let store = self.connection.store().await?;
        let lang = self.connection.lang;
        let contributions = overview::contributions(&store).await?;
        let wanted = Ledger::of(&contributions);
        let stored = overview::stored(&store).await?;
        if let Some(path) = &self.figures {
            write_figures(path, &stored).with_context(|| {
                let shown = path.display();
                lang.say(
                    format!("无法写入 {shown}"),
                    format!("{shown} can't be written"),
                )
            })?;
        }
        let mut differing = differing(&wanted, &stored);
        let mut moving = 0;
        if !differing.is_empty() {
            // What is counted between two readings differs without anything being wrong.
            let later = Ledger::of(&overview::contributions(&store).await?);
            let moved = self::differing(&wanted, &later);
            let all = differing.len();
            differing.retain(|name| !moved.contains(name));
            moving = all - differing.len();
        }
        let (read, groups) = (contributions.len(), size(&wanted));
        let differ = differing.len();
        if self.json {
            let report = json!({
                "contributions": read, "groups": groups, "differ": differ, "differing": differing, "changing": moving,
            });
            say(&report.to_string());
        } else {
            for name in differing.iter().take(NAMED) {
                say(name);
            }
            if differ > NAMED {
                say("…");
            }
            say(&lang.say(
                format!("{read} 项贡献，{groups} 组计数，{differ} 组不一致，{moving} 组正在变化"),
                format!("{read} contributions, {groups} groups of counters: {differ} differ, {moving} were changing"),
            ));
        }
        Ok(differ == 0)
    }
}

/// Records, and days of hospitals with any, by province, kind and month.
fn write_figures(path: &Path, stored: &Ledger) -> Result<()> {
    // Declared to be without a case, and late: such a day has no record.
    let mut without: BTreeMap<(&str, Bucket, &str), i64> = BTreeMap::new();
    for ((province, _, day), kinds) in &stored.days {
        let [_, month, _] = Bucket::of(day.first());
        for (kind, facts) in kinds.iter().filter(|(_, facts)| facts.records <= 0) {
            *without.entry((province, month, kind)).or_default() += facts.counts().late;
        }
    }
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["province", "kind", "month", "records", "days"])?;
    for ((province, bucket), kinds) in &stored.provinces {
        let Bucket::Month(_) = bucket else { continue };
        for (kind, counts) in kinds {
            let late = without.get(&(province.as_str(), *bucket, kind.as_str()));
            let days = counts.on_time + counts.late - late.unwrap_or(&0);
            if counts.records != 0 || days != 0 {
                let line = [
                    province,
                    kind,
                    &bucket.to_string(),
                    &counts.records.to_string(),
                    &days.to_string(),
                ];
                writer.write_record(line)?;
            }
        }
    }
    Ok(writer.flush()?)
}

/// Names of the groups of counters that are not the same in both.
fn differing(one: &Ledger, other: &Ledger) -> BTreeSet<String> {
    let of_hospital =
        |(province, account, bucket): &HospitalBucket| format!("{province} {account} {bucket}");
    let of_province = |(province, bucket): &ProvinceBucket| format!("{province} {bucket}");
    let mut names = BTreeSet::new();
    let mut add = |what: &str, keys: Vec<String>| {
        names.extend(keys.into_iter().map(|key| format!("{what}  {key}")));
    };
    add("day", unequal(&one.days, &other.days, of_hospital));
    add(
        "hospital",
        unequal(&one.hospitals, &other.hospitals, of_hospital),
    );
    add(
        "province",
        unequal(&one.provinces, &other.provinces, of_province),
    );
    add("causes", unequal(&one.causes, &other.causes, of_province));
    add("fillers", unequal(&one.fills, &other.fills, of_province));
    names
}

/// Keys whose values differ, or that only one of the two has.
fn unequal<K: Ord, V: PartialEq>(
    one: &BTreeMap<K, V>,
    other: &BTreeMap<K, V>,
    name: impl Fn(&K) -> String,
) -> Vec<String> {
    let keys: BTreeSet<&K> = one.keys().chain(other.keys()).collect();
    keys.into_iter()
        .filter(|key| one.get(key) != other.get(key))
        .map(name)
        .collect()
}

/// Groups of counters.
fn size(ledger: &Ledger) -> usize {
    let hospitals = ledger.days.len() + ledger.hospitals.len();
    hospitals + ledger.provinces.len() + ledger.causes.len() + ledger.fills.len()
}
