//! Rules that link records with those of other files and of earlier uploads (X-*, FLU-002), and what became of each
//! record sent again (新增 / 更新 / 未变化 / 不达标).
//!
//! Every upload leaves one [`Segment`] of each kind, which nothing ever changes. The current version of a record is that
//! of the committed upload with the highest sequence number, so segments may be stored and read in any order, and
//! [`settle`] can be run again at any time. Between the files of one archive, with nothing else at hand, a [`Collector`]
//! judges the same rules.

mod asked;
mod codec;
mod collector;
mod days;
mod disposition;
mod earlier;
mod facts;
mod fingerprint;
mod judge;
mod layout;
mod segment;
mod settle;
#[cfg(test)]
mod tests;
mod version;

pub use codec::SegmentError;
pub use collector::Collector;
pub use days::{EarlierDays, KindDays, Movement};
pub use disposition::{Counts, Disposition};
pub use earlier::{Earlier, EarlierSegments, NothingEarlier};
pub use facts::StayFacts;
pub use fingerprint::Link;
pub(crate) use fingerprint::of_link;
pub use segment::{Entry, Segment, SegmentBuilder, StayRecord, VisitRecord, key_fingerprint};
pub use settle::{KindSettlement, SettledRecord, Settlement, dispositions, settle};

/// Names of the checks made here, as `rules.csv` binds them.
#[cfg(test)]
pub(crate) fn check_names() -> impl Iterator<Item = &'static str> {
    judge::CHECKS.into_iter().chain([settle::REPLACES_EARLIER])
}
