//! Documents in the embedded object store, and what is found of them.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use check_document::{Checking, Findings, Found, Waiting, run};
use domain::application::ScanState;
use jiff::Timestamp;
use object_store_server::{ObjectCreated, ObjectStore};
use serde_json::{Value, json};
use startup::{Clients, Config, Options};
use store::StoreError;
use store::death_cases::Awaited;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The smallest picture there is: one grey point.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3A, 0x7E, 0x9B,
    0x55, 0x00, 0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0xDA, 0x63, 0x60, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x01, 0xE5, 0x27, 0xDE, 0xFC, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE,
    0x42, 0x60, 0x82,
];

/// Keeps the first finding of each key, as an application does.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<(String, ScanState)>>>);

impl Findings for Kept {
    async fn awaited(&self, _key: &str) -> Result<Awaited, StoreError> {
        Ok(Awaited::Yes(None))
    }

    async fn waiting(&self, _before: Timestamp) -> Result<Vec<Waiting>, StoreError> {
        Ok(Vec::new())
    }

    async fn nothing_there(&self, _waiting: &Waiting, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn checked(&self, key: &str, found: Found) -> Result<bool, StoreError> {
        let found = match found.verdict {
            Ok(media_type) => ScanState::Passed {
                object_version: found.object_version,
                media_type: media_type.as_str().to_owned(),
            },
            Err(refusal) => ScanState::Refused {
                reason: refusal.code().to_owned(),
            },
        };
        let mut kept = self.0.lock().unwrap();
        let first = !kept.iter().any(|(known, _)| known == key);
        if first {
            kept.push((key.to_owned(), found));
        }
        Ok(first)
    }
}

struct World {
    checking: Checking<Kept>,
    s3: aws_sdk_s3::Client,
    events: UnboundedReceiver<ObjectCreated>,
    _store: object_store_server::Running,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded_channel();
        let options = object_store_server::Options::new(folder.path(), "key", "secret");
        let store = ObjectStore::start(options, sender).await.unwrap();
        let at = format!("http://{}", store.address());
        let config = Config::from_variables(|name| match name {
            "FLU_TABLE" | "FLU_BUCKET" => Some("flu".to_owned()),
            "FLU_S3_ENDPOINT" => Some(at.clone()),
            _ => None,
        });
        let options = Options {
            credentials: Some(Credentials::new("key", "secret", None, None, "test")),
            ..Options::default()
        };
        let clients = Clients::new(&config.unwrap(), options).await;
        clients
            .s3
            .create_bucket()
            .bucket("flu")
            .send()
            .await
            .unwrap();
        Self {
            checking: Checking {
                files: clients.files,
                findings: Kept::default(),
            },
            s3: clients.s3,
            events,
            _store: store,
            _folder: folder,
        }
    }

    /// Puts an object and gives the event of it.
    async fn put(&mut self, key: &str, content: &[u8]) -> Value {
        let put = self.s3.put_object().bucket("flu").key(key);
        put.body(content.to_vec().into()).send().await.unwrap();
        self.events.recv().await.unwrap().notification()
    }

    fn found(&self, key: &str) -> Option<ScanState> {
        let kept = self.checking.findings.0.lock().unwrap();
        let found = kept.iter().find(|(known, _)| known == key);
        found.map(|(_, state)| state.clone())
    }

    async fn verdict(&mut self, key: &str, content: &[u8]) -> Option<ScanState> {
        let event = self.put(key, content).await;
        assert_eq!(run(&self.checking, event).await.unwrap(), Value::Null);
        self.found(key)
    }
}

fn refused(reason: &str) -> Option<ScanState> {
    Some(ScanState::Refused {
        reason: reason.to_owned(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn content_decides_and_not_the_name() {
    let mut world = World::new().await;
    let passed = world.verdict("incoming/scan/1/盖章 表.exe", PNG).await;
    assert!(
        matches!(passed, Some(ScanState::Passed { media_type, .. }) if media_type == "image/png")
    );
    let page = b"<!doctype html><script>alert(1)</script>";
    assert_eq!(
        world.verdict("incoming/scan/1/a.jpg", page).await,
        refused("file_web_page")
    );
    assert_eq!(
        world.verdict("incoming/scan/1/b.pdf", b"MZ\x90\0").await,
        refused("file_program")
    );
    assert_eq!(
        world.verdict("incoming/scan/1/c.png", b"").await,
        refused("file_empty")
    );
    let attachment = world.verdict("incoming/attachment/1/d.png", PNG).await;
    assert_eq!(
        attachment,
        refused("file_type_not_allowed"),
        "attachments are jpg or pdf"
    );
    assert_eq!(
        world.verdict("incoming/data/1/flu.zip", PNG).await,
        None,
        "not a document"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_belong_to_the_prefix() {
    let mut world = World::new().await;
    let large = vec![0; (5 << 20) + 1];
    assert_eq!(
        world.verdict("incoming/scan/1/a", &large).await,
        refused("file_too_large")
    );
    let other = world.verdict("incoming/attachment/1/a", &large).await;
    assert_eq!(other, refused("file_other_type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_that_was_looked_at_is_the_one_that_is_kept() {
    let mut world = World::new().await;
    let key = "incoming/scan/1/a.png";
    let first = world.put(key, PNG).await;
    let second = world.put(key, b"<script>").await;
    // The second arrives first, and both twice; each event names its own version.
    for event in [&first, &second, &first, &second] {
        run(&world.checking, event.clone()).await.unwrap();
    }
    let version = first["Records"][0]["s3"]["object"]["versionId"]
        .as_str()
        .unwrap();
    assert!(
        matches!(world.found(key), Some(ScanState::Passed { object_version, .. }) if object_version == version)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_event_comes_back_alone_and_what_is_gone_is_done_with() {
    let mut world = World::new().await;
    let event = world.put("incoming/scan/1/a.png", PNG).await;
    let mut gone = event.clone();
    gone["Records"][0]["s3"]["object"]["key"] = json!("incoming/scan/1/gone.png");
    let message = |id: &str, body: String| json!({"messageId": id, "body": body});
    let queue = json!({"Records": [
        message("good", event.to_string()), message("gone", gone.to_string()), message("bad", "?".to_owned())]});
    let answer = run(&world.checking, queue).await.unwrap();
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": "bad"}]})
    );
    assert!(world.found("incoming/scan/1/a.png").is_some());
    assert_eq!(world.found("incoming/scan/1/gone.png"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_event_is_understood_and_a_second_delivery_changes_nothing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/check-document");
    let key =
        "incoming/scan/r0123456789abcdefghjkmnpqrs/licence/7f3a9c1e5b2d4f60/执业许可证 副本+1.pdf";
    // Those that name a version name one of another store, and deletions, other buckets and bodies nobody can read name none.
    let finding = ["minio-webhook.json", "s3-without-version.json", "sqs.json"];
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut world = World::new().await;
        world.put(key, PNG).await;
        let first = run(&world.checking, event.clone()).await.unwrap();
        let found = world.found(key);
        let second = run(&world.checking, event).await.unwrap();
        assert_eq!((&first, &found), (&second, &world.found(key)), "{name}");
        assert_eq!(found.is_some(), finding.contains(&name), "{name}");
        let given_back = first["batchItemFailures"].as_array().map_or(0, Vec::len);
        assert_eq!(given_back > 0, name == "sqs-malformed-body.json", "{name}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} events");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_events_are_understood() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/check-document");
    let recorded = |name: &str| -> Value {
        let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let mut world = World::new().await;
    let ids = "a0123456789abcdefghjkmnpqrs/00000001-0123456789abcdefghjkmnpqrs/f0123456789abcdefghjkmnpqrs";
    let key = format!("incoming/attachment/{ids}/死亡证明 扫描件.pdf");
    assert!(store::keys::parse_attachment_key(&key).is_some());
    world.put(&key, b"MZ").await;
    let mut event = recorded("s3-attachment");
    event["Records"][0]["s3"]["bucket"]["name"] = json!("flu");
    // The version is the embedded store's own.
    event["Records"][0]["s3"]["object"]["versionId"] = json!("");
    run(&world.checking, event).await.unwrap();
    assert_eq!(world.found(&key), refused("file_program"));
    assert_eq!(
        run(&world.checking, recorded("schedule")).await.unwrap(),
        Value::Null
    );
}
