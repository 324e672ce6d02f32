//! `operate import-accounts`: hospitals that have an account of HQMS sign in with it.

mod line;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use domain::audit::{Act, AuditEntry};
use domain::notice::{Channel, Notice, NoticeKind};
use domain::{Account, Clock};
use jiff::Timestamp;
use serde_json::json;
use store::applications::{self, Registered};
use store::{Store, Transaction, TransactionError, accounts, audit, notices};

use crate::connection::{Connection, run, say};
use crate::language::Language;
use line::{Defect, Line, read};

/// 导入已有 HQMS 账号 · Imports existing HQMS accounts from a CSV file
#[derive(Args)]
#[command(
    after_help = "列 Columns (UTF-8)\n  登录名 login_name, 手机号码 phone, 医疗机构代码 institution_code, 医疗机构名称 institution_name,\n  数据管理员 manager, 邮箱 email, 密码散列 password_hash (argon2 PHC, optional)\n\n退出码 Exit status\n  0  每行都已导入或已存在 every line imported or there already\n  1  有未导入的行 some lines were not imported\n  2  无法进行 could not be done"
)]
pub(crate) struct ImportAccounts {
    /// CSV 文件 · CSV file
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// 只检查，不写入 · Look only, write nothing
    #[arg(long)]
    dry_run: bool,
    /// 每行输出一个 JSON 对象 · Print one JSON object for each line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What became of a line.
enum Outcome {
    /// An account was made, or would be.
    Imported,
    /// It was imported earlier.
    There,
    /// It can't be imported.
    Refused(Vec<Defect>),
}

impl ImportAccounts {
    pub(crate) fn run(self) -> ExitCode {
        let lang = self.connection.lang;
        run(lang, async {
            let file = std::fs::File::open(&self.file).with_context(|| {
                let file = self.file.display();
                lang.say(
                    format!("无法打开 {file}"),
                    format!("{file} can't be opened"),
                )
            })?;
            let lines = read(file, lang)?;
            let store = self.connection.store().await?;
            let mut counts = [0_usize; 3];
            let mut seen = BTreeMap::new();
            for (number, line) in lines {
                let outcome = match line.and_then(|line| first(&mut seen, number, line)) {
                    Ok(line) => self.one(&store, &line, Clock::system().now()).await?,
                    Err(defects) => Outcome::Refused(defects),
                };
                counts[outcome.index()] += 1;
                say(&outcome.text(number, self.dry_run, self.json, lang));
            }
            let [imported, there, refused] = counts;
            if !self.json {
                let done = match self.dry_run {
                    true => lang.say("可导入", "can be imported"),
                    false => lang.say("已导入", "imported"),
                };
                say(&lang.say(
                    format!("{done} {imported}，已存在 {there}，未导入 {refused}"),
                    format!("{imported} {done}, {there} there already, {refused} not imported"),
                ));
            }
            Ok(refused == 0)
        })
    }

    async fn one(&self, store: &Store, line: &Line, now: Timestamp) -> Result<Outcome> {
        let code = &line.institution.code;
        if let Some(known) = accounts::find_by_login(store, line.login_name.as_str()).await? {
            // The same file again, after a run that was broken off.
            let same = known
                .institution
                .as_ref()
                .is_some_and(|own| own.code == *code);
            return Ok(match same {
                true => Outcome::There,
                false => Outcome::Refused(vec![Defect::LoginTaken]),
            });
        }
        let mut taken = Vec::new();
        if let Some(phone) = &line.phone
            && accounts::find_by_login(store, phone.as_str())
                .await?
                .is_some()
        {
            taken.push(Defect::PhoneTaken);
        }
        for (what, defect) in [
            (Registered::Code(code), Defect::CodeTaken),
            (Registered::Name(&line.institution.name), Defect::NameTaken),
        ] {
            if applications::registered(store, what).await?.is_some() {
                taken.push(defect);
            }
        }
        if !taken.is_empty() {
            return Ok(Outcome::Refused(taken));
        }
        if self.dry_run {
            return Ok(Outcome::Imported);
        }
        // Looked at above for the report, and held to by the conditions of the transaction.
        match write(store, line, now).await {
            Ok(()) => Ok(Outcome::Imported),
            Err(TransactionError::Refused(parts)) => Ok(Outcome::Refused(
                parts.into_iter().filter_map(Defect::of_part).collect(),
            )),
            Err(TransactionError::Store(error)) => Err(error.into()),
        }
    }
}

/// Account, registration, audit entry and notices, all or nothing.
async fn write(store: &Store, line: &Line, now: Timestamp) -> Result<(), TransactionError> {
    let account = line.account(now);
    let mut transaction = Transaction::new();
    accounts::add_new(store, &mut transaction, &account)?;
    applications::add_imported(store, &mut transaction, &account)?;
    let entry = AuditEntry {
        at: now,
        act: Act::AccountCreated,
        by: "operator".to_owned(),
        subject: account.id.to_string(),
        address: None,
        request: None,
    };
    transaction.add_all("audit", audit::write_entry(store, &entry)?);
    for notice in tell(&account, line, now) {
        transaction.add("notice", notices::write(store, &notice)?);
    }
    transaction.commit(store).await
}

/// Who can set a password by SMS is told how; who brings one along needs no word.
fn tell(account: &Account, line: &Line, now: Timestamp) -> Vec<Notice> {
    let Some(phone) = account
        .phone
        .as_ref()
        .filter(|_| line.password_hash.is_none())
    else {
        return Vec::new();
    };
    let kind = NoticeKind::AccountImported;
    [
        (Channel::Mail, "mail", account.email.as_deref()),
        (Channel::Sms, "sms", Some(phone.as_str())),
    ]
    .into_iter()
    .filter_map(|(channel, way, to)| {
        let key = format!("imported/{}/{way}", account.id);
        let notice = Notice::new(&key, kind, channel, to?, now)
            .with("institution", &line.institution.name)
            .with("login_name", account.login_name.as_str())
            .with("manager", &line.manager)
            .with("phone", phone.as_str());
        Some(notice)
    })
    .collect()
}

/// The line, unless an earlier one of the file has its login name, phone or institution.
fn first(
    seen: &mut BTreeMap<(&'static str, String), u64>,
    number: u64,
    line: Line,
) -> Result<Line, Vec<Defect>> {
    let mut keys = vec![
        ("login", line.login_name.as_str().to_owned()),
        ("code", line.institution.code.to_uppercase()),
    ];
    keys.extend(
        line.phone
            .iter()
            .map(|phone| ("phone", phone.as_str().to_owned())),
    );
    let before = keys.iter().find_map(|key| seen.get(key).copied());
    if let Some(before) = before {
        return Err(vec![Defect::Repeated(before)]);
    }
    seen.extend(keys.into_iter().map(|key| (key, number)));
    Ok(line)
}

impl Outcome {
    fn index(&self) -> usize {
        match self {
            Self::Imported => 0,
            Self::There => 1,
            Self::Refused(_) => 2,
        }
    }

    fn text(&self, number: u64, dry_run: bool, as_json: bool, lang: Language) -> String {
        if as_json {
            let result = ["imported", "there", "refused"][self.index()];
            let defects = match self {
                Self::Refused(defects) => defects.iter().map(Defect::code).collect(),
                Self::Imported | Self::There => Vec::new(),
            };
            return json!({"line": number, "result": result, "dry_run": dry_run, "defects": defects})
                .to_string();
        }
        let said = match (self, dry_run) {
            (Self::Imported, false) => lang.say("已导入", "imported").to_owned(),
            (Self::Imported, true) => lang.say("可导入", "can be imported").to_owned(),
            (Self::There, _) => lang.say("已存在", "there already").to_owned(),
            (Self::Refused(defects), _) => {
                let defects: Vec<String> = defects.iter().map(|defect| defect.text(lang)).collect();
                let said = lang.say("未导入：", "not imported: ");
                format!("{said}{}", defects.join(lang.say("；", "; ")))
            }
        };
        lang.say(
            format!("第 {number} 行  {said}"),
            format!("line {number}  {said}"),
        )
    }
}
