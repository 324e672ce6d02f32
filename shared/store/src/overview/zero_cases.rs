use std::collections::BTreeMap;

use domain::AccountId;
use domain::audit::AuditEntry;
use domain::beijing;
use domain::overview::{Contribution, Facts, Origin};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use standard::Standard;

use super::{TRIES, exchange};
use crate::keys;
use crate::table::{number, put_if, put_new, write};
use crate::{Store, StoreError, audit};

/// A hospital's word that there was no case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZeroCase {
    /// When it was given.
    pub at: Timestamp,
    /// By whom: login name.
    pub by: String,
}

/// A hospital's zero-case reports of a month, by day and kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ZeroCases {
    /// By day and kind.
    #[serde(default)]
    pub days: BTreeMap<Date, BTreeMap<String, ZeroCase>>,
    /// What they contribute to the counters; its rank counts the changes.
    #[serde(default)]
    contribution: Option<Contribution>,
}

impl ZeroCases {
    /// What they contribute to the counters, once there was any.
    pub fn contribution(&self) -> Option<&Contribution> {
        self.contribution.as_ref()
    }

    fn counted(
        &self,
        standard: &Standard,
        (account, province): (&AccountId, &str),
        month: Date,
        rank: u64,
    ) -> Contribution {
        let mut contribution = Contribution {
            account: account.clone(),
            province: province.to_owned(),
            origin: Origin::ZeroCases,
            month,
            rank,
            days: BTreeMap::new(),
            causes: BTreeMap::new(),
            fills: BTreeMap::new(),
            arrived_on: None,
        };
        for (day, kinds) in &self.days {
            for (kind, zero) in kinds {
                let in_time = beijing(zero.at).date() <= standard.last_day_in_time(kind, *day);
                let facts = Facts {
                    zero_on_time: i64::from(in_time),
                    zero_late: i64::from(!in_time),
                    ..Facts::default()
                };
                contribution.add(*day, kind, &facts);
            }
        }
        contribution
    }
}

/// A hospital's zero-case reports of the month that begins on a day.
///
/// # Errors
/// When the table cannot be read.
pub async fn find(
    store: &Store,
    account: &AccountId,
    month: Date,
) -> Result<ZeroCases, StoreError> {
    let found = store
        .get(keys::zero_cases(account, month), "zero-case reports")
        .await?;
    Ok(found.unwrap_or_default())
}

/// Changes a hospital's zero-case reports of a month, with the counters and the audit entry, in one transaction. `change` is told
/// what there is; where it leaves that as it is, nothing is written.
///
/// # Errors
/// When the table cannot be reached, or others keep getting in between.
pub async fn change(
    store: &Store,
    standard: &Standard,
    (account, province): (&AccountId, &str),
    month: Date,
    entry: &AuditEntry,
    change: impl Fn(&mut ZeroCases),
) -> Result<ZeroCases, StoreError> {
    let key = keys::zero_cases(account, month);
    for tried in 0..TRIES {
        let known: Option<ZeroCases> = store.get(key.clone(), "zero-case reports").await?;
        let before = known.clone().unwrap_or_default();
        let mut after = before.clone();
        change(&mut after);
        after.days.retain(|_, kinds| !kinds.is_empty());
        if after.days == before.days {
            return Ok(before);
        }
        let earlier = before.contribution.as_ref();
        let seen = earlier.map_or(0, |earlier| earlier.rank);
        // Where it was counted first it stays.
        let province = earlier.map_or(province, |earlier| earlier.province.as_str());
        let contribution = after.counted(standard, (account, province), month, seen + 1);
        after.contribution = Some(contribution.clone());
        let item = write(key.clone(), &after, "zero-case reports")?;
        let own = if known.is_none() {
            put_new(store, item)?
        } else {
            let names = [("#contribution", "contribution"), ("#rank", "rank")];
            let seen = [(":seen", number(seen))];
            put_if(store, item, "#contribution.#rank = :seen", &names, &seen)?
        };
        let mut others = vec![own];
        others.extend(audit::write_entry(store, entry)?);
        if exchange(store, others, earlier, &contribution, tried).await? {
            return Ok(after);
        }
    }
    Err(StoreError::Conflict)
}
