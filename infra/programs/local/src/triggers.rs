//! What makes functions run that nobody calls: events of the object store, and the clock.

use std::path::Path;
use std::time::Duration;

use object_store_server::ObjectCreated;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::functions::Functions;
use crate::queue::{Handler, Manners, Queue, on_its_own};
use crate::redelivery::redeliver;

/// A function that runs when an object arrives under a prefix.
#[derive(Clone)]
pub(crate) struct OnObject {
    pub(crate) function: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) handler: Handler,
}

/// A function that runs at start and then again and again.
#[derive(Clone)]
pub(crate) struct OnSchedule {
    pub(crate) function: &'static str,
    pub(crate) every: Duration,
    pub(crate) handler: Handler,
}

/// How long handlers under way may take to end at a stop. What is cut off is found by the sweep at the next start.
const FAREWELL: Duration = Duration::from_secs(3);

/// Running triggers.
pub(crate) struct Triggers {
    stop: watch::Sender<bool>,
    barriers: mpsc::UnboundedSender<oneshot::Sender<()>>,
    queues: Vec<Queue>,
    tasks: Vec<JoinHandle<()>>,
}

/// Where events come from.
pub(crate) struct Events {
    /// From the embedded store.
    pub(crate) embedded: UnboundedReceiver<ObjectCreated>,
    /// Notifications another store sent, as they came.
    pub(crate) foreign: UnboundedReceiver<String>,
}

impl Triggers {
    /// Starts to hand events to their functions.
    ///
    /// An event is lost when the process dies between the object and its handling. The scheduled sweep runs at every
    /// start before anything else, so such an object waits for the next start at most.
    pub(crate) fn start(
        functions: &Functions,
        events: Events,
        dead_letters: &Path,
        manners: Manners,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (barriers, reached) = mpsc::unbounded_channel();
        let queues: Vec<_> = functions
            .on_object
            .iter()
            .map(|t| {
                (
                    t.prefix,
                    Queue::new(t.function, t.handler.clone(), manners, dead_letters),
                )
            })
            .collect();
        let all: Vec<_> = queues.iter().map(|(_, queue)| queue.clone()).collect();
        let mut tasks = vec![tokio::spawn(distribute(
            queues,
            events,
            reached,
            stopped.clone(),
        ))];
        tasks.push(tokio::spawn(redeliver(
            all.clone(),
            dead_letters.to_owned(),
            stopped.clone(),
        )));
        for schedule in functions.on_schedule.clone() {
            tasks.push(tokio::spawn(run_schedule(schedule, stopped.clone())));
        }
        Self {
            stop,
            barriers,
            queues: all,
            tasks,
        }
    }

    /// Resolves when no event waits or runs of those whose objects were acknowledged before.
    pub(crate) async fn idle(&self) {
        let (sender, reached) = oneshot::channel();
        if self.barriers.send(sender).is_ok() {
            let _ = reached.await;
        }
        for queue in &self.queues {
            queue.idle().await;
        }
    }

    /// The queues, for those who look how much waits.
    pub(crate) fn queues(&self) -> &[Queue] {
        &self.queues
    }

    /// Takes no more events, and lets handlers under way end.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

async fn distribute(
    queues: Vec<(&'static str, Queue)>,
    mut events: Events,
    mut barriers: UnboundedReceiver<oneshot::Sender<()>>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut messages = JoinSet::new();
    loop {
        tokio::select! {
            // In this order: a barrier is reached when every event before it stands in a queue.
            biased;
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(event) = events.embedded.recv() => {
                for (prefix, queue) in &queues {
                    if event.key.starts_with(prefix) {
                        queue.send(event.notification().to_string(), &mut messages);
                    }
                }
            }
            // Which keys it is about stands in it in another form with each make of store; the functions read them all.
            Some(notification) = events.foreign.recv() => {
                for (_, queue) in &queues {
                    queue.send(notification.clone(), &mut messages);
                }
            }
            Some(barrier) = barriers.recv() => {
                let _ = barrier.send(());
            }
        }
        while messages.try_join_next().is_some() {}
    }
    let all = async { while messages.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, all).await;
}

async fn run_schedule(schedule: OnSchedule, mut stopped: watch::Receiver<bool>) {
    let OnSchedule {
        function,
        every,
        handler,
    } = schedule;
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        let run = on_its_own(handler(scheduled_event()));
        let result = tokio::select! {
            result = run => result,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        if let Err(error) = result {
            tracing::warn!(function, error, "scheduled run failed");
        }
    }
}

/// The event of an EventBridge schedule.
fn scheduled_event() -> serde_json::Value {
    let now = jiff::Timestamp::now();
    serde_json::json!({
        "version": "0",
        "id": format!("{:032x}", now.as_nanosecond()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": format!("{now:.0}"),
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::{Arc, Mutex};

    struct Fixture {
        triggers: Triggers,
        embedded: mpsc::UnboundedSender<ObjectCreated>,
        foreign: mpsc::UnboundedSender<String>,
        bodies: Arc<Mutex<Vec<String>>>,
        sweeps: mpsc::UnboundedReceiver<()>,
        _folder: tempfile::TempDir,
    }

    fn start() -> Fixture {
        let bodies = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&bodies);
        let (swept, sweeps) = mpsc::unbounded_channel();
        let functions = Functions {
            routes: web::OpenApiRouter::new(),
            on_object: vec![OnObject {
                function: "validate-upload",
                prefix: "incoming/",
                handler: Arc::new(move |event| {
                    let body = event["Records"][0]["body"].as_str().unwrap().to_owned();
                    seen.lock().unwrap().push(body);
                    Box::pin(async { Ok(json!({"batchItemFailures": []})) })
                }),
            }],
            on_schedule: vec![OnSchedule {
                function: "reconcile-uploads",
                every: Duration::from_secs(3600),
                handler: Arc::new(move |_| {
                    swept.send(()).unwrap();
                    Box::pin(async { Ok(Value::Null) })
                }),
            }],
            on_write: Arc::new(|_| Box::pin(async { Ok(Value::Null) })),
            on_start: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let (embedded, from_embedded) = mpsc::unbounded_channel();
        let (foreign, from_foreign) = mpsc::unbounded_channel();
        let events = Events {
            embedded: from_embedded,
            foreign: from_foreign,
        };
        let triggers = Triggers::start(&functions, events, folder.path(), Manners::default());
        Fixture {
            triggers,
            embedded,
            foreign,
            bodies,
            sweeps,
            _folder: folder,
        }
    }

    fn created(key: &str) -> ObjectCreated {
        ObjectCreated {
            bucket: "flu".into(),
            key: key.into(),
            size: 1,
            etag: "e".into(),
            version_id: "v".into(),
            sequence: 1,
            time: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn only_objects_under_the_prefix_run_the_function() {
        let fixture = start();
        fixture
            .embedded
            .send(created("incoming/data/a/b/flu.zip"))
            .unwrap();
        fixture.embedded.send(created("records/a")).unwrap();
        fixture.triggers.idle().await;
        let bodies = fixture.bodies.lock().unwrap();
        assert_eq!(bodies.len(), 1);
        let body: Value = serde_json::from_str(&bodies[0]).unwrap();
        assert_eq!(
            body["Records"][0]["s3"]["object"]["key"],
            "incoming/data/a/b/flu.zip"
        );
    }

    #[tokio::test]
    async fn what_another_store_sends_is_handed_on_as_it_came() {
        let fixture = start();
        fixture
            .foreign
            .send(r#"{"EventName":"s3:ObjectCreated:Put"}"#.into())
            .unwrap();
        fixture.foreign.send("second".into()).unwrap();
        // The channel is emptied in its own time; the barrier comes after it.
        fixture.triggers.idle().await;
        assert_eq!(fixture.bodies.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn the_sweep_runs_at_start() {
        let mut fixture = start();
        fixture.sweeps.recv().await.unwrap();
        fixture.triggers.stop().await;
    }
}
