//! Batches of front-end machines: judged in the request, stored like any upload, made once however often they are sent.

use std::io::{Read, Write};

use domain::{AccountState, NewAccount, PasswordHash, Role};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::accounts;

use crate::samples::{self, WITH_ERRORS};
use crate::world::{Answer, Hospital, PASSWORD, Ticket, World, call, put};

/// Sends a batch as a hospital's own program would.
fn send(hospital: &Hospital<'_>, path: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let url = hospital.world.url(&format!("/batches/{path}"));
    let mut request = agent.post(url).content_type("application/octet-stream");
    if !hospital.token.is_empty() {
        request = request.header("authorization", format!("Bearer {}", hospital.token));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.send(bytes).unwrap();
    let media_type = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    Answer {
        status: answer.status().as_u16(),
        media_type,
        cookies: Vec::new(),
        bytes: answer.body_mut().read_to_vec().unwrap(),
    }
}

/// The CSV inside a generated ZIP.
fn csv(zip: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut text = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut text).unwrap();
    text
}

fn uploads(hospital: &Hospital<'_>) -> Vec<Value> {
    hospital.get("/uploads?limit=100").json()["uploads"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn a_bare_csv_is_judged_at_once_and_stands_in_the_list() {
    let hospital = World::shared().hospital();
    let text = csv(&samples::clean("flu", 12, 1));
    let answer = send(
        &hospital,
        "flu?file_name=flu_%E4%BB%8A%E5%A4%A9.csv",
        &[],
        &text,
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let judged = answer.json();
    assert_eq!(judged["outcome"], "accepted");
    assert_eq!(
        (judged["total"].as_u64(), judged["passed"].as_u64()),
        (Some(12), Some(12))
    );
    assert_eq!(judged["dispositions"]["new"], 12);
    let listed = uploads(&hospital);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], judged["upload_id"]);
    assert_eq!(listed[0]["file_name"], "flu_今天.zip");
    assert_eq!(listed[0]["dispositions"], judged["dispositions"]);
    assert_eq!(
        hospital
            .get(
                judged["links"]["upload"]
                    .as_str()
                    .unwrap()
                    .trim_start_matches("/api/v1")
            )
            .status,
        200
    );
}

#[test]
fn findings_are_those_of_the_portal() {
    let hospital = World::shared().hospital();
    let answer = send(&hospital, "data?file_name=flu.zip", &[], WITH_ERRORS).json();
    let id = answer["upload_id"].as_str().unwrap();
    let all = hospital.findings(id, "");
    assert_eq!(answer["errors"], 12);
    assert!(!all.is_empty());
    assert_eq!(
        answer["findings"].as_array().unwrap(),
        &all[..all.len().min(50)]
    );
    assert!(answer["causes"][0]["mend_zh"].as_str().unwrap().len() > 3);
}

#[test]
fn gzip_is_taken_off() {
    let hospital = World::shared().hospital();
    let text = csv(&samples::clean("lis", 30, 1));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&text).unwrap();
    let packed = gzip.finish().unwrap();
    assert!(packed.len() < text.len());
    let answer = send(&hospital, "lis", &[("content-encoding", "gzip")], &packed);
    assert_eq!(answer.json()["total"], 30, "{answer:?}");
    let refused = send(&hospital, "lis", &[("content-encoding", "br")], &packed);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (415, "unknown_encoding")
    );
}

#[test]
fn the_same_key_and_batch_make_one_upload_and_another_batch_is_refused() {
    let hospital = World::shared().hospital();
    let batch = samples::clean("flu", 8, 1);
    let key = [("idempotency-key", "morning")];
    let first = send(&hospital, "flu", &key, &batch).json();
    let again = send(&hospital, "flu", &key, &batch).json();
    assert_eq!(first["repeated"], false);
    assert_eq!(again["repeated"], true);
    for same in ["upload_id", "total", "passed", "dispositions", "findings"] {
        assert_eq!(first[same], again[same], "{same}");
    }
    let other = send(&hospital, "flu", &key, &samples::clean("flu", 9, 2));
    assert_eq!(
        (other.status, other.code().as_str()),
        (409, "idempotency_key_reused")
    );
    let dry = send(&hospital, "flu?dry_run=true", &key, &batch);
    assert_eq!(dry.status, 409, "a dry run is another request");
    assert_eq!(uploads(&hospital).len(), 1);
    // Another hospital's keys are its own.
    let neighbour = World::shared().hospital();
    assert_eq!(
        send(&neighbour, "flu", &key, &batch).json()["repeated"],
        false
    );
}

#[test]
fn of_the_same_request_many_times_at_once_one_upload_comes() {
    let hospital = World::shared().hospital();
    let batch = samples::clean("flu", 8, 1);
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| send(&hospital, "flu", &[("idempotency-key", "k")], &batch)))
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers
            .map(|answer| answer.json()["upload_id"].as_str().unwrap().to_owned())
            .collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let result = hospital.result(&ids[0]);
    assert_eq!(result["dispositions"]["new"], 8);
    assert_eq!(uploads(&hospital).len(), 1);
}

#[test]
fn data_sent_again_makes_no_record_twice() {
    let hospital = World::shared().hospital();
    let batch = samples::clean("flu", 8, 1);
    send(&hospital, "flu", &[], &batch);
    let again = send(&hospital, "flu", &[], &batch).json();
    assert_eq!(
        again["dispositions"],
        json!({"new": 0, "updated": 0, "unchanged": 8, "failed": 0})
    );
}

#[test]
fn a_dry_run_keeps_nothing() {
    let hospital = World::shared().hospital();
    let batch = samples::clean("flu", 8, 1);
    let dry = send(&hospital, "flu?dry_run=true", &[], &batch).json();
    assert_eq!(
        (dry["dry_run"].as_bool(), dry["passed"].as_u64()),
        (Some(true), Some(8))
    );
    let real = send(&hospital, "flu", &[], &batch).json();
    assert_eq!(real["dispositions"]["new"], 8, "the dry run left no record");
}

#[test]
fn what_is_too_large_for_a_request_gets_an_address() {
    let hospital = World::shared().hospital();
    // Noise does not compress.
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..4_700_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let batch = samples::zip(&[("flu_1.csv", &noise)]);
    let answer = send(&hospital, "data?file_name=flu_large.zip", &[], &batch);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "batch_too_large")
    );
    let ticket = &answer.json()["ticket"];
    let ticket = Ticket {
        id: ticket["upload_id"].as_str().unwrap().to_owned(),
        url: ticket["url"].as_str().unwrap().to_owned(),
        headers: ticket["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
    };
    assert_eq!(put(&ticket, &batch).status, 200);
    assert_eq!(hospital.result(&ticket.id)["status"], "done");
    let beyond = vec![b'a'; 20 * 1024 * 1024 + 1];
    let refused = send(&hospital, "flu", &[], &beyond);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (413, "too_large")
    );
}

#[test]
fn what_cannot_be_taken_is_told() {
    let hospital = World::shared().hospital();
    let text = csv(&samples::clean("flu", 2, 1));
    let code = |path: &str, bytes: &[u8]| {
        let answer = send(&hospital, path, &[], bytes);
        (
            answer.status,
            answer.json()["fields"][0]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let refused = |code: &str| (422, code.to_owned());
    assert_eq!(code("abc", &text), refused("unknown_kind"));
    assert_eq!(
        code("flu?file_name=hda_1.csv", &text),
        refused("file_name_of_another_kind")
    );
    assert_eq!(code("data", &text), refused("csv_needs_its_kind"));
    assert_eq!(code("flu", b""), refused("empty"));
    assert_eq!(uploads(&hospital).len(), 0, "nothing was registered");
    let rar = send(&hospital, "flu", &[], b"Rar!\x1a\x07\x01\x00 and so on").json();
    assert_eq!(
        rar["outcome"], "rejected",
        "a finding says that it is a RAR"
    );
    let stranger = Hospital {
        token: String::new(),
        ..World::shared().hospital()
    };
    assert_eq!(send(&stranger, "flu", &[], &text).status, 401);
}

#[test]
fn a_ticket_asked_for_again_is_the_same_upload() {
    let hospital = World::shared().hospital();
    let batch = samples::clean("flu", 3, 1);
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&batch));
    let ask = |name: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut answer = agent
            .post(hospital.world.url("/uploads"))
            .header("authorization", format!("Bearer {}", hospital.token))
            .header("idempotency-key", "large-one")
            .send_json(
                json!({"kind": "data", "file_name": name, "size": batch.len(), "sha256": sha256}),
            )
            .unwrap();
        (
            answer.status().as_u16(),
            answer.body_mut().read_json::<Value>().unwrap(),
        )
    };
    let (first, again) = (ask("flu.zip"), ask("flu.zip"));
    assert_eq!((first.0, again.0), (201, 201));
    assert_eq!(first.1["upload_id"], again.1["upload_id"]);
    assert_eq!(ask("other.zip").0, 409);
    assert_eq!(uploads(&hospital).len(), 1);
}

#[test]
fn a_machine_signs_in_with_a_credential_that_is_revoked_alone() {
    let world = World::shared();
    let hospital = world.hospital();
    let made = hospital.post("/machine-credentials", &json!({"name": "信息科前置机"}));
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let session = |secret: &str| {
        let words = json!({"login": made["login"], "password": secret});
        call("POST", &world.url("/session"), "", Some(&words))
    };
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(session("wrong").code(), "wrong_login");
    let token = session(secret).json()["token"].as_str().unwrap().to_owned();
    let machine = Hospital {
        world,
        login: String::new(),
        token,
    };
    assert_eq!(
        send(&machine, "flu", &[], &samples::clean("flu", 4, 1)).json()["passed"],
        4
    );
    assert_eq!(uploads(&hospital).len(), 1, "it is the hospital's own list");
    // A stolen credential gives out no others and changes no password.
    assert_eq!(
        machine
            .post("/machine-credentials", &json!({"name": "x"}))
            .status,
        403
    );
    assert_eq!(machine.get("/machine-credentials").status, 403);
    let listed = hospital.get("/machine-credentials").json();
    assert!(!listed.to_string().contains(secret));
    assert_eq!(listed["credentials"][0]["active"], true);
    // Another hospital cannot take it back.
    let id = made["id"].as_str().unwrap();
    let path = format!("/machine-credentials/{id}");
    let stranger = world.hospital();
    assert_eq!(
        call("DELETE", &world.url(&path), &stranger.token, None).status,
        404
    );
    assert_eq!(machine.get("/uploads").status, 200);
    assert_eq!(
        call("DELETE", &world.url(&path), &hospital.token, None).status,
        204
    );
    assert_eq!(
        machine.get("/uploads").status,
        401,
        "its sessions end with it"
    );
    assert_eq!(session(secret).code(), "wrong_login");
    assert_eq!(
        hospital.get("/uploads").status,
        200,
        "the hospital's own go on"
    );
    assert_eq!(
        hospital.get("/machine-credentials").json()["credentials"][0]["active"],
        false
    );
}

/// What a machine may do: send, ask what became of it, tell of itself, and end its own session.
const OF_MACHINES: [&str; 12] = [
    "DELETE /api/v1/session",
    "GET /api/v1/session",
    "GET /api/v1/uploads",
    "GET /api/v1/uploads/{id}",
    "GET /api/v1/uploads/{id}/findings",
    "GET /api/v1/uploads/{id}/findings.csv",
    "GET /api/v1/uploads/{id}/report.csv",
    "GET /api/v1/uploads/{id}/report.xlsx",
    "POST /api/v1/batches/{kind}",
    "POST /api/v1/heartbeats",
    "POST /api/v1/uploads",
    "POST /api/v1/uploads/{id}/url",
];

#[test]
fn a_machine_opens_nothing_but_what_sending_needs() {
    let world = World::shared();
    let hospital = world.hospital();
    let made = hospital
        .post("/machine-credentials", &json!({"name": "前置机"}))
        .json();
    let words = json!({"login": made["login"], "password": made["secret"]});
    let session = call("POST", &world.url("/session"), "", Some(&words)).json();
    let token = session["token"].as_str().unwrap();
    let described = call("GET", &world.url("/openapi.json"), "", None).json();
    let mut open = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            // Routes of the account; whoever applies, or is not signed in, is somebody else.
            let security = operation["security"].as_array().into_iter().flatten();
            if security.clone().count() == 0 || security.clone().any(|it| *it == json!({})) {
                continue;
            }
            let method = method.to_uppercase();
            let name = format!("{method} {path}");
            if name == "DELETE /api/v1/session" {
                open.push(name);
                continue;
            }
            let path = path.replace("/api/v1", "").replace(['{', '}'], "");
            // A body that the change of the password takes: it looks at who asks after that.
            let body = json!({"old": "Old-2026!", "new": "New-2026!"});
            let answer = call(&method, &world.url(&path), token, Some(&body));
            let refused = ["not_for_machines", "not_identified"];
            let code = answer.json()["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if !refused.contains(&code.as_str()) {
                open.push(name);
            }
        }
    }
    open.sort();
    assert_eq!(open, OF_MACHINES);
    // Above all it ends nobody's session and leaves the second factor alone.
    assert_eq!(
        call("DELETE", &world.url("/sessions"), token, None).status,
        403
    );
    assert_eq!(
        call(
            "POST",
            &world.url("/second-factor"),
            token,
            Some(&json!({}))
        )
        .status,
        403
    );
    assert_eq!(hospital.get("/uploads").status, 200);
}

#[test]
fn operators_see_how_machines_stand_and_hospitals_do_not() {
    let world = World::start();
    let hospital = world.hospital();
    let told = json!({"version": "0.0.9", "queue_length": 7, "oldest_seconds": 60, "last_error": "no route", "clock": Timestamp::now()});
    let heard = hospital.post("/heartbeats", &told).json();
    assert_eq!(heard["batch_limit"], 4_500_000);
    hospital.post(
        "/heartbeats",
        &json!({"version": "0.0.9", "queue_length": 3}),
    );
    assert_eq!(hospital.get("/fleet").status, 403);
    let person = |login: &str, role, province: Option<&str>| {
        let account = NewAccount {
            login_name: login.parse().unwrap(),
            phone: None,
            role,
            institution: None,
            province: province.map(str::to_owned),
            password_hash: PasswordHash::of(PASSWORD).unwrap(),
            state: AccountState::Active,
        };
        let created = accounts::create(world.service.store(), account, Timestamp::now());
        world.runtime.block_on(created).unwrap();
        let mut person = Hospital {
            world: &world,
            login: login.to_owned(),
            token: String::new(),
        };
        person.token = person.sign_in();
        person
    };
    let operator = person("operator-1", Role::Operator, None);
    let fleet = operator.get("/fleet").json();
    let machines = fleet["machines"].as_array().unwrap();
    assert_eq!(machines.len(), 1, "{fleet}");
    assert_eq!(machines[0]["queue_length"], 3, "the last word counts");
    assert_eq!(machines[0]["version"], "0.0.9");
    assert_eq!(machines[0]["up_to_date"], false);
    assert_eq!(
        machines[0]["institution_name"],
        sample_data::DEMO_INSTITUTION_NAME
    );
    let reviewer = person("reviewer-11", Role::Reviewer, Some("11"));
    assert_eq!(reviewer.get("/fleet").json()["machines"], json!([]));
    assert_eq!(
        reviewer.get("/fleet?province=00").json()["machines"],
        json!([])
    );
    assert_eq!(
        operator.get("/fleet?province=00").json()["machines"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
