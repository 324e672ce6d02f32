//! The store as its clients see it: through the AWS SDK and through presigned URLs.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use object_store_server::{ObjectCreated, ObjectStore, Options, Running};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const ORIGIN: &str = "http://localhost:8420";

struct Fixture {
    running: Running,
    client: Client,
    events: UnboundedReceiver<ObjectCreated>,
}

async fn start(folder: &Path) -> Fixture {
    let mut options = Options::new(folder, "key", "secret");
    options.allowed_origins = vec![ORIGIN.to_owned()];
    options.idle = Duration::from_millis(300);
    options.max_object_bytes = 2 << 20;
    let (sender, events) = unbounded_channel();
    let running = ObjectStore::start(options, sender).await.unwrap();
    let client = client(&running, "secret");
    client.create_bucket().bucket("flu").send().await.unwrap();
    Fixture {
        running,
        client,
        events,
    }
}

fn client(running: &Running, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{}", running.address()))
        .credentials_provider(Credentials::new("key", secret, None, None, "test"))
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

fn sha256(content: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(content))
}

async fn presign(client: &Client, key: &str, content: &[u8], expires: u64) -> PresignedRequest {
    let expires = PresigningConfig::expires_in(Duration::from_secs(expires)).unwrap();
    let put = client.put_object().bucket("flu").key(key);
    put.content_length(content.len() as i64)
        .checksum_sha256(sha256(content))
        .if_none_match("*")
        .presigned(expires)
        .await
        .unwrap()
}

/// Sends `content` the way a hospital does: plain HTTP with the headers it was told.
async fn send(request: &PresignedRequest, content: &[u8], change: (&str, &str)) -> u16 {
    let url = request.uri().to_owned();
    let headers: Vec<_> = request
        .headers()
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect();
    let (content, change) = (content.to_vec(), (change.0.to_owned(), change.1.to_owned()));
    tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut put = agent.put(&url);
        for (name, value) in headers {
            let value = if name == change.0 {
                change.1.clone()
            } else {
                value
            };
            if name != "content-length" && name != "host" {
                put = put.header(name, value);
            }
        }
        put.send(&content[..]).unwrap().status().as_u16()
    })
    .await
    .unwrap()
}

fn files(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        count += if path.is_dir() { files(&path) } else { 1 };
    }
    count
}

async fn read(client: &Client, key: &str) -> Vec<u8> {
    let got = client
        .get_object()
        .bucket("flu")
        .key(key)
        .send()
        .await
        .unwrap();
    got.body.collect().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_upload_arrives_once_and_is_announced() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = start(folder.path()).await;
    let content = b"PK\x03\x04 not really".as_slice();
    let key = "incoming/data/流感 1+1.zip";

    let request = presign(&store.client, key, content, 60).await;
    assert_eq!(send(&request, content, ("", "")).await, 200);
    assert_eq!(
        send(&request, content, ("", "")).await,
        412,
        "second use of one URL"
    );
    assert_eq!(read(&store.client, key).await, content);

    let event = store.events.try_recv().unwrap();
    assert_eq!(
        (event.key.as_str(), event.size),
        (key, content.len() as u64)
    );
    let object = event.notification()["Records"][0]["s3"]["object"].clone();
    assert_eq!(object["key"], "incoming/data/%E6%B5%81%E6%84%9F+1%2B1.zip");
    let head = store
        .client
        .head_object()
        .bucket("flu")
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(object["versionId"].as_str(), head.version_id());
    assert!(
        store.events.try_recv().is_err(),
        "a refused upload is not announced"
    );
    store.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_from_what_was_signed_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = start(folder.path()).await;
    let content = vec![7u8; 300_000];
    let empty = files(folder.path());

    let request = presign(&store.client, "k", &content, 60).await;
    let mut other = content.clone();
    other[123_456] ^= 1;
    assert_eq!(
        send(&request, &content[1..], ("", "")).await,
        403,
        "shorter"
    );
    assert_eq!(
        send(&request, &other, ("", "")).await,
        400,
        "other bytes of the same length"
    );
    let lie = ("x-amz-checksum-sha256", sha256(&other));
    assert_eq!(
        send(&request, &other, (lie.0, &lie.1)).await,
        403,
        "another checksum"
    );
    let again = ("if-none-match", "\"x\"");
    assert_eq!(
        send(&request, &content, again).await,
        403,
        "without the condition"
    );

    let forged = presign(&client(&store.running, "guess"), "k", &content, 60).await;
    assert_eq!(
        send(&forged, &content, ("", "")).await,
        403,
        "signed with another secret"
    );

    let old = PresigningConfig::builder()
        .start_time(std::time::SystemTime::now() - Duration::from_secs(120))
        .expires_in(Duration::from_secs(60))
        .build()
        .unwrap();
    let put = store
        .client
        .put_object()
        .bucket("flu")
        .key("k")
        .content_length(300_000);
    let old = put.presigned(old).await.unwrap();
    assert_eq!(
        send(&old, &content, ("", "")).await,
        403,
        "after it expired"
    );

    assert_eq!(
        files(folder.path()),
        empty,
        "a refused upload leaves no file"
    );
    assert!(store.events.try_recv().is_err());
    assert_eq!(
        send(&request, &content, ("", "")).await,
        200,
        "the right one still fits"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_and_too_slow_are_refused() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path()).await;
    let large = vec![0u8; (2 << 20) + 1];
    let put = store.client.put_object().bucket("flu").key("large");
    assert!(put.body(ByteStream::from(large)).send().await.is_err());

    let empty = files(folder.path());
    let request = presign(&store.client, "slow", &[1; 100], 60).await;
    let path = request
        .uri()
        .split_once("://")
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .1
        .to_owned();
    let address = store.running.address();
    let headers: String = request
        .headers()
        .map(|(n, v)| format!("{n}: {v}\r\n"))
        .collect();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(
            stream,
            "PUT /{path} HTTP/1.1\r\nhost: {address}\r\n{headers}"
        )
        .unwrap();
        if !headers.contains("content-length") {
            write!(stream, "content-length: 100\r\n").unwrap();
        }
        stream.write_all(b"\r\nonly a part").unwrap();
        let mut answer = [0; 1024];
        let length = stream.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    });
    let answer = answer.await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("RequestTimeout"),
        "{answer}"
    );
    assert_eq!(files(folder.path()), empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_conditional_writes_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = start(folder.path()).await;
    let mut writes = tokio::task::JoinSet::new();
    for n in 0..8u8 {
        let put = store
            .client
            .put_object()
            .bucket("flu")
            .key("one")
            .if_none_match("*");
        writes.spawn(put.body(ByteStream::from(vec![n; 50_000])).send());
    }
    let results = writes.join_all().await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1);
    assert!(store.events.try_recv().is_ok() && store.events.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_versions_and_names_for_download() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path()).await;
    let put = store
        .client
        .put_object()
        .bucket("flu")
        .key("a")
        .content_type("text/csv");
    let put = put
        .metadata("account", "demo")
        .body(ByteStream::from_static(b"0123456789"));
    let first = put.send().await.unwrap();
    let put = store.client.put_object().bucket("flu").key("a");
    put.body(ByteStream::from_static(b"new"))
        .send()
        .await
        .unwrap();
    assert_eq!(read(&store.client, "a").await, b"new");

    let get = store.client.get_object().bucket("flu").key("a");
    let old = get
        .set_version_id(first.version_id.clone())
        .range("bytes=2-5");
    let old = old.send().await.unwrap();
    assert_eq!(old.content_range(), Some("bytes 2-5/10"));
    assert_eq!(old.content_type(), Some("text/csv"));
    assert_eq!(old.metadata().unwrap()["account"], "demo");
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"2345");
    let beyond = store
        .client
        .get_object()
        .bucket("flu")
        .key("a")
        .range("bytes=99-");
    assert!(beyond.send().await.is_err());

    let expires = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let get = store.client.get_object().bucket("flu").key("a");
    let get = get.response_content_disposition("attachment; filename=\"b.zip\"");
    let url = get.presigned(expires).await.unwrap().uri().to_owned();
    let disposition = tokio::task::spawn_blocking(move || {
        let response = ureq::get(&url).header("origin", ORIGIN).call().unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
        response.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(disposition.await.unwrap(), "attachment; filename=\"b.zip\"");

    store
        .client
        .delete_object()
        .bucket("flu")
        .key("a")
        .send()
        .await
        .unwrap();
    assert!(
        store
            .client
            .get_object()
            .bucket("flu")
            .key("a")
            .send()
            .await
            .is_err()
    );
    let listed = store
        .client
        .list_object_versions()
        .bucket("flu")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (listed.versions().len(), listed.delete_markers().len()),
        (2, 1)
    );
    let marker = listed.delete_markers()[0].version_id().unwrap();
    let undelete = store
        .client
        .delete_object()
        .bucket("flu")
        .key("a")
        .version_id(marker);
    undelete.send().await.unwrap();
    assert_eq!(read(&store.client, "a").await, b"new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_key_below_it_both_exist_and_no_key_leaves_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("objects");
    let store = start(&folder).await;
    let keys = [
        "a",
        "a/b",
        "../../../escape",
        "A",
        "流感/病案.zip",
        "x//y",
        "a b+c",
        "%2e%2e/z",
    ];
    for key in keys {
        let put = store.client.put_object().bucket("flu").key(key);
        put.body(ByteStream::from(key.as_bytes().to_vec()))
            .send()
            .await
            .unwrap();
    }
    for key in keys {
        assert_eq!(read(&store.client, key).await, key.as_bytes(), "{key}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);

    let mut listed = Vec::new();
    let mut pages = store
        .client
        .list_objects_v2()
        .bucket("flu")
        .max_keys(3)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        listed.extend(
            page.unwrap()
                .contents()
                .iter()
                .map(|o| o.key().unwrap().to_owned()),
        );
    }
    let mut expected = keys.to_vec();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_acknowledged_is_there_after_a_restart_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = start(folder.path()).await;
    let put = store.client.put_object().bucket("flu").key("kept");
    put.body(ByteStream::from_static(b"content"))
        .send()
        .await
        .unwrap();
    let before = store.events.try_recv().unwrap();
    // Dropped, not stopped: what a killed process leaves is what stands on disk.
    drop(store);
    let kept = files(folder.path());
    std::fs::write(folder.path().join("incoming/17"), b"half an upload").unwrap();
    let orphan = folder
        .path()
        .join("buckets/flu/00")
        .join(format!("{}.data", "0".repeat(81)));
    std::fs::write(&orphan, b"content whose description was never written").unwrap();

    let (sender, mut events) = unbounded_channel();
    let running = ObjectStore::start(Options::new(folder.path(), "key", "secret"), sender);
    let running = running.await.unwrap();
    let client = client(&running, "secret");
    assert_eq!(files(folder.path()), kept, "leftovers are removed");
    assert_eq!(read(&client, "kept").await, b"content");
    let listed = client.list_objects_v2().bucket("flu").send().await.unwrap();
    assert_eq!(listed.contents().len(), 1);

    let put = client.put_object().bucket("flu").key("kept");
    put.body(ByteStream::from_static(b"newer"))
        .send()
        .await
        .unwrap();
    assert!(events.try_recv().unwrap().sequence > before.sequence);
    assert_eq!(read(&client, "kept").await, b"newer");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_the_portal_may_send() {
    let folder = tempfile::tempdir().unwrap();
    let store = start(folder.path()).await;
    let url = format!("http://{}/flu/k", store.running.address());
    tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let ask = |origin: &str, method: &str| {
            agent
                .options(&url)
                .header("origin", origin)
                .header("access-control-request-method", method)
                .call()
                .unwrap()
        };
        let answer = ask(ORIGIN, "PUT");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN);
        let headers = answer.headers()["access-control-allow-headers"]
            .to_str()
            .unwrap();
        assert!(headers.contains("x-amz-checksum-sha256") && headers.contains("if-none-match"));
        assert_eq!(ask("https://elsewhere.example", "PUT").status(), 403);
        assert_eq!(ask(ORIGIN, "DELETE").status(), 403);
        assert_eq!(agent.get(&url).call().unwrap().status(), 403, "unsigned");
    })
    .await
    .unwrap();
}
