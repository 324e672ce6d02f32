//! Delivering over the embedded table to receivers of every kind: each is told at least once, under one id, and none that stands
//! inside a network.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use deliver_webhook::{Delivering, Sender, Swept, deliver, handle, run};
use domain::webhook::{AllowedHosts, Delivery, DeliveryError, DeliveryState, Webhook, WebhookUrl};
use domain::{AccountId, Clock};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use startup::{Clients, Config, Options, WebhookConfig};
use store::{Store, Transaction, schema, webhooks};

/// What a receiver does with a request.
#[derive(Debug, Clone)]
enum Manner {
    Answers(u16),
    Redirects(String),
    Hangs,
    BreaksOff,
    /// Answers with a body that never ends.
    Floods,
}

/// A hospital's own server: does as told, one manner a request, the last for all that follow.
struct Receiver {
    port: u16,
    heard: Arc<Mutex<Vec<(String, String)>>>,
    manners: Arc<Mutex<Vec<Manner>>>,
}

impl Receiver {
    fn start(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            heard: Arc::default(),
            manners: Arc::new(Mutex::new(manners.to_vec())),
        };
        let (heard, manners) = (Arc::clone(&receiver.heard), Arc::clone(&receiver.manners));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut manners = manners.lock().unwrap();
                let manner = manners[0].clone();
                if manners.len() > 1 {
                    manners.remove(0);
                }
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || serve(stream.unwrap(), &manner, &heard));
            }
        });
        receiver
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/flu", self.port)
    }

    /// Heads and bodies of what came.
    fn heard(&self) -> Vec<(String, String)> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, manner: &Manner, heard: &Mutex<Vec<(String, String)>>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let (head, body) = loop {
        let length = stream.read(&mut piece).unwrap_or(0);
        if length == 0 {
            return;
        }
        bytes.extend(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    heard.lock().unwrap().push((head, body));
    let end = "content-length: 0\r\n\r\n";
    let _ = match manner {
        Manner::Answers(status) => write!(stream, "HTTP/1.1 {status} x\r\n{end}"),
        Manner::Redirects(to) => write!(stream, "HTTP/1.1 302 x\r\nlocation: {to}\r\n{end}"),
        Manner::Hangs => stream.read(&mut piece).map(|_| ()),
        Manner::BreaksOff => write!(stream, "HTTP/1.1 2"),
        Manner::Floods => {
            let mut done = write!(stream, "HTTP/1.1 200 x\r\n\r\n");
            while done.is_ok() {
                done = stream.write_all(&[b'x'; 4096]);
            }
            done
        }
    };
}

struct World {
    delivering: Delivering,
    now: Arc<Mutex<Timestamp>>,
    _table: table_server::Running,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        Self::allowing("127.0.0.1").await
    }

    async fn allowing(hosts: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let table = table_server::Table::start(table_server::Options {
            file: folder.path().join("table"),
            address: ([127, 0, 0, 1], 0).into(),
        })
        .unwrap();
        let at = format!("http://{}", table.address());
        let config = Config::from_variables(|name| match name {
            "FLU_TABLE" | "FLU_BUCKET" => Some("flu".to_owned()),
            "FLU_DYNAMODB_ENDPOINT" => Some(at.clone()),
            _ => None,
        })
        .unwrap();
        let options = Options {
            credentials: Some(Credentials::new("key", "secret", None, None, "test")),
            ..Options::default()
        };
        let store = Clients::new(&config, options).await.store;
        schema::create(&store).await.unwrap();
        let now = Arc::new(Mutex::new("2026-01-05T09:00:00Z".parse().unwrap()));
        let hand = Arc::clone(&now);
        let config = WebhookConfig {
            allowed: AllowedHosts::parse(hosts),
            address: "https://flu.hqms.org.cn".to_owned(),
        };
        let sender = Sender::new(&config).unwrap();
        Self {
            delivering: Delivering {
                store,
                sender: sender.with_patience(Duration::from_millis(300)),
                config,
                clock: Clock::from_fn(move || *hand.lock().unwrap()),
            },
            now,
            _table: table,
            _folder: folder,
        }
    }

    fn store(&self) -> &Store {
        &self.delivering.store
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn pass(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    /// An account that wants to be told there; the address is taken as it is, as if what it leads to had changed since.
    async fn hospital(&self, url: &str) -> Webhook {
        let url: WebhookUrl = serde_json::from_value(json!(url)).unwrap();
        let webhook = Webhook::new(AccountId::random(), url, self.now());
        let mut transaction = Transaction::new();
        transaction.add("webhook", webhooks::make(self.store(), &webhook).unwrap());
        transaction.settle(self.store()).await.unwrap();
        webhook
    }

    /// Something to be told that is tried for as long as anything is.
    async fn announce(&self, hospital: &Webhook) -> Delivery {
        let upload = serde_json::from_value(json!({
            "id": domain::UploadId::new(1), "status": "done", "outcome": "accepted", "reason": null,
            "dry_run": false, "total": 3, "passed": 3, "errors": 0, "warnings": 0,
            "finished_at": self.now(),
        }));
        let account = hospital.account.clone();
        let delivery = Delivery::upload_finished(account, upload.unwrap(), self.now());
        let mut transaction = Transaction::new();
        let write = webhooks::announce(self.store(), &delivery).unwrap();
        transaction.add("delivery", write);
        transaction.settle(self.store()).await.unwrap();
        delivery
    }

    async fn sweep(&self) -> Swept {
        run(&self.delivering).await.unwrap()
    }

    async fn read(&self, delivery: &Delivery) -> Delivery {
        let found = webhooks::find_delivery(self.store(), &delivery.key()).await;
        found.unwrap().unwrap()
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find(|line| {
        let (found, _) = line.split_once(':').unwrap_or_default();
        found.eq_ignore_ascii_case(name)
    });
    line.unwrap_or_else(|| panic!("{name} in {head}"))
        .split_once(": ")
        .unwrap()
        .1
}

#[tokio::test]
async fn a_delivery_is_signed_told_once_and_not_again() {
    let world = World::new().await;
    let receiver = Receiver::start(&[Manner::Answers(204)]);
    let hospital = world.hospital(&receiver.url()).await;
    let delivery = world.announce(&hospital).await;
    assert_eq!(world.sweep().await.delivered, 1);
    assert_eq!(world.sweep().await, Swept::default());
    let heard = receiver.heard();
    let [(head, body)] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert!(head.starts_with("POST /flu HTTP/1.1"), "{head}");
    assert_eq!(header(head, "flu-delivery"), delivery.id);
    assert_eq!(header(head, "flu-event"), "upload.finished");
    let signature = hospital.signature(world.now(), body.as_bytes());
    assert_eq!(header(head, "flu-signature"), signature);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&body["id"], &body["upload"]["total"]),
        (&json!(delivery.id), &json!(3))
    );
    assert_eq!(world.read(&delivery).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_receiver_that_fails_and_then_succeeds_is_told_under_one_id() {
    let world = World::new().await;
    let manners = [
        Manner::Answers(500),
        Manner::BreaksOff,
        Manner::Answers(200),
    ];
    let receiver = Receiver::start(&manners);
    let hospital = world.hospital(&receiver.url()).await;
    let delivery = world.announce(&hospital).await;
    assert_eq!(world.sweep().await.postponed, 1);
    let error = world.read(&delivery).await.last_error;
    assert_eq!(error, Some(DeliveryError::Status(500)));
    assert_eq!(world.sweep().await, Swept::default(), "not before its time");
    world.pass(SignedDuration::from_secs(30));
    assert_eq!(world.sweep().await.postponed, 1);
    let error = world.read(&delivery).await.last_error;
    assert_eq!(error, Some(DeliveryError::Broken));
    world.pass(SignedDuration::from_secs(60));
    assert_eq!(world.sweep().await.delivered, 1);
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3);
    for (head, body) in &heard {
        assert_eq!(header(head, "flu-delivery"), delivery.id);
        assert_eq!(body, &heard[0].1, "the same each time");
    }
    assert_eq!(world.read(&delivery).await.attempts, 3);
}

#[tokio::test]
async fn a_receiver_that_hangs_or_floods_holds_up_nobody() {
    let world = World::new().await;
    let hanging = Receiver::start(&[Manner::Hangs]);
    let flooding = Receiver::start(&[Manner::Floods]);
    let good = Receiver::start(&[Manner::Answers(200)]);
    let hung = world.hospital(&hanging.url()).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(world.announce(&hung).await);
        world.pass(SignedDuration::from_millis(1));
    }
    for receiver in [&flooding, &good] {
        let hospital = world.hospital(&receiver.url()).await;
        world.announce(&hospital).await;
    }
    let swept = world.sweep().await;
    assert_eq!((swept.delivered, swept.postponed), (2, 5));
    assert_eq!(
        hanging.heard().len(),
        1,
        "it is waited for once, not for each"
    );
    let first = world.read(&waiting[0]).await;
    assert_eq!(first.last_error, Some(DeliveryError::Timeout));
    for other in &waiting[1..] {
        let other = world.read(other).await;
        assert_eq!((other.attempts, other.state), (0, DeliveryState::Waiting));
        assert_eq!(other.next_attempt_at, first.next_attempt_at);
    }
}

#[tokio::test]
async fn what_never_arrives_is_given_up_with_its_last_error() {
    let world = World::new().await;
    let receiver = Receiver::start(&[Manner::Answers(503)]);
    let hospital = world.hospital(&receiver.url()).await;
    let delivery = world.announce(&hospital).await;
    let mut tries = 0;
    while world.read(&delivery).await.state == DeliveryState::Waiting {
        world.sweep().await;
        world.pass(SignedDuration::from_hours(1));
        tries += 1;
        assert!(tries < 100, "it is tried for ever");
    }
    let dead = world.read(&delivery).await;
    assert_eq!(dead.state, DeliveryState::Dead);
    assert_eq!(dead.last_error, Some(DeliveryError::Status(503)));
    assert!(dead.ended_at.unwrap() >= dead.created_at + Delivery::GIVE_UP_AFTER);
    assert_eq!(world.sweep().await, Swept::default());
}

#[tokio::test]
async fn several_workers_at_once_tell_it_once_and_a_dead_one_is_made_up_for() {
    let world = World::new().await;
    let receiver = Receiver::start(&[Manner::Answers(200)]);
    let hospital = world.hospital(&receiver.url()).await;
    let delivery = world.announce(&hospital).await;
    let key = delivery.key();
    let (one, other) = tokio::join!(
        deliver(&world.delivering, &key),
        deliver(&world.delivering, &key)
    );
    let told = [one.unwrap(), other.unwrap()];
    assert_eq!(told.iter().flatten().count(), 1);
    assert_eq!(receiver.heard().len(), 1);

    // A worker that died after it had stored its try.
    let mut lost = world.announce(&hospital).await;
    let seen = lost.version;
    assert!(lost.begin(world.now()));
    webhooks::save_delivery(world.store(), &lost, seen)
        .await
        .unwrap();
    assert_eq!(
        world.sweep().await,
        Swept::default(),
        "it may still be at it"
    );
    world.pass(SignedDuration::from_mins(1));
    assert_eq!(world.sweep().await.delivered, 1);
}

#[tokio::test]
async fn nothing_is_sent_inside_a_network_or_along_a_redirect() {
    let world = World::allowing("127.0.0.1:1").await;
    let inside = Receiver::start(&[Manner::Answers(200)]);
    let port = inside.port;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        let hospital = world.hospital(&url).await;
        let delivery = world.announce(&hospital).await;
        world.sweep().await;
        let error = world.read(&delivery).await.last_error;
        assert_eq!(error, Some(DeliveryError::NotPublic), "{url}");
    }
    assert!(inside.heard().is_empty());

    let world = World::allowing("127.0.0.1").await;
    let redirecting = Receiver::start(&[Manner::Redirects(inside.url())]);
    let hospital = world.hospital(&redirecting.url()).await;
    let delivery = world.announce(&hospital).await;
    world.sweep().await;
    let error = world.read(&delivery).await.last_error;
    assert_eq!(error, Some(DeliveryError::Status(302)));
    assert!(inside.heard().is_empty());
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_as_such() {
    let world = World::new().await;
    let receiver = Receiver::start(&[Manner::Answers(200)]);
    let hospital = world
        .hospital(&receiver.url().replace("http:", "https:"))
        .await;
    let delivery = world.announce(&hospital).await;
    world.sweep().await;
    let told = world.read(&delivery).await;
    // It answers nothing that it understands as a request.
    let error = told.last_error.unwrap();
    assert!(
        matches!(error, DeliveryError::Tls | DeliveryError::Timeout),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_address_that_was_taken_away_is_told_nothing_more() {
    let world = World::new().await;
    let receiver = Receiver::start(&[Manner::Answers(200)]);
    let hospital = world.hospital(&receiver.url()).await;
    let delivery = world.announce(&hospital).await;
    let mut transaction = Transaction::new();
    transaction.add(
        "webhook",
        webhooks::remove(world.store(), &hospital).unwrap(),
    );
    transaction.settle(world.store()).await.unwrap();
    assert_eq!(world.sweep().await.dead, 1);
    assert!(receiver.heard().is_empty());
    let error = world.read(&delivery).await.last_error;
    assert_eq!(error, Some(DeliveryError::NoAddress));
}

#[tokio::test]
async fn a_record_of_the_stream_is_delivered_and_a_second_one_changes_nothing() {
    let world = World::new().await;
    let receiver = Receiver::start(&[Manner::Answers(200)]);
    let hospital = world.hospital(&receiver.url()).await;
    let delivery = world.announce(&hospital).await;
    let key = store::keys::delivery(&delivery.key());
    let record = |number: &str| {
        json!({"eventName": "INSERT", "dynamodb": {
            "Keys": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}, "SequenceNumber": number,
        }})
    };
    let event = json!({"Records": [record("1"), record("2")]});
    for _ in 0..2 {
        let answer = handle(&world.delivering, &event).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }
    assert_eq!(receiver.heard().len(), 1);
}
