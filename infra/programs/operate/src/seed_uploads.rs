//! `operate seed-uploads`: hospitals that never were, whose files the service judges as it judges any other.

use std::io::Cursor;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::Args;
use domain::{
    Account, AccountId, AccountState, Clock, Institution, NewAccount, NewUpload, PasswordHash,
    Role, Sha256, Upload, UploadId, UploadKind, beijing,
};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::Offset;
use sample_data::{Options, sample_hospital};
use startup::Clients;
use store::{Transaction, accounts, uploads};

use crate::connection::{Connection, run, say};
use crate::progress::bar;

/// 上传示例医院的数据文件，由服务逐一校验，用于核对概览与导出数据 · Uploads files of sample hospitals, which the service judges one by one, to hold overview and exported records against each other
///
/// 仅用于试用和性能测试的数据表，切勿用于正式环境。
/// For tables to try things in, never for the real one.
#[derive(Args)]
#[command(
    after_help = "退出码 Exit status\n  0  全部校验完毕 all were judged\n  1  有文件未校验 some were not\n  2  无法进行 could not be done"
)]
pub(crate) struct SeedUploads {
    /// 医院数 · Hospitals
    #[arg(long, value_name = "N", default_value_t = 10)]
    hospitals: u64,
    /// 周数，每家医院每周一个文件包，到昨天为止 · Weeks up to yesterday, of each of which every hospital sends one archive
    #[arg(long, value_name = "M", default_value_t = 4)]
    weeks: u16,
    /// 每周就诊数；出院数为其一半 · Visits a week; half as many stays
    #[arg(long, value_name = "N", default_value_t = 12)]
    visits: u32,
    #[command(flatten)]
    connection: Connection,
}

/// How long a file may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(300);

impl SeedUploads {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.seed())
    }

    async fn seed(&self) -> Result<bool> {
        let lang = self.connection.lang;
        let started = Instant::now();
        let clients = self.connection.table_and_bucket().await?;
        let now = Clock::system().now();
        let end = beijing(now).date();
        let first = end.saturating_sub((i64::from(self.weeks) * 7).days());
        let bar = bar(
            lang.say("上传", "uploading"),
            self.hospitals as usize * usize::from(self.weeks),
        );
        let (mut sent, mut records, mut left) = (0_u64, 0_u64, 0_u64);
        for number in 0..self.hospitals {
            let account = self
                .account(&clients, number, first, now.as_second())
                .await?;
            for week in 0..self.weeks {
                let monday = first.saturating_add((i64::from(week) * 7).days());
                let archive = self.archive(number, week, monday)?;
                match upload(&clients, &account, &archive).await? {
                    Some(passed) => records += passed,
                    None => left += 1,
                }
                sent += 1;
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        let took = started.elapsed().as_secs();
        say(&lang.say(
            format!("{} 家医院，{sent} 次上传，{records} 条记录达标，{left} 次未校验，{took} 秒", self.hospitals),
            format!(
                "{} hospitals, {sent} uploads, {records} records passed, {left} not judged, {took} s",
                self.hospitals
            ),
        ));
        Ok(left == 0)
    }

    async fn account(
        &self,
        clients: &Clients,
        number: u64,
        first: Date,
        run: i64,
    ) -> Result<AccountId> {
        let hospital = sample_hospital(number);
        let new = NewAccount {
            login_name: format!("seeded-{number:05}-{run}").parse()?,
            phone: None,
            role: Role::DataManager,
            institution: Some(Institution::new(&hospital.code, &hospital.name)?),
            province: hospital.division.get(..2).map(str::to_owned),
            password_hash: PasswordHash::unusable(),
            state: AccountState::Active,
        };
        let mut account = Account::new(new, Offset::UTC.to_timestamp(first.at(0, 0, 0, 0))?);
        account.division = Some(hospital.division);
        let mut transaction = Transaction::new();
        accounts::add_new(&clients.store, &mut transaction, &account)?;
        transaction.settle(&clients.store).await?;
        Ok(account.id)
    }

    fn archive(&self, number: u64, week: u16, monday: Date) -> Result<Vec<u8>> {
        let hospital = sample_hospital(number);
        let base = Options {
            seed: number * 1000 + u64::from(week),
            first_day: monday,
            days: 7,
            institution_code: hospital.code,
            institution_name: hospital.name,
            ..Options::new("flu", 0)
        };
        let files = sample_data::linked(self.visits, self.visits / 2, &base);
        let mut archive = Cursor::new(Vec::new());
        sample_data::archive(standard::latest(), &files, &mut archive)?;
        Ok(archive.into_inner())
    }
}

/// Registers an upload, puts its object, and waits for the service to judge it: how many records passed, `None` where nothing came of it.
async fn upload(clients: &Clients, account: &AccountId, archive: &[u8]) -> Result<Option<u64>> {
    let id = UploadId::new(uploads::next_sequence(&clients.store, account).await?);
    let new = NewUpload {
        kind: UploadKind::Data,
        file_name: "all.zip"
            .parse()
            .map_err(|_| anyhow!("a name of a file is refused"))?,
        size: archive.len() as u64,
        sha256: Sha256::of(archive),
        dry_run: false,
    };
    let ticket = Upload::new(account.clone(), id, new, Clock::system().now());
    uploads::register(&clients.store, &ticket).await?;
    let put = clients.s3.put_object().bucket(clients.files.bucket());
    put.key(ticket.object_key())
        .body(archive.to_vec().into())
        .send()
        .await?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let found = uploads::find(&clients.store, account, &ticket.id).await?;
        let done = found.filter(|found| found.status.is_final());
        if let Some(found) = done {
            if found.settlement.is_some() {
                return Ok(found.figures.map(|figures| figures.passed));
            }
            if found.figures.is_none() {
                return Ok(None);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(None)
}
