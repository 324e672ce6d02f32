//! The servers under test: embedded ones, or those that `FLU_TEST_S3_ENDPOINT` and `FLU_TEST_DYNAMODB_ENDPOINT` name, as
//! `infra/servers/run` starts them.
//!
//! With another object store, its notifications come to this process at `FLU_TEST_EVENTS` and are handed on by bucket as they came: to
//! the webhook of a running program, or to a test that delivers them itself. `FLU_TEST_NOTIFICATIONS` is the name the store knows
//! that address by.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use aws_credential_types::Credentials;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::routing::any;
use object_store_server::{ObjectCreated, ObjectStore};
use serde_json::Value;
use table_server::Table;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Address of the object store, when it is not the embedded one.
pub fn s3() -> Option<String> {
    named("FLU_TEST_S3_ENDPOINT")
}

/// Address of the table, likewise.
pub fn dynamodb() -> Option<String> {
    named("FLU_TEST_DYNAMODB_ENDPOINT")
}

/// What the object store calls the address its notifications go to.
pub fn notifications() -> Option<String> {
    s3().map(|_| named("FLU_TEST_NOTIFICATIONS").expect("FLU_TEST_NOTIFICATIONS"))
}

fn named(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

/// The key that servers on this machine were started with.
pub fn credentials() -> Credentials {
    let key = named("AWS_ACCESS_KEY_ID").unwrap_or_else(|| "stage".to_owned());
    let secret = named("AWS_SECRET_ACCESS_KEY").unwrap_or_else(|| "stage".to_owned());
    Credentials::new(key, secret, None, None, "tests")
}

/// A name for a bucket or table that no other test uses.
pub fn own_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("flu-{}-{number}", std::process::id())
}

/// A table server.
pub struct Items {
    pub endpoint: String,
    _own: Option<table_server::Running>,
}

impl Items {
    /// The one that is there, or an embedded one with its file in `folder`.
    pub fn start(folder: &Path) -> Self {
        if let Some(endpoint) = dynamodb() {
            return Self {
                endpoint,
                _own: None,
            };
        }
        let own = Table::start(table_server::Options {
            file: folder.join("table.sqlite"),
            address: "127.0.0.1:0".parse().unwrap(),
        });
        let own = own.unwrap();
        Self {
            endpoint: format!("http://{}", own.address()),
            _own: Some(own),
        }
    }
}

/// An object store and what it tells of a test's buckets.
pub struct Objects {
    pub endpoint: String,
    events: Events,
    _own: Option<object_store_server::Running>,
}

enum Events {
    Embedded(UnboundedReceiver<ObjectCreated>),
    Foreign(UnboundedSender<Value>, UnboundedReceiver<Value>),
}

impl Objects {
    /// The one that is there, or an embedded one with its data in `folder`.
    pub async fn start(folder: &Path) -> Self {
        if let Some(endpoint) = s3() {
            let (sender, events) = unbounded_channel();
            return Self {
                endpoint,
                events: Events::Foreign(sender, events),
                _own: None,
            };
        }
        let (sender, events) = unbounded_channel();
        let key = credentials();
        let (key, secret) = (key.access_key_id(), key.secret_access_key());
        let options = object_store_server::Options::new(folder.join("objects"), key, secret);
        let own = ObjectStore::start(options, sender).await.unwrap();
        Self {
            endpoint: format!("http://{}", own.address()),
            events: Events::Embedded(events),
            _own: Some(own),
        }
    }

    /// Takes what the store will tell of a bucket.
    pub fn listen(&mut self, bucket: &str) {
        // The embedded one tells of all.
        if let Events::Foreign(sender, _) = &self.events {
            hand_on(bucket, Sink::Test(sender.clone()));
        }
    }

    /// The event of an object that was put, without those before it. The store sends each before it answers the PUT.
    pub fn event(&mut self, key: &str) -> Value {
        let mut found = None;
        match &mut self.events {
            Events::Embedded(events) => {
                while let Ok(next) = events.try_recv() {
                    if next.key == key {
                        found = Some(next.notification());
                    }
                }
            }
            Events::Foreign(_, events) => {
                while let Ok(next) = events.try_recv() {
                    // `Key` is the whole path, as it is; the one in the record is form-encoded.
                    let path = next["Key"].as_str().unwrap_or_default();
                    if path.split_once('/').is_some_and(|(_, told)| told == key) {
                        found = Some(next);
                    }
                }
            }
        }
        found.expect("the store sent no event")
    }
}

/// Who gets what the store tells of a bucket.
enum Sink {
    /// A program, at its webhook.
    Program(String),
    /// A test.
    Test(UnboundedSender<Value>),
}

type Sinks = Mutex<HashMap<String, Sink>>;

static SINKS: LazyLock<Sinks> = LazyLock::new(|| {
    let address: SocketAddr = named("FLU_TEST_EVENTS")
        .expect("FLU_TEST_EVENTS")
        .parse()
        .unwrap();
    let listener = std::net::TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let routes = Router::new().fallback(any(receive));
            axum::serve(listener, routes).await.unwrap();
        });
    });
    Mutex::default()
});

/// Sends what the store tells of `bucket` to the program whose portal is at `portal`.
pub fn tell(bucket: &str, portal: &str) {
    hand_on(bucket, Sink::Program(format!("{portal}/_local/events")));
}

/// Ends the telling: what comes late is nobody's.
pub fn forget(bucket: &str) {
    SINKS.lock().unwrap().remove(bucket);
}

fn hand_on(bucket: &str, sink: Sink) {
    SINKS.lock().unwrap().insert(bucket.to_owned(), sink);
}

async fn receive(request: Request<Body>) -> StatusCode {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| kind.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    let body = body.unwrap();
    // A store asks whether anybody is there before it sends something.
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::OK;
    };
    let bucket = event["Records"][0]["s3"]["bucket"]["name"].as_str();
    let address = match SINKS.lock().unwrap().get(bucket.unwrap_or_default()) {
        Some(Sink::Program(address)) => address.clone(),
        Some(Sink::Test(sender)) => {
            // A test that has ended listens no more.
            let _ = sender.send(event.clone());
            return StatusCode::OK;
        }
        None => return StatusCode::OK,
    };
    let sent = tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let request = agent.post(&address);
        let request = request.header("content-type", kind.unwrap_or_default());
        request.send(&body[..]).unwrap().status().as_u16()
    });
    StatusCode::from_u16(sent.await.unwrap()).unwrap()
}
