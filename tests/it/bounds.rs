//! However bad a file is, what the service writes because of it is bounded, and it sends at most one message.
//!
//! How much memory and time the largest take is measured by `cargo run --release -p hostile-input --bin bounds`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use hostile_input::worst::{ALL, Worst, all_wrong, noise};
use jiff::SignedDuration;
use serde_json::Value;
use store::uploads;

use crate::between::{self, Between};
use crate::faults::{Faults, Side};
use crate::stage::Stage;

/// Items that any upload writes at most.
const ITEMS: usize = 1000;
/// Messages that any upload sends at most.
const MESSAGES: usize = 1;

/// Counts what is written to the table.
#[derive(Debug, Clone)]
struct Counting(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    items: AtomicUsize,
    messages: AtomicUsize,
}

impl Counting {
    fn new() -> Self {
        Self(Arc::new(Counts {
            items: AtomicUsize::new(0),
            messages: AtomicUsize::new(0),
        }))
    }

    fn items(&self) -> usize {
        self.0.items.load(Ordering::SeqCst)
    }

    fn messages(&self) -> usize {
        self.0.messages.load(Ordering::SeqCst)
    }
}

impl Between for Counting {
    fn call(&self, request: HttpRequest, server: &SharedHttpConnector) -> HttpConnectorFuture {
        if let Some(target) = request.headers().get("x-amz-target") {
            let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let written = written(target, &body);
            let messages = written.iter().filter(|item| is_message(item)).count();
            self.0.items.fetch_add(written.len(), Ordering::SeqCst);
            self.0.messages.fetch_add(messages, Ordering::SeqCst);
        }
        server.call(request)
    }
}

/// The items or keys a request writes.
fn written<'a>(target: &str, body: &'a Value) -> Vec<&'a Value> {
    let action = target.rsplit('.').next().unwrap();
    match action {
        "PutItem" | "UpdateItem" | "DeleteItem" => vec![body],
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            tables.flat_map(|items| items.as_array().unwrap()).collect()
        }
        "TransactWriteItems" => body["TransactItems"].as_array().unwrap().iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether it is a notice to a person.
fn is_message(item: &Value) -> bool {
    item.to_string().contains(store::keys::NOTICE_PREFIX)
}

/// Judges a file, and counts.
async fn judged(stage: &Stage, file: &Worst) -> (Counting, Value) {
    let player = stage.player().await;
    let counting = Counting::new();
    let worker = stage.worker_over(between::client(counting.clone())).await;
    let (_, event) = stage.upload(&player, &file.name, &file.bytes).await;
    validate_upload::run(&worker, event).await.unwrap();
    let list = stage.read(&player, "/uploads?limit=1").await;
    (counting, list["uploads"][0].clone())
}

fn assert_bounded(file: &Worst, counting: &Counting, upload: &Value) {
    let (what, items) = (file.what, counting.items());
    assert!(
        ["done", "failed"].contains(&upload["status"].as_str().unwrap()),
        "{what}: {upload}"
    );
    assert!(items <= ITEMS, "{what}: {items} items for {upload}");
    assert!(counting.messages() <= MESSAGES, "{what}");
}

/// Small enough to be judged at once, large enough for more than one page.
const SMALL: (u32, u64) = (1500, 2_000_000);

#[test]
fn the_worst_files_are_all_told_about_in_few_writes_and_no_flood_of_mail() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        for make in ALL {
            let file = make(SMALL);
            let (counting, upload) = judged(&stage, &file).await;
            assert_bounded(&file, &counting, &upload);
        }
    });
}

/// So many findings are kept, whatever the file; see `Limits` in the check.
const LARGE: u32 = 60_000;

#[test]
fn more_wrong_cells_make_more_pages_and_never_more_than_bounded() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let mut seen = Vec::new();
        for records in [LARGE / 4, LARGE] {
            let file = all_wrong((records, u64::MAX));
            let (counting, upload) = judged(&stage, &file).await;
            assert_bounded(&file, &counting, &upload);
            let findings =
                upload["errors"].as_u64().unwrap() + upload["warnings"].as_u64().unwrap();
            seen.push((findings, counting.items() as u64));
        }
        // Straight on from the larger one to as many findings as are kept.
        let (findings, items) = seen[1];
        let kept = validation::Limits::default().kept_findings;
        let at_most = items * kept.div_ceil(findings).max(1);
        assert!(at_most <= ITEMS as u64, "{at_most} items, by {seen:?}");
    });
}

#[test]
fn an_upload_of_twenty_megabytes_of_noise_is_refused_in_a_handful_of_writes() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let file = noise(20_000_000);
        assert!(file.bytes.len() > 19_000_000 && file.bytes.len() <= 20 * 1024 * 1024);
        let (counting, upload) = judged(&stage, &file).await;
        assert_bounded(&file, &counting, &upload);
    });
}

/// See `DEADLY` in the intake.
const DEADLY: u32 = 6;

#[test]
fn a_file_whose_workers_die_is_given_up_and_one_whose_table_fails_is_not() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let bytes = crate::samples::clean("flu", 5, 1);
        let clear = stage.worker(&Faults::none()).await;

        // Each dies right after its claim, without a word.
        let player = stage.player().await;
        let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
        for death in 0..DEADLY {
            let dying = stage.worker(&Faults::at(Some((1, Side::Before)))).await;
            let died = validate_upload::run(&dying, event.clone()).await;
            assert!(died.is_err(), "death {death}");
            stage.wait(SignedDuration::from_mins(5));
        }
        validate_upload::run(&clear, event).await.unwrap();
        let upload = stage.read(&player, "/uploads?limit=1").await["uploads"][0].clone();
        assert_eq!(upload["status"], "failed", "{upload}");
        assert_eq!(upload["reason"]["code"], "check_failed", "{upload}");

        // A table that refuses what is written for hours is no fault of the file.
        let player = stage.player().await;
        let (id, event) = stage.upload(&player, "flu.zip", &bytes).await;
        for _ in 0..40 {
            let mut refusing = std::collections::BTreeMap::new();
            // After ticket, object and claim were read and written; the claim can still be given back.
            refusing.insert(5, crate::weather::Fault::Throttled);
            let weather = stage.weather(refusing);
            let worker = stage.worker_over(weather.client()).await;
            assert!(validate_upload::run(&worker, event.clone()).await.is_err());
            stage.wait(SignedDuration::from_mins(5));
        }
        let seen = uploads::find(&clear.store, &player.account.id, &id).await;
        assert_eq!(seen.unwrap().unwrap().fence, 40, "each claimed it");
        validate_upload::run(&clear, event).await.unwrap();
        let upload = stage.read(&player, "/uploads?limit=1").await["uploads"][0].clone();
        assert_eq!(
            (&upload["status"], &upload["total"]),
            (&"done".into(), &5.into())
        );
    });
}
