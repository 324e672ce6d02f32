//! 上报概览: what an upload or a zero-case report adds to the counters, and what a hospital's day comes to.
//!
//! Every counter is a sum over contributions, and each contribution is a function of one upload and the committed uploads before
//! it. What was contributed can therefore be taken out again exactly, and all counters can be made anew from contributions alone
//! ([`Ledger`]).

mod counts;
mod fills;
mod ledger;
mod period;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use counts::{Counts, DELAYS, Facts, delay_class};
pub use fills::Fills;
pub use ledger::{HospitalBucket, Ledger, ProvinceBucket};
pub use period::{Bucket, Period, PeriodError};

use crate::{AccountId, UploadId};

/// The kind under which files are counted whose kind nobody can tell.
pub const NO_KIND: &str = "none";

/// Facts of one day by kind of file.
pub type DayFacts = BTreeMap<String, Facts>;

/// Names what findings have in common: `kind|rule|column`, where the last may be blank.
pub type CauseKey = String;

/// Names a class of how uploads filled a column: `kind|column|check|class`; `kind|||uploads` counts all that had records.
pub type FillKey = String;

/// What a contribution comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An upload; or a withdrawal, which has a number among the uploads.
    Upload(UploadId),
    /// What a hospital declared of a month: 本期无病例.
    ZeroCases,
}

/// What one upload, or all zero-case reports of a month, add to the counters of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Whose it is.
    pub account: AccountId,
    /// First two digits of the division code the hospital stood in when it was first counted.
    pub province: String,
    /// What it comes from.
    pub origin: Origin,
    /// First day of the month it is about.
    pub month: Date,
    /// Tells a later word from an earlier one: only a higher rank takes the place of what is counted. For uploads the basis of
    /// the settlement, plus one; and one more once they are withdrawn.
    pub rank: u64,
    /// What it adds, by day and kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<Date, DayFacts>,
    /// Findings by what they have in common, counted on the day of arrival, where that lies in this month.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub causes: BTreeMap<CauseKey, i64>,
    /// How columns were filled, counted in the month and year of arrival, likewise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fills: BTreeMap<FillKey, i64>,
    /// The day of arrival, where it lies in this month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_on: Option<Date>,
}

impl Contribution {
    /// One that adds nothing, in the place of another: what is left where an upload no longer counts.
    #[must_use]
    pub fn emptied(&self, rank: u64) -> Self {
        Self {
            rank,
            days: BTreeMap::new(),
            causes: BTreeMap::new(),
            fills: BTreeMap::new(),
            arrived_on: None,
            ..self.clone()
        }
    }

    /// Adds facts of a day and kind.
    pub fn add(&mut self, day: Date, kind: &str, facts: &Facts) {
        let day = self.days.entry(day).or_default();
        *day.entry(kind.to_owned()).or_default() += facts;
    }
}

/// What a hospital's day comes to, from the facts of all its contributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayStatus {
    /// 按时上报.
    OnTime,
    /// 迟报.
    Late,
    /// 本期无病例, declared.
    Zero,
    /// 未上报.
    Silent,
}

impl DayStatus {
    /// Of a day with these facts.
    pub fn of(facts: &Facts) -> Self {
        let counts = facts.counts();
        if counts.on_time > 0 {
            Self::OnTime
        } else if counts.late > 0 {
            Self::Late
        } else if counts.zero > 0 {
            Self::Zero
        } else {
            Self::Silent
        }
    }
}
