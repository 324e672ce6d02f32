use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::check::{self, Basis};
use crate::client::{Client, OnProgress};
use crate::config::Config;
use crate::credential::Credential;
use crate::durable;
use crate::entry::{self, Entry, Stamp};
use crate::init::Init;
use crate::language::Language;
use crate::machine::{Machine, hospital_place};
use crate::problem::Problem;
use crate::receipt::{Receipt, Sent};
use crate::send::{self, Outcome, Parcel};
use crate::spool::{self, Progress};
use crate::{log, self_test, service, status};

/// 前置机程序：自动报送流感监测数据 · Sends a hospital's influenza data, unattended
#[derive(Debug, Parser)]
#[command(
    name = "front-end-machine",
    version,
    after_help = "退出码 Exit status\n  0  正常 well\n  1  有问题需要处理 something needs attention\n  2  未运行或配置有误 not running, or not configured"
)]
pub struct Cli {
    /// 配置文件 · Configuration file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "FRONT_END_MACHINE_CONFIG"
    )]
    config: Option<PathBuf>,
    /// 语言 · Language
    #[arg(long, global = true, value_enum, env = "FRONT_END_MACHINE_LANG")]
    lang: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 写入配置，并为本机取得单独的登录凭据 · Writes the configuration and gets a credential for this machine
    Init(Init),
    /// 检查文件夹、网络、登录，并做一次测试报送（仅校验） · Checks folders, network and sign-in, and makes a dry run
    Test,
    /// 持续运行：监视文件夹并报送 · Watches the folders and sends, until it is stopped
    Run,
    /// 立即报送指定的文件 · Sends files at once
    Send {
        /// CSV 或 ZIP 文件 · CSV or ZIP files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// 仅校验，不保存数据 · Judge only; no record is kept
        #[arg(long)]
        dry_run: bool,
    },
    /// 显示运行状态 · Shows how the program stands
    Status {
        /// 输出 JSON · As JSON
        #[arg(long)]
        json: bool,
    },
    /// Run by the Windows service manager.
    #[command(hide = true)]
    Service,
}

impl Cli {
    /// Does what was asked.
    pub fn run(self) -> ExitCode {
        let place = self.config.clone().unwrap_or_else(Config::usual_place);
        if let Command::Init(init) = self.command {
            let language = self.lang.unwrap_or_default();
            return end(init.run(&place, language).map(say_well), language);
        }
        let config = match Config::read(&place) {
            Ok(config) => config,
            Err(problem) => return end(Err(problem), self.lang.unwrap_or_default()),
        };
        let language = self.lang.unwrap_or(config.language);
        let done = match self.command {
            Command::Init(_) => Ok(ExitCode::SUCCESS),
            Command::Test => {
                let well = self_test::run(&config, language, &mut |line| say(&line));
                Ok(ExitCode::from(u8::from(!well)))
            }
            Command::Run => run(config),
            Command::Send { files, dry_run } => send_files(&config, &files, dry_run, language),
            Command::Status { json } => {
                status::show(&config, json, language).map(|(text, health)| {
                    say(&text);
                    ExitCode::from(health as u8)
                })
            }
            Command::Service => service::run(config).map(|()| ExitCode::SUCCESS),
        };
        end(done, language)
    }
}

fn run(config: Config) -> Result<ExitCode, Problem> {
    log::start(&config)?;
    Machine::new(config)?.run(&AtomicBool::new(false));
    Ok(ExitCode::SUCCESS)
}

/// Sends files beside the running program: their keys see to it that nothing comes twice.
fn send_files(
    config: &Config,
    files: &[PathBuf],
    dry_run: bool,
    language: Language,
) -> Result<ExitCode, Problem> {
    let credential = Credential::read(&config.credential())?;
    let mut client = Client::new(config, credential)?;
    let mut all_well = true;
    for path in files {
        let receipt = send_file(config, &mut client, path, dry_run, language)?;
        say(&format!("{}：{}", receipt.file, receipt.result));
        for cause in &receipt.causes {
            say(&format!(
                "  {}（{}）{}",
                cause.message, cause.findings, cause.mend
            ));
        }
        all_well &= !receipt.needs_mending();
    }
    Ok(ExitCode::from(u8::from(!all_well)))
}

fn send_file(
    config: &Config,
    client: &mut Client,
    path: &PathBuf,
    dry_run: bool,
    language: Language,
) -> Result<Receipt, Problem> {
    let failed = |error: &io::Error| Problem::path(path, error);
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    let stamp = Stamp::of(path).map_err(|error| failed(&error))?;
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let id = entry::id(&name, &stamp, &bytes);
    let hospital = durable::read_json(&hospital_place(config));
    let basis = Basis {
        hospital: hospital.as_ref(),
        now: client.now(),
        language,
    };
    let checked = check::check(&name, bytes, basis)?;
    let folder = path.parent().unwrap_or(std::path::Path::new("."));
    let mut reports = Vec::new();
    for (report, bytes) in checked.reports {
        // Another file's report may lie there; the same file sent again has the same one.
        let there = fs::read(folder.join(&report));
        let report = match there {
            Ok(there) if there != bytes => spool::with_id(&report, &id),
            _ => report,
        };
        durable::write(&folder.join(&report), &bytes).map_err(|error| failed(&error))?;
        reports.push(report);
    }
    let (upload_name, payload) = checked.payload.unzip();
    let entry = Entry {
        id,
        name,
        source: path.clone(),
        stamp,
        taken_at: Timestamp::now(),
        local: checked.figures,
        causes: checked.causes,
        upload_name,
        reports,
    };
    let sent = match (&entry.upload_name, payload) {
        (Some(name), Some(bytes)) => {
            // A dry run has a key of its own, or the sending that follows would be taken for it.
            let id = if dry_run {
                format!("{}-dry", entry.id)
            } else {
                entry.id.clone()
            };
            let parcel = Parcel {
                id: &id,
                name,
                bytes,
                dry_run,
            };
            deliver(client, &parcel, language)?
        }
        _ => Sent::Nothing,
    };
    Ok(Receipt::new(
        &entry,
        sent,
        &config.server,
        Timestamp::now(),
        language,
    ))
}

/// Sends to the end, with a bar if somebody is watching.
fn deliver(client: &mut Client, parcel: &Parcel<'_>, language: Language) -> Result<Sent, Problem> {
    let bar = bar(parcel);
    let on_progress = bar
        .clone()
        .map(|bar| -> OnProgress { Arc::new(move |sent, _| bar.set_position(sent)) });
    let mut progress = Progress::default();
    for _ in 0..600 {
        let mut next = progress.clone();
        let mut keep = |progress: &Progress| {
            next = progress.clone();
            Ok(())
        };
        let outcome = send::send(client, parcel, progress, &mut keep, on_progress.clone());
        match outcome.map_err(|error| error.problem().clone())? {
            Outcome::Sent(sent) => {
                if let Some(bar) = bar {
                    bar.finish_and_clear();
                }
                return Ok(sent);
            }
            Outcome::Awaited => {
                progress = next;
                if let Some(bar) = &bar {
                    bar.set_message(language.say("校验中", "being judged"));
                }
            }
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    Err(Problem::new(
        "已发送，系统尚在校验，请稍后在系统中查看结果",
        "sent, and still being judged; look at the result in the service later",
    ))
}

fn bar(parcel: &Parcel<'_>) -> Option<ProgressBar> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::new(parcel.bytes.len() as u64);
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(parcel.name.to_owned());
    Some(bar)
}

fn say_well(text: String) -> ExitCode {
    say(&text);
    ExitCode::SUCCESS
}

fn say(text: &str) {
    // The reader of a pipe may have gone; what was asked has been done all the same.
    let _ = writeln!(io::stdout(), "{text}");
}

fn end(done: Result<ExitCode, Problem>, language: Language) -> ExitCode {
    match done {
        Ok(code) => code,
        Err(problem) => {
            let _ = writeln!(
                io::stderr(),
                "front-end-machine: {}",
                problem.text(language)
            );
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_takes_no_password() {
        Cli::command().debug_assert();
        let init = Cli::command();
        let init = init.find_subcommand("init").unwrap();
        assert!(
            init.get_arguments()
                .all(|argument| argument.get_id() != "password")
        );
    }
}
