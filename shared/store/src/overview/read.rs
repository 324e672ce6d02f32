use std::collections::BTreeMap;

use domain::AccountId;
use domain::overview::{Bucket, CauseKey, Counts, DayFacts, DayStatus, FillKey};
use jiff::civil::Date;
use tokio::task::JoinSet;

use super::{add_counts, add_numbers, batch_get, day_facts};
use crate::keys::{self, Key, OVERVIEW_SHARDS, Overview, PK, SK};
use crate::table::{Item, text};
use crate::{Store, StoreError};

/// Counters of provinces by bucket and kind.
pub type ProvinceCounts = BTreeMap<String, BTreeMap<Bucket, BTreeMap<String, Counts>>>;
/// Counters of hospitals by bucket and kind.
pub type HospitalCounts = BTreeMap<AccountId, BTreeMap<Bucket, BTreeMap<String, Counts>>>;

/// Counters of provinces in buckets, which are in order of time.
///
/// # Errors
/// When the table cannot be read.
pub async fn provinces(
    store: &Store,
    provinces: &[String],
    buckets: &[Bucket],
) -> Result<ProvinceCounts, StoreError> {
    let mut found = ProvinceCounts::new();
    for (province, bucket, item) in ranges(store, Overview::Counts, provinces, buckets).await? {
        let sum = found
            .entry(province)
            .or_default()
            .entry(bucket)
            .or_default();
        add_counts(sum, &item);
    }
    Ok(found)
}

/// Findings of provinces by cause, summed over buckets, which are in order of time.
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

/// How uploads of provinces filled their columns ([`domain::overview::FillKey`]), summed over months.
///
/// # Errors
/// When the table cannot be read.
pub async fn fills(
    store: &Store,
    provinces: &[String],
    months: &[Bucket],
) -> Result<BTreeMap<FillKey, i64>, StoreError> {
    numbers(store, Overview::Fills, provinces, months).await
}

async fn numbers(
    store: &Store,
    what: Overview,
    provinces: &[String],
    buckets: &[Bucket],
) -> Result<BTreeMap<String, i64>, StoreError> {
    let mut found = BTreeMap::new();
    for (_, _, item) in ranges(store, what, provinces, buckets).await? {
        add_numbers(&mut found, &item);
    }
    found.retain(|_, count| *count != 0);
    Ok(found)
}

/// Items of provinces in runs of buckets of one length, all shards of all provinces at once.
async fn ranges(
    store: &Store,
    what: Overview,
    provinces: &[String],
    buckets: &[Bucket],
) -> Result<Vec<(String, Bucket, Item)>, StoreError> {
    let mut queries: Vec<(String, String, String, String)> = Vec::new();
    for run in
        buckets.chunk_by(|one, other| std::mem::discriminant(one) == std::mem::discriminant(other))
    {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let (first, last) = (keys::bucket_sort(*first), keys::bucket_sort(*last));
        for province in provinces {
            for shard in 0..OVERVIEW_SHARDS {
                let partition = keys::province_partition(what, province, shard);
                queries.push((province.clone(), partition, first.clone(), last.clone()));
            }
        }
    }
    let mut found = Vec::new();
    for (province, items) in at_once(queries, |(province, partition, first, last)| {
        let store = store.clone();
        async move { Ok((province, between(&store, partition, first, last).await?)) }
    })
    .await?
    {
        for item in items {
            let bucket = item
                .get(SK)
                .and_then(|sk| sk.as_s().ok()?.split_once('#')?.1.parse().ok());
            if let Some(bucket) = bucket {
                found.push((province.clone(), bucket, item));
            }
        }
    }
    Ok(found)
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
    let found = batch_get(store, &asked).await?;
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

async fn between(
    store: &Store,
    partition: String,
    first: String,
    last: String,
) -> Result<Vec<Item>, StoreError> {
    let mut pages = store
        .client
        .query()
        .table_name(&store.table)
        .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
        .expression_attribute_names("#pk", PK)
        .expression_attribute_names("#sk", SK)
        .expression_attribute_values(":pk", text(partition))
        .expression_attribute_values(":first", text(first))
        .expression_attribute_values(":last", text(last))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = pages.next().await {
        found.push(item.map_err(StoreError::call("Query"))?);
    }
    Ok(found)
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
