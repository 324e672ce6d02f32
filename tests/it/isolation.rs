//! No route shows one hospital another's data, and none answers without a session.

use serde_json::json;

use crate::samples::WITH_ERRORS;
use crate::world::{World, call};

const OF_ONE_UPLOAD: &[&str] = &[
    "",
    "/findings",
    "/report.csv",
    "/report.xlsx",
    "/findings.csv",
    "/fillers",
    "/receipt",
];

#[test]
fn another_hospitals_upload_answers_like_one_that_does_not_exist() {
    let world = World::shared();
    let (owner, stranger) = (world.hospital(), world.hospital());
    let upload = owner.upload("flu.zip", WITH_ERRORS);
    let id = upload["id"].as_str().unwrap();
    let nobodys = format!("{}-{}", &id[..8], "a".repeat(26));
    for path in OF_ONE_UPLOAD {
        assert_eq!(
            owner.get(&format!("/uploads/{id}{path}")).status,
            200,
            "{path}"
        );
        let foreign = stranger.get(&format!("/uploads/{id}{path}"));
        let unknown = stranger.get(&format!("/uploads/{nobodys}{path}"));
        assert_eq!(foreign.status, 404, "{path}");
        assert_eq!(foreign.bytes, unknown.bytes, "{path}");
    }
    assert_eq!(
        stranger
            .post(&format!("/uploads/{id}/url"), &json!({}))
            .status,
        404
    );
    assert_eq!(stranger.get("/uploads").json()["uploads"], json!([]));
}

#[test]
fn nothing_answers_without_a_session() {
    let world = World::shared();
    let hospital = world.hospital();
    let ticket = hospital.ticket("flu.zip", WITH_ERRORS, false);
    let mut paths = vec!["/uploads".to_owned(), "/session".to_owned()];
    paths.extend(
        OF_ONE_UPLOAD
            .iter()
            .map(|path| format!("/uploads/{}{path}", ticket.id)),
    );
    for token in ["", "forged", &"A".repeat(43)] {
        for path in &paths {
            let answer = call("GET", &world.url(path), token, None);
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (401, "not_signed_in"),
                "{path}"
            );
        }
    }
}

#[test]
fn a_session_ends_with_signing_out() {
    let world = World::shared();
    let hospital = world.hospital();
    assert_eq!(hospital.get("/uploads").status, 200);
    assert_eq!(
        call("DELETE", &world.url("/session"), &hospital.token, None).status,
        204
    );
    assert_eq!(hospital.get("/uploads").status, 401);
}

#[test]
fn wrong_password_and_unknown_login_are_one_answer() {
    let world = World::shared();
    let hospital = world.hospital();
    let try_login = |login: &str| {
        let body = json!({"login": login, "password": "wrong"});
        call("POST", &world.url("/session"), "", Some(&body))
    };
    let (known, unknown) = (try_login(&hospital.login), try_login("nobody-at-all"));
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(known.bytes, unknown.bytes);
}

#[test]
fn an_account_is_not_tried_for_ever_and_its_owner_is_not_locked_out_for_ever() {
    let world = World::shared();
    let hospital = world.hospital();
    let wrong = json!({"login": hospital.login, "password": "wrong"});
    let refused = (0..20)
        .map(|_| call("POST", &world.url("/session"), "", Some(&wrong)).status)
        .find(|status| *status != 401);
    assert_eq!(refused, Some(429));
}
