//! What makes functions run that nobody calls: events of the object store, and the clock.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store_server::ObjectCreated;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::functions::Functions;
use crate::queue::{Handler, Manners, Queue};

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

/// Running triggers.
pub(crate) struct Triggers {
    stop: watch::Sender<bool>,
    queues: Vec<Queue>,
    tasks: Vec<JoinHandle<()>>,
}

impl Triggers {
    /// Starts to hand events to their functions.
    ///
    /// An event is lost when the process dies between the object and its handling. The scheduled sweep runs at every
    /// start before anything else, so such an object waits for the next start at most.
    pub(crate) fn start(
        functions: &Functions,
        mut events: UnboundedReceiver<ObjectCreated>,
        dead_letters: &Path,
        manners: Manners,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
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
        let all = queues.iter().map(|(_, queue)| queue.clone()).collect();

        let mut until = stopped.clone();
        let mut tasks = vec![tokio::spawn(async move {
            let mut messages = JoinSet::new();
            loop {
                let event = tokio::select! {
                    event = events.recv() => event,
                    _ = until.wait_for(|stop| *stop) => break,
                };
                let Some(event) = event else { break };
                for (prefix, queue) in &queues {
                    if event.key.starts_with(prefix) {
                        queue.send(event.notification().to_string(), &mut messages);
                    }
                }
                while messages.try_join_next().is_some() {}
            }
            // Handlers under way are cut off: every function survives that, in AWS as here.
        })];
        for schedule in functions.on_schedule.clone() {
            tasks.push(tokio::spawn(run_schedule(schedule, stopped.clone())));
        }
        Self {
            stop,
            queues: all,
            tasks,
        }
    }

    /// Resolves when no event waits or runs.
    pub(crate) async fn idle(&self) {
        for queue in &self.queues {
            queue.idle().await;
        }
    }

    /// Takes no more events.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
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
        let run = tokio::spawn(Arc::clone(&handler)(scheduled_event()));
        let result = tokio::select! {
            result = run => result,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        match result {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(function, error, "scheduled run failed"),
            Err(error) => tracing::warn!(function, %error, "scheduled run failed"),
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
