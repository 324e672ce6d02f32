//! How a worker takes something it works on for itself: for a while, and under a number that only grows. The same for
//! everything an object is awaited for.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, TransactWriteItem, Update};
use domain::{AccountId, Lease};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{self, Key, PENDING_PK, PENDING_SK, PK, SK};
use crate::table::{key_item, number, pending_before, read, text, value, write};
use crate::{Store, StoreError, Transaction};

/// Clocks of two machines differ by less than this, it is hoped; should they differ more, the fence keeps the result right.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(30);

/// The word for work under way, in every entity that is claimed.
pub(crate) const CHECKING: &str = "checking";

/// What a worker says when it claims something.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// A random name of this attempt.
    pub owner: &'a str,
    /// When the claim runs out.
    pub until: Timestamp,
    /// Version of the object.
    pub object_version: &'a str,
    /// When the object arrived.
    pub received_at: Timestamp,
    /// Version of the standard to judge by, unless an earlier claim chose one.
    pub standard: &'a str,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed<T> {
    /// The worker holds it, under its `fence`.
    Yes(Box<T>),
    /// Another worker holds it until then.
    Held(Timestamp),
    /// It has its result.
    Final(Box<T>),
    /// Another version of the object is the one that is judged.
    OtherVersion,
    /// There is no such thing.
    Unknown,
}

/// What workers claim, as it was last read.
pub(crate) trait Claimable: DeserializeOwned + Clone + Send + Sync {
    /// Its name in errors.
    const WHAT: &'static str;
    fn key(&self) -> Key;
    /// Its place in the index while there is work left on it.
    fn pending(&self) -> Key;
    fn status(&self) -> &'static str;
    /// Whether a claim may begin it anew; a ticket given up is among these.
    fn is_open(&self) -> bool;
    fn fence(&self) -> u64;
    /// Workers that died holding it.
    fn deaths(&self) -> u64;
    fn lease(&self) -> Option<&Lease>;
    fn object_version(&self) -> Option<&str>;
    /// The claim whose results count.
    fn generation(&self) -> Option<u64>;
}

/// Writes a new ticket.
///
/// # Errors
/// When the table cannot be written.
pub(crate) async fn register<T: Claimable + Serialize>(
    store: &Store,
    ticket: &T,
) -> Result<(), StoreError> {
    let mut item = write(ticket.key(), ticket, T::WHAT)?;
    let pending = ticket.pending();
    item.insert(PENDING_PK.to_owned(), text(pending.pk));
    item.insert(PENDING_SK.to_owned(), text(pending.sk));
    let answer = store
        .client
        .put_item()
        .table_name(&store.table)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .send()
        .await
        .map_err(StoreError::call("PutItem"));
    // The id has 128 random bits: only our own write, whose answer was lost, can be there already.
    StoreError::unless_conflict(answer)
}

/// Claims what stands under a key: pins the object's version, the standard's and what `pins` names, unless an earlier
/// claim has pinned them, and raises the fence.
///
/// # Errors
/// When the table cannot be reached, or other workers keep getting in between.
pub(crate) async fn claim<T: Claimable>(
    store: &Store,
    key: Key,
    claim: &Claim<'_>,
    pins: &[(&'static str, AttributeValue)],
    now: Timestamp,
) -> Result<Claimed<T>, StoreError> {
    for _ in 0..4 {
        let Some(seen) = store.get::<T>(key.clone(), T::WHAT).await? else {
            return Ok(Claimed::Unknown);
        };
        if let Some(answer) = judge(&seen, claim, now) {
            return Ok(answer);
        }
        let lease = Lease {
            owner: claim.owner.to_owned(),
            until: claim.until,
        };
        // A ticket given up had left the list of unfinished work; it comes back with the claim.
        let pending = seen.pending();
        let mut pinned = String::new();
        for (name, _) in pins {
            pinned.push_str(&format!("{name} = if_not_exists({name}, :{name}), "));
        }
        // The fence is raised by every claim, so the write goes through only if nobody claimed since the read.
        let mut request = update(store, key.clone())
            .update_expression(format!(
                "SET {pinned}#status = :checking, fence = :next, deaths = :deaths, lease = :lease, object_version = :version, \
                 received_at = if_not_exists(received_at, :received), \
                 standard = if_not_exists(standard, :standard), \
                 #pending_pk = :pending_pk, #pending_sk = :pending_sk REMOVE progress, finished_at",
            ))
            .condition_expression("fence = :seen AND #status = :status")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#pending_pk", PENDING_PK)
            .expression_attribute_names("#pending_sk", PENDING_SK)
            .expression_attribute_values(":pending_pk", text(pending.pk))
            .expression_attribute_values(":pending_sk", text(pending.sk))
            .expression_attribute_values(":checking", text(CHECKING))
            .expression_attribute_values(":status", text(seen.status()))
            .expression_attribute_values(":seen", number(seen.fence()))
            .expression_attribute_values(":next", number(seen.fence() + 1))
            .expression_attribute_values(":deaths", number(seen.deaths() + u64::from(died(&seen))))
            .expression_attribute_values(":lease", value(&lease, "lease")?)
            .expression_attribute_values(":version", text(claim.object_version))
            .expression_attribute_values(":received", text(claim.received_at.to_string()))
            .expression_attribute_values(":standard", text(claim.standard))
            .return_values(ReturnValue::AllNew);
        for (name, value) in pins {
            request = request.expression_attribute_values(format!(":{name}"), value.clone());
        }
        let answer = request.send().await;
        match answer.map_err(StoreError::call("UpdateItem")) {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                return Ok(Claimed::Yes(Box::new(read(item, T::WHAT)?)));
            }
            // Another worker was first, or it was this very write, whose answer was lost: reading again tells.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// Why it cannot be claimed; `None`: it can.
fn judge<T: Claimable>(seen: &T, claim: &Claim<'_>, now: Timestamp) -> Option<Claimed<T>> {
    // Whatever the state, an object that came second to the same key is not what was announced.
    if seen
        .object_version()
        .is_some_and(|version| version != claim.object_version)
    {
        return Some(Claimed::OtherVersion);
    }
    if seen.status() == CHECKING {
        let lease = seen.lease()?;
        return if lease.owner == claim.owner {
            Some(Claimed::Yes(Box::new(seen.clone())))
        } else {
            (now < lease.until + CLOCK_SLACK).then_some(Claimed::Held(lease.until))
        };
    }
    // An object may come after all, when the sweep had already given the ticket up: it was acknowledged, so it counts.
    (!seen.is_open()).then(|| Claimed::Final(Box::new(seen.clone())))
}

/// Whether its worker went without a word: whoever fails gives the claim back.
fn died<T: Claimable>(seen: &T) -> bool {
    seen.status() == CHECKING && seen.lease().is_some()
}

/// Ends the claim of a worker that is known to be dead, so that the next need not wait for it to run out.
///
/// # Errors
/// When the table cannot be written.
pub(crate) async fn bury<T: Claimable>(store: &Store, seen: &T) -> Result<(), StoreError> {
    if !died(seen) {
        return Ok(());
    }
    let answer = fenced(store, seen)
        .update_expression("SET deaths = :deaths REMOVE lease")
        .expression_attribute_values(":deaths", number(seen.deaths() + 1))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    // Another has claimed it since; its work is not touched.
    StoreError::unless_conflict(answer)
}

/// Gives a claim back, so that the next delivery need not wait for it to run out.
///
/// # Errors
/// [`StoreError::Conflict`] when it was lost already.
pub(crate) async fn release<T: Claimable>(store: &Store, held: &T) -> Result<(), StoreError> {
    fenced(store, held)
        .update_expression("REMOVE lease")
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"))?;
    Ok(())
}

/// Sends the write that commits what is held, with what is to be written in the same moment.
///
/// # Errors
/// [`StoreError::Conflict`] when the claim was lost and the result is another's.
pub(crate) async fn commit<T: Claimable>(
    store: &Store,
    held: &T,
    request: UpdateItemFluentBuilder,
    also: Option<TransactWriteItem>,
) -> Result<(), StoreError> {
    let answer = match also {
        // A transaction costs twice the units.
        None => request
            .send()
            .await
            .map(|_| ())
            .map_err(StoreError::call("UpdateItem")),
        Some(also) => {
            let mut transaction = Transaction::new();
            transaction.add("result", as_part(&request)?);
            transaction.add("told", also);
            transaction.settle(store).await
        }
    };
    match answer {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => {
            // The write may have gone through and its answer been lost: then the generation is ours.
            let seen: Option<T> = store.get(held.key(), T::WHAT).await?;
            match seen.and_then(|seen| seen.generation()) {
                Some(generation) if generation == held.fence() => Ok(()),
                _ => Err(StoreError::Conflict),
            }
        }
        Err(error) => Err(error),
    }
}

/// The same write as part of a transaction.
fn as_part(request: &UpdateItemFluentBuilder) -> Result<TransactWriteItem, StoreError> {
    let update = Update::builder()
        .set_table_name(request.get_table_name().clone())
        .set_key(request.get_key().clone())
        .set_update_expression(request.get_update_expression().clone())
        .set_condition_expression(request.get_condition_expression().clone())
        .set_expression_attribute_names(request.get_expression_attribute_names().clone())
        .set_expression_attribute_values(request.get_expression_attribute_values().clone())
        .build()
        .map_err(|error| StoreError::malformed("update")(error.to_string()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// What was registered before a moment and has work left, in one partition of the index, oldest first: its account, and its id,
/// which follows `prefix` in the sort key.
///
/// # Errors
/// When the table cannot be read.
pub(crate) async fn pending<I: FromStr>(
    store: &Store,
    partition: String,
    prefix: &str,
    before: Timestamp,
) -> Result<Vec<(AccountId, I)>, StoreError> {
    let mut items = pending_before(store, partition, keys::pending_moment(before))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(StoreError::call("Query"))?;
        let part = |name: &str, prefix: &str| item.get(name)?.as_s().ok()?.strip_prefix(prefix);
        let account = part(PK, "ACCOUNT#").and_then(|text| text.parse().ok());
        let id = part(SK, prefix).and_then(|text| text.parse().ok());
        found.extend(account.zip(id));
    }
    Ok(found)
}

pub(crate) fn update(store: &Store, key: Key) -> UpdateItemFluentBuilder {
    store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
}

/// A write that only the holder of the claim can make: a worker that slept past its lease holds an old fence.
pub(crate) fn fenced<T: Claimable>(store: &Store, held: &T) -> UpdateItemFluentBuilder {
    let values = HashMap::from([
        (":fence".to_owned(), number(held.fence())),
        (":checking".to_owned(), text(CHECKING)),
    ]);
    update(store, held.key())
        .condition_expression("fence = :fence AND #status = :checking")
        .expression_attribute_names("#status", "status")
        .set_expression_attribute_values(Some(values))
}
