//! `operate seed-uploads`: hospitals that never were, whose files the service judges as it judges any other.

use std::io::Cursor;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::{Args, value_parser};
use domain::{
    Account, AccountId, AccountState, Clock, Institution, NewAccount, NewUpload, PasswordHash,
    Role, Sha256, Upload, UploadId, UploadKind, beijing,
};
use indicatif::ProgressBar;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::Offset;
use sample_data::{Bad, Damage, Options, sample_hospital};
use serde_json::json;
use startup::Clients;
use store::{Transaction, accounts, overview, uploads};
use tokio::task::{JoinSet, spawn_blocking};

use crate::connection::{Connection, run, say};
use crate::progress::bar;

/// 上传示例医院的数据文件，由服务逐一校验，用于核对概览与导出数据 · Uploads files of sample hospitals, which the service judges one by one, to hold overview and exported records against each other
///
/// 仅用于试用和性能测试的数据表，切勿用于正式环境。
/// For tables to try things in, never for the real one.
#[derive(Args, Clone)]
#[command(
    after_help = "退出码 Exit status\n  0  全部校验并计入 all were judged and counted\n  1  有文件未校验 some were not\n  2  无法进行 could not be done"
)]
pub(crate) struct SeedUploads {
    /// 医院数 · Hospitals
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value_parser!(u64).range(1..))]
    hospitals: u64,
    /// 周数，到昨天为止 · Weeks up to yesterday
    #[arg(long, value_name = "M", default_value_t = 4, value_parser = value_parser!(u16).range(1..=110))]
    weeks: u16,
    /// 每个文件包的周数 · Weeks in one archive
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = value_parser!(u16).range(1..=52))]
    each: u16,
    /// 每周就诊数；出院数为其一半 · Visits a week; half as many stays
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = value_parser!(u32).range(1..=10_000))]
    visits: u32,
    /// 同时上传的医院数 · Hospitals that upload at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u8).range(1..=64))]
    at_once: u8,
    /// 输出 JSON · Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// How long a file may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// What came of the uploads of some hospitals.
#[derive(Default)]
struct Sum {
    uploads: u64,
    records: u64,
    left: u64,
}

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
        let (what, hospitals) = (lang.say("上传", "uploading"), self.hospitals as usize);
        let bar = bar(what, hospitals * self.parts(first).len());
        let mut sum = Sum::default();
        let mut running = JoinSet::new();
        let mut numbers = 0..self.hospitals;
        loop {
            while running.len() < usize::from(self.at_once)
                && let Some(number) = numbers.next()
            {
                let (own, clients, bar) = (self.clone(), clients.clone(), bar.clone());
                running.spawn(async move {
                    let run = now.as_second();
                    own.hospital(&clients, (number, first, run), &bar).await
                });
            }
            let Some(one) = running.join_next().await else {
                break;
            };
            let one = one??;
            sum.uploads += one.uploads;
            sum.records += one.records;
            sum.left += one.left;
        }
        bar.finish_and_clear();
        self.tell(&sum, started.elapsed().as_secs());
        Ok(sum.left == 0)
    }

    fn tell(&self, sum: &Sum, seconds: u64) {
        let hospitals = self.hospitals;
        let Sum {
            uploads,
            records,
            left,
        } = sum;
        say(&match self.json {
            true => json!({
                "hospitals": hospitals, "uploads": uploads, "passed": records, "left": left, "seconds": seconds,
            })
            .to_string(),
            false => self.connection.lang.say(
                format!("{hospitals} 家医院，{uploads} 次上传，{records} 条记录达标，{left} 次未校验，{seconds} 秒"),
                format!("{hospitals} hospitals, {uploads} uploads, {records} records passed, {left} not judged, {seconds} s"),
            ),
        });
    }

    /// The first day of each archive with its weeks.
    fn parts(&self, first: Date) -> Vec<(Date, u16)> {
        let starts = (0..self.weeks).step_by(usize::from(self.each));
        starts
            .map(|week| {
                let day = first.saturating_add((i64::from(week) * 7).days());
                (day, self.each.min(self.weeks - week))
            })
            .collect()
    }

    /// A hospital that never was, and its files one after the other.
    async fn hospital(
        &self,
        clients: &Clients,
        (number, first, run): (u64, Date, i64),
        bar: &ProgressBar,
    ) -> Result<Sum> {
        let account = self.account(clients, number, first, run).await?;
        let mut sum = Sum::default();
        for (part, days) in self.parts(first).into_iter().enumerate() {
            let own = self.clone();
            let archive = spawn_blocking(move || own.archive(number, part as u64, days)).await??;
            match upload(clients, &account, &archive).await? {
                Some(passed) => sum.records += passed,
                None => sum.left += 1,
            }
            sum.uploads += 1;
            bar.inc(1);
        }
        Ok(sum)
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

    fn archive(&self, number: u64, part: u64, (first, weeks): (Date, u16)) -> Result<Vec<u8>> {
        let hospital = sample_hospital(number);
        let base = Options {
            seed: number * 1000 + part,
            first_day: first,
            days: weeks * 7,
            institution_code: hospital.code,
            institution_name: hospital.name,
            ..Options::new("flu", 0)
        };
        let visits = self.visits * u32::from(weeks);
        let mut files = sample_data::linked(visits, visits / 2, &base);
        if number % 5 == 1 {
            // What fails counts by its arrival alone.
            files[0].1.bad = Bad::Exactly(vec![(Damage::BlankRequired, 1)]);
        }
        let mut archive = Cursor::new(Vec::new());
        sample_data::archive(standard::latest(), &files, &mut archive)?;
        Ok(archive.into_inner())
    }
}

/// Registers an upload, puts its object, and waits until the service has judged and counted it: how many records passed, `None` where
/// nothing came of it.
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
            if overview::counted(&clients.store, account, &ticket.id)
                .await?
                .is_some()
            {
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
