//! Sends mail and text messages from the outbox, each at most once to a person.
//!
//! A try is three steps: the notice is stored as being sent, on condition that nobody else did so; the provider gets it; what
//! came of it is stored. A process that dies between the last two leaves a notice nobody knows the fate of. It is not
//! sent again: it becomes uncertain when its lease runs out, and an operator decides.

mod event;
mod providers;
mod texts;

use std::time::Duration;

use domain::Clock;
use domain::notice::{Delivery, Notice, NoticeState};
use metrics::Metric;
use serde::Serialize;
use serde_json::Value;
use startup::{NoticeConfig, Providers};
use store::{Store, StoreError, notices};

pub use event::{Event, parse};
pub use texts::{RenderError, Rendered, render};

/// Most notices of a shard in one sweep: what a function can send in its time. The next sweep has the next ones.
const AT_ONCE: i32 = 100;
/// Tries to store what a provider said, with pauses that double: three seconds in all.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What the sending may use.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The outbox.
    pub store: Store,
    /// Those who carry the notices.
    pub providers: Providers,
    /// Sender and addresses.
    pub config: NoticeConfig,
    /// The time.
    pub clock: Clock,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Taken by a provider.
    pub sent: u32,
    /// To be tried again later.
    pub postponed: u32,
    /// Given up.
    pub failed: u32,
    /// Fate unknown; an operator has to look.
    pub uncertain: u32,
    /// Could not be read or stored; the next sweep tries.
    pub broken: u32,
}

/// Handles an event: records of the table's stream, or the clock. The answer to a stream names the records to be
/// delivered again.
///
/// # Errors
/// When the outbox cannot be read; the next run starts anew.
pub async fn handle(sending: &Sending, event: &Value) -> Result<Value, StoreError> {
    match parse(event) {
        Event::Sweep => {
            let swept = run(sending).await?;
            Ok(serde_json::to_value(swept).unwrap_or_default())
        }
        Event::Stream(changed) => {
            let mut again = Vec::new();
            for change in changed {
                if let Err(error) = send(sending, &change.key).await {
                    tracing::warn!(%error, "record {} is given back: {error}", change.record);
                    again.push(change.record);
                }
            }
            Ok(arrivals::failures(again))
        }
    }
}

/// Sends everything whose time has come.
///
/// # Errors
/// When the outbox cannot be read. One notice that cannot be read or stored holds up no other.
pub async fn run(sending: &Sending) -> Result<Swept, StoreError> {
    let mut swept = Swept::default();
    let due = notices::due(&sending.store, sending.clock.now(), AT_ONCE).await?;
    metrics::record(&[(Metric::OutboxLength, due.len() as u64)]);
    for key in due {
        match send(sending, &key).await {
            Ok(Some(NoticeState::Sent)) => swept.sent += 1,
            Ok(Some(NoticeState::Failed)) => swept.failed += 1,
            Ok(Some(NoticeState::Uncertain)) => swept.uncertain += 1,
            Ok(Some(NoticeState::Waiting | NoticeState::Sending)) => swept.postponed += 1,
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a notice is left for the next sweep: {error}");
                swept.broken += 1;
            }
        }
    }
    Ok(swept)
}

/// Sends one notice if its time has come, and tells how it stands then; `None` when there was nothing to do.
///
/// # Errors
/// When the table fails. If that was after the provider took it, the lease sees to it that it is not sent again.
pub async fn send(sending: &Sending, key: &str) -> Result<Option<NoticeState>, StoreError> {
    let Some(mut notice) = notices::find(&sending.store, key).await? else {
        return Ok(None);
    };
    let (seen, was) = (notice.version, notice.state);
    let begun = notice.begin(sending.clock.now());
    if notice.version == seen {
        return Ok(None);
    }
    match notices::save(&sending.store, &notice, seen).await {
        Ok(()) => {}
        // Another worker has it.
        Err(StoreError::Conflict) => return Ok(None),
        Err(error) => return Err(error),
    }
    let kind = notice.kind;
    let state = if begun {
        let delivery = deliver(sending, &notice).await;
        finish(sending, notice, delivery).await?
    } else {
        notice.state
    };
    // Who it was for is in the outbox and no business of a log.
    match state {
        NoticeState::Uncertain if was != state => {
            tracing::error!(kind = kind.name(), "a notice may or may not have been sent");
            metrics::record(&[(Metric::NoticesUncertain, 1)]);
        }
        NoticeState::Failed => {
            tracing::error!(kind = kind.name(), "a notice was given up");
            metrics::record(&[(Metric::NoticesFailed, 1)]);
        }
        NoticeState::Sent => {
            tracing::info!(kind = kind.name(), "a notice was sent");
            metrics::record(&[(Metric::NoticesSent, 1)]);
        }
        _ => {}
    }
    Ok(Some(state))
}

async fn deliver(sending: &Sending, notice: &Notice) -> Delivery {
    match render(notice, &sending.config.address) {
        Ok(rendered) => {
            providers::send(&sending.providers, &sending.config, notice, &rendered).await
        }
        Err(error) => {
            tracing::error!(%error, "a notice says nothing that could be sent: {error}");
            Delivery::Refused
        }
    }
}

/// Stores what came of a try. Sending may have taken longer than the lease, so that another worker, or an operator, has
/// marked it meanwhile; what the provider said is worth more than their doubt, so a table that takes no write is asked again
/// for some seconds.
async fn finish(
    sending: &Sending,
    mut notice: Notice,
    delivery: Delivery,
) -> Result<NoticeState, StoreError> {
    let mut seen = notice.version;
    notice.delivered(delivery.clone(), sending.clock.now());
    let mut broken = StoreError::Conflict;
    for tried in 0..TRIES {
        match notices::save(&sending.store, &notice, seen).await {
            Ok(()) => return Ok(notice.state),
            Err(StoreError::Conflict) => {
                match notices::find(&sending.store, &notice.key).await {
                    Ok(Some(now)) if now.state == NoticeState::Uncertain => {
                        notice = now;
                        seen = notice.version;
                        notice.delivered(delivery.clone(), sending.clock.now());
                        continue;
                    }
                    // This very write, whose answer was lost, or the word of another.
                    Ok(Some(now)) if now.state != NoticeState::Sending => return Ok(now.state),
                    Ok(Some(_)) => {}
                    Ok(None) => return Err(StoreError::NotFound),
                    Err(error) => broken = error,
                }
            }
            Err(error) => broken = error,
        }
        tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(tried)).await;
    }
    Err(broken)
}
