#![doc = include_str!("../README.md")]

use domain::Clock;
use jiff::SignedDuration;
use standard::Standard;
use store::{Files, Store, StoreError};
use thiserror::Error;

/// What the judging of uploads may use.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// The time.
    pub clock: Clock,
    /// The versions of the interface standard, oldest first, with the deployment's overrides applied.
    pub standards: &'static [Standard],
    /// How long a claim holds unless it is renewed.
    pub lease: SignedDuration,
}

impl Intake {
    /// With the usual length of a claim: two minutes, renewed while the work goes on.
    pub fn new(store: Store, files: Files, clock: Clock, standards: &'static [Standard]) -> Self {
        Self {
            store,
            files,
            clock,
            standards,
            lease: SignedDuration::from_mins(2),
        }
    }
}

/// An object that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its key, decoded.
    pub key: String,
    /// Its version, where the store told one.
    pub version: Option<String>,
}

/// What came of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processed {
    /// The upload has its final state, and everything that follows from it is done.
    Finished,
    /// The object belongs to no upload, or is not the one that is judged; nothing will come of it.
    Ignored,
    /// Another worker holds the upload: come again later.
    Held,
}

/// Judging was broken off; trying again may help.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// Table or bucket.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings the upload an object belongs to into its final state.
///
/// # Errors
/// When table or bucket fail; nothing is lost, and the same call again carries on.
pub async fn process(_intake: &Intake, _arrival: &Arrival) -> Result<Processed, IntakeError> {
    Ok(Processed::Ignored)
}
