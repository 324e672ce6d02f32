//! Reminds data managers of death cases that are due or overdue (product E5): two days and one day before the last day in time,
//! one day after it, then every week until nothing is missing.
//!
//! A reminder and the note that it went out are one transaction: run twice, or twice at the same time, it goes out once; after a
//! crash, or days without a run, it goes out with the next one. Of an account's cases one notice speaks, with their number and
//! no patient's name.

use std::collections::BTreeMap;

use domain::death_case::DeathCase;
use domain::notice::{Channel, Notice, NoticeKind};
use domain::{Account, AccountId, AccountState, Clock, beijing};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use metrics::Metric;
use serde::Serialize;
use store::{Store, StoreError, accounts, death_cases};

/// The first reminder goes out so many days before the last day in time.
const AHEAD: i64 = 2;
/// Cases one notice speaks of; a transaction has room for them. The next run has the next ones.
const AT_ONCE: usize = 90;

/// What the reminding may use.
#[derive(Debug, Clone)]
pub struct Reminding {
    /// Cases, accounts and the outbox.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Reminded {
    /// Accounts that were reminded.
    pub accounts: u32,
    /// Cases they were reminded of.
    pub cases: u32,
    /// Accounts that cannot be reached, by mail or by phone.
    pub unreachable: u32,
    /// Accounts somebody else was at, or that could not be read or written; the next run tries.
    pub postponed: u32,
}

/// Reminds of everything that is to be reminded of today.
///
/// # Errors
/// When the cases cannot be read. One account that cannot be read or written holds up no other.
pub async fn run(reminding: &Reminding) -> Result<Reminded, StoreError> {
    let now = reminding.clock.now();
    let today = beijing(now).date();
    let end = today.saturating_add((AHEAD + 1).days());
    let open = death_cases::open_with_deadline_before(&reminding.store, end).await?;
    let mut by_account: BTreeMap<AccountId, Vec<DeathCase>> = BTreeMap::new();
    for case in open {
        by_account
            .entry(case.account.clone())
            .or_default()
            .push(case);
    }
    let mut reminded = Reminded::default();
    for (account, cases) in by_account {
        match remind(reminding, &account, cases, today, now).await {
            Ok(Outcome::Nothing) => {}
            Ok(Outcome::Sent(cases)) => {
                reminded.accounts += 1;
                reminded.cases += cases;
            }
            Ok(Outcome::Unreachable) => {
                tracing::warn!(%account, "an account has neither mail address nor phone");
                reminded.unreachable += 1;
            }
            Ok(Outcome::Postponed) => reminded.postponed += 1,
            Err(error) => {
                tracing::warn!(%account, %error, "an account is left for the next run: {error}");
                reminded.postponed += 1;
            }
        }
    }
    tracing::info!(?reminded, "{} accounts were reminded", reminded.accounts);
    metrics::record(&[
        (Metric::HospitalsReminded, reminded.accounts.into()),
        (Metric::RemindersPostponed, reminded.postponed.into()),
    ]);
    Ok(reminded)
}

enum Outcome {
    Nothing,
    Sent(u32),
    Unreachable,
    Postponed,
}

async fn remind(
    reminding: &Reminding,
    account: &AccountId,
    open: Vec<DeathCase>,
    today: Date,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let overdue = open.iter().filter(|case| case.deadline().is_over(today));
    let (count, overdue) = (open.len(), overdue.count());
    let steps: Vec<(DeathCase, DeathCase)> = open
        .into_iter()
        .filter_map(|before| {
            let step = before.reminder(today)?;
            let mut after = before.clone();
            after.remind(step);
            Some((before, after))
        })
        .take(AT_ONCE)
        .collect();
    if steps.is_empty() {
        return Ok(Outcome::Nothing);
    }
    let found = accounts::find(&reminding.store, account).await?;
    let Some(account) = found.filter(|account| account.state != AccountState::Disabled) else {
        return Ok(Outcome::Nothing);
    };
    let notices = notices(&account, count, overdue, today, now);
    if notices.is_empty() {
        return Ok(Outcome::Unreachable);
    }
    let written = death_cases::remind(&reminding.store, &steps, &notices).await?;
    Ok(match (written, u32::try_from(steps.len())) {
        (true, cases) => Outcome::Sent(cases.unwrap_or(u32::MAX)),
        (false, _) => Outcome::Postponed,
    })
}

/// One by each way the account can be reached. An account has one a day: the keys say so.
fn notices(
    account: &Account,
    count: usize,
    overdue: usize,
    today: Date,
    now: Timestamp,
) -> Vec<Notice> {
    let institution = account.institution.as_ref();
    let institution = institution.map_or_else(
        || account.login_name.as_str(),
        |institution| institution.name.as_str(),
    );
    ways(account)
        .into_iter()
        .map(|(channel, name, to)| {
            let key = format!("death-cases/{}/{today}/{name}", account.id);
            Notice::new(&key, NoticeKind::DeathCasesDue, channel, to, now)
                .with("count", &count.to_string())
                .with("institution", institution)
                .with("overdue", &overdue.to_string())
        })
        .collect()
}

fn ways(account: &Account) -> Vec<(Channel, &'static str, &str)> {
    let email = account.email.as_deref();
    let phone = account.phone.as_ref();
    let email = email.map(|email| (Channel::Mail, "mail", email));
    let phone = phone.map(|phone| (Channel::Sms, "sms", phone.as_str()));
    email.into_iter().chain(phone).collect()
}
