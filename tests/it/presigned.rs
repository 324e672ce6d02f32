//! The store itself refuses what was not announced.

use crate::samples::{WITH_ERRORS, clean};
use crate::world::{World, put};

#[test]
fn other_bytes_another_length_or_a_second_time_are_refused() {
    let hospital = World::shared().hospital();
    let bytes = clean("flu", 10, 1);
    let ticket = hospital.ticket("flu.zip", &bytes, false);

    let mut changed = bytes.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!((400..500).contains(&put(&ticket, &changed).status));
    assert!((400..500).contains(&put(&ticket, &bytes[..last]).status));
    let state = hospital.get(&format!("/uploads/{}", ticket.id)).json();
    assert_eq!(
        state["status"], "registered",
        "a refused PUT leaves nothing behind"
    );

    assert_eq!(put(&ticket, &bytes).status, 200);
    assert_eq!(put(&ticket, &bytes).status, 412);
    let upload = hospital.result(&ticket.id);
    assert_eq!(upload["passed"], 10);
}

#[test]
fn the_longest_name_that_is_taken_can_be_stored() {
    let hospital = World::shared().hospital();
    let bytes = clean("flu", 3, 1);
    // Three bytes a letter: one more would be too much for stores that keep it as a name on their disk.
    let name = format!("{}.zip", "流".repeat(83));
    let ticket = hospital.ticket(&name, &bytes, false);
    assert_eq!(put(&ticket, &bytes).status, 200);
    assert_eq!(hospital.result(&ticket.id)["passed"], 3);
}

#[test]
fn an_address_is_good_for_its_own_key_only() {
    let hospital = World::shared().hospital();
    let mut ticket = hospital.ticket("flu.zip", WITH_ERRORS, false);
    let other = hospital.ticket("flu.zip", WITH_ERRORS, false);
    ticket.url = ticket.url.replace(&ticket.id, &other.id);
    assert_eq!(put(&ticket, WITH_ERRORS).status, 403);
}

#[test]
fn what_cannot_be_an_upload_is_refused_before_a_byte_is_sent() {
    let hospital = World::shared().hospital();
    let sha256 = "0".repeat(64);
    let ask = |name: &str, size: u64, sha256: &str| {
        let body =
            serde_json::json!({"kind": "data", "file_name": name, "size": size, "sha256": sha256});
        let answer = hospital.post("/uploads", &body);
        let fields: Vec<String> = answer.json()["fields"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|field| field["field"].as_str().unwrap().to_owned())
            .collect();
        (answer.status, fields)
    };
    let limit = 20 * 1024 * 1024;
    assert_eq!(ask("flu.zip", limit, &sha256).0, 201);
    assert_eq!(
        ask("flu.zip", limit + 1, &sha256),
        (422, vec!["size".into()])
    );
    assert_eq!(ask("flu.zip", 0, &sha256), (422, vec!["size".into()]));
    assert_eq!(ask("flu.rar", 10, &sha256), (422, vec!["file_name".into()]));
    assert_eq!(ask("flu.zip", 10, "zz"), (422, vec!["sha256".into()]));
    let long = |letters: usize| format!("{}.zip", "流".repeat(letters));
    assert_eq!(ask(&long(83), 10, &sha256).0, 201);
    assert_eq!(ask(&long(84), 10, &sha256), (422, vec!["file_name".into()]));
    let all = ask("", 0, "");
    assert_eq!(
        all,
        (
            422,
            vec!["file_name".into(), "size".into(), "sha256".into()]
        )
    );
}

#[test]
fn an_account_has_a_hundred_tickets_open_at_most() {
    let world = World::shared();
    let (greedy, other) = (world.hospital(), world.hospital());
    let ask = |hospital: &crate::world::Hospital<'_>, number: usize| {
        let body = serde_json::json!({
            "kind": "data", "file_name": format!("{number}.zip"), "size": 20 * 1024 * 1024, "sha256": "0".repeat(64),
        });
        hospital.post("/uploads", &body)
    };
    for number in 0..100 {
        assert_eq!(ask(&greedy, number).status, 201, "{number}");
    }
    let refused = ask(&greedy, 100);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "too_many_open_uploads")
    );
    assert_eq!(ask(&other, 0).status, 201, "others are not kept waiting");
}
