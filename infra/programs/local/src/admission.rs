//! What is taken when more comes than can be done, and when the disk is full. In AWS throttling and reserved concurrency stand here.
//!
//! Whoever is refused is told at once and may come again; what was taken before is not touched.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use web::{ApiError, ErrorCode};

use crate::disk::Disk;
use crate::queue::Queue;

/// How much is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    /// Requests under way.
    pub(crate) requests: usize,
    /// Requests of one sender under way.
    pub(crate) of_one: usize,
    /// Batches under way: each is judged within its request, with all the memory that takes.
    pub(crate) batches: usize,
    /// Files that wait before new ones are announced for those only who had none for a while.
    pub(crate) files: u64,
    /// That while.
    pub(crate) pause: Duration,
}

impl Default for Measure {
    fn default() -> Self {
        Self {
            requests: 256,
            of_one: 32,
            batches: 16,
            files: 200,
            pause: Duration::from_secs(10),
        }
    }
}

/// Past this many times as many files as [`Measure::files`], nobody's new ones are taken.
const AT_MOST: u64 = 4;

/// Stands before all routes. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Inner>);

struct Inner {
    measure: Measure,
    queues: Vec<Queue>,
    disk: Option<Disk>,
    requests: AtomicUsize,
    batches: AtomicUsize,
    senders: Mutex<HashMap<u64, Sender>>,
}

#[derive(Default)]
struct Sender {
    requests: usize,
    announced: Option<Instant>,
}

/// One more of something, until it is dropped.
struct One<'a>(&'a AtomicUsize);

impl<'a> One<'a> {
    fn of(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let one = Self(count);
        (count.fetch_add(1, Ordering::SeqCst) < most).then_some(one)
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request of a sender, until it is dropped.
struct Of<'a>(&'a Inner, u64);

impl Drop for Of<'_> {
    fn drop(&mut self) {
        if let Some(sender) = self.0.senders().get_mut(&self.1) {
            sender.requests -= 1;
        }
    }
}

impl Admission {
    /// `queues` hold the files that wait; `disk` is looked at unless nothing is kept here.
    pub(crate) fn new(measure: Measure, queues: Vec<Queue>, disk: Option<Disk>) -> Self {
        Self(Arc::new(Inner {
            measure,
            queues,
            disk,
            requests: AtomicUsize::new(0),
            batches: AtomicUsize::new(0),
            senders: Mutex::default(),
        }))
    }

    pub(crate) fn around(&self, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(self.clone(), admit))
    }
}

impl Inner {
    fn senders(&self) -> MutexGuard<'_, HashMap<u64, Sender>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, name: u64) -> Option<Of<'_>> {
        let mut senders = self.senders();
        // Who has gone is forgotten, or the list would grow with every session.
        if senders.len() > 4 * self.measure.requests {
            let pause = self.measure.pause;
            senders.retain(|_, sender| {
                sender.requests > 0 || sender.announced.is_some_and(|at| at.elapsed() < pause)
            });
        }
        let sender = senders.entry(name).or_default();
        if sender.requests >= self.measure.of_one {
            return None;
        }
        sender.requests += 1;
        Some(Of(self, name))
    }

    /// Whether one more file of this sender is taken.
    fn announces(&self, name: u64) -> bool {
        let waiting: u64 = self.queues.iter().map(Queue::waiting).sum();
        let mut senders = self.senders();
        let sender = senders.entry(name).or_default();
        let is_calm = sender
            .announced
            .is_none_or(|at| at.elapsed() >= self.measure.pause);
        let taken =
            waiting < self.measure.files || (is_calm && waiting < self.measure.files * AT_MOST);
        if taken {
            sender.announced = Some(Instant::now());
        }
        taken
    }
}

async fn admit(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let inner = &*admission.0;
    // Whoever watches over the service must see it when it is busiest.
    if request.uri().path().starts_with("/_local/") {
        return next.run(request).await;
    }
    let Some(_one) = One::of(&inner.requests, inner.measure.requests) else {
        return later(2);
    };
    let name = name(request.headers());
    let _of = match name.map(|name| inner.enter(name)) {
        Some(None) => return later(2),
        of => of.flatten(),
    };
    let writes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if writes
        && let Some(disk) = &inner.disk
        && disk.is_full().await
    {
        return full();
    }
    let path = request.uri().path();
    let _batch = if writes && path.starts_with("/api/v1/batches/") {
        match One::of(&inner.batches, inner.measure.batches) {
            None => return later(5),
            batch => batch,
        }
    } else {
        None
    };
    if *request.method() == Method::POST
        && path == "/api/v1/uploads"
        && !inner.announces(name.unwrap_or_default())
    {
        return later(inner.measure.pause.as_secs());
    }
    let answer = next.run(request).await;
    // It became full since it was last looked at.
    if writes
        && answer.status() == StatusCode::SERVICE_UNAVAILABLE
        && let Some(disk) = &inner.disk
        && disk.is_full_now().await
    {
        return full();
    }
    answer
}

fn full() -> Response {
    ApiError::after(ErrorCode::StorageFull, 60).into_response()
}

fn later(seconds: u64) -> Response {
    ApiError::after(ErrorCode::Overloaded, seconds).into_response()
}

/// Tells senders apart by what they sign in with. Not kept as it is: it opens an account.
fn name(headers: &HeaderMap) -> Option<u64> {
    let named = headers
        .get(header::AUTHORIZATION)
        .or(headers.get(header::COOKIE))?;
    let mut hasher = DefaultHasher::new();
    named.as_bytes().hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::{get, post};
    use std::path::Path;
    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;
    use tower::ServiceExt;

    use crate::queue::Manners;

    const SMALL: Measure = Measure {
        requests: 3,
        of_one: 2,
        batches: 1,
        files: 2,
        pause: Duration::from_secs(3600),
    };

    /// Requests to `/slow` and of batches go on until `gate` lets them.
    fn routes(admission: &Admission, gate: &Arc<Semaphore>) -> Router {
        let slow = |gate: Arc<Semaphore>| async move {
            let _ = gate.acquire().await;
        };
        let (first, second) = (Arc::clone(gate), Arc::clone(gate));
        admission.around(
            Router::new()
                .route("/slow", get(move || slow(first)))
                .route("/api/v1/batches/flu", post(move || slow(second)))
                .route("/api/v1/uploads", post(async || StatusCode::CREATED))
                .route("/_local/health", get(async || "well")),
        )
    }

    fn request(method: Method, path: &str, sender: &str) -> Request {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", sender)
            .body(Body::empty())
            .unwrap()
    }

    async fn status(routes: &Router, method: Method, path: &str, sender: &str) -> StatusCode {
        let asked = routes.clone().oneshot(request(method, path, sender));
        let answer = asked.await.unwrap();
        if answer.status().as_u16() >= 400 {
            assert!(answer.headers().contains_key(header::RETRY_AFTER));
            assert_eq!(
                answer.headers()[header::CONTENT_TYPE],
                "application/problem+json; charset=utf-8"
            );
        }
        answer.status()
    }

    /// Requests that stay under way.
    async fn begin(
        routes: &Router,
        under_way: &mut JoinSet<StatusCode>,
        count: &AtomicUsize,
        (method, path, sender): (Method, &str, &str),
    ) {
        let before = count.load(Ordering::SeqCst);
        let asked = routes.clone().oneshot(request(method, path, sender));
        under_way.spawn(async move { asked.await.unwrap().status() });
        while count.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_sender_takes_not_all_places_and_all_are_not_endless() {
        let admission = Admission::new(SMALL, Vec::new(), None);
        let gate = Arc::new(Semaphore::new(0));
        let routes = routes(&admission, &gate);
        let (count, mut under_way) = (&admission.0.requests, JoinSet::new());
        for _ in 0..2 {
            begin(&routes, &mut under_way, count, (Method::GET, "/slow", "a")).await;
        }
        let too_many = StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(status(&routes, Method::GET, "/slow", "a").await, too_many);
        begin(&routes, &mut under_way, count, (Method::GET, "/slow", "b")).await;
        assert_eq!(status(&routes, Method::GET, "/slow", "c").await, too_many);
        assert_eq!(
            status(&routes, Method::GET, "/_local/health", "c").await,
            StatusCode::OK
        );
        gate.add_permits(9);
        assert_eq!(
            under_way.join_all().await,
            [StatusCode::OK; 3],
            "what was taken is done"
        );
        assert_eq!(
            status(&routes, Method::GET, "/slow", "a").await,
            StatusCode::OK
        );
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn batches_are_judged_a_few_at_a_time() {
        let admission = Admission::new(SMALL, Vec::new(), None);
        let gate = Arc::new(Semaphore::new(0));
        let routes = routes(&admission, &gate);
        let mut under_way = JoinSet::new();
        let batch = (Method::POST, "/api/v1/batches/flu", "a");
        begin(&routes, &mut under_way, &admission.0.batches, batch).await;
        assert_eq!(
            status(&routes, Method::POST, "/api/v1/batches/flu", "b").await,
            StatusCode::TOO_MANY_REQUESTS
        );
        gate.add_permits(9);
        assert_eq!(under_way.join_all().await, [StatusCode::OK]);
    }

    #[tokio::test]
    async fn with_many_files_waiting_those_who_had_one_lately_wait_and_others_do_not() {
        let queue = Queue::new(
            "validate-upload",
            Arc::new(|_| Box::pin(std::future::pending())),
            Manners::default(),
            Path::new("unused"),
        );
        let admission = Admission::new(SMALL, vec![queue.clone()], None);
        let routes = routes(&admission, &Arc::new(Semaphore::new(0)));
        let announce =
            async |sender| status(&routes, Method::POST, "/api/v1/uploads", sender).await;
        let mut messages = JoinSet::new();
        assert_eq!(announce("flood").await, StatusCode::CREATED);
        assert_eq!(
            announce("flood").await,
            StatusCode::CREATED,
            "nothing waits"
        );
        for _ in 0..2 {
            queue.send("{}".to_owned(), &mut messages);
        }
        assert_eq!(announce("flood").await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(announce("calm").await, StatusCode::CREATED);
        assert_eq!(announce("calm").await, StatusCode::TOO_MANY_REQUESTS);
        for _ in 0..6 {
            queue.send("{}".to_owned(), &mut messages);
        }
        assert_eq!(announce("third").await, StatusCode::TOO_MANY_REQUESTS);
    }
}
