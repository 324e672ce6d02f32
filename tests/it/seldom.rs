//! Ways that are seldom gone, and for which functions need leave all the same.

use axum::body::Body;
use check_document::Checking;
use domain::application::{Scan, ScanSlot, ScanState};
use domain::{AccountState, NewAccount, PasswordHash, Role, Sha256};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use sample_data::Damage;
use serde_json::{Value, json};
use startup::WireConfig;
use store::{accounts, applications, keys, sessions};
use tower::ServiceExt;
use web::Service;

use crate::application::{self, Applicant, phone, sign_in};
use crate::faults::Faults;
use crate::icd_redelivery::codes;
use crate::samples::{clean, damaged};
use crate::stage::{Player, Stage};
use crate::webhooks;
use crate::world::{Hands, PASSWORD, World, call};

const SCAN: &[u8] = include_bytes!("scan.jpg");

#[test]
fn a_session_lives_on_wherever_it_is_used() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let hospital = world.hospital();
    // Each a function of its own; whether it has anything to give is another matter.
    for (method, path) in [
        ("GET", "/uploads"),
        ("POST", "/uploads"),
        ("POST", "/batches/flu"),
        ("GET", "/icd-files"),
        ("POST", "/death-cases/search"),
        ("GET", "/machine-credentials"),
        ("GET", "/overview"),
        ("GET", "/zero-cases"),
        ("GET", "/uploads/1/receipt"),
        ("GET", "/withdrawals"),
        ("POST", "/case-history/search"),
        ("GET", "/material"),
        ("GET", "/review/applications"),
        ("POST", "/audit/search"),
        ("GET", "/session"),
    ] {
        // Unused for half an hour it would be over.
        hands.wait(SignedDuration::from_mins(25));
        let answer = call(method, &world.url(path), &hospital.token, Some(&json!({})));
        assert_ne!(answer.status, 401, "{method} {path}: {answer:?}");
        assert!(answer.status < 500, "{method} {path}: {answer:?}");
    }
    hands.wait(SignedDuration::from_mins(31));
    assert_eq!(hospital.get("/session").status, 401);
}

#[tokio::test]
async fn an_upload_whose_object_is_gone_fails_and_says_so() {
    let stage = Stage::set().await;
    let player = stage.player().await;
    let (id, event) = stage.upload(&player, "flu.zip", &clean("flu", 3, 1)).await;
    let upload = stage.read(&player, &format!("/uploads/{id}")).await;
    assert_eq!(upload["status"], "registered");
    erase(&stage, &event).await;
    let worker = stage.worker(&Faults::none()).await;
    validate_upload::run(&worker, event).await.unwrap();
    let upload = stage.read(&player, &format!("/uploads/{id}")).await;
    assert_eq!(upload["status"], "failed", "{upload}");
    assert_eq!(upload["reason"]["code"], "object_gone", "{upload}");
}

#[tokio::test]
async fn a_document_that_is_gone_is_let_be() {
    let stage = Stage::set().await;
    let id = domain::ApplicationId::random();
    let key = format!("{}{id}/licence/r1/a.pdf", check_document::SCAN_PREFIX);
    let event = stage.put_at(&key, b"%PDF-1.5").await;
    erase(&stage, &event).await;
    let clients = stage.clients_of("check-document", &Faults::none()).await;
    let checking = Checking {
        files: clients.files,
        findings: clients.store,
    };
    check_document::run(&checking, event).await.unwrap();
}

#[tokio::test]
async fn a_scan_whose_event_is_lost_is_looked_at_all_the_same() {
    let stage = Stage::set().await;
    let clients = stage.clients_of("check-document", &Faults::none()).await;
    let checking = Checking {
        files: clients.files,
        findings: clients.store,
    };
    let store = stage.clients(&Faults::none()).await.store;
    let begun = applications::open(&store, "13800000001", stage.clock().now()).await;
    let id = begun.unwrap().id;
    let announced = async |slot, name: &str| {
        let mut application = applications::find(&store, &id).await.unwrap().unwrap();
        let seen = application.version;
        let key = keys::scan_object(&id, slot, "r1", name);
        let scan = Scan {
            slot,
            key: key.clone(),
            file_name: name.to_owned(),
            size: SCAN.len() as u64,
            sha256: Some(Sha256::of(SCAN)),
            form_version: 0,
            registered_at: stage.clock().now(),
            state: ScanState::Awaited,
        };
        application.await_scan(seen, scan).unwrap();
        applications::save(&store, &application, seen)
            .await
            .unwrap();
        key
    };
    let states = async || {
        let application = applications::find(&store, &id).await.unwrap().unwrap();
        let states = application.scans.into_iter();
        let is_passed = |state| matches!(state, ScanState::Passed { .. });
        states
            .map(|scan| (scan.slot, is_passed(scan.state)))
            .collect::<Vec<_>>()
    };
    let sweep = async || {
        let now = stage.clock().now().to_string();
        let clock = json!({"detail-type": "Scheduled Event", "time": now});
        check_document::run(&checking, clock).await.unwrap();
    };
    let _never = announced(ScanSlot::Consent, "never.jpg").await;
    let key = announced(ScanSlot::Licence, "lost.jpg").await;
    let late = stage.put_at(&key, SCAN).await;
    sweep().await;
    let both = |licence| vec![(ScanSlot::Consent, false), (ScanSlot::Licence, licence)];
    assert_eq!(states().await, both(false), "its event may still come");
    stage.wait(SignedDuration::from_mins(3));
    sweep().await;
    assert_eq!(states().await, both(true));
    check_document::run(&checking, late).await.unwrap();
    assert_eq!(states().await, both(true), "the event comes after all");

    // What never came is forgotten with its address, and nothing is left to be looked for.
    stage.wait(SignedDuration::from_hours(1));
    sweep().await;
    assert_eq!(states().await, [(ScanSlot::Licence, true)]);
    let left = applications::awaiting_scans(&store, Timestamp::MAX, 10).await;
    assert_eq!(left.unwrap(), []);
}

/// Erases the object an event tells of.
async fn erase(stage: &Stage, event: &Value) {
    let object = &event["Records"][0]["s3"]["object"];
    let key = object["key"].as_str().unwrap().replace("%2F", "/");
    let files = stage.clients(&Faults::none()).await.files;
    files
        .delete(&key, object["versionId"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(files.head(&key, None).await.unwrap(), None);
}

#[test]
fn a_report_of_a_file_that_is_no_longer_kept_says_so() {
    let world = World::shared();
    let hospital = world.hospital();
    let upload = hospital.upload("flu.zip", &clean("flu", 3, 1));
    let id: domain::UploadId = upload["id"].as_str().unwrap().parse().unwrap();
    world.runtime.block_on(async {
        let account = accounts::find_by_login(world.service.store(), &hospital.login).await;
        let account = account.unwrap().unwrap().id;
        let stored = store::uploads::find(world.service.store(), &account, &id).await;
        let stored = stored.unwrap().unwrap();
        let version = stored.object_version.as_deref().unwrap();
        world
            .service
            .files()
            .delete(&stored.object_key(), version)
            .await
            .unwrap();
    });
    let report = hospital.get(&format!("/uploads/{id}/report.csv"));
    assert_eq!(
        (report.status, report.code().as_str()),
        (410, "result_expired")
    );
}

#[test]
fn a_report_too_long_for_an_answer_is_fetched_from_the_store() {
    let hospital = World::shared().hospital();
    let rows = 12_000;
    let bytes = damaged("flu", rows, &[(Damage::UnknownCode, rows)]);
    let upload = hospital.upload("flu.zip", &bytes);
    assert_eq!(upload["total"], rows, "{upload}");
    let id = upload["id"].as_str().unwrap();
    let report = hospital.get(&format!("/uploads/{id}/report.csv"));
    assert_eq!(report.status, 200);
    assert!(
        report.bytes.len() > 4_500_000,
        "{} bytes",
        report.bytes.len()
    );
    let text = String::from_utf8_lossy(&report.bytes);
    let lines = text.trim_end().lines().count();
    assert!(lines > 11_000, "{lines} lines");
}

/// A batch sent to the function alone: no event of its object is on the way.
async fn send(stage: &Stage, player: &Player, bytes: Vec<u8>) -> Value {
    let clients = stage.clients_of("receive-batch", &Faults::none()).await;
    let service = Service {
        store: clients.store,
        files: clients.files,
        clock: stage.clock(),
        standards: standard::versions(),
    };
    let off = WireConfig {
        is_on: false,
        limit: 0,
    };
    let application = web::application(receive_batch::router(service, &off));
    let store = stage.clients(&Faults::none()).await.store;
    let begun = sessions::begin(&store, &player.account, stage.clock().now()).await;
    let (token, _) = begun.unwrap();
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/batches/data?file_name=flu.zip")
        .header("authorization", format!("Bearer {}", token.expose()))
        .body(Body::from(bytes))
        .unwrap();
    let answer = application.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn batches_and_sweeps_know_the_hospitals_codes_and_earlier_records() {
    let stage = Stage::set().await;
    let player = stage.player().await;
    let (_, event) = stage.icd_file(&player, &codes("J10.102")).await;
    load_icd_file::run(&stage.loader(&Faults::none()).await, event)
        .await
        .unwrap();
    let first = send(&stage, &player, clean("flu", 10, 1)).await;
    assert_eq!(first["dispositions"]["new"], 10, "{first}");
    assert!(first["findings"].to_string().contains("FLU-012"), "{first}");
    let again = send(&stage, &player, clean("flu", 10, 1)).await;
    assert_eq!(again["dispositions"]["unchanged"], 10, "{again}");

    // Causes are counted for the province.
    let bad = damaged("flu", 4, &[(Damage::UnknownCode, 2)]);
    let refused = send(&stage, &player, bad.clone()).await;
    assert_eq!(refused["passed"], 2, "{refused}");

    // An object no event told of.
    let (id, _) = stage.upload(&player, "flu.zip", &clean("flu", 10, 1)).await;
    stage.wait(SignedDuration::from_hours(2));
    reconcile_uploads::run(&stage.sweeper(&Faults::none()).await)
        .await
        .unwrap();
    let swept = stage.read(&player, &format!("/uploads/{id}")).await;
    assert_eq!(swept["dispositions"]["unchanged"], 10, "{swept}");
    assert!(swept["by_rule"].to_string().contains("FLU-012"), "{swept}");
    let (id, _) = stage.upload(&player, "flu.zip", &bad).await;
    stage.wait(SignedDuration::from_hours(2));
    reconcile_uploads::run(&stage.sweeper(&Faults::none()).await)
        .await
        .unwrap();
    let swept = stage.read(&player, &format!("/uploads/{id}")).await;
    assert_eq!(swept["passed"], 2, "{swept}");
}

#[tokio::test]
async fn batches_and_sweeps_look_for_scans_and_tell_the_hospitals_own_system() {
    let stage = Stage::set().await;
    let player = stage.player().await;
    webhooks::listen(&stage, &player).await;
    let sent = send(&stage, &player, clean("hdr", 3, 1)).await;
    assert!(sent["findings"].to_string().contains("X-006"), "{sent}");

    // An object no event told of.
    let (id, _) = stage.upload(&player, "hdr.zip", &clean("hdr", 4, 2)).await;
    stage.wait(SignedDuration::from_hours(2));
    reconcile_uploads::run(&stage.sweeper(&Faults::none()).await)
        .await
        .unwrap();
    let swept = stage.read(&player, &format!("/uploads/{id}")).await;
    assert!(swept["by_rule"].to_string().contains("X-006"), "{swept}");
    let told = webhooks::told(&stage, &player).await;
    let totals: Vec<u64> = told.iter().map(|(_, total, _)| *total).collect();
    assert_eq!(totals, [3, 4], "{told:?}");
}

#[test]
fn the_trail_of_a_person_is_found_by_phone() {
    let world = World::shared();
    let phone = phone();
    let login = format!("auditor-{phone}");
    let account = NewAccount {
        login_name: login.parse().unwrap(),
        phone: Some(phone.parse().unwrap()),
        role: Role::Auditor,
        institution: None,
        province: None,
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let created = accounts::create(world.service.store(), account, Timestamp::now());
    let id = world.runtime.block_on(created).unwrap().id;
    let token = sign_in(world, &login, PASSWORD).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let trail = call(
        "POST",
        &world.url("/audit/search"),
        &token,
        Some(&json!({"account": phone})),
    );
    assert_eq!(trail.status, 200, "{trail:?}");
    let trail = trail.json();
    let entries = trail["entries"].as_array().unwrap();
    assert!(
        entries.iter().any(|entry| entry["act"] == "signed_in"),
        "{trail}"
    );
    assert!(
        entries.iter().all(|entry| entry["by"] == id.as_str()),
        "{trail}"
    );
}

#[test]
fn applicants_see_their_own_documents_again() {
    let world = World::shared();
    let phone = phone();
    let applicant = Applicant::submitted(world, &phone, &application::profile(&phone));
    let address = applicant.call("GET", "/scans/licence", None);
    assert_eq!(address.status, 200, "{address:?}");
    let scan = call("GET", address.json()["url"].as_str().unwrap(), "", None);
    assert_eq!(scan.media_type, "application/pdf");
    assert!(scan.bytes.starts_with(b"%PDF"));
}
