//! Sessions of people and what they may do with them, as browsers and programs meet them, and how each is abused.

use serde_json::{Value, json};

use crate::world::{Answer, Hospital, PASSWORD, World, call, request};

/// A browser that signed in on the portal: it has a cookie, and says where its requests come from.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn signed_in(hospital: &Hospital<'a>) -> Self {
        let body = json!({"login": hospital.login, "password": PASSWORD});
        let answer = call("POST", &hospital.world.url("/session"), "", Some(&body));
        Self::with(hospital.world, &answer)
    }

    /// Keeps the cookie of an answer, as browsers do: the pair without its attributes.
    fn with(world: &'a World, answer: &Answer) -> Self {
        assert_eq!(
            (answer.status, answer.cookies.len()),
            (200, 1),
            "{answer:?}"
        );
        let pair = answer.cookies[0].split(';').next().unwrap().to_owned();
        Self {
            world,
            cookie: pair,
        }
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        from: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let cookie = [("cookie", self.cookie.as_str())];
        request(
            method,
            &self.world.url(path),
            &[&cookie[..], from].concat(),
            body,
        )
    }

    /// From the portal's own page.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, path, &[("sec-fetch-site", "same-origin")], body)
    }
}

#[test]
fn a_browser_works_with_a_cookie_until_it_signs_out() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::signed_in(&hospital);
    assert!(browser.cookie.starts_with("__Host-session="));
    let me = browser.ask("GET", "/session", None).json();
    assert_eq!(me["account"]["login_name"], hospital.login);
    assert_eq!(me["account"]["role"], "data_manager");
    assert_eq!(me["account"]["must_change_password"], false);
    assert!(me["expires_at"].is_string());
    let left = browser.ask("DELETE", "/session", None);
    assert_eq!(left.status, 204);
    let forgotten = &left.cookies[0];
    assert!(forgotten.starts_with("__Host-session=; ") && forgotten.contains("Max-Age=0"));
    assert_eq!(browser.ask("GET", "/session", None).code(), "not_signed_in");
    assert_eq!(
        hospital.get("/session").status,
        200,
        "the other session stays"
    );
}

#[test]
fn what_a_page_elsewhere_makes_a_browser_send_does_nothing() {
    let world = World::shared();
    let browser = Browser::signed_in(&world.hospital());
    let portal = world.service.addresses().portal.as_str();
    let ticket = json!({"kind": "data", "file_name": "a.zip", "size": 1, "sha256": "0".repeat(64), "dry_run": true});
    let foreign: [&[(&str, &str)]; 6] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", portal)],
    ];
    for from in foreign {
        for (method, path) in [
            ("POST", "/uploads"),
            ("DELETE", "/session"),
            ("POST", "/password"),
        ] {
            let answer = browser.send(method, path, from, Some(&ticket));
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "cross_site"),
                "{path} {from:?}"
            );
        }
    }
    assert_eq!(
        browser.ask("GET", "/uploads", None).json()["uploads"],
        json!([])
    );
    let made = browser.send("POST", "/uploads", &[("origin", portal)], Some(&ticket));
    assert_eq!(
        made.status, 201,
        "an old browser, on the portal's page: {made:?}"
    );
}

#[test]
fn nobody_is_signed_in_by_a_page_elsewhere() {
    let world = World::shared();
    let hospital = world.hospital();
    let body = json!({"login": hospital.login, "password": PASSWORD});
    let from = [("origin", "https://evil.example")];
    let answer = request("POST", &world.url("/session"), &from, Some(&body));
    assert_eq!(
        (answer.code().as_str(), answer.cookies.len()),
        ("cross_site", 0)
    );
}

#[test]
fn a_bearer_that_is_no_session_is_not_saved_by_a_cookie() {
    let world = World::shared();
    let browser = Browser::signed_in(&world.hospital());
    for forged in ["Bearer forged", "Basic x", "Bearer"] {
        let answer = browser.send("GET", "/session", &[("authorization", forged)], None);
        assert_eq!(answer.code(), "not_signed_in", "{forged}");
    }
}
