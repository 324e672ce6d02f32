//! Judges what was uploaded, when the object store says that it has arrived.

use aws_lambda_events::sqs::SqsBatchResponse;
use intake::{Arrival, Event, Intake, IntakeError, Message, Processed, parse, process};
use serde_json::Value;
use thiserror::Error;

/// An event that is not done with; whoever sent it should send it again.
#[derive(Debug, Error)]
pub enum ValidateError {
    /// Not a form of event this function knows.
    #[error("not an event of an object store")]
    Malformed,
    /// Another worker holds the upload.
    #[error("another worker holds the upload")]
    Held,
    /// Table or bucket.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// Handles an event: bare from the object store, inside messages of a queue, or as MinIO's webhook sends it.
///
/// The answer to a queue names the messages to be delivered again, so that those done with are not; to others it is empty.
///
/// # Errors
/// When an event that did not come by a queue must be sent again.
pub async fn run(intake: &Intake, event: Value) -> Result<Value, ValidateError> {
    match parse(event).ok_or(ValidateError::Malformed)? {
        Event::Test => Ok(Value::Null),
        Event::Store(arrivals) => {
            all(intake, &arrivals).await?;
            Ok(Value::Null)
        }
        Event::Queue(messages) => {
            let mut answer = SqsBatchResponse::default();
            for message in messages {
                if let Err(error) = one_message(intake, &message).await {
                    // A message nobody understands comes back too, until the queue puts it aside and raises the alarm.
                    tracing::warn!(message = message.id, %error, "message {} is given back: {error}", message.id);
                    answer.add_failure(message.id);
                }
            }
            Ok(serde_json::to_value(answer).unwrap_or_default())
        }
    }
}

async fn one_message(intake: &Intake, message: &Message) -> Result<(), ValidateError> {
    let arrivals = message.arrivals.as_ref().ok_or(ValidateError::Malformed)?;
    all(intake, arrivals).await
}

/// Goes through all of them even if one fails: the next delivery finds the others done.
async fn all(intake: &Intake, arrivals: &[Arrival]) -> Result<(), ValidateError> {
    let mut outcome = Ok(());
    for arrival in arrivals {
        match process(intake, arrival).await {
            Ok(Processed::Finished | Processed::Ignored) => {}
            Ok(Processed::Held) => outcome = Err(ValidateError::Held),
            Err(error) => outcome = Err(error.into()),
        }
    }
    outcome
}
