use std::collections::{BTreeMap, HashMap};

use domain::AccountId;
use domain::overview::{Bucket, CauseKey, Counts, DayFacts, DayStatus, FillKey};
use jiff::civil::Date;
use tokio::task::JoinSet;

use super::{Reading, add_counts, add_numbers, attribute, batch_get, day_facts};
use crate::keys::{self, Key, OVERVIEW_SHARDS, Overview, PK, SK};
use crate::table::{Item, text};
use crate::{Store, StoreError};

/// Counters of provinces by bucket and kind.
pub type ProvinceCounts = BTreeMap<String, BTreeMap<Bucket, BTreeMap<String, Counts>>>;
/// Counters of hospitals by bucket and kind.
pub type HospitalCounts = BTreeMap<AccountId, BTreeMap<Bucket, BTreeMap<String, Counts>>>;

/// Counters of provinces in buckets; of these kinds alone, where any are named.
///
/// # Errors
/// When the table cannot be read.
pub async fn provinces(
    store: &Store,
    provinces: &[String],
    buckets: &[Bucket],
    kinds: &[String],
) -> Result<ProvinceCounts, StoreError> {
    let wanted: Vec<String> = kinds
        .iter()
        .flat_map(|kind| {
            let counts = Counts::default().each().into_iter();
            counts.map(move |(short, _)| attribute(kind, short))
        })
        .collect();
    let mut found = ProvinceCounts::new();
    for (province, bucket, item) in
        in_buckets(store, Overview::Counts, provinces, buckets, wanted).await?
    {
        let sum = found
            .entry(province)
            .or_default()
            .entry(bucket)
            .or_default();
        add_counts(sum, &item);
    }
    Ok(found)
}

/// Findings of provinces by cause, summed over buckets.
///
/// # Errors
/// When the table cannot be read.
pub async fn causes(
    store: &Store,
    provinces: &[String],
    buckets: &[Bucket],
) -> Result<BTreeMap<CauseKey, i64>, StoreError> {
    numbers(store, Overview::Causes, provinces, buckets).await
}

/// How uploads of provinces filled their columns ([`domain::overview::FillKey`]), summed over months and years.
///
/// # Errors
/// When the table cannot be read.
pub async fn fills(
    store: &Store,
    provinces: &[String],
    buckets: &[Bucket],
) -> Result<BTreeMap<FillKey, i64>, StoreError> {
    numbers(store, Overview::Fills, provinces, buckets).await
}

async fn numbers(
    store: &Store,
    what: Overview,
    provinces: &[String],
    buckets: &[Bucket],
) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut found = BTreeMap::new();
    for (_, _, item) in in_buckets(store, what, provinces, buckets, Vec::new()).await? {
        add_numbers(&mut found, &item);
    }
    found.retain(|_, count| *count != 0);
    Ok(found)
}

/// Items of provinces in buckets, of all shards, with these attributes alone where any are named. Their keys are known, so they are got
/// a hundred at a time: a query for each shard of each province would be many times as many requests.
async fn in_buckets(
    store: &Store,
    what: Overview,
    provinces: &[String],
    buckets: &[Bucket],
    wanted: Vec<String>,
) -> Result<Vec<(String, Bucket, Item)>, StoreError> {
    let mut places: HashMap<Key, (&String, Bucket)> = HashMap::new();
    for province in provinces {
        for bucket in buckets {
            for shard in 0..OVERVIEW_SHARDS {
                let key = keys::province_bucket(what, province, shard, *bucket);
                places.insert(key, (province, *bucket));
            }
        }
    }
    let keys: Vec<Key> = places.keys().cloned().collect();
    let found = batch_get(store, &keys, Reading::Soon(wanted)).await?;
    let found = found.into_iter().filter_map(|(key, item)| {
        let (province, bucket) = places.get(&key)?;
        Some(((*province).clone(), *bucket, item))
    });
    Ok(found.collect())
}

/// Counters of all hospitals of a province that have any in these buckets.
///
/// # Errors
/// When the table cannot be read.
pub async fn hospitals(
    store: &Store,
    province: &str,
    buckets: &[Bucket],
) -> Result<HospitalCounts, StoreError> {
    let mut queries = Vec::new();
    for bucket in buckets {
        for shard in 0..OVERVIEW_SHARDS {
            let partition = keys::hospitals_partition(province, *bucket, shard);
            queries.push((*bucket, partition));
        }
    }
    let mut found = HospitalCounts::new();
    for (bucket, items) in at_once(queries, |(bucket, partition)| {
        let store = store.clone();
        async move { Ok((bucket, all_of(&store, partition).await?)) }
    })
    .await?
    {
        for item in items {
            let account = item.get(SK).and_then(|sk| sk.as_s().ok()?.parse().ok());
            let Some(account) = account else { continue };
            let sum = found.entry(account).or_default().entry(bucket).or_default();
            match bucket {
                Bucket::Day(_) => {
                    for (kind, facts) in day_facts(&item) {
                        *sum.entry(kind).or_default() += &facts.counts();
                    }
                }
                _ => add_counts(sum, &item),
            }
        }
    }
    Ok(found)
}

/// Facts of one hospital's days, with what each comes to; days without any are left out.
///
/// # Errors
/// When the table cannot be read.
pub async fn hospital_days(
    store: &Store,
    province: &str,
    account: &AccountId,
    days: &[Date],
) -> Result<BTreeMap<Date, (DayFacts, BTreeMap<String, DayStatus>)>, StoreError> {
    let keys: Vec<(Date, Key)> = days
        .iter()
        .map(|day| {
            (
                *day,
                keys::hospital_bucket(province, account, Bucket::Day(*day)),
            )
        })
        .collect();
    let asked: Vec<Key> = keys.iter().map(|(_, key)| key.clone()).collect();
    let found = batch_get(store, &asked, Reading::Latest).await?;
    let mut days = BTreeMap::new();
    for (day, key) in keys {
        if let Some(item) = found.get(&key) {
            let facts = day_facts(item);
            let status = |(kind, facts): (&String, _)| (kind.clone(), DayStatus::of(facts));
            let states = facts.iter().map(status).collect();
            days.insert(day, (facts, states));
        }
    }
    Ok(days)
}

/// Requests of one answer that are under way at once: enough to hide their latency, few enough for one connection pool.
const AT_ONCE: usize = 24;

pub(super) async fn at_once<Q, R, F>(
    queries: Vec<Q>,
    ask: impl Fn(Q) -> F,
) -> Result<Vec<R>, StoreError>
where
    R: Send + 'static,
    F: Future<Output = Result<R, StoreError>> + Send + 'static,
{
    let mut found = Vec::with_capacity(queries.len());
    let mut running = JoinSet::new();
    let mut queries = queries.into_iter();
    loop {
        while running.len() < AT_ONCE
            && let Some(query) = queries.next()
        {
            running.spawn(ask(query));
        }
        match running.join_next().await {
            None => return Ok(found),
            Some(Ok(answer)) => found.push(answer?),
            Some(Err(error)) => {
                return Err(StoreError::Unavailable {
                    operation: "Query",
                    message: error.to_string(),
                });
            }
        }
    }
}

/// Everything in a partition.
pub(super) async fn all_of(store: &Store, partition: String) -> Result<Vec<Item>, StoreError> {
    let mut pages = store
        .client
        .query()
        .table_name(&store.table)
        .key_condition_expression("#pk = :pk")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_values(":pk", text(partition))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = pages.next().await {
        found.push(item.map_err(StoreError::call("Query"))?);
    }
    Ok(found)
}
