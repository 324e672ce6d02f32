//! 结果推送: tells hospitals' own systems that their uploads are finished, each at least once.
//!
//! A function of its own, apart from `send-notice`: it alone connects to addresses that hospitals choose, so it alone has the
//! network for that, and no right to send mail or text messages. A receiver that hangs holds up no code by SMS. And it may tell
//! twice what `send-notice` must not: a program knows by the delivery's id what it was told before.
//!
//! A try is three steps: the delivery is stored as tried, on condition that nobody else did so; it is sent; what came of it is
//! stored. A process that dies in between leaves a delivery whose time comes again.

mod body;
mod connect;
mod event;
mod post;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::webhook::{Delivery, DeliveryError, DeliveryKey, DeliveryState};
use domain::{AccountId, Clock};
use serde::Serialize;
use serde_json::Value;
use startup::WebhookConfig;
use store::{Store, StoreError, webhooks};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use event::{Event, parse};
pub use post::{Sender, TlsError};

/// Most deliveries of a shard in one sweep; the next sweep has the next ones.
const AT_ONCE: i32 = 100;
/// Receivers waited for at the same time. One that hangs costs ten seconds of one of these places.
const RECEIVERS: usize = 32;

/// What the delivering may use.
#[derive(Debug, Clone)]
pub struct Delivering {
    /// Where the deliveries are.
    pub store: Store,
    /// Sends one.
    pub sender: Sender,
    /// What is allowed, and the address of the portal.
    pub config: WebhookConfig,
    /// The time.
    pub clock: Clock,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Taken by the receiver.
    pub delivered: u32,
    /// To be tried again later.
    pub postponed: u32,
    /// Given up.
    pub dead: u32,
    /// Could not be read or stored; the next run tries.
    pub broken: u32,
}

/// Handles an event: records of the table's stream, or the clock. The answer to a stream names the records to be
/// delivered again.
///
/// # Errors
/// When the list of what is due cannot be read; the next run starts anew.
pub async fn handle(delivering: &Delivering, event: &Value) -> Result<Value, StoreError> {
    match parse(event) {
        Event::Sweep => {
            let swept = run(delivering).await?;
            Ok(serde_json::to_value(swept).unwrap_or_default())
        }
        Event::Stream(changed) => {
            let keys = changed.iter().map(|change| change.key.clone()).collect();
            let (_, broken) = deliver_all(delivering, keys).await;
            let again = changed
                .into_iter()
                .filter(|change| broken.contains(&change.key));
            Ok(arrivals::failures(
                again.map(|change| change.record).collect(),
            ))
        }
    }
}

/// Tries everything whose time has come.
///
/// # Errors
/// When the list of it cannot be read. One delivery that cannot be read or stored holds up no other account's.
pub async fn run(delivering: &Delivering) -> Result<Swept, StoreError> {
    let now = delivering.clock.now();
    let due = webhooks::due(&delivering.store, now, AT_ONCE).await?;
    Ok(deliver_all(delivering, due).await.0)
}

/// Accounts beside each other, the deliveries of one in their order; and which of them could not be read or stored.
async fn deliver_all(delivering: &Delivering, keys: Vec<DeliveryKey>) -> (Swept, Vec<DeliveryKey>) {
    let mut accounts: BTreeMap<String, Vec<DeliveryKey>> = BTreeMap::new();
    for key in keys {
        accounts
            .entry(key.account.to_string())
            .or_default()
            .push(key);
    }
    let places = Arc::new(Semaphore::new(RECEIVERS));
    let mut tasks = JoinSet::new();
    for mut keys in accounts.into_values() {
        keys.sort();
        keys.dedup();
        let (delivering, places) = (delivering.clone(), Arc::clone(&places));
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            deliver_to_one(&delivering, keys).await
        });
    }
    let (mut swept, mut broken) = (Swept::default(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok((one, keys)) => {
                swept.delivered += one.delivered;
                swept.postponed += one.postponed;
                swept.dead += one.dead;
                swept.broken += one.broken;
                broken.extend(keys);
            }
            Err(error) => tracing::error!(%error, "the deliveries of an account broke off"),
        }
    }
    (swept, broken)
}

/// The deliveries of one account. After the first that fails the others are put off with it: a receiver that hangs is not
/// waited for once for each.
async fn deliver_to_one(
    delivering: &Delivering,
    keys: Vec<DeliveryKey>,
) -> (Swept, Vec<DeliveryKey>) {
    let (mut swept, mut broken) = (Swept::default(), Vec::new());
    let mut failed: Option<Delivery> = None;
    for key in keys {
        let done = match &failed {
            None => deliver(delivering, &key).await,
            Some(failed) => put_off(delivering, &key, failed).await,
        };
        match done {
            Ok(Some(delivery)) => match delivery.state {
                DeliveryState::Delivered => swept.delivered += 1,
                DeliveryState::Dead => swept.dead += 1,
                DeliveryState::Waiting => {
                    swept.postponed += 1;
                    failed.get_or_insert(delivery);
                }
            },
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a delivery is left for the next run: {error}");
                swept.broken += 1;
                broken.push(key);
            }
        }
    }
    (swept, broken)
}

/// Tries one delivery if its time has come, and gives it as it is then; `None` when there was nothing to do.
///
/// # Errors
/// When the table fails. If that was after the receiver took it, it is told again.
pub async fn deliver(
    delivering: &Delivering,
    key: &DeliveryKey,
) -> Result<Option<Delivery>, StoreError> {
    let store = &delivering.store;
    let Some(mut delivery) = webhooks::find_delivery(store, key).await? else {
        return Ok(None);
    };
    let seen = delivery.version;
    if !delivery.begin(delivering.clock.now()) {
        return Ok(None);
    }
    match webhooks::save_delivery(store, &delivery, seen).await {
        Ok(()) => {}
        // Another worker has it.
        Err(StoreError::Conflict) => return Ok(None),
        Err(error) => return Err(error),
    }
    let answer = send(delivering, &delivery).await?;
    let seen = delivery.version;
    delivery.tried(answer, delivering.clock.now());
    match webhooks::save_delivery(store, &delivery, seen).await {
        Ok(()) => {}
        // The try took longer than its time, and another worker has made one of its own: its word counts.
        Err(StoreError::Conflict) => return Ok(None),
        Err(error) => return Err(error),
    }
    told(&delivery.account, &delivery);
    Ok(Some(delivery))
}

/// Where it went is the hospital's business and stays out of the log.
fn told(account: &AccountId, delivery: &Delivery) {
    let (id, attempts) = (&delivery.id, delivery.attempts);
    match (delivery.state, delivery.last_error) {
        (DeliveryState::Delivered, _) => tracing::info!(%account, id, attempts, "delivered"),
        (DeliveryState::Dead, Some(error)) => {
            tracing::warn!(%account, id, attempts, error = error.code(), "a delivery was given up");
        }
        (_, error) => {
            let error = error.map_or("", DeliveryError::code);
            tracing::info!(%account, id, attempts, error, "not delivered this time");
        }
    }
}

async fn send(
    delivering: &Delivering,
    delivery: &Delivery,
) -> Result<Result<(), DeliveryError>, StoreError> {
    // As it is now: a new address or secret counts for what was written before.
    let Some(webhook) = webhooks::find(&delivering.store, &delivery.account).await? else {
        return Ok(Err(DeliveryError::NoAddress));
    };
    let body = body::of(delivery, &delivering.config.address);
    let now = delivering.clock.now();
    Ok(delivering.sender.post(&webhook, delivery, body, now).await)
}

/// Puts a delivery off until the one that failed is tried again.
async fn put_off(
    delivering: &Delivering,
    key: &DeliveryKey,
    failed: &Delivery,
) -> Result<Option<Delivery>, StoreError> {
    let store = &delivering.store;
    let Some(mut delivery) = webhooks::find_delivery(store, key).await? else {
        return Ok(None);
    };
    let is_due = delivery.state == DeliveryState::Waiting
        && delivery.next_attempt_at <= delivering.clock.now();
    // One that should have been given up by now needs its last try, or it would be put off for ever.
    let is_last = delivering.clock.now() >= delivery.created_at + Delivery::GIVE_UP_AFTER;
    if !is_due {
        return Ok(None);
    }
    let seen = delivery.version;
    if is_last {
        delivery.tried(
            Err(failed.last_error.unwrap_or(DeliveryError::Unreachable)),
            delivering.clock.now(),
        );
    } else {
        delivery.postpone(failed.next_attempt_at);
    }
    match webhooks::save_delivery(store, &delivery, seen).await {
        Ok(()) => Ok(Some(delivery)),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error),
    }
}
