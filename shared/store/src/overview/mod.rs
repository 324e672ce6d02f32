//! 上报概览: the counters, and what they are made of.
//!
//! A contribution says what one upload adds to one month. Putting it in the place of an earlier one and changing every counter it
//! touches is *one* transaction, conditional on the earlier one: twice the same changes nothing, a crash leaves all of it or
//! none, and whatever the order, the contribution of the highest rank is the one that is counted. Only the hospital's own days
//! are read first, because a day is reported once, however many uploads there were; everything above them is added to.

mod backfill;
mod deaths;
mod read;
mod rewrite;
mod roster;
mod zero_cases;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};
use domain::overview::{Bucket, Contribution, Counts, DayFacts, Facts};
use domain::{AccountId, UploadId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use backfill::{every_account, is_unlisted, list, see_death, unseen_deaths};
pub(crate) use deaths::open_death;
pub use deaths::{OpenDeath, open_deaths, open_deaths_of};
pub use read::{
    HospitalCounts, ProvinceCounts, causes, fills, hospital_days, hospitals, provinces,
};
pub use rewrite::{add_ledger, contributions, stored};
pub use roster::{Listed, RosterCounts, expected, find_listed, listed, roster_counts};
pub(crate) use roster::{add_to_roster, move_on_roster};
pub use zero_cases::{ZeroCase, ZeroCases, change as change_zero_cases, find as find_zero_cases};

use crate::batches;
use crate::claims::update;
use crate::keys::{self, Key, Overview, PK, SK};
use crate::table::{
    Item, below, check_that, key_item, number, put_if, put_new, read as read_item, update_if, write,
};
use crate::{Store, StoreError, Transaction, TransactionError};

/// Tries of a transaction that others keep getting in between: a province's counters are written by all its hospitals.
const TRIES: u32 = 14;

/// How far the counting of an upload is.
#[derive(Serialize, Deserialize)]
struct Counting {
    /// The highest rank somebody has begun to count it with; from then on lower ones change nothing.
    begun: u64,
    /// The rank up to which all of it is counted.
    #[serde(default)]
    counted: Option<u64>,
}

/// The rank up to which all of an upload is counted; `None`: it never was, or not to its end.
///
/// # Errors
/// When the table cannot be read.
pub async fn counted(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
) -> Result<Option<u64>, StoreError> {
    let counting: Option<Counting> = store
        .get(keys::counting(account, upload), "counting")
        .await?;
    Ok(counting.and_then(|counting| counting.counted))
}

/// What an upload contributes now, month by month.
///
/// # Errors
/// When the table cannot be read.
pub async fn of_upload(
    store: &Store,
    account: &AccountId,
    upload: &UploadId,
) -> Result<Vec<Contribution>, StoreError> {
    let mut items = below(
        store,
        keys::contributions_partition(account),
        keys::contributions_prefix(upload),
    )
    .into_paginator()
    .items()
    .send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(StoreError::call("Query"))?;
        if !item.get(SK).is_some_and(is_progress) {
            found.push(read_item(item, "contribution")?);
        }
    }
    Ok(found)
}

fn is_progress(sk: &AttributeValue) -> bool {
    sk.as_s().is_ok_and(|sk| sk.ends_with("#COUNTING"))
}

/// Counts an upload: puts its contributions in the place of what it contributed before, month by month, and last notes that all
/// of it is counted. `wanted` are those of rank `rank`; a month that is not among them contributes nothing any more.
///
/// Twice, late, out of order or after a crash between any two writes, the end is the same: in each month the contribution of the
/// highest rank counts.
///
/// # Errors
/// When the table cannot be reached, or others keep getting in between.
pub async fn count_upload(
    store: &Store,
    (account, upload): (&AccountId, &UploadId),
    rank: u64,
    wanted: &[Contribution],
) -> Result<(), StoreError> {
    let own = keys::counting(account, upload);
    // Whoever began with a higher rank must not find months later that a lower one wrote meanwhile.
    let begun = update(store, own.clone())
        .update_expression("SET #begun = :rank")
        .condition_expression("attribute_not_exists(#begun) OR #begun <= :rank")
        .expression_attribute_names("#begun", "begun")
        .expression_attribute_values(":rank", number(rank))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    match begun {
        Ok(_) => {}
        // What follows from the higher one's upload is unfinished until it is counted, so the sweep sees to it.
        Err(StoreError::Conflict) => return Ok(()),
        Err(error) => return Err(error),
    }
    let months: BTreeSet<Date> = wanted.iter().map(|one| one.month).collect();
    let mut all: Vec<Contribution> = of_upload(store, account, upload)
        .await?
        .iter()
        .filter(|earlier| !months.contains(&earlier.month))
        .map(|earlier| earlier.emptied(rank))
        .collect();
    all.extend(wanted.iter().cloned());
    for contribution in &all {
        if !apply(store, &own, contribution).await? {
            return Ok(());
        }
    }
    let counted = update(store, own)
        .update_expression("SET #counted = :rank")
        .condition_expression("#begun = :rank")
        .expression_attribute_names("#begun", "begun")
        .expression_attribute_names("#counted", "counted")
        .expression_attribute_values(":rank", number(rank))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    StoreError::unless_conflict(counted)
}

/// Puts a contribution in the place of an earlier one of lower rank, and changes every counter accordingly. `false`: somebody
/// counts the upload with a higher rank.
async fn apply(
    store: &Store,
    counting: &Key,
    contribution: &Contribution,
) -> Result<bool, StoreError> {
    for tried in 0..TRIES {
        let key = keys::contribution(contribution);
        let before: Option<Contribution> = store.get(key.clone(), "contribution").await?;
        if before
            .as_ref()
            .is_some_and(|known| known.rank >= contribution.rank)
        {
            return Ok(true);
        }
        let mut after = contribution.clone();
        if let Some(before) = &before {
            // Where it was counted first it stays: the hospital may have moved to another province since.
            after.province.clone_from(&before.province);
        }
        let item = write(key, &after, "contribution")?;
        let own = match &before {
            None => put_new(store, item)?,
            Some(before) => {
                let seen = [(":seen", number(before.rank))];
                put_if(store, item, "#rank = :seen", &[("#rank", "rank")], &seen)?
            }
        };
        let rank = number(contribution.rank);
        let own = vec![own, check_that(store, counting.clone(), "begun", rank)?];
        if exchange(store, own, before.as_ref(), &after, tried).await? {
            return Ok(true);
        }
        let now: Option<Counting> = store.get(counting.clone(), "counting").await?;
        if now.is_none_or(|now| now.begun > contribution.rank) {
            return Ok(false);
        }
    }
    Err(StoreError::Conflict)
}

/// Writes what a contribution is kept as, with what belongs to it, and every counter that it changes. `false`: another writer
/// was first.
async fn exchange(
    store: &Store,
    own: Vec<TransactWriteItem>,
    before: Option<&Contribution>,
    after: &Contribution,
    tried: u32,
) -> Result<bool, StoreError> {
    let mut transaction = Transaction::new();
    transaction.add_all("contribution", own);
    let nothing = DayFacts::new();
    let days_before = before.map(|before| &before.days);
    let day_of = |day: &Date| {
        let before = days_before
            .and_then(|days| days.get(day))
            .unwrap_or(&nothing);
        (before, after.days.get(day).unwrap_or(&nothing))
    };
    let mut touched: BTreeSet<Date> = after.days.keys().copied().collect();
    touched.extend(days_before.into_iter().flat_map(|days| days.keys()));
    touched.retain(|day| {
        let (before, after) = day_of(day);
        before != after
    });
    let touched: Vec<Date> = touched.into_iter().collect();
    let (account, province) = (&after.account, after.province.as_str());
    let stored = days(store, province, account, &touched).await?;
    let shard = keys::overview_shard(account);
    let mut sums: BTreeMap<Bucket, BTreeMap<String, Counts>> = BTreeMap::new();
    for (day, stored) in touched.iter().zip(stored) {
        let (before, after) = day_of(day);
        let (seen, mut facts) = stored.unwrap_or_default();
        let mut changed: BTreeMap<String, Counts> = BTreeMap::new();
        for kind in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let own = facts.entry(kind.clone()).or_default();
            let was = own.counts();
            *own += after.get(kind).unwrap_or(&Facts::default());
            *own -= before.get(kind).unwrap_or(&Facts::default());
            let mut change = own.counts();
            change -= &was;
            if !change.is_zero() {
                changed.insert(kind.clone(), change);
            }
        }
        let key = keys::hospital_bucket(province, account, Bucket::Day(*day));
        transaction.add("day", put_day(store, key, seen, &facts)?);
        for bucket in Bucket::of(*day) {
            let sum = sums.entry(bucket).or_default();
            for (kind, change) in &changed {
                *sum.entry(kind.clone()).or_default() += change;
            }
        }
    }
    for (bucket, kinds) in &sums {
        let changes = changes(kinds);
        if changes.is_empty() {
            continue;
        }
        if !matches!(bucket, Bucket::Day(_)) {
            let key = keys::hospital_bucket(province, account, *bucket);
            transaction.add("hospital", add(store, key, &changes)?);
        }
        let key = keys::province_bucket(Overview::Counts, province, shard, *bucket);
        transaction.add("province", add(store, key, &changes)?);
    }
    for (what, part) in [(Overview::Causes, "causes"), (Overview::Fills, "fills")] {
        for (bucket, changes) in number_changes(what, before, after) {
            let key = keys::province_bucket(what, province, shard, bucket);
            transaction.add(part, add(store, key, &changes)?);
        }
    }
    committed(store, transaction, tried).await
}

/// How the findings by cause change by bucket, or how columns were filled by month and year.
fn number_changes(
    what: Overview,
    before: Option<&Contribution>,
    after: &Contribution,
) -> BTreeMap<Bucket, Vec<(String, i64)>> {
    let mut sums: BTreeMap<Bucket, BTreeMap<&str, i64>> = BTreeMap::new();
    for (contribution, sign) in before.into_iter().map(|one| (one, -1)).chain([(after, 1)]) {
        let numbers = match what {
            Overview::Fills => &contribution.fills,
            _ => &contribution.causes,
        };
        for bucket in contribution.arrived_on.into_iter().flat_map(Bucket::of) {
            if what == Overview::Fills && matches!(bucket, Bucket::Day(_)) {
                continue;
            }
            let sum = sums.entry(bucket).or_default();
            for (name, count) in numbers {
                *sum.entry(name).or_default() += sign * count;
            }
        }
    }
    let changed = |numbers: BTreeMap<&str, i64>| {
        let numbers = numbers.into_iter().filter(|(_, change)| *change != 0);
        numbers
            .map(|(name, change)| (name.to_owned(), change))
            .collect()
    };
    sums.into_iter()
        .map(|(bucket, numbers)| (bucket, changed(numbers)))
        .filter(|(_, numbers): &(_, Vec<_>)| !numbers.is_empty())
        .collect()
}

/// Attributes of counters with their changes.
fn changes(kinds: &BTreeMap<String, Counts>) -> Vec<(String, i64)> {
    let each = kinds.iter().flat_map(|(kind, counts)| {
        let each = counts.each().into_iter();
        each.map(move |(short, change)| (attribute(kind, short), change))
    });
    each.filter(|(_, change)| *change != 0).collect()
}

fn attribute(kind: &str, short: &str) -> String {
    format!("{kind}.{short}")
}

/// Adds to counters, whatever stands there.
fn add(
    store: &Store,
    key: Key,
    changes: &[(String, i64)],
) -> Result<TransactWriteItem, StoreError> {
    let mut clauses = Vec::with_capacity(changes.len());
    let mut names = Vec::with_capacity(changes.len());
    let mut values = Vec::with_capacity(changes.len());
    for (index, (name, change)) in changes.iter().enumerate() {
        clauses.push(format!("#n{index} :v{index}"));
        names.push((format!("#n{index}"), name.as_str()));
        values.push((format!(":v{index}"), number(change)));
    }
    let names: Vec<(&str, &str)> = names
        .iter()
        .map(|(name, of)| (name.as_str(), *of))
        .collect();
    let values: Vec<(&str, AttributeValue)> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let change = format!("ADD {}", clauses.join(", "));
    update_if(store, key, &change, "", &names, &values)
}

/// Writes the facts of a hospital's day in the place of those at version `seen`; none stand there where that is nought.
fn put_day(
    store: &Store,
    key: Key,
    seen: u64,
    facts: &DayFacts,
) -> Result<TransactWriteItem, StoreError> {
    let mut item = day_item(key, facts);
    item.insert(VERSION.to_owned(), number(seen + 1));
    if seen == 0 {
        return put_new(store, item);
    }
    let seen = [(":seen", number(seen))];
    put_if(
        store,
        item,
        "#version = :seen",
        &[("#version", VERSION)],
        &seen,
    )
}

/// Counts the changes of a hospital's day.
const VERSION: &str = "version";

fn day_item(key: Key, facts: &DayFacts) -> Item {
    let mut item = key_item(key);
    for (kind, facts) in facts {
        let filled = facts.each().into_iter().filter(|(_, count)| *count != 0);
        item.extend(filled.map(|(short, count)| (attribute(kind, short), number(count))));
    }
    item
}

/// Facts of a hospital's days with their versions, as they are after every write acknowledged so far.
async fn days(
    store: &Store,
    province: &str,
    account: &AccountId,
    days: &[Date],
) -> Result<Vec<Option<(u64, DayFacts)>>, StoreError> {
    let keys: Vec<Key> = days
        .iter()
        .map(|day| keys::hospital_bucket(province, account, Bucket::Day(*day)))
        .collect();
    let mut found = batch_get(store, &keys, Reading::Latest).await?;
    Ok(keys
        .iter()
        .map(|key| {
            let item = found.remove(key)?;
            let version = item.get(VERSION)?.as_n().ok()?.parse().ok()?;
            Some((version, day_facts(&item)))
        })
        .collect())
}

/// How items are read by their keys.
#[derive(Clone)]
enum Reading {
    /// As they are after every write acknowledged so far.
    Latest,
    /// As they were a moment ago, which costs half; with these attributes alone, where any are named.
    Soon(Vec<String>),
}

/// Items by their keys.
async fn batch_get(
    store: &Store,
    keys: &[Key],
    reading: Reading,
) -> Result<HashMap<Key, Item>, StoreError> {
    let batches = keys.chunks(100).map(<[Key]>::to_vec).collect();
    let found = read::at_once(batches, |batch| {
        let (store, reading) = (store.clone(), reading.clone());
        async move { one_batch(&store, batch, &reading).await }
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// A hundred items at most.
async fn one_batch(
    store: &Store,
    keys: Vec<Key>,
    reading: &Reading,
) -> Result<Vec<(Key, Item)>, StoreError> {
    let mut request = KeysAndAttributes::builder();
    request = match reading {
        Reading::Soon(wanted) if !wanted.is_empty() => {
            let names = [PK, SK]
                .into_iter()
                .chain(wanted.iter().map(String::as_str));
            let mut projection = Vec::new();
            for (index, name) in names.enumerate() {
                request = request.expression_attribute_names(format!("#a{index}"), name);
                projection.push(format!("#a{index}"));
            }
            request.projection_expression(projection.join(", "))
        }
        Reading::Soon(_) => request,
        Reading::Latest => request.consistent_read(true),
    };
    batches::get(store, request, keys).await
}

/// Counters of an item by kind and short name.
fn counters(item: &Item) -> impl Iterator<Item = (&str, &str, i64)> {
    item.iter().filter_map(|(name, value)| {
        let (kind, short) = name.rsplit_once('.')?;
        Some((kind, short, value.as_n().ok()?.parse().ok()?))
    })
}

fn day_facts(item: &Item) -> DayFacts {
    let mut facts = DayFacts::new();
    for (kind, short, count) in counters(item) {
        let kind = facts.entry(kind.to_owned()).or_default();
        if let Some(known) = kind.get_mut(short) {
            *known = count;
        }
    }
    facts
}

fn add_counts(sum: &mut BTreeMap<String, Counts>, item: &Item) {
    for (kind, short, count) in counters(item) {
        if !sum.contains_key(kind) {
            sum.insert(kind.to_owned(), Counts::default());
        }
        if let Some(known) = sum.get_mut(kind).and_then(|counts| counts.get_mut(short)) {
            *known += count;
        }
    }
}

/// Adds every number of an item under its name.
fn add_numbers(sum: &mut BTreeMap<String, i64>, item: &Item) {
    for (name, value) in item {
        if let Some(count) = value.as_n().ok().and_then(|text| text.parse::<i64>().ok()) {
            *sum.entry(name.clone()).or_default() += count;
        }
    }
}

/// Whether a transaction went through; when another writer was first, a short wait, longer each time.
async fn committed(
    store: &Store,
    transaction: Transaction,
    tried: u32,
) -> Result<bool, StoreError> {
    match transaction.commit(store).await {
        Ok(()) => Ok(true),
        Err(TransactionError::Refused(_) | TransactionError::Store(StoreError::Conflict)) => {
            pause(tried).await;
            Ok(false)
        }
        Err(TransactionError::Store(error)) => Err(error),
    }
}

/// Up to 10 ms, doubled each time up to some 640 ms: of those who got into each other's way none comes back with another.
async fn pause(tried: u32) {
    let longest = 10_u64 << tried.min(6);
    let wait = rand::random::<u64>() % longest;
    tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
}
