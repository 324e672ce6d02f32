//! Failed sign-ins, counted for a login name and for an address, each making the next wait longer.

use domain::Sha256;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys;
use crate::table::{expire, key_item, number, write};
use crate::{Store, StoreError};

/// What is counted, and how fast the wait grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Name in the key.
    pub what: &'static str,
    /// Attempts without any wait.
    pub free: u32,
    /// Longest wait. Never for ever: else anybody could lock a hospital out.
    pub longest: SignedDuration,
    /// After so long without an attempt all is forgotten.
    pub forget: SignedDuration,
}

/// For one login name. With the longest wait, a thousand tries take more than a week.
pub const LOGIN: Policy = Policy {
    what: "LOGIN",
    free: 5,
    longest: SignedDuration::from_mins(15),
    forget: SignedDuration::from_hours(24),
};

/// For one address, behind which a whole hospital may sit.
pub const ADDRESS: Policy = Policy {
    what: "ADDRESS",
    free: 100,
    longest: SignedDuration::from_mins(5),
    forget: SignedDuration::from_hours(1),
};

/// Times a counter is tried to be raised while others raise it too.
const TRIES: u64 = 24;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counter {
    failures: u32,
    last: Timestamp,
    wait_until: Timestamp,
}

/// Whether an attempt may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Yes, and it has been counted.
    Yes,
    /// Not before so long.
    After(SignedDuration),
}

/// Counts an attempt before its password is compared, and only then allows it.
///
/// Counting failures afterwards would let a thousand parallel guesses all pass the check first. A success is forgiven by
/// [`forgive`].
///
/// # Errors
/// When the table cannot be reached; then nobody signs in, rather than anybody uncounted.
pub async fn charge(
    store: &Store,
    policy: Policy,
    who: &str,
    now: Timestamp,
) -> Result<Allowed, StoreError> {
    for attempt in 0..TRIES {
        let seen: Option<Counter> = store.get(key(policy, who), "attempts").await?;
        let next = match policy.next(seen.as_ref(), now) {
            Ok(next) => next,
            Err(wait) => return Ok(Allowed::After(wait)),
        };
        let mut item = write(key(policy, who), &next, "attempts")?;
        expire(&mut item, now, policy.forget);
        let request = store
            .client
            .put_item()
            .table_name(&store.table)
            .set_item(Some(item));
        // Of two attempts that read the same count one writes; the other reads again.
        let request = match &seen {
            None => request.condition_expression("attribute_not_exists(failures)"),
            Some(seen) => request
                .condition_expression("failures = :failures AND #last = :last")
                .expression_attribute_names("#last", "last")
                .expression_attribute_values(":failures", number(seen.failures))
                .expression_attribute_values(":last", crate::table::text(seen.last.to_string())),
        };
        match request.send().await.map_err(StoreError::call("PutItem")) {
            Ok(_) => return Ok(Allowed::Yes),
            // Colleagues behind one address sign in at the same minute every morning: they step aside for each other.
            Err(StoreError::Conflict) => {
                let wait = rand::random::<u64>() % (8 * (attempt + 1));
                tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            }
            Err(error) => return Err(error),
        }
    }
    // So many at once are no person.
    Ok(Allowed::After(SignedDuration::from_secs(1)))
}

/// Forgets the attempts of a login name after it signed in.
///
/// # Errors
/// When the table cannot be written.
pub async fn forget(store: &Store, policy: Policy, who: &str) -> Result<(), StoreError> {
    store
        .client
        .delete_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key(policy, who))))
        .send()
        .await
        .map_err(StoreError::call("DeleteItem"))?;
    Ok(())
}

/// Takes back one counted attempt of an address: a success does not count, but must not wipe out the failures of others
/// either, or whoever owns one account could reset the count at will.
///
/// # Errors
/// When the table cannot be written.
pub async fn forgive(store: &Store, policy: Policy, who: &str) -> Result<(), StoreError> {
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key(policy, who))))
        .update_expression("SET failures = failures - :one")
        .condition_expression("failures > :zero")
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":zero", number(0))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    StoreError::unless_conflict(answer)
}

impl Policy {
    fn next(self, seen: Option<&Counter>, now: Timestamp) -> Result<Counter, SignedDuration> {
        let seen = seen.filter(|counter| now < counter.last + self.forget);
        // Without a wait the two are the same moment. A request that looked at the clock before another one wrote must not take
        // that moment, a few milliseconds ahead of its own, for a wait.
        let waiting = seen.filter(|counter| counter.wait_until > counter.last);
        if let Some(counter) = waiting.filter(|counter| now < counter.wait_until) {
            return Err(counter.wait_until.duration_since(now));
        }
        let failures = seen.map_or(0, |counter| counter.failures).saturating_add(1);
        Ok(Counter {
            failures,
            last: now,
            wait_until: now + self.wait(failures),
        })
    }

    /// None for the first ones, then a second, doubled each time.
    fn wait(self, failures: u32) -> SignedDuration {
        match failures.checked_sub(self.free) {
            None => SignedDuration::ZERO,
            Some(beyond) => SignedDuration::from_secs(1 << beyond.min(30)).min(self.longest),
        }
    }
}

/// So much of something in each span of time, for one phone, one address, or all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Name in the key.
    pub what: &'static str,
    /// How often.
    pub most: u32,
    /// In how long. Spans follow one another from midnight UTC, so twice as much can fall around the end of one.
    pub per: SignedDuration,
}

/// Takes one of a quota, unless it is used up.
///
/// It is one conditional write: of a thousand requests at once no more pass than are left. A try whose answer was lost may
/// count twice; then there is one less, never one more.
///
/// # Errors
/// When the table cannot be reached.
pub async fn spend(
    store: &Store,
    quota: Quota,
    who: &str,
    now: Timestamp,
) -> Result<Allowed, StoreError> {
    let per = quota.per.as_secs().max(1);
    let window = now.as_second().div_euclid(per);
    let ends = (window + 1) * per;
    let key = keys::quota(quota.what, &digest(who), window);
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key)))
        .update_expression("SET #ttl = :ttl ADD used :one")
        .condition_expression("attribute_not_exists(used) OR used < :most")
        .expression_attribute_names("#ttl", keys::TTL)
        .expression_attribute_values(":ttl", number(ends + 3600))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":most", number(quota.most))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    match answer {
        Ok(_) => Ok(Allowed::Yes),
        Err(StoreError::Conflict) => Ok(Allowed::After(SignedDuration::from_secs(
            ends - now.as_second(),
        ))),
        Err(error) => Err(error),
    }
}

/// Lets one pass, and the next one not before `gap` is over. One conditional write, as [`spend`].
///
/// # Errors
/// When the table cannot be reached.
pub async fn pass(
    store: &Store,
    what: &str,
    who: &str,
    gap: SignedDuration,
    now: Timestamp,
) -> Result<Allowed, StoreError> {
    let key = keys::attempts(what, &digest(who));
    let until = (now + gap).as_millisecond();
    let answer = store
        .client
        .update_item()
        .table_name(&store.table)
        .set_key(Some(key_item(key.clone())))
        .update_expression("SET next_at = :until, #ttl = :ttl")
        .condition_expression("attribute_not_exists(next_at) OR next_at <= :now")
        .expression_attribute_names("#ttl", keys::TTL)
        .expression_attribute_values(":until", number(until))
        .expression_attribute_values(":now", number(now.as_millisecond()))
        .expression_attribute_values(":ttl", number(until / 1000 + 3600))
        .send()
        .await
        .map_err(StoreError::call("UpdateItem"));
    match answer {
        Ok(_) => Ok(Allowed::Yes),
        Err(StoreError::Conflict) => {
            let next: Option<Next> = store.get(key, "pause").await?;
            let wait = next.map_or(0, |next| next.next_at - now.as_millisecond());
            Ok(Allowed::After(SignedDuration::from_millis(wait.max(0))))
        }
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct Next {
    next_at: i64,
}

fn digest(who: &str) -> String {
    Sha256::of(who.as_bytes()).to_string()
}

/// What was typed may be a password in the wrong field, and an address belongs to a person: only the digest is kept.
fn key(policy: Policy, who: &str) -> keys::Key {
    keys::attempts(policy.what, &digest(who))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_bounded_and_forgotten() {
        let mut now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut seen = None;
        for _ in 0..LOGIN.free - 1 {
            seen = Some(LOGIN.next(seen.as_ref(), now).unwrap());
            assert!(LOGIN.next(seen.as_ref(), now).is_ok());
        }
        let mut waits = Vec::new();
        for _ in 0..14 {
            seen = Some(LOGIN.next(seen.as_ref(), now).unwrap());
            let wait = LOGIN.next(seen.as_ref(), now).unwrap_err();
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits[..5], [1, 2, 4, 8, 16]);
        assert_eq!(waits.last(), Some(&(15 * 60)));
        let fresh = LOGIN.next(seen.as_ref(), now + LOGIN.forget).unwrap();
        assert_eq!(fresh.failures, 1);
    }

    #[test]
    fn a_request_that_looked_at_the_clock_before_another_wrote_is_not_told_to_wait() {
        let now: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let seen = ADDRESS
            .next(None, now + SignedDuration::from_millis(5))
            .unwrap();
        assert_eq!(ADDRESS.next(Some(&seen), now).unwrap().failures, 2);
    }

    #[test]
    fn keys_hold_no_name_and_no_address() {
        let key = key(LOGIN, "13800000000");
        assert!(!key.pk.contains("138000"));
    }
}
