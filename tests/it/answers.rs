//! What stands in every answer whatever was asked, and requests that mean two things at once.

use std::io::{Read, Write};
use std::net::TcpStream;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt;
use web::OpenApiRouter;

use crate::access::{CALLERS, Scene, matrix};
use crate::world::{PASSWORD, World, call, request};

/// Status and headers of an answer; what it redirects to is not asked for.
fn headers(method: &str, url: &str, token: &str, body: Option<&Value>) -> (u16, HeaderMap) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into();
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    let answer = agent.run(request.body(body).unwrap()).unwrap();
    (answer.status().as_u16(), answer.headers().clone())
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let mut all = headers.get_all(name).iter();
    let first = all.next().map(|value| value.to_str().unwrap());
    assert!(all.next().is_none(), "{name} twice: {headers:?}");
    first.unwrap_or_default()
}

/// What an answer lacks.
fn defects(headers: &HeaderMap) -> Vec<String> {
    let mut defects = Vec::new();
    let mut must = |fits: bool, what: &str| {
        if !fits {
            defects.push(format!("{what}: {headers:?}"));
        }
    };
    let tls = one(headers, "strict-transport-security");
    let seconds = tls
        .strip_prefix("max-age=")
        .and_then(|rest| rest.split(';').next())
        .and_then(|seconds| seconds.parse::<u64>().ok());
    must(
        seconds.is_some_and(|seconds| seconds >= 31_536_000) && tls.contains("includeSubDomains"),
        "TLS for a year",
    );
    must(
        one(headers, "x-content-type-options") == "nosniff",
        "nosniff",
    );
    must(
        ["no-referrer", "same-origin"].contains(&one(headers, "referrer-policy")),
        "referrer",
    );
    let policy = one(headers, "content-security-policy");
    for directive in [
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        must(
            policy.split(';').any(|part| part.trim() == directive),
            directive,
        );
    }
    must(!policy.contains("unsafe"), "unsafe");
    must(
        one(headers, "cross-origin-opener-policy") == "same-origin",
        "opener",
    );
    must(
        !headers.contains_key("access-control-allow-origin"),
        "no other origin reads it",
    );
    must(
        !headers.contains_key("server") && !headers.contains_key("x-powered-by"),
        "names no program",
    );
    let media_type = one(headers, "content-type");
    let kind = media_type.split(';').next().unwrap_or_default();
    let is_text = kind.starts_with("text/") || kind.ends_with("+xml") || kind.ends_with("/xml");
    must(!is_text || media_type.contains("charset=utf-8"), "charset");
    let empty = one(headers, "content-length") == "0";
    must(empty || !media_type.is_empty(), "content type");
    defects
}

#[test]
fn every_answer_says_what_it_is_and_what_browsers_may_not_make_of_it() {
    let scene = Scene::set();
    let mut wrong = Vec::new();
    let mut kinds = std::collections::BTreeSet::new();
    let mut look = |method: &str, url: &str, token: &str, body: Option<&Value>| {
        let (status, headers) = headers(method, url, token, body);
        kinds.insert((status, one(&headers, "content-type").to_owned()));
        // The frame of the pages and the public keys of receipts are the same for everybody.
        let public = url.ends_with("/.well-known/flu-receipt-keys.json")
            || one(&headers, "content-type").starts_with("text/html");
        let mut defects = defects(&headers);
        if !public && one(&headers, "cache-control") != "no-store" {
            defects.push(format!("may be kept: {headers:?}"));
        }
        for defect in defects {
            wrong.push(format!("{method} {url} {status}: {defect}"));
        }
    };
    for line in matrix() {
        let (method, path) = (line.method.as_str(), line.path.as_str());
        let allowed = |cell: &String| ["yes", "own"].contains(&cell.as_str());
        let caller = line.cells.iter().rposition(allowed).unwrap_or(0);
        let address = scene.address(path);
        look(method, &address, "", scene.body(method, path).as_ref());
        // What ends something stands at the end of the matrix; reading is enough here.
        if method == "GET" {
            look(method, &address, &scene.token(CALLERS[caller]), None);
        }
    }
    for path in ["/", "/uploads", "/no/such/page", "/api/v1/none", "/%00"] {
        look("GET", &format!("{}{path}", scene.origin()), "", None);
    }
    look("PATCH", &format!("{}/uploads", scene.origin()), "", None);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for kind in ["text/html", "application/json", "image/svg+xml", "text/csv"] {
        assert!(
            kinds
                .iter()
                .any(|(status, found)| *status == 200 && found.starts_with(kind)),
            "{kind} was not looked at: {kinds:?}"
        );
    }
}

#[test]
fn files_of_pages_are_what_they_are_called_and_nothing_else_is_served() {
    let world = World::shared();
    let portal = world.service.addresses().portal.trim_end_matches('/');
    for (path, media_type) in [
        ("portal.css", "text/css; charset=utf-8"),
        ("main.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
    ] {
        let (status, headers) = headers("GET", &format!("{portal}/assets/{path}"), "", None);
        assert_eq!((status, one(&headers, "content-type")), (200, media_type));
        let policy = one(&headers, "content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
            "{policy}"
        );
    }
    for nothing in [
        "/.git/config",
        "/.git/HEAD",
        "/assets/",
        "/assets",
        "/assets/../shell.html",
        "/assets/%2e%2e/shell.html",
        "/assets/pages/",
        "/Cargo.toml",
        "/.env",
        "/api/",
        "/metrics",
        "/debug",
        "/actuator/env",
    ] {
        let (status, _) = headers("GET", &format!("{portal}{nothing}"), "", None);
        assert_eq!(status, 404, "{nothing}");
    }
}

#[test]
fn reading_changes_nothing() {
    let scene = Scene::set();
    let state = || {
        let token = scene.token("hospital");
        let reviewer = scene.token("reviewer_national");
        let see = |token: &str, path: &str| {
            call(
                "GET",
                &format!("{}/api/v1{path}", scene.origin()),
                token,
                None,
            )
            .json()
        };
        let mut seen: Vec<Value> = [
            "/uploads",
            "/icd-files",
            "/machine-credentials",
            "/webhook",
            "/zero-cases",
            "/withdrawals",
        ]
        .iter()
        .map(|path| see(&token, path))
        .collect();
        let url = format!("{}/api/v1/death-cases/search", scene.origin());
        seen.push(call("POST", &url, &token, Some(&json!({}))).json());
        seen.push(see(&token, "/session")["account"].clone());
        seen.push(see(&reviewer, "/review/applications"));
        seen
    };
    let before = state();
    for line in matrix().iter().filter(|line| line.method == "GET") {
        let address = scene.address(&line.path);
        for caller in CALLERS {
            // As a page elsewhere would have it fetched, with the session's cookie.
            let cookie = format!("__Host-session={}", scene.token(caller));
            let from = [
                ("cookie", cookie.as_str()),
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ];
            let answer = request("GET", &address, &from, None);
            assert!(answer.status < 500, "{answer:?}");
        }
    }
    assert_eq!(state(), before);
}

/// Sends bytes as they are and reads all answers, until the server closes the line.
fn raw(scene: &Scene, text: &str) -> String {
    let authority = scene.origin().trim_start_matches("http://");
    let mut line = TcpStream::connect(authority).unwrap();
    line.write_all(text.replace("HOST", authority).as_bytes())
        .unwrap();
    let mut answers = Vec::new();
    line.read_to_end(&mut answers).unwrap();
    String::from_utf8_lossy(&answers).into_owned()
}

#[test]
fn methods_nobody_serves_are_refused() {
    let scene = Scene::set();
    let paths: std::collections::BTreeSet<String> =
        matrix().into_iter().map(|line| line.path).collect();
    let mut wrong = Vec::new();
    for path in paths {
        let address = scene.address(&path);
        let target = address.trim_start_matches(scene.origin());
        for method in ["TRACE", "PATCH", "PROPFIND", "OPTIONS", "BREW"] {
            let answer = raw(
                &scene,
                &format!(
                    "{method} {target} HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\nx-told: canary\r\n\r\n"
                ),
            );
            let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
            if !["404", "405"].contains(&status.as_str()) || answer.contains("canary") {
                wrong.push(format!("{method} {target}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_request_ends_at_one_place_only() {
    let scene = Scene::set();
    let hidden = "GET /api/v1/session HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n";
    let heads = [
        // By its length the second request would be part of the body of the first.
        "content-length: 200\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 200\r\n",
    ];
    for head in heads {
        let first = format!(
            "POST /api/v1/session HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\n{head}\r\n2\r\n{{}}\r\n0\r\n\r\n"
        );
        let answers = raw(&scene, &format!("{first}{hidden}"));
        let count = answers.matches("HTTP/1.1 ").count();
        // The chunks count, or the line is closed: never the length beside them.
        assert!(
            count == 2 || (count == 1 && answers.starts_with("HTTP/1.1 400")),
            "{answers}"
        );
    }
    for head in [
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: +2\r\n",
        "content-length: 2, 3\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
    ] {
        let answers = raw(
            &scene,
            &format!(
                "POST /api/v1/session HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\n{head}\r\n{{}}{hidden}"
            ),
        );
        assert!(
            answers.starts_with("HTTP/1.1 400") && answers.matches("HTTP/1.1 ").count() == 1,
            "{head}: {answers}"
        );
    }
}

#[test]
fn fields_nobody_asked_for_change_nothing() {
    let world = World::shared();
    let (hospital, other) = (world.hospital(), world.hospital());
    let before = hospital.get("/session").json()["account"].clone();
    let of_other = other.get("/session").json()["account"]["id"].clone();
    let more = json!({
        "role": "operator", "account": of_other, "account_id": of_other, "institution_code": "0".repeat(22),
        "state": "active", "version": 99, "session_epoch": 99, "province": "31", "status": "done", "second_factor": null,
        "must_change_password": false, "__proto__": {"role": "operator"}, "constructor": {"role": "operator"},
    });
    let with = |mut body: Value| {
        let fields = body.as_object_mut().unwrap();
        for (name, value) in more.as_object().unwrap() {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
        body
    };
    let file = json!({"kind": "data", "file_name": "a.zip", "size": 1, "sha256": "0".repeat(64)});
    for (path, body) in [
        ("/uploads", file),
        ("/machine-credentials", json!({"name": "x"})),
        ("/webhook", json!({"url": "https://example.org/told"})),
        (
            "/password",
            json!({"old": "wrong", "new": "Winter-Snow-2026"}),
        ),
    ] {
        let answer = hospital.post(path, &with(body));
        assert!(answer.status < 500, "{answer:?}");
    }
    let body = with(json!({"login": hospital.login, "password": PASSWORD}));
    let begun = call("POST", &world.url("/session"), "", Some(&body)).json();
    assert_eq!(begun["account"], before);
    assert_eq!(hospital.get("/session").json()["account"], before);
    assert_eq!(other.get("/uploads").json()["uploads"], json!([]));
    let listed = hospital.get("/uploads").json()["uploads"].clone();
    for upload in listed.as_array().unwrap() {
        assert_eq!(upload["status"], "registered", "{upload}");
    }
}

#[test]
fn what_is_said_twice_is_refused() {
    let world = World::shared();
    let hospital = world.hospital();
    for path in [
        "/uploads?cursor=a&cursor=b",
        "/uploads?limit=1&limit=2",
        "/withdrawals?cursor=a&cursor=b",
    ] {
        let answer = hospital.get(path);
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
    }
    let login = &hospital.login;
    let body =
        format!("{{\"login\": \"{login}\", \"login\": \"{login}\", \"password\": \"{PASSWORD}\"}}");
    let headers = [("content-type", "application/json")];
    let answer = crate::world::send("POST", &world.url("/session"), &headers, body.as_bytes());
    assert!((400..423).contains(&answer.status), "{answer:?}");
    // What belongs into the body counts in no other place.
    let url = world.url(&format!("/session?login={login}&password={PASSWORD}"));
    assert!(call("POST", &url, "", Some(&json!({}))).status >= 400);
    let cookies = [("cookie", format!("login={login}; password={PASSWORD}"))];
    let cookies = cookies
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = request("POST", &world.url("/session"), &cookies, Some(&json!({})));
    assert!(answer.status >= 400);
}

#[tokio::test]
async fn a_handler_that_panics_answers_with_a_number_and_nothing_of_the_cause() {
    async fn broken() -> String {
        panic!("canary: SELECT secret FROM table")
    }
    let routes = OpenApiRouter::new().route("/broken", axum::routing::get(broken));
    let application: Router = web::application(routes);
    for _ in 0..2 {
        let request = Request::builder()
            .uri("/broken")
            .body(Body::empty())
            .unwrap();
        let answer = application.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 500);
        let number = answer.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(number.len(), 32, "what to name when asking for help");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20)
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(
            !text.contains("canary") && !text.contains("SELECT"),
            "{text}"
        );
    }
}
