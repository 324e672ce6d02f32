//! How the program stands, in words a clerk understands.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::durable;
use crate::language::Language;
use crate::problem::Problem;
use crate::spool;

/// What the running program last wrote about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) version: String,
    pub(crate) server: String,
    pub(crate) started_at: Timestamp,
    pub(crate) written_at: Timestamp,
    /// Files taken and not yet done with.
    pub(crate) waiting: u64,
    pub(crate) oldest_at: Option<Timestamp>,
    pub(crate) last_contact_at: Option<Timestamp>,
    pub(crate) last_sent_at: Option<Timestamp>,
    /// What stands in the way, Chinese and English.
    pub(crate) error: Option<(String, String)>,
    pub(crate) next_try_at: Option<Timestamp>,
    /// Version that fits the service.
    pub(crate) server_version: Option<String>,
    pub(crate) clock_ahead_seconds: i64,
    /// Since the program was started.
    pub(crate) sent_files: u64,
    pub(crate) sent_records: u64,
    pub(crate) bad_files: u64,
    /// Files in the folders that are neither CSV nor ZIP.
    pub(crate) ignored: u64,
}

impl Status {
    pub(crate) fn new(server: &str, now: Timestamp) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            server: server.to_owned(),
            started_at: now,
            written_at: now,
            waiting: 0,
            oldest_at: None,
            last_contact_at: None,
            last_sent_at: None,
            error: None,
            next_try_at: None,
            server_version: None,
            clock_ahead_seconds: 0,
            sent_files: 0,
            sent_records: 0,
            bad_files: 0,
            ignored: 0,
        }
    }

    pub(crate) fn place(config: &Config) -> PathBuf {
        config.state.join("status.json")
    }
}

/// How the program stands; the number is the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Fine = 0,
    Attention = 1,
    NotRunning = 2,
}

/// What `status` prints.
pub(crate) fn show(
    config: &Config,
    as_json: bool,
    language: Language,
) -> Result<(String, Health), Problem> {
    let is_running = spool::lock(&config.state)?.is_none();
    let status: Option<Status> = durable::read_json(&Status::place(config));
    let health = health(is_running, status.as_ref());
    if as_json {
        let json =
            serde_json::json!({"running": is_running, "health": health as u8, "status": status});
        return Ok((json.to_string(), health));
    }
    Ok((words(is_running, status.as_ref(), language), health))
}

fn health(is_running: bool, status: Option<&Status>) -> Health {
    match status {
        _ if !is_running => Health::NotRunning,
        Some(status) if status.error.is_none() => Health::Fine,
        _ => Health::Attention,
    }
}

fn words(is_running: bool, status: Option<&Status>, language: Language) -> String {
    let mut lines = Vec::new();
    lines.push(if is_running {
        language.say("前置机程序：运行中", "Front-end machine: running").to_owned()
    } else {
        language
            .say(
                "前置机程序：未运行。请启动服务（Linux：systemctl start front-end-machine；Windows：在“服务”中启动 FrontEndMachine）",
                "Front-end machine: not running. Start it (Linux: systemctl start front-end-machine; Windows: start FrontEndMachine in Services)",
            )
            .to_owned()
    });
    let Some(status) = status else {
        lines.push(language.say("尚无记录", "Nothing is known yet").to_owned());
        return lines.join("\n");
    };
    lines.push(match status.waiting {
        0 => language
            .say("待发送：没有文件", "Waiting: no file")
            .to_owned(),
        waiting => {
            let since = moment(status.oldest_at);
            language.say(
                format!("待发送：{waiting} 个文件，最早的从 {since} 开始等待"),
                format!("Waiting: {waiting} files, the oldest since {since}"),
            )
        }
    });
    lines.push(language.say(
        format!("启动以来：已报送 {} 个文件、{} 条记录；{} 个文件有误，在 bad 文件夹中", status.sent_files, status.sent_records, status.bad_files),
        format!("Since its start: {} files with {} records sent; {} files to be mended, in the folder `bad`", status.sent_files, status.sent_records, status.bad_files),
    ));
    let (contact, sent) = (moment(status.last_contact_at), moment(status.last_sent_at));
    lines.push(language.say(
        format!("最近一次连上系统：{contact}；最近一次报送成功：{sent}"),
        format!("Last contact with the service: {contact}; last data sent: {sent}"),
    ));
    if let Some((zh, en)) = &status.error {
        lines.push(language.say(format!("问题：{zh}"), format!("Problem: {en}")));
        if status.next_try_at.is_some() {
            let at = moment(status.next_try_at);
            lines.push(language.say(
                format!("      文件已保存在本机，不会丢失；将于 {at} 自动重试"),
                format!(
                    "         Files are kept on this machine and not lost; the next try is at {at}"
                ),
            ));
        }
    }
    if status.clock_ahead_seconds.abs() > 120 {
        let minutes = status.clock_ahead_seconds / 60;
        lines.push(language.say(
            format!("注意：本机时间与系统相差约 {minutes} 分钟，请校准"),
            format!("Note: this machine's clock is off by about {minutes} minutes; please set it"),
        ));
    }
    if let Some(theirs) = status
        .server_version
        .as_ref()
        .filter(|theirs| **theirs != status.version)
    {
        let own = &status.version;
        lines.push(language.say(
            format!("注意：本程序版本 {own}，系统建议版本 {theirs}，请在系统“资料下载”中下载新版"),
            format!("Note: this is version {own}, the service suggests {theirs}; download it from the service"),
        ));
    }
    if status.ignored > 0 {
        let ignored = status.ignored;
        lines.push(language.say(
            format!("注意：文件夹中有 {ignored} 个文件不是 CSV 或 ZIP，不会报送"),
            format!(
                "Note: {ignored} files in the folders are neither CSV nor ZIP and are not sent"
            ),
        ));
    }
    lines.join("\n")
}

/// `yyyy-MM-dd HH:mm:ss` in China.
fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "—".to_owned(),
        |at| {
            jiff::tz::offset(8)
                .to_datetime(at)
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_reads_what_is_wrong_and_that_nothing_is_lost() {
        let mut status = Status::new("https://x", Timestamp::UNIX_EPOCH);
        status.waiting = 3;
        status.oldest_at = Some(Timestamp::UNIX_EPOCH);
        status.error = Some(("无法连接".into(), "cannot connect".into()));
        status.next_try_at = Some(Timestamp::UNIX_EPOCH);
        let zh = words(true, Some(&status), Language::Zh);
        for part in [
            "运行中",
            "待发送：3 个文件",
            "1970-01-01 08:00:00",
            "无法连接",
            "不会丢失",
        ] {
            assert!(zh.contains(part), "{part} in {zh}");
        }
        assert_eq!(health(true, Some(&status)), Health::Attention);
        assert_eq!(health(false, Some(&status)), Health::NotRunning);
        status.error = None;
        assert_eq!(health(true, Some(&status)), Health::Fine);
        let en = words(false, None, Language::En);
        assert!(en.contains("not running"), "{en}");
    }
}
