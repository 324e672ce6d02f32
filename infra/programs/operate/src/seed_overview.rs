//! `operate seed-overview`: hospitals that never were with a year of reports, to try the overview with.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, value_parser};
use domain::{Account, AccountState, Clock, Institution, NewAccount, PasswordHash, Role, beijing};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::Offset;
use sample_data::{sample_contributions, sample_hospital};
use store::{Transaction, accounts, overview};

use crate::connection::{Connection, run, say};

/// 写入示例医院及其一年的上报数据，用于试用上报概览 · Writes sample hospitals and a year of their reports, to try the overview with
///
/// 仅用于试用和性能测试的数据表，切勿用于正式环境。
/// For tables to try things in, never for the real one.
#[derive(Args)]
pub(crate) struct SeedOverview {
    /// 医院数 · Hospitals
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u64).range(1..))]
    hospitals: u64,
    #[command(flatten)]
    when: When,
    /// 不写单日的计数，快数十倍，但只能按整月、整年查看 · Leaves out the counters of single days: many times as fast, and only whole months and years can be looked at
    #[arg(long)]
    without_days: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Of which days.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct When {
    /// 年份 · Year
    #[arg(long, value_name = "yyyy")]
    year: Option<i16>,
    /// 到昨天为止的天数 · Days up to yesterday
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=800))]
    days: Option<u16>,
}

impl When {
    /// The first day and the last.
    fn window(&self) -> Result<(Date, Date)> {
        if let Some(year) = self.year {
            let first = Date::new(year, 1, 1)?;
            return Ok((first, first.last_of_year()));
        }
        let today = beijing(Clock::system().now()).date();
        let days = i64::from(self.days.unwrap_or(1));
        Ok((
            today.saturating_sub(days.days()),
            today.saturating_sub(1.day()),
        ))
    }
}

impl SeedOverview {
    pub(crate) fn run(self) -> ExitCode {
        run(self.connection.lang, self.seed())
    }

    async fn seed(&self) -> Result<bool> {
        let started = Instant::now();
        let store = self.connection.store().await?;
        let (first, last) = self.when.window()?;
        let since = Offset::UTC.to_timestamp(first.at(0, 0, 0, 0))?;
        let mut written = 0;
        let numbers: Vec<u64> = (0..self.hospitals).collect();
        // A part at a time: all counters of a thousand hospitals need not fit into memory at once.
        for numbers in numbers.chunks(500) {
            let mut contributions = Vec::new();
            for number in numbers {
                let hospital = sample_hospital(*number);
                let province = hospital.division.get(..2).unwrap_or_default().to_owned();
                let new = NewAccount {
                    login_name: format!("sample-{number:05}-{first}").parse()?,
                    phone: None,
                    role: Role::DataManager,
                    institution: Some(Institution::new(&hospital.code, &hospital.name)?),
                    province: Some(province.clone()),
                    password_hash: PasswordHash::unusable(),
                    state: AccountState::Active,
                };
                let mut account = Account::new(new, since);
                account.division = Some(hospital.division);
                let mut transaction = Transaction::new();
                accounts::add_new(&store, &mut transaction, &account)?;
                transaction.settle(&store).await?;
                contributions.extend(sample_contributions(
                    *number,
                    &account.id,
                    &province,
                    (first, last),
                ));
            }
            written += overview::add_ledger(&store, &contributions, !self.without_days).await?;
        }
        let took = started.elapsed().as_secs();
        say(&self.connection.lang.say(
            format!("{} 家医院，{written} 项计数，{took} 秒", self.hospitals),
            format!("{} hospitals, {written} counters, {took} s", self.hospitals),
        ));
        Ok(true)
    }
}
