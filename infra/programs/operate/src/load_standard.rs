//! `operate load-standard`: puts a new version among the data the service is built from.
//!
//! Versions are compiled into every function, so that no two instances ever judge by different data. Loading one is
//! therefore a change of the sources, and takes effect with the next deployment, on its first day.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::civil::Date;
use serde_json::json;
use standard::{FileKind, Standard};

use crate::candidate::read;
use crate::connection::{run, say};
use crate::language::Language;

/// 装入新版接口标准 · Puts a new version of the interface standard among the sources
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  已装入，或（--dry-run）可以装入 loaded, or can be\n  2  无法装入 can't be loaded"
)]
pub(crate) struct LoadStandard {
    /// 新版本的数据文件夹，文件夹名即版本号 · Folder of the version, named like it
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// 生效日期；上一版在前一天失效 · First day it is in force; the version before ends the day before
    #[arg(long, value_name = "yyyy-MM-dd")]
    first_day: Date,
    /// 说明 · Note
    #[arg(long, default_value = "")]
    note: String,
    /// 源码中标准数据的文件夹 · Folder of the standard's data in the sources
    #[arg(long, value_name = "DIR", default_value = "shared/standard/data")]
    into: PathBuf,
    /// 只检查，不写入 · Look only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    /// 语言 · Language
    #[arg(long, value_enum, default_value = "zh", env = "OPERATE_LANG")]
    lang: Language,
}

impl LoadStandard {
    pub(crate) fn run(self) -> ExitCode {
        run(self.lang, async { self.load() })
    }

    fn load(&self) -> Result<bool> {
        let lang = self.lang;
        let new = read(&self.folder, self.first_day, lang)?;
        let list = self.into.join("versions.csv");
        let text = fs::read_to_string(&list).with_context(|| {
            let list = list.display();
            lang.say(
                format!("{list} 无法读取：请用 --into 指定源码中的 shared/standard/data"),
                format!(
                    "{list} can't be read: name shared/standard/data of the sources with --into"
                ),
            )
        })?;
        let mut versions = csv::Reader::from_reader(text.as_bytes());
        let mut last = None;
        for row in versions.records() {
            let row = row?;
            let version = row.get(0).unwrap_or_default().to_owned();
            if version == new.version {
                bail!(lang.say(
                    format!("版本 {version} 已存在"),
                    format!("there is a version {version} already"),
                ));
            }
            last = Some((version, row.get(1).unwrap_or_default().parse::<Date>()?));
        }
        if let Some((version, first_day)) = &last
            && *first_day >= self.first_day
        {
            bail!(lang.say(
                format!("生效日期应晚于版本 {version} 的 {first_day}"),
                format!("the first day must come after that of version {version}, {first_day}"),
            ));
        }
        let before = last.and_then(|(version, _)| {
            let known = standard::versions().iter();
            known.into_iter().find(|known| known.version == version)
        });
        self.tell(before.unwrap_or(standard::latest()), &new);
        if !self.dry_run {
            self.write(&new, &list, &text)?;
        }
        Ok(true)
    }

    /// The folder first: without its line in the list nothing reads it.
    fn write(&self, new: &Standard, list: &Path, text: &str) -> Result<()> {
        let target = self.into.join(&new.version);
        if target.canonicalize().ok() != self.folder.canonicalize().ok() {
            fs::create_dir_all(&target)?;
            for entry in fs::read_dir(&self.folder)? {
                let entry = entry?;
                if entry
                    .path()
                    .extension()
                    .is_some_and(|ending| ending == "csv")
                {
                    fs::copy(entry.path(), target.join(entry.file_name()))?;
                }
            }
        }
        let mut line = csv::Writer::from_writer(Vec::new());
        let first_day = self.first_day.to_string();
        line.write_record([new.version.as_str(), &first_day, "", &self.note])?;
        let line = line.into_inner().map_err(|error| error.into_error())?;
        let mut whole = text.trim_end().as_bytes().to_vec();
        whole.push(b'\n');
        whole.extend(line);
        let partial = list.with_extension("csv.new");
        fs::write(&partial, whole)?;
        fs::rename(&partial, list)?;
        Ok(())
    }

    fn tell(&self, before: &Standard, new: &Standard) {
        let changes = Changes::between(before, new);
        if self.json {
            say(&json!({
                "version": new.version, "first_day": self.first_day.to_string(), "before": before.version,
                "dry_run": self.dry_run,
                "columns_added": changes.columns_added, "columns_removed": changes.columns_removed,
                "columns_changed": changes.columns_changed,
                "rules_added": changes.rules_added, "rules_removed": changes.rules_removed,
                "rules_changed": changes.rules_changed,
            })
            .to_string());
            return;
        }
        let lang = self.lang;
        let (version, first_day) = (&new.version, self.first_day);
        let done = match self.dry_run {
            true => lang.say("可以装入", "can be loaded"),
            false => lang.say("已装入", "loaded"),
        };
        say(&lang.say(
            format!(
                "版本 {version} {done}，自 {first_day} 起生效；与 {} 相比：",
                before.version
            ),
            format!(
                "version {version} {done}, in force from {first_day}; compared with {}:",
                before.version
            ),
        ));
        for (what, names) in [
            (lang.say("新增列", "columns added"), &changes.columns_added),
            (
                lang.say("删除列", "columns removed"),
                &changes.columns_removed,
            ),
            (
                lang.say("改动列", "columns changed"),
                &changes.columns_changed,
            ),
            (lang.say("新增规则", "rules added"), &changes.rules_added),
            (
                lang.say("删除规则", "rules removed"),
                &changes.rules_removed,
            ),
            (
                lang.say("改动规则", "rules changed"),
                &changes.rules_changed,
            ),
        ] {
            say(&format!("  {what} {}  {}", names.len(), names.join(" ")));
        }
        say(lang.say(
            "随下一次部署生效。部署前：tests/run，并用 preview-standard --data 查看对历史上传的影响。",
            "It takes effect with the next deployment. Before: tests/run, and preview-standard --data for its effect on past uploads.",
        ));
    }
}

/// Columns as `kind.code`, rules by id.
#[derive(Default)]
struct Changes {
    columns_added: Vec<String>,
    columns_removed: Vec<String>,
    columns_changed: Vec<String>,
    rules_added: Vec<String>,
    rules_removed: Vec<String>,
    rules_changed: Vec<String>,
}

impl Changes {
    fn between(before: &Standard, new: &Standard) -> Self {
        let mut changes = Self::default();
        let kind = |standard: &'_ Standard, code: &str| {
            let index = standard.kind_index(code)?;
            standard.kinds.get(index).cloned()
        };
        let name = |kind: &FileKind, code: &str| format!("{}.{code}", kind.code);
        for new_kind in &new.kinds {
            let old = kind(before, &new_kind.code);
            for field in &new_kind.fields {
                let old = old
                    .as_ref()
                    .and_then(|old| Some(&old.fields[old.field_index(&field.code)?]));
                let changed = &mut changes;
                match old {
                    None => changed.columns_added.push(name(new_kind, &field.code)),
                    Some(old) if old != field => {
                        changed.columns_changed.push(name(new_kind, &field.code))
                    }
                    Some(_) => {}
                }
            }
        }
        for old_kind in &before.kinds {
            let new = kind(new, &old_kind.code);
            for field in &old_kind.fields {
                let stays = new
                    .as_ref()
                    .is_some_and(|new| new.field_index(&field.code).is_some());
                if !stays {
                    changes.columns_removed.push(name(old_kind, &field.code));
                }
            }
        }
        for rule in &new.rules {
            match before
                .rule_index(&rule.id)
                .map(|index| &before.rules[index])
            {
                None => changes.rules_added.push(rule.id.clone()),
                Some(old) if old != rule => changes.rules_changed.push(rule.id.clone()),
                Some(_) => {}
            }
        }
        let gone = before
            .rules
            .iter()
            .filter(|rule| new.rule_index(&rule.id).is_none());
        changes.rules_removed = gone.map(|rule| rule.id.clone()).collect();
        changes
    }
}
