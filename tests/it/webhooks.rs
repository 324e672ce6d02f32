//! 结果推送 as a hospital meets it: an address is given, an upload finishes, its own server is told, and verifies what came.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::webhook::{AllowedHosts, DeliveryState, Webhook, WebhookUrl};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{Transaction, webhooks};

use crate::faults::{Faults, Side};
use crate::samples::clean;
use crate::stage::{Player, Stage};
use crate::world::{Hands, Hospital, World, call};

/// A request a hospital's server received.
#[derive(Debug, Clone)]
struct Received {
    headers: Vec<(String, String)>,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        &found.unwrap_or_else(|| panic!("{name} in {self:?}")).1
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A hospital's own server, which answers with each status in turn, the last one from then on.
struct Receiver {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (keep, statuses) = (Arc::clone(&received), statuses.to_vec());
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let status = statuses[number.min(statuses.len() - 1)];
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                keep.lock().unwrap().push(request);
                let _ = write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
            }
        });
        Self { port, received }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/flu", self.port)
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many requests have come.
    fn wait(&self, count: usize) -> Vec<Received> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(Instant::now() < until, "only {received:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn read(stream: &mut TcpStream) -> Received {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).unwrap();
        bytes.extend(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(length > 0, "half a request: {text}");
            continue;
        };
        let headers = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let received = Received {
            headers,
            body: body.to_owned(),
        };
        if body.len() >= received.header("content-length").parse().unwrap() {
            return received;
        }
    }
}

fn put_webhook(hospital: &Hospital<'_>, url: &str) -> crate::world::Answer {
    let body = json!({"url": url});
    call(
        "PUT",
        &hospital.world.url("/webhook"),
        &hospital.token,
        Some(&body),
    )
}

fn secret(hospital: &Hospital<'_>, receiver: &Receiver) -> String {
    let answer = put_webhook(hospital, &receiver.url());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["secret"].as_str().unwrap().to_owned()
}

/// Which of the secrets a request is signed with, worked out as the guide tells.
fn signed_with(received: &Received, secrets: &[&str]) -> Vec<bool> {
    let signature = received.header("flu-signature");
    let parts: Vec<(&str, &str)> = signature
        .split(',')
        .map(|part| part.split_once('=').unwrap())
        .collect();
    assert_eq!(parts[0].0, "t");
    let of = |secret: &&str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{}.{}", parts[0].1, received.body).as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    let is_there = |secret: &&str| parts.contains(&("v1", of(secret).as_str()));
    secrets.iter().map(is_there).collect()
}

/// The newest delivery once it has left this state.
fn newest(hospital: &Hospital<'_>, left: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let newest = hospital.get("/webhook").json()["deliveries"][0].clone();
        if newest["state"] != left {
            return newest;
        }
        assert!(Instant::now() < until, "{newest}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_finished_upload_is_told_signed_and_without_anything_personal() {
    let hospital = World::shared().hospital();
    let receiver = Receiver::start(&[200]);
    let secret = secret(&hospital, &receiver);
    let name = "flu_张三_复诊.zip";
    let upload = hospital.upload(name, crate::samples::WITH_ERRORS);
    let received = receiver.wait(1).remove(0);
    assert_eq!(signed_with(&received, &[&secret, "other"]), [true, false]);
    let body = received.json();
    assert_eq!(body["event"], "upload.finished");
    assert_eq!(received.header("flu-event"), "upload.finished");
    assert_eq!(body["id"], received.header("flu-delivery"));
    let told = &body["upload"];
    for same in [
        "id", "status", "outcome", "total", "passed", "errors", "dry_run",
    ] {
        assert_eq!(told[same], upload[same], "{same}");
    }
    // The link leads to the upload, for whoever is signed in.
    let link = told["links"]["upload"].as_str().unwrap();
    assert_eq!(call("GET", link, &hospital.token, None).status, 200);
    for personal in [
        "张三",
        "flu_",
        sample_data::DEMO_INSTITUTION_NAME,
        &hospital.login,
    ] {
        assert!(!received.body.contains(personal), "{personal}");
    }
    let delivery = newest(&hospital, "waiting");
    assert_eq!(delivery["state"], "delivered");
    assert_eq!(delivery["upload_id"], upload["id"]);
    let shown = hospital.get("/webhook").json().to_string();
    assert!(!shown.contains(&secret), "it was shown once");
    let stranger = World::shared().hospital();
    assert_eq!(
        stranger.get("/webhook").json(),
        json!({"webhook": null, "deliveries": []})
    );
}

#[test]
fn a_receiver_that_fails_is_told_again_later_under_the_same_id() {
    let hands = Hands::new();
    let world = World::with(|options| options.clock = Some(hands.clock()));
    let hospital = world.hospital();
    let receiver = Receiver::start(&[500, 200]);
    secret(&hospital, &receiver);
    hospital.upload("flu.zip", &clean("flu", 3, 1));
    receiver.wait(1);
    let until = Instant::now() + Duration::from_secs(60);
    let failed = loop {
        let failed = hospital.get("/webhook").json()["deliveries"][0].clone();
        if !failed["last_error"].is_null() {
            break failed;
        }
        assert!(Instant::now() < until, "{failed}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(failed["state"], "waiting");
    let said = failed["last_error"]["detail_zh"].as_str().unwrap();
    assert!(said.contains("HTTP 500"), "{said}");
    hands.wait(SignedDuration::from_secs(31));
    let received = receiver.wait(2);
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(newest(&hospital, "waiting")["attempts"], 2);
}

#[test]
fn secrets_overlap_when_they_are_changed() {
    let hospital = World::shared().hospital();
    let receiver = Receiver::start(&[200]);
    let first = secret(&hospital, &receiver);
    let test = || {
        let before = receiver.received().len();
        let answer = hospital.post("/webhook/test", &json!({}));
        assert_eq!(answer.status, 202, "{answer:?}");
        let received = receiver.wait(before + 1).remove(before);
        assert_eq!(received.json()["event"], "test");
        assert_eq!(received.json()["id"], answer.json()["id"]);
        received
    };
    assert_eq!(signed_with(&test(), &[&first]), [true]);
    let rotated = hospital.post("/webhook/secret", &json!({})).json();
    let second = rotated["secret"].as_str().unwrap();
    assert!(rotated["previous_secret_until"].is_string());
    assert_eq!(signed_with(&test(), &[&first, second]), [true, true]);
    assert_eq!(hospital.delete("/webhook/secret/previous").status, 204);
    assert_eq!(signed_with(&test(), &[&first, second]), [false, true]);
    // Another address keeps the secret.
    let moved = put_webhook(&hospital, &format!("{}2", receiver.url())).json();
    assert!(moved["secret"].is_null());
    assert_eq!(signed_with(&test(), &[second]), [true]);
    assert_eq!(hospital.delete("/webhook").status, 204);
    let gone = hospital.post("/webhook/test", &json!({}));
    assert_eq!((gone.status, gone.code().as_str()), (404, "no_webhook"));
}

#[test]
fn a_test_that_does_not_arrive_says_why() {
    let hospital = World::shared().hospital();
    let receiver = Receiver::start(&[302]);
    secret(&hospital, &receiver);
    hospital.post("/webhook/test", &json!({}));
    let test = newest(&hospital, "waiting");
    assert_eq!(
        (&test["state"], &test["attempts"]),
        (&json!("dead"), &json!(1))
    );
    assert!(
        test["last_error"]["detail_en"]
            .as_str()
            .unwrap()
            .contains("redirects")
    );
    // Tests are few, whoever asks for them.
    let refused = (0..12).find_map(|_| {
        let answer = hospital.post("/webhook/test", &json!({}));
        (answer.status == 429).then(|| answer.code())
    });
    assert_eq!(refused.as_deref(), Some("too_many_requests"));
}

#[test]
fn addresses_that_lead_inside_are_refused_with_the_reason() {
    // As in a deployment: nothing is allowed but what is public.
    let world = World::with(|options| options.webhook_allowed = Some(String::new()));
    let hospital = world.hospital();
    for (url, code) in [
        ("", "url_malformed"),
        ("http://his.example.org/", "url_not_https"),
        ("https://a:b@his.example.org/", "url_with_credentials"),
        ("https://his.example.org:22/", "url_port"),
        ("https://127.0.0.1/", "url_not_public"),
        ("https://169.254.169.254/", "url_not_public"),
        ("https://[::1]/", "url_not_public"),
    ] {
        let answer = put_webhook(&hospital, url);
        assert_eq!(answer.status, 422, "{url}");
        assert_eq!(answer.json()["fields"][0]["code"], code, "{url}");
    }
    assert!(hospital.get("/webhook").json()["webhook"].is_null());
    // A name says nothing until it is resolved: this one leads to the machine itself, where somebody listens.
    let receiver = Receiver::start(&[200]);
    let url = format!("https://localhost.localdomain:{}/", receiver.port);
    let answer = put_webhook(&hospital, &url);
    assert_eq!(answer.status, 200, "{answer:?}");
    hospital.post("/webhook/test", &json!({}));
    let test = newest(&hospital, "waiting");
    let code = test["last_error"]["code"].as_str().unwrap();
    assert!(["not_public", "unresolved"].contains(&code), "{test}");
    assert!(receiver.received().is_empty());
}

/// The hospital wants to be told.
pub async fn listen(stage: &Stage, player: &Player) {
    let store = stage.clients(&Faults::none()).await.store;
    let url = WebhookUrl::parse("https://his.example.org/", &AllowedHosts::default()).unwrap();
    let webhook = Webhook::new(player.account.id.clone(), url, Timestamp::now());
    let mut transaction = Transaction::new();
    transaction.add("webhook", webhooks::make(&store, &webhook).unwrap());
    transaction.settle(&store).await.unwrap();
}

/// What the hospital is to be told: upload, total, passed.
pub async fn told(stage: &Stage, player: &Player) -> Vec<(String, u64, u64)> {
    let store = stage.clients(&Faults::none()).await.store;
    let deliveries = webhooks::deliveries(&store, &player.account.id, 50).await;
    let mut told: Vec<(String, u64, u64)> = deliveries
        .unwrap()
        .into_iter()
        .map(|delivery| {
            assert_eq!(delivery.state, DeliveryState::Waiting);
            let upload = delivery.upload.unwrap();
            (upload.id.to_string(), upload.total, upload.passed)
        })
        .collect();
    told.sort();
    told
}

#[test]
fn an_upload_is_told_of_once_whatever_dies_and_however_often_its_event_comes() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let (before, after) = (clean("flu", 5, 1), clean("flu", 7, 2));
        let worker = stage.worker(&Faults::none()).await;
        let sweeper = stage.sweeper(&Faults::none()).await;
        let player = stage.player().await;
        listen(&stage, &player).await;
        let (_, event) = stage.upload(&player, "flu.zip", &before).await;
        let faults = Faults::none();
        let counted = stage.worker(&faults).await;
        validate_upload::run(&counted, event).await.unwrap();
        for at in 0..faults.writes() {
            for side in [Side::Before, Side::After] {
                let player = stage.player().await;
                listen(&stage, &player).await;
                // The later one first, so that it is settled again when the earlier one is committed.
                let (one, first) = stage.upload(&player, "flu.zip", &before).await;
                let (other, second) = stage.upload(&player, "flu.zip", &after).await;
                validate_upload::run(&worker, second.clone()).await.unwrap();
                let faults = Faults::at(Some((at, side)));
                let dying = stage.worker(&faults).await;
                assert!(validate_upload::run(&dying, first.clone()).await.is_err());
                stage.wait(SignedDuration::from_mins(5));
                for event in [&first, &second, &first] {
                    validate_upload::run(&worker, event.clone()).await.unwrap();
                }
                reconcile_uploads::run(&sweeper).await.unwrap();
                let expected = [(one.to_string(), 5, 5), (other.to_string(), 7, 7)];
                assert_eq!(told(&stage, &player).await, expected, "{side:?} write {at}");
            }
        }
        // Who did not ask is told nothing.
        let silent = stage.player().await;
        let (_, event) = stage.upload(&silent, "flu.zip", &before).await;
        validate_upload::run(&worker, event).await.unwrap();
        assert_eq!(told(&stage, &silent).await, []);
    });
}

/// The program in the guide, run with what a receiver got.
fn verified_by_the_guide(received: &Received, secrets: &[&str], now: i64) -> bool {
    let guide = include_str!("../../docs/front-end-machine.md");
    let program = guide
        .split("```python\n")
        .filter_map(|part| part.split("```").next())
        .find(|program| program.contains("def verify("))
        .expect("the guide has a program that verifies");
    let caller = "\nimport json, sys\nasked = json.load(sys.stdin)\nverify.__globals__['time'].time = lambda: asked['now']\n\
                  print(verify(asked['header'], asked['body'].encode(), asked['secrets']))\n";
    let mut python = Command::new("python3")
        .args(["-c", &format!("{program}{caller}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs the program of the guide");
    let asked = json!({
        "header": received.header("flu-signature"), "body": received.body, "secrets": secrets, "now": now,
    });
    let mut input = python.stdin.take().unwrap();
    input.write_all(asked.to_string().as_bytes()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim() == "True"
}

#[test]
fn the_program_in_the_guide_verifies_what_is_sent_and_nothing_else() {
    let hospital = World::shared().hospital();
    let receiver = Receiver::start(&[200]);
    let secret = secret(&hospital, &receiver);
    hospital.post("/webhook/test", &json!({}));
    let received = receiver.wait(1).remove(0);
    let now = Timestamp::now().as_second();
    assert!(verified_by_the_guide(
        &received,
        &["whsec_old", &secret],
        now
    ));
    assert!(!verified_by_the_guide(&received, &["whsec_old"], now));
    assert!(
        !verified_by_the_guide(&received, &[&secret], now + 3600),
        "too old"
    );
    let mut changed = received;
    changed.body = changed.body.replace("test", "best");
    assert!(!verified_by_the_guide(&changed, &[&secret], now));
}
