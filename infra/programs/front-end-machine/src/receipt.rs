use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::check::{Cause, Figures};
use crate::entry::Entry;
use crate::language::Language;

/// 回执: what became of a file, kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Receipt {
    /// One sentence for who looks into the folder.
    pub(crate) result: String,
    pub(crate) file: String,
    pub(crate) id: String,
    /// Address of the service.
    pub(crate) server: String,
    /// The upload in the service's list; `None`: nothing was sent.
    pub(crate) upload_id: Option<String>,
    pub(crate) at: Timestamp,
    /// What the check on this machine found.
    pub(crate) checked: Figures,
    /// What the service made of what was sent.
    pub(crate) received: Option<Totals>,
    /// Why the service refused it.
    pub(crate) refused: Option<String>,
    /// What has to be mended.
    pub(crate) causes: Vec<Cause>,
    /// Files with the rows to be mended.
    pub(crate) reports: Vec<String>,
}

/// The service's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// 记录总数.
    pub(crate) total: u64,
    /// 接口达标数.
    pub(crate) passed: u64,
    /// 新增.
    pub(crate) new: u64,
    /// 更新.
    pub(crate) updated: u64,
    /// 未变化.
    pub(crate) unchanged: u64,
    /// 不达标.
    pub(crate) failed: u64,
}

impl Totals {
    /// From the service's answer about an upload.
    pub(crate) fn of(answer: &Value) -> Self {
        let number =
            |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
        let dispositions = answer.get("dispositions").cloned().unwrap_or(Value::Null);
        Self {
            total: number(answer, "total"),
            passed: number(answer, "passed"),
            new: number(&dispositions, "new"),
            updated: number(&dispositions, "updated"),
            unchanged: number(&dispositions, "unchanged"),
            failed: number(&dispositions, "failed"),
        }
    }
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing had passed.
    Nothing,
    /// Received.
    Received { upload_id: String, totals: Totals },
    /// Refused by the service.
    Refused(String),
}

impl Receipt {
    pub(crate) fn new(
        entry: &Entry,
        sent: Sent,
        server: &str,
        at: Timestamp,
        language: Language,
    ) -> Self {
        let (mut upload_id, mut received, mut refused) = (None, None, None);
        match sent {
            Sent::Nothing => {}
            Sent::Received {
                upload_id: id,
                totals,
            } => {
                upload_id = Some(id);
                received = Some(totals);
            }
            Sent::Refused(why) => refused = Some(why),
        }
        Self {
            result: sentence(entry, received, refused.as_deref(), language),
            file: entry.name.clone(),
            id: entry.id.clone(),
            server: server.to_owned(),
            upload_id,
            at,
            checked: entry.local,
            received,
            refused,
            causes: entry.causes.clone(),
            reports: entry.reports.clone(),
        }
    }

    /// Whether somebody has to look at the file.
    pub(crate) fn needs_mending(&self) -> bool {
        self.refused.is_some()
            || self.checked.errors > 0
            || self.received.is_none_or(|totals| totals.failed > 0)
    }
}

fn sentence(
    entry: &Entry,
    received: Option<Totals>,
    refused: Option<&str>,
    language: Language,
) -> String {
    let Figures { total, passed, .. } = entry.local;
    let held = total.saturating_sub(passed);
    let report = entry.reports.last().cloned().unwrap_or_default();
    if let Some(why) = refused {
        return language.say(
            format!("系统未接收：{why}"),
            format!("not taken by the service: {why}"),
        );
    }
    let Some(totals) = received else {
        return language.say(
            format!("未报送：{total} 条记录均有误或文件无法读取，请按 {report} 修改后重新放入文件夹"),
            format!("nothing sent: none of {total} records passed, or the file cannot be read; mend it by {report} and drop it again"),
        );
    };
    let Totals {
        new,
        updated,
        unchanged,
        failed,
        ..
    } = totals;
    let mut text = language.say(
        format!(
            "已报送 {} 条：新增 {new}，更新 {updated}，未变化 {unchanged}，不达标 {failed}",
            totals.total
        ),
        format!(
            "{} records sent: {new} new, {updated} updated, {unchanged} unchanged, {failed} failed",
            totals.total
        ),
    );
    if held > 0 {
        text += &language.say(
            format!("；另有 {held} 条有误未报送，请按 {report} 修改后重新放入文件夹"),
            format!("; {held} more were held back: mend them by {report} and drop it again"),
        );
    }
    text
}
