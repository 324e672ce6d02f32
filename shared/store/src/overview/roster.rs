use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Account, AccountId, Role, beijing};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::add;
use super::read::all_of;
use crate::keys::{self, SK};
use crate::provinces::NOWHERE;
use crate::table::{delete_if, put_if, put_new, read, text, write};
use crate::{Store, StoreError, Transaction};

/// A hospital that is to report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its account.
    pub account: AccountId,
    /// 医疗机构代码.
    pub code: String,
    /// 医疗机构名称.
    pub name: String,
    /// Code of its division; `None`: brought along from HQMS, without an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// The first day it is to report of.
    pub since: Date,
}

/// How many hospitals are to report, by province and the day from which they do.
pub type RosterCounts = BTreeMap<String, BTreeMap<Date, i64>>;

/// Of how many hospital-days in a span reports are due, counted over hospitals by the day from which they report.
pub fn expected(counts: &BTreeMap<Date, i64>, first: Date, last: Date) -> i64 {
    counts
        .iter()
        .map(|(since, hospitals)| {
            let from = (*since).max(first);
            let days = from.until(last).map_or(-1, |span| span.get_days());
            hospitals * i64::from(days + 1).max(0)
        })
        .sum()
}

pub(super) fn entry(account: &Account) -> Option<(String, Listed)> {
    if account.role != Role::DataManager {
        return None;
    }
    let institution = account.institution.as_ref()?;
    let province = account.province.clone().unwrap_or(NOWHERE.to_owned());
    let listed = Listed {
        account: account.id.clone(),
        code: institution.code.clone(),
        name: institution.name.clone(),
        division: account.division.clone(),
        since: beijing(account.created_at).date(),
    };
    Some((province, listed))
}

/// Adds to the transaction that makes an account what puts its hospital on the list of those that report.
pub(crate) fn add_to_roster(
    store: &Store,
    transaction: &mut Transaction,
    account: &Account,
) -> Result<(), StoreError> {
    if let Some((province, listed)) = entry(account) {
        transaction.add("roster", put_listed(store, &province, &listed)?);
        transaction.add("roster", count(store, &province, listed.since, 1)?);
    }
    Ok(())
}

/// Adds to the transaction that changes an account what keeps the list of those that report as the account is.
pub(crate) fn move_on_roster(
    store: &Store,
    transaction: &mut Transaction,
    before: &Account,
    after: &Account,
) -> Result<(), StoreError> {
    let (was, is) = (entry(before), entry(after));
    if was == is {
        return Ok(());
    }
    let province_of =
        |entry: &Option<(String, Listed)>| entry.as_ref().map(|entry| entry.0.clone());
    let moved = province_of(&was) != province_of(&is);
    if let (Some((province, listed)), true) = (&was, moved) {
        let key = keys::roster(province, &listed.account);
        let id = text(listed.account.as_str());
        transaction.add("roster", delete_if(store, key, "account", id)?);
        transaction.add("roster", count(store, province, listed.since, -1)?);
    }
    if let Some((province, listed)) = &is {
        transaction.add("roster", put_listed(store, province, listed)?);
        if moved {
            transaction.add("roster", count(store, province, listed.since, 1)?);
        }
    }
    Ok(())
}

fn put_listed(
    store: &Store,
    province: &str,
    listed: &Listed,
) -> Result<TransactWriteItem, StoreError> {
    let item = write(keys::roster(province, &listed.account), listed, "hospital")?;
    put_if(store, item, "", &[], &[])
}

/// The same where nobody stands there yet.
pub(super) fn put_new_listed(
    store: &Store,
    province: &str,
    listed: &Listed,
) -> Result<TransactWriteItem, StoreError> {
    put_new(
        store,
        write(keys::roster(province, &listed.account), listed, "hospital")?,
    )
}

pub(super) fn count(
    store: &Store,
    province: &str,
    since: Date,
    change: i64,
) -> Result<TransactWriteItem, StoreError> {
    let key = keys::roster_count(province);
    add(store, key, &[(format!("since.{since}"), change)])
}

/// The hospitals of a province that are to report, by name.
///
/// # Errors
/// When the table cannot be read.
pub async fn listed(store: &Store, province: &str) -> Result<Vec<Listed>, StoreError> {
    let items = all_of(store, keys::roster_partition(province)).await?;
    let mut listed: Vec<Listed> = items
        .into_iter()
        .map(|item| read(item, "hospital"))
        .collect::<Result<_, _>>()?;
    listed.sort_by(|one, other| (&one.name, &one.account).cmp(&(&other.name, &other.account)));
    Ok(listed)
}

/// One hospital, if it is on the list of a province.
///
/// # Errors
/// When the table cannot be read.
pub async fn find_listed(
    store: &Store,
    province: &str,
    account: &AccountId,
) -> Result<Option<Listed>, StoreError> {
    store.get(keys::roster(province, account), "hospital").await
}

/// How many hospitals are to report, by province and the day from which they do.
///
/// # Errors
/// When the table cannot be read.
pub async fn roster_counts(store: &Store) -> Result<RosterCounts, StoreError> {
    let mut counts = RosterCounts::new();
    for item in all_of(store, keys::ROSTER_COUNTS.to_owned()).await? {
        let Some(Ok(province)) = item.get(SK).map(|sk| sk.as_s()) else {
            continue;
        };
        let days = counts.entry(province.clone()).or_default();
        for (_, since, hospitals) in super::counters(&item) {
            if let Ok(since) = since.parse() {
                days.insert(since, hospitals);
            }
        }
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hospitals_are_expected_from_their_first_day_on() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let counts = BTreeMap::from([(day("2026-01-01"), 10), (day("2026-01-30"), 2)]);
        let expected = |first, last| super::expected(&counts, day(first), day(last));
        assert_eq!(expected("2025-12-01", "2025-12-31"), 0);
        assert_eq!(expected("2025-12-31", "2026-01-01"), 10);
        assert_eq!(expected("2026-01-29", "2026-01-31"), 30 + 4);
    }
}
