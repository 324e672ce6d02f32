//! What is older than the overview: accounts and death cases that no transaction put on its lists.

use domain::death_case::DeathCase;
use domain::{Account, AccountId};

use super::roster::{count, entry, put_new_listed};
use super::{find_listed, open_death};
use crate::keys::{self, PK, SK};
use crate::table::{check_that, number, text};
use crate::{Store, StoreError, Transaction, TransactionError, death_cases};

/// Every account's id. Reads the whole table: for operators and tests.
///
/// # Errors
/// When the table cannot be read.
pub async fn every_account(store: &Store) -> Result<Vec<AccountId>, StoreError> {
    let mut pages = store
        .client
        .scan()
        .table_name(&store.table)
        .filter_expression("#sk = :account AND begins_with(#pk, :prefix)")
        .projection_expression("#pk")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_names("#sk", SK)
        .expression_attribute_values(":account", text("ACCOUNT"))
        .expression_attribute_values(":prefix", text("ACCOUNT#"))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = pages.next().await {
        let item = item.map_err(StoreError::call("Scan"))?;
        let id = item.get(PK).and_then(|pk| pk.as_s().ok()?.split_once('#'));
        found.extend(id.and_then(|(_, id)| id.parse().ok()));
    }
    found.sort();
    Ok(found)
}

/// Whether a hospital is missing on the list of those that are to report.
///
/// # Errors
/// When the table cannot be read.
pub async fn is_unlisted(store: &Store, account: &Account) -> Result<bool, StoreError> {
    match entry(account) {
        Some((province, listed)) => Ok(find_listed(store, &province, &listed.account)
            .await?
            .is_none()),
        None => Ok(false),
    }
}

/// Puts a hospital on the list of those that are to report, unless it is there. `false`: it was there, or the account changed meanwhile.
///
/// # Errors
/// When the table cannot be written.
pub async fn list(store: &Store, account: &Account) -> Result<bool, StoreError> {
    let Some((province, listed)) = entry(account) else {
        return Ok(false);
    };
    let mut transaction = Transaction::new();
    transaction.add("roster", put_new_listed(store, &province, &listed)?);
    transaction.add("roster", count(store, &province, listed.since, 1)?);
    let seen = number(account.version);
    let own = keys::account(&account.id);
    transaction.add("account", check_that(store, own, "version", seen)?);
    done(transaction.commit(store).await)
}

/// The death cases of an account that are not complete and that its province does not see.
///
/// # Errors
/// When the table cannot be read.
pub async fn unseen_deaths(
    store: &Store,
    account: &AccountId,
) -> Result<Vec<DeathCase>, StoreError> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let part = death_cases::list(store, account, before.as_ref(), 100, |case| {
            !case.is_complete()
        });
        let part = part.await?;
        all.extend(part.cases);
        before = part.next;
        if before.is_none() {
            break;
        }
    }
    let mut unseen = Vec::new();
    for case in all {
        let province = case
            .province
            .as_deref()
            .unwrap_or(crate::provinces::NOWHERE);
        let key = keys::open_death(province, account, &case.id);
        let known: Option<super::OpenDeath> = store.get(key, "open death case").await?;
        if known.is_none() {
            unseen.push(case);
        }
    }
    Ok(unseen)
}

/// Lets the province see a death case. `false`: it changed meanwhile, and whoever changed it saw to that.
///
/// # Errors
/// When the table cannot be written.
pub async fn see_death(store: &Store, case: &DeathCase) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new();
    transaction.add("open", open_death(store, case)?);
    let own = keys::death_case(&case.account, &case.id);
    let seen = number(case.revision);
    transaction.add("case", check_that(store, own, "revision", seen)?);
    done(transaction.commit(store).await)
}

fn done(outcome: Result<(), TransactionError>) -> Result<bool, StoreError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {
            Ok(false)
        }
        Err(TransactionError::Store(error)) => Err(error),
    }
}
