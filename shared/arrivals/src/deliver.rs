use std::fmt::Display;
use std::future::Future;

use aws_lambda_events::sqs::SqsBatchResponse;
use serde_json::Value;
use thiserror::Error;

use crate::{Arrival, Event, Message, parse};

/// Not a form of event that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an event of an object store")]
pub struct Malformed;

/// What is done with an object that arrived.
pub trait Handle: Sync {
    /// Why an arrival is not done with; whoever sent the event should send it again.
    type Error: Display + From<Malformed> + Send;

    /// Brings to its end what the object is part of, or finds that done already: events come twice.
    fn arrived(&self, arrival: &Arrival) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Handles an event: bare from the object store, inside messages of a queue, or as MinIO's webhook sends it.
///
/// The answer to a queue names the messages to be delivered again, so that those done with are not; to others it is empty.
///
/// # Errors
/// When an event that did not come by a queue must be sent again.
pub async fn deliver<H: Handle>(handler: &H, event: Value) -> Result<Value, H::Error> {
    match parse(event).ok_or(Malformed)? {
        Event::Test => Ok(Value::Null),
        Event::Store(arrivals) => {
            all(handler, &arrivals).await?;
            Ok(Value::Null)
        }
        Event::Queue(messages) => {
            let mut answer = SqsBatchResponse::default();
            for message in messages {
                if let Err(error) = one_message(handler, &message).await {
                    // A message nobody understands comes back too, until the queue puts it aside and raises the alarm.
                    tracing::warn!(message = message.id, %error, "message {} is given back: {error}", message.id);
                    answer.add_failure(message.id);
                }
            }
            Ok(serde_json::to_value(answer).unwrap_or_default())
        }
    }
}

async fn one_message<H: Handle>(handler: &H, message: &Message) -> Result<(), H::Error> {
    let arrivals = message.arrivals.as_ref().ok_or(Malformed)?;
    all(handler, arrivals).await
}

/// Goes through all of them even if one fails: the next delivery finds the others done.
async fn all<H: Handle>(handler: &H, arrivals: &[Arrival]) -> Result<(), H::Error> {
    let mut outcome = Ok(());
    for arrival in arrivals {
        // In a box of its own: the whole way of an object is too deep a type for all that is built around it.
        if let Err(error) = Box::pin(handler.arrived(arrival)).await {
            outcome = Err(error);
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    #[derive(Debug, Error)]
    enum Failure {
        #[error(transparent)]
        Malformed(#[from] Malformed),
        #[error("not now")]
        NotNow,
    }

    /// Notes the names of what arrives, and fails at those that begin with `bad`.
    #[derive(Default)]
    struct Noting(Mutex<Vec<String>>);

    impl Handle for Noting {
        type Error = Failure;

        async fn arrived(&self, arrival: &Arrival) -> Result<(), Failure> {
            self.0.lock().unwrap().push(arrival.key.clone());
            if arrival.key.starts_with("bad") {
                return Err(Failure::NotNow);
            }
            Ok(())
        }
    }

    fn stored(keys: &[&str]) -> Value {
        let records: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": key}}})
            })
            .collect();
        json!({ "Records": records })
    }

    #[tokio::test]
    async fn one_that_fails_keeps_no_other_from_its_turn() {
        let noting = Noting::default();
        let outcome = deliver(&noting, stored(&["bad", "good"])).await;
        assert!(matches!(outcome, Err(Failure::NotNow)));
        assert_eq!(*noting.0.lock().unwrap(), ["bad", "good"]);
        assert!(matches!(
            deliver(&noting, Value::Null).await,
            Err(Failure::Malformed(_))
        ));
    }

    #[tokio::test]
    async fn only_messages_that_failed_are_asked_for_again() {
        let message = |id: &str, body: Value| json!({"messageId": id, "body": body.to_string()});
        let event = json!({"Records": [
            message("1", stored(&["a"])),
            message("2", stored(&["bad", "b"])),
            message("3", json!("nonsense")),
        ]});
        let noting = Noting::default();
        let answer = deliver(&noting, event).await.unwrap();
        assert_eq!(
            answer,
            json!({"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "3"}]})
        );
        assert_eq!(*noting.0.lock().unwrap(), ["a", "bad", "b"]);
    }
}
