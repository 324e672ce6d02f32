//! Judges what was uploaded, when the object store says that it has arrived.

use arrivals::{Arrival, Handle, Malformed, deliver};
use intake::{Intake, IntakeError, Processed, process};
use serde_json::Value;
use thiserror::Error;

/// An event that is not done with; whoever sent it should send it again.
#[derive(Debug, Error)]
pub enum ValidateError {
    /// Not a form of event this function knows.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Another worker holds the upload.
    #[error("another worker holds the upload")]
    Held,
    /// Table or bucket.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// Handles an event; see [`deliver`] for its forms and the answer.
///
/// # Errors
/// When an event that did not come by a queue must be sent again.
pub async fn run(intake: &Intake, event: Value) -> Result<Value, ValidateError> {
    deliver(&Judging(intake), event).await
}

struct Judging<'a>(&'a Intake);

impl Handle for Judging<'_> {
    type Error = ValidateError;

    async fn arrived(&self, arrival: &Arrival) -> Result<(), ValidateError> {
        match process(self.0, arrival).await? {
            Processed::Finished | Processed::Ignored => Ok(()),
            Processed::Held => Err(ValidateError::Held),
        }
    }
}
