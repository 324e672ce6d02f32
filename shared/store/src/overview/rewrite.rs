//! All counters at once: to be held against what contributions add up to, and to be written where there are none yet.

use std::collections::BTreeMap;

use domain::overview::{Bucket, Contribution, Counts, Ledger};

use super::zero_cases::ZeroCases;
use super::{add, add_counts, add_numbers, changes, day_facts, day_item, is_progress, read_item};
use crate::batches;
use crate::keys::{self, Key, OVERVIEW_SHARDS, Overview, PK, SK};
use crate::table::{Item, key_item, number, write};
use crate::{Store, StoreError, Transaction};

/// Every contribution in the table. Reads the whole table: for operators and tests.
///
/// # Errors
/// When the table cannot be read.
pub async fn contributions(store: &Store) -> Result<Vec<Contribution>, StoreError> {
    let mut found = Vec::new();
    for item in whole_table(store, &["CONTRIBUTIONS#"]).await? {
        if item.get(SK).is_some_and(is_progress) {
            continue;
        }
        if is_of(&item, SK, "ZERO_CASES#") {
            let zero_cases: ZeroCases = read_item(item, "zero-case reports")?;
            found.extend(zero_cases.contribution().cloned());
        } else {
            found.push(read_item(item, "contribution")?);
        }
    }
    Ok(found)
}

/// Every counter in the table. Reads the whole table: for operators and tests.
///
/// # Errors
/// When the table cannot be read.
pub async fn stored(store: &Store) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::default();
    let (hospitals, provinces) = ("HOSPITALS#", "PROVINCE#");
    let (causes, fills) = ("CAUSES#", "FILLS#");
    for item in whole_table(store, &[hospitals, provinces, causes, fills]).await? {
        if is_of(&item, PK, hospitals) {
            add_hospital(&mut ledger, &item);
            continue;
        }
        let Some(place) = province_place(&item) else {
            continue;
        };
        if is_of(&item, PK, provinces) {
            add_counts(ledger.provinces.entry(place).or_default(), &item);
        } else if is_of(&item, PK, causes) {
            add_numbers(ledger.causes.entry(place).or_default(), &item);
        } else {
            add_numbers(ledger.fills.entry(place).or_default(), &item);
        }
    }
    Ok(ledger.tidied())
}

fn add_hospital(ledger: &mut Ledger, item: &Item) {
    let Some((province, bucket)) = place(item, PK, 1, 2) else {
        return;
    };
    let account = item.get(SK).and_then(|sk| sk.as_s().ok()?.parse().ok());
    let Some(account) = account else { return };
    let key = (province, account, bucket);
    match bucket {
        Bucket::Day(_) => {
            ledger.days.insert(key, day_facts(item));
        }
        _ => add_counts(ledger.hospitals.entry(key).or_default(), item),
    }
}

fn province_place(item: &Item) -> Option<(String, Bucket)> {
    let province = item.get(PK)?.as_s().ok()?.split('#').nth(1)?;
    let bucket = item.get(SK)?.as_s().ok()?.split_once('#')?.1.parse().ok()?;
    Some((province.to_owned(), bucket))
}

fn place(item: &Item, name: &str, province: usize, bucket: usize) -> Option<(String, Bucket)> {
    let key = item.get(name)?.as_s().ok()?;
    let province_code = key.split('#').nth(province)?;
    Some((
        province_code.to_owned(),
        key.split('#').nth(bucket)?.parse().ok()?,
    ))
}

fn is_of(item: &Item, name: &str, prefix: &str) -> bool {
    item.get(name)
        .is_some_and(|value| value.as_s().is_ok_and(|value| value.starts_with(prefix)))
}

/// All items of the table whose partitions begin in one of these ways.
async fn whole_table(store: &Store, prefixes: &[&str]) -> Result<Vec<Item>, StoreError> {
    let mut scan = store
        .client
        .scan()
        .table_name(&store.table)
        .consistent_read(true)
        .expression_attribute_names("#pk", PK);
    let mut wanted = Vec::new();
    for (index, prefix) in prefixes.iter().enumerate() {
        wanted.push(format!("begins_with(#pk, :prefix{index})"));
        let name = format!(":prefix{index}");
        scan = scan.expression_attribute_values(name, crate::table::text(*prefix));
    }
    let mut pages = scan
        .filter_expression(wanted.join(" OR "))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = pages.next().await {
        found.push(item.map_err(StoreError::call("Scan"))?);
    }
    Ok(found)
}

/// Writes contributions of hospitals that have none yet, with the counters of these hospitals in bulk, and adds to those of their
/// provinces; those of single days, which are most of them, can be left out. For tables to try things in: it is no
/// single transaction.
///
/// # Errors
/// When the table cannot be written.
pub async fn add_ledger(
    store: &Store,
    contributions: &[Contribution],
    with_days: bool,
) -> Result<usize, StoreError> {
    let ledger = Ledger::of(contributions);
    let mut items = Vec::new();
    for contribution in contributions {
        items.push(write(
            keys::contribution(contribution),
            contribution,
            "contribution",
        )?);
    }
    for ((province, account, day), facts) in ledger.days.iter().filter(|_| with_days) {
        let mut item = day_item(keys::hospital_bucket(province, account, *day), facts);
        item.insert(super::VERSION.to_owned(), number(1));
        items.push(item);
    }
    for ((province, account, bucket), kinds) in &ledger.hospitals {
        items.push(counted(
            keys::hospital_bucket(province, account, *bucket),
            kinds,
        ));
    }
    let mut additions = Vec::new();
    for shard in 0..OVERVIEW_SHARDS {
        let own = |one: &&Contribution| keys::overview_shard(&one.account) == shard;
        additions.extend(province_additions(
            shard,
            &Ledger::of(contributions.iter().filter(own)),
            with_days,
        ));
    }
    let written = items.len() + additions.len();
    batches::put(store, items).await?;
    for additions in additions.chunks(50) {
        let mut transaction = Transaction::new();
        for (key, changes) in additions.iter().filter(|(_, changes)| !changes.is_empty()) {
            transaction.add("counters", add(store, key.clone(), changes)?);
        }
        transaction.settle(store).await?;
    }
    Ok(written)
}

/// What the hospitals of a shard add to the counters of their provinces.
fn province_additions(
    shard: u8,
    ledger: &Ledger,
    with_days: bool,
) -> Vec<(Key, Vec<(String, i64)>)> {
    let wanted = |(_, bucket): &(String, Bucket)| with_days || !matches!(bucket, Bucket::Day(_));
    let mut additions = Vec::new();
    for ((province, bucket), kinds) in ledger.provinces.iter().filter(|(place, _)| wanted(place)) {
        let key = keys::province_bucket(Overview::Counts, province, shard, *bucket);
        additions.push((key, changes(kinds)));
    }
    for (what, sums) in [
        (Overview::Causes, &ledger.causes),
        (Overview::Fills, &ledger.fills),
    ] {
        for ((province, bucket), numbers) in sums.iter().filter(|(place, _)| wanted(place)) {
            let numbers = numbers.iter().map(|(name, count)| (name.clone(), *count));
            let key = keys::province_bucket(what, province, shard, *bucket);
            additions.push((key, numbers.collect()));
        }
    }
    additions
}

fn counted(key: Key, kinds: &BTreeMap<String, Counts>) -> Item {
    let mut item = key_item(key);
    item.extend(
        changes(kinds)
            .into_iter()
            .map(|(name, count)| (name, number(count))),
    );
    item
}
