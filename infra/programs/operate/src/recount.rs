//! `operate recount`: holds the counters of the overview against what they are made of.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use domain::overview::{Bucket, Ledger};
use store::overview;

use crate::connection::{Connection, run, say};

/// 核对上报概览的计数 · Holds the counters of the overview against what every upload contributes
///
/// 读取整个数据表，只用于检查，不作任何修改。不一致时退出码为 1。
/// Reads the whole table and changes nothing; the exit status is 1 where something differs.
#[derive(Args)]
pub(crate) struct Recount {
    /// 另存各省各类数据每月的计数（CSV），用于与导出数据核对 · Also writes the counters by province, kind and month as CSV, to be held against exported records
    #[arg(long, value_name = "FILE")]
    figures: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

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
            write_figures(path, &stored)?;
        }
        let parts = [
            ("HOSPITALS (day)", differing(&wanted.days, &stored.days)),
            ("HOSPITALS", differing(&wanted.hospitals, &stored.hospitals)),
            ("PROVINCE", differing(&wanted.provinces, &stored.provinces)),
            ("CAUSES", differing(&wanted.causes, &stored.causes)),
            ("FILLS", differing(&wanted.fills, &stored.fills)),
        ];
        let mut all = 0;
        for (what, keys) in parts {
            for key in keys.iter().take(20) {
                say(&format!("{what}  {key}"));
            }
            all += keys.len();
        }
        let (read, counters) = (
            contributions.len(),
            wanted.days.len() + wanted.provinces.len(),
        );
        say(&lang.say(
            format!("{read} 项贡献，{counters} 组计数，{all} 组不一致"),
            format!("{read} contributions, {counters} groups of counters, {all} of them differ"),
        ));
        Ok(all == 0)
    }
}

/// Records, and days of hospitals with any, by province, kind and month.
fn write_figures(path: &Path, stored: &Ledger) -> Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["province", "kind", "month", "records", "days"])?;
    for ((province, bucket), kinds) in &stored.provinces {
        let Bucket::Month(_) = bucket else { continue };
        for (kind, counts) in kinds {
            let (records, days) = (counts.records, counts.on_time + counts.late);
            if records != 0 {
                let line = [
                    province,
                    kind,
                    &bucket.to_string(),
                    &records.to_string(),
                    &days.to_string(),
                ];
                writer.write_record(line)?;
            }
        }
    }
    Ok(writer.flush()?)
}

/// Keys whose values differ, or that only one of the two has.
fn differing<K: Ord + std::fmt::Debug, V: PartialEq>(
    wanted: &std::collections::BTreeMap<K, V>,
    stored: &std::collections::BTreeMap<K, V>,
) -> Vec<String> {
    let keys: std::collections::BTreeSet<&K> = wanted.keys().chain(stored.keys()).collect();
    keys.into_iter()
        .filter(|key| wanted.get(key) != stored.get(key))
        .map(|key| format!("{key:?}"))
        .collect()
}
