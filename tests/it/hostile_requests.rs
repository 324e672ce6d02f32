//! Requests and events no well-meaning program sends: each is answered with a reason, none with an error of the service, and
//! nothing is changed by it.

use serde_json::{Value, json};

use crate::access::{CALLERS, Scene, matrix};
use crate::faults::Faults;
use crate::stage::Stage;
use crate::world::request;

/// In place of what belongs there.
fn values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{202e}=HYPERLINK(\"http://example.org\")"),
        json!("../../../etc/passwd"),
        json!("<script>alert(1)</script>"),
        json!({"$ne": null}),
        json!("长".repeat(40_000)),
        json!([[[[[[]]]]]]),
        json!({}),
    ]
}

/// Every value inside another, by its pointer.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                (format!("{at}/{name}"), value)
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(number, value)| (format!("{at}/{number}"), value))
            .collect(),
        _ => Vec::new(),
    };
    for (pointer, value) in inner {
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

/// The value with each part of it in turn replaced by each of the hostile ones.
fn changed(value: &Value) -> Vec<Value> {
    let mut places = vec![String::new()];
    pointers(value, "", &mut places);
    let mut changed = Vec::new();
    for place in &places {
        for hostile in values() {
            let mut copy = value.clone();
            *copy.pointer_mut(place).unwrap() = hostile;
            changed.push(copy);
        }
    }
    changed
}

/// Bodies that are no JSON, or JSON nobody would write.
fn raw() -> Vec<Vec<u8>> {
    vec![
        b"".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"{\"a\": 1e999999}".to_vec(),
        "[".repeat(20_000).into_bytes(),
        b"{\"version\": 1, \"version\": 2}".to_vec(),
    ]
}

#[test]
fn no_request_makes_the_service_fail() {
    let scene = Scene::set();
    let mut wrong = Vec::new();
    let mut sent = 0;
    for line in matrix() {
        let (method, path) = (line.method.as_str(), line.path.as_str());
        // What ends or deletes something takes no body.
        let Some(body) = scene.body(method, path) else {
            continue;
        };
        // The caller who gets the furthest.
        let allowed = |cell: &String| ["yes", "own"].contains(&cell.as_str());
        let Some(caller) = line.cells.iter().rposition(allowed) else {
            continue;
        };
        let token = scene.token(CALLERS[caller]);
        let address = scene.address(path);
        let bearer = format!("Bearer {token}");
        let headers = [
            ("content-type", "application/json"),
            ("authorization", bearer.as_str()),
        ];
        let bodies = changed(&body)
            .into_iter()
            .map(|body| serde_json::to_vec(&body).unwrap());
        for bytes in bodies.chain(raw()) {
            let answer = crate::world::send(method, &address, &headers, &bytes);
            sent += 1;
            let told =
                answer.status < 400 || answer.media_type.starts_with("application/problem+json");
            if answer.status >= 500 || !told {
                let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
                wrong.push(format!("{method} {path} {start}: {answer:?}"));
            }
        }
    }
    assert!(sent > 500, "only {sent} requests");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_that_are_none_are_like_ids_that_do_not_exist() {
    let scene = Scene::set();
    let token = scene.token("hospital");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let long = "a".repeat(3_000);
    let ids = [
        "%00",
        "..%2F..",
        "%2e%2e",
        "a%0d%0ab",
        "%E4%B8%AD",
        "%FF",
        "0",
        &long,
    ];
    let mut wrong = Vec::new();
    for line in matrix() {
        if !line.path.contains('{') {
            continue;
        }
        for id in ids {
            let filled: String = line
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { id } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let address = format!("{}{filled}", scene.origin());
            let body = scene.body(&line.method, &line.path);
            let answer = request(&line.method, &address, &headers, body.as_ref());
            if !(400..500).contains(&answer.status) {
                wrong.push(format!("{} {filled}: {answer:?}", line.method));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_event_makes_a_function_fail_or_changes_what_is_stored() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let player = stage.player().await;
        let worker = stage.worker(&Faults::none()).await;
        let bytes = crate::samples::clean("flu", 3, 1);
        let (_, event) = stage.upload(&player, "flu.zip", &bytes).await;
        validate_upload::run(&worker, event.clone()).await.unwrap();
        let before = stage.dump(&player).await;
        let queued = json!({"Records": [{"messageId": "1", "body": event.to_string()}]});
        for event in [event, queued] {
            for hostile in changed(&event) {
                // Refused or taken for what it is; the queue hands back what is refused, and after some tries sets it aside.
                let _ = validate_upload::run(&worker, hostile).await;
            }
        }
        assert_eq!(stage.dump(&player).await, before);
    });
}
