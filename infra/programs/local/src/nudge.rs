//! Where AWS has the table's stream: a function that runs when something may have been written for it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::sync::watch;

use crate::queue::Handler;

/// Counts requests that may have written something, and how far the function has come. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Nudge {
    asked: Arc<watch::Sender<u64>>,
    done: Arc<watch::Sender<u64>>,
}

impl Nudge {
    pub(crate) fn new() -> Self {
        Self {
            asked: Arc::new(watch::Sender::new(0)),
            done: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Has every request that can write counted before it is answered, so that whoever has the answer can wait for what
    /// follows from it.
    pub(crate) fn around(&self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(self.clone(), count))
    }

    /// Runs the function after requests, once for all that came in the meantime.
    pub(crate) fn run(
        self,
        handler: Handler,
        mut stopped: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send {
        // Here and not when it is first polled: a request may come before that.
        let mut asked = self.asked.subscribe();
        async move {
            loop {
                tokio::select! {
                    changed = asked.changed() => if changed.is_err() { return },
                    _ = stopped.wait_for(|stop| *stop) => return,
                }
                let upto = *asked.borrow_and_update();
                // On a task of its own, so that a panic ends this run and not all later ones. What failed is tried by the
                // schedule, and by the next request.
                match tokio::spawn(handler(serde_json::json!({}))).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => tracing::warn!(error, "run after a request failed"),
                    Err(error) => tracing::warn!(%error, "run after a request failed"),
                }
                self.done.send_replace(upto);
            }
        }
    }

    /// Resolves when the function has run for every request answered so far.
    pub(crate) async fn idle(&self) {
        let upto = *self.asked.borrow();
        let mut done = self.done.subscribe();
        let _ = done.wait_for(|done| *done >= upto).await;
    }
}

async fn count(State(nudge): State<Nudge>, request: Request, next: Next) -> Response {
    let reads = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let answer = next.run(request).await;
    if !reads {
        nudge.asked.send_modify(|asked| *asked += 1);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_run_follows_each_request_and_a_panic_ends_none_of_the_later() {
        let nudge = Nudge::new();
        let runs = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&runs);
        let handler: Handler = Arc::new(move |_| {
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                assert!(!first, "the first run fails");
                Ok(serde_json::Value::Null)
            })
        });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(nudge.clone().run(handler, stopped));
        nudge.idle().await;
        assert_eq!(runs.load(Ordering::SeqCst), 0, "nothing was written");
        for expected in 1..=3 {
            nudge.asked.send_modify(|asked| *asked += 1);
            nudge.idle().await;
            assert_eq!(runs.load(Ordering::SeqCst), expected);
        }
        stop.send_replace(true);
        task.await.unwrap();
    }
}
