//! A queue with the manners of SQS: at least once, again after a while when the handler failed, aside after too many times.
//!
//! Messages live in memory. What a dying process forgets, the sweep at the next start finds (see `triggers`).

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::turns::Turns;

/// Runs one event and says which messages of it failed.
pub(crate) type Handler = Arc<dyn Fn(Value) -> Handling + Send + Sync>;
/// What comes of an event: the answer of the function as Lambda would see it, or why there is none.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<Value, String>> + Send>>;

/// How a queue treats failures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// Deliveries before a message is set aside, as `maxReceiveCount` in AWS.
    pub(crate) deliveries: u32,
    /// Wait before the second delivery; doubles each time, up to eight times as long.
    pub(crate) wait: Duration,
    /// Messages handled at the same time.
    pub(crate) at_once: usize,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            deliveries: 5,
            wait: Duration::from_millis(500),
            at_once: 2,
        }
    }
}

/// The queue before one function.
#[derive(Clone)]
pub(crate) struct Queue {
    function: &'static str,
    handler: Handler,
    manners: Manners,
    dead_letters: PathBuf,
    turns: Turns,
    pending: Arc<watch::Sender<u64>>,
    numbers: Arc<AtomicU64>,
    started: jiff::Timestamp,
}

impl Queue {
    pub(crate) fn new(
        function: &'static str,
        handler: Handler,
        manners: Manners,
        dead_letters: &Path,
    ) -> Self {
        Self {
            function,
            handler,
            manners,
            dead_letters: dead_letters.to_owned(),
            turns: Turns::new(manners.at_once),
            pending: Arc::new(watch::Sender::new(0)),
            numbers: Arc::default(),
            started: jiff::Timestamp::now(),
        }
    }

    /// Whether it is the queue before this function.
    pub(crate) fn is_before(&self, function: &str) -> bool {
        self.function == function
    }

    /// Puts a message into the queue; `tasks` runs it.
    pub(crate) fn send(&self, body: String, tasks: &mut JoinSet<()>) {
        self.pending.send_modify(|pending| *pending += 1);
        let queue = self.clone();
        tasks.spawn(async move {
            queue.deliver(body).await;
            queue.pending.send_modify(|pending| *pending -= 1);
        });
    }

    /// Resolves when every message so far was handled or set aside.
    pub(crate) fn idle(&self) -> impl Future<Output = ()> + use<> {
        let mut pending = self.pending.subscribe();
        async move {
            let _ = pending.wait_for(|pending| *pending == 0).await;
        }
    }

    /// Messages that were neither handled nor set aside yet.
    pub(crate) fn waiting(&self) -> u64 {
        *self.pending.borrow()
    }

    async fn deliver(&self, body: String) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", self.started.as_millisecond());
        let sender = sender_of(&body);
        let mut reason = String::new();
        for delivery in 1..=self.manners.deliveries {
            if delivery > 1 {
                let wait = self.manners.wait * 2u32.pow((delivery - 2).min(3));
                tokio::time::sleep(wait).await;
            }
            match self.try_once(&id, &sender, &body, delivery).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(
                        function = self.function,
                        message = id,
                        delivery,
                        error,
                        "event was not handled"
                    );
                    reason = error;
                }
            }
        }
        self.set_aside(&id, &body, &reason);
    }

    async fn try_once(
        &self,
        id: &str,
        sender: &str,
        body: &str,
        delivery: u32,
    ) -> Result<(), String> {
        let _turn = self.turns.next(sender).await;
        let event = json!({"Records": [sqs_message(self.function, id, body, delivery)]});
        let answer = on_its_own((self.handler)(event)).await?;
        let failures = answer.get("batchItemFailures").and_then(Value::as_array);
        if failures.is_some_and(|failures| !failures.is_empty()) {
            return Err("the function asks for the message again".to_owned());
        }
        Ok(())
    }

    /// Where an operator finds it. The message holds a key, no content.
    fn set_aside(&self, id: &str, body: &str, reason: &str) {
        let path = self
            .dead_letters
            .join(format!("{}-{id}.json", self.function));
        let letter = json!({"function": self.function, "reason": reason, "body": body});
        let written = std::fs::create_dir_all(&self.dead_letters)
            .and_then(|()| std::fs::write(&path, letter.to_string()));
        match written {
            Ok(()) => tracing::error!(
                function = self.function, message = id, file = %path.display(),
                "event was given up; it stands in the dead letters"
            ),
            Err(error) => tracing::error!(
                function = self.function, message = id, %error,
                "event was given up, and could not be written to the dead letters"
            ),
        }
    }
}

/// Runs a handler on a task of its own, so that a panic is an error here as it is in Lambda. Dropped, it cuts the
/// handler off.
pub(crate) async fn on_its_own(handling: Handling) -> Result<Value, String> {
    let mut task = JoinSet::new();
    task.spawn(handling);
    match task.join_next().await {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the handler did not run".to_owned()),
    }
}

/// Whose object a message is about: the part of its key after what it is. Messages of one sender wait for each other, not those of others.
fn sender_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let key = body
        .pointer("/Records/0/s3/object/key")
        .and_then(Value::as_str);
    let key = key.map(|key| key.replace("%2F", "/")).unwrap_or_default();
    key.split('/').nth(2).unwrap_or_default().to_owned()
}

/// One message as Lambda receives it from SQS.
fn sqs_message(function: &str, id: &str, body: &str, delivery: u32) -> Value {
    let now = jiff::Timestamp::now().as_millisecond().to_string();
    json!({
        "messageId": id,
        "receiptHandle": format!("{id}#{delivery}"),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": delivery.to_string(),
            "SentTimestamp": now,
            "SenderId": "local",
            "ApproximateFirstReceiveTimestamp": now,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{function}"),
        "awsRegion": "us-east-1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    const IMPATIENT: Manners = Manners {
        deliveries: 3,
        wait: Duration::from_millis(1),
        at_once: 1,
    };

    type Seen = Arc<Mutex<Vec<Value>>>;

    fn queue(
        folder: &Path,
        answer: impl Fn(usize) -> Result<Value, String> + Send + Sync + 'static,
    ) -> (Queue, Seen) {
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        let handler: Handler = Arc::new(move |event| {
            let mut log = log.lock().unwrap();
            log.push(event["Records"][0].clone());
            let answer = answer(log.len());
            Box::pin(async move { answer })
        });
        (
            Queue::new("validate-upload", handler, IMPATIENT, folder),
            seen,
        )
    }

    #[tokio::test]
    async fn a_handled_message_is_not_sent_again() {
        let folder = tempfile::tempdir().unwrap();
        let (queue, seen) = queue(folder.path(), |_| Ok(json!({"batchItemFailures": []})));
        let mut tasks = JoinSet::new();
        queue.send("{}".into(), &mut tasks);
        queue.idle().await;
        assert_eq!(seen.lock().unwrap().len(), 1);
        assert_eq!(seen.lock().unwrap()[0]["body"], "{}");
    }

    #[tokio::test]
    async fn a_failed_message_comes_again_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (queue, seen) = queue(folder.path(), |n| match n {
            1 => Err("table away".into()),
            2 => Ok(json!({"batchItemFailures": [{"itemIdentifier": "x"}]})),
            _ => Ok(Value::Null),
        });
        let mut tasks = JoinSet::new();
        queue.send("{}".into(), &mut tasks);
        queue.idle().await;
        let seen = seen.lock().unwrap();
        let counts: Vec<_> = seen
            .iter()
            .map(|m| m["attributes"]["ApproximateReceiveCount"].clone())
            .collect();
        assert_eq!(counts, ["1", "2", "3"]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_message_that_always_fails_is_set_aside_even_when_the_handler_panics() {
        let folder = tempfile::tempdir().unwrap();
        let handler: Handler = Arc::new(|_| Box::pin(async { panic!("defect") }));
        let queue = Queue::new("validate-upload", handler, IMPATIENT, folder.path());
        let mut tasks = JoinSet::new();
        queue.send("the event".into(), &mut tasks);
        queue.idle().await;
        let letter = std::fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let letter: Value = serde_json::from_slice(&std::fs::read(letter).unwrap()).unwrap();
        assert_eq!(letter["body"], "the event");
    }
}
