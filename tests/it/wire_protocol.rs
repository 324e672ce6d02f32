//! The wire protocol of existing front-end programs, spoken by a client written to its letter.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use startup::WireConfig;
use tower::ServiceExt;
use tracing_subscriber::fmt::MakeWriter;

use crate::faults::Faults;
use crate::samples::{self, WITH_ERRORS};
use crate::stage::Stage;
use crate::world::{Hospital, World, call};

/// What such a program keeps in its configuration.
struct OldProgram<'a> {
    world: &'a World,
    loginid: String,
    pwd: String,
}

impl<'a> OldProgram<'a> {
    fn of(hospital: &Hospital<'a>) -> Self {
        let made = hospital
            .post("/machine-credentials", &json!({"name": "旧前置机"}))
            .json();
        Self {
            world: hospital.world,
            loginid: made["login"].as_str().unwrap().to_owned(),
            pwd: made["secret"].as_str().unwrap().to_owned(),
        }
    }

    fn run(&self, request: http::Request<Vec<u8>>) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
        // An error status would be an exception in such a program.
        let mut answer = agent.run(request).unwrap();
        assert_eq!(answer.status(), 200);
        let text = answer.body_mut().read_to_string().unwrap();
        // It reads the first line and no other.
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let url = format!("{}{path}", self.world.service.addresses().portal);
        Request::builder().method(method).uri(url)
    }

    fn gettoken(&self) -> Value {
        let path = format!(
            "/docking/auto/gettoken.shtml?loginid={}&pwd={}&datatype=json&isDev=1",
            self.loginid, self.pwd
        );
        self.run(self.request("GET", &path).body(Vec::new()).unwrap())
    }

    fn token(&self) -> String {
        let answer = self.gettoken();
        assert_eq!(answer["succ"], true, "{answer}");
        answer["result"]["token"].as_str().unwrap().to_owned()
    }

    fn send(&self, token: &str, zip: &[u8]) -> Value {
        let path = format!(
            "/autoReqTran.shtml?year=2019&month=12&token={token}&datatype=json&genLargeDat=0"
        );
        let request = self
            .request("POST", &path)
            .header("Charset", "UTF-8")
            // What these programs claim, and do not send.
            .header(
                "content-type",
                "multipart/form-data; boundary=Bounday---------------------------7d318fd100112",
            );
        self.run(request.body(zip.to_vec()).unwrap())
    }

    fn find_result(&self, token: &str) -> Value {
        let path = format!("/docking/auto/findResult.shtml?token={token}&datatype=json");
        self.run(self.request("GET", &path).body(Vec::new()).unwrap())
    }
}

/// What such a program does with a result: every field is there, and the date is cut without looking.
fn read_result(answer: &Value) -> (u64, u64, String) {
    let result = &answer["result"];
    for field in ["id", "loaddate", "status", "errormsg"] {
        assert!(result[field].is_string(), "{field} in {answer}");
    }
    assert!(result["hasErrorMsg"].is_boolean());
    let date = result["loaddate"]
        .as_str()
        .unwrap()
        .replace(['-', ':', ' '], "");
    assert!(date[..14].bytes().all(|digit| digit.is_ascii_digit()));
    let grades = &result["checkgrade"];
    for field in ["grade0", "grade1", "grade2", "grade3", "stocked", "total"] {
        assert!(grades[field].is_u64(), "{field} in {answer}");
    }
    let number = |field: &str| grades[field].as_u64().unwrap();
    (
        number("total"),
        number("stocked"),
        grades["grade"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn a_zip_is_sent_and_its_grade_read() {
    let hospital = World::shared().hospital();
    let program = OldProgram::of(&hospital);
    let token = program.token();
    let before = program.find_result(&token);
    assert_eq!(
        (before["succ"].as_bool(), before["errorCode"].as_str()),
        (Some(false), Some("nothing_sent"))
    );
    assert_eq!(read_result(&before), (0, 0, String::new()));
    let sent = program.send(&token, WITH_ERRORS);
    assert_eq!(sent["succ"], true, "{sent}");
    let answer = program.find_result(&token);
    assert_eq!(answer["succ"], true, "{answer}");
    assert_eq!(read_result(&answer), (100, 88, "B".to_owned()));
    assert_eq!(answer["result"]["hasErrorMsg"], true);
    // The hospital's list shows the same upload.
    let listed = hospital.get("/uploads").json();
    assert_eq!(listed["uploads"][0]["id"], answer["result"]["id"]);
    assert_eq!(listed["uploads"][0]["passed"], 88);
    let token = program.token();
    program.send(&token, &samples::clean("lis", 5, 9));
    assert_eq!(
        read_result(&program.find_result(&token)),
        (5, 5, "A".to_owned())
    );
}

#[test]
fn a_token_is_for_one_file() {
    let hospital = World::shared().hospital();
    let program = OldProgram::of(&hospital);
    let token = program.token();
    let (one, other) = (samples::clean("flu", 3, 1), samples::clean("flu", 3, 2));
    let first = program.send(&token, &one);
    let again = program.send(&token, &one);
    assert_eq!(first, again, "its answer may have been lost");
    let refused = program.send(&token, &other);
    assert_eq!(refused["errorCode"], "token_used");
    assert_eq!(
        hospital.get("/uploads").json()["uploads"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let empty = program.send(&program.token(), b"");
    assert_eq!(
        (empty["succ"].as_bool(), empty["errorCode"].as_str()),
        (Some(false), Some("empty"))
    );
}

#[test]
fn credentials_may_stand_in_a_header_or_a_form() {
    let hospital = World::shared().hospital();
    let program = OldProgram::of(&hospital);
    let path = "/docking/auto/gettoken.shtml";
    let header = program
        .request("GET", path)
        .header("loginid", &program.loginid)
        .header("pwd", &program.pwd);
    assert_eq!(program.run(header.body(Vec::new()).unwrap())["succ"], true);
    let form = format!(
        "loginid={}&pwd={}&datatype=json",
        program.loginid, program.pwd
    );
    let answer = program.run(
        program
            .request("POST", path)
            .body(form.into_bytes())
            .unwrap(),
    );
    let token = answer["result"]["token"].as_str().unwrap();
    let sending = program
        .request("POST", "/autoReqTran.shtml")
        .header("token", token);
    let sent = program.run(sending.body(samples::clean("flu", 2, 1)).unwrap());
    assert_eq!(sent["succ"], true, "{sent}");
    let asking = program.request("POST", "/docking/auto/findResult.shtml");
    let found = program.run(asking.body(format!("token={token}").into_bytes()).unwrap());
    assert_eq!(read_result(&found), (2, 2, "A".to_owned()));
}

#[test]
fn only_a_machines_credential_counts_and_its_end_ends_its_tokens() {
    let world = World::shared();
    let hospital = world.hospital();
    let program = OldProgram::of(&hospital);
    let wrong = OldProgram {
        world,
        loginid: program.loginid.clone(),
        pwd: "wrong".to_owned(),
    };
    let answer = wrong.gettoken();
    assert_eq!(
        (answer["succ"].as_bool(), answer["errorCode"].as_str()),
        (Some(false), Some("wrong_login"))
    );
    assert!(answer["errMsg"].as_str().unwrap().contains("密码"));
    let account = OldProgram {
        world,
        loginid: hospital.login.clone(),
        pwd: crate::world::PASSWORD.replace('!', "%21"),
    };
    assert_eq!(account.gettoken()["errorCode"], "not_a_machine_credential");
    let token = program.token();
    let stranger = OldProgram::of(&world.hospital());
    assert_eq!(stranger.find_result("forged")["errorCode"], "token_over");
    let made = hospital.get("/machine-credentials").json();
    let id = made["credentials"][0]["id"].as_str().unwrap();
    let revoked = call(
        "DELETE",
        &world.url(&format!("/machine-credentials/{id}")),
        &hospital.token,
        None,
    );
    assert_eq!(revoked.status, 204);
    assert_eq!(program.gettoken()["errorCode"], "wrong_login");
    assert_eq!(program.send(&token, WITH_ERRORS)["errorCode"], "token_over");
    assert_eq!(hospital.get("/uploads").json()["uploads"], json!([]));
}

async fn application(stage: &Stage, wire: WireConfig) -> axum::Router {
    let clients = stage.clients_of("receive-batch", &Faults::none()).await;
    let service = web::Service {
        store: clients.store,
        files: clients.files,
        clock: stage.clock(),
        standards: standard::versions(),
    };
    web::application(receive_batch::router(service, &wire))
}

async fn ask(application: axum::Router, method: &str, path: &str, body: Vec<u8>) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::from(body))
        .unwrap();
    let answer = application.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn it_is_off_unless_turned_on_and_says_what_is_too_large() {
    let stage = Stage::set().await;
    let off = application(
        &stage,
        WireConfig {
            is_on: false,
            limit: 100,
        },
    )
    .await;
    for (method, path) in [
        ("GET", "/docking/auto/gettoken.shtml?loginid=a&pwd=b"),
        ("POST", "/autoReqTran.shtml?token=a"),
        ("GET", "/docking/auto/findResult.shtml?token=a"),
    ] {
        assert_eq!(
            ask(off.clone(), method, path, Vec::new()).await.0,
            404,
            "{path}"
        );
    }
    let player = stage.player().await;
    let store = stage.clients(&Faults::none()).await.store;
    let machine = domain::machine::MachineId::random();
    let secret = domain::SessionToken::random();
    let credential = domain::machine::MachineCredential {
        account: player.account.id.clone(),
        id: machine,
        name: "x".to_owned(),
        secret: secret.hash(),
        epoch: 0,
        created_at: stage.clock().now(),
        revoked_at: None,
    };
    let mut transaction = store::Transaction::new();
    transaction.add(
        "credential",
        store::machines::make(&store, &credential).unwrap(),
    );
    transaction.commit(&store).await.unwrap();

    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(written.clone())
        .finish();
    let logged = tracing::subscriber::set_default(subscriber);
    let on = application(
        &stage,
        WireConfig {
            is_on: true,
            limit: 100,
        },
    )
    .await;
    let path = format!(
        "/docking/auto/gettoken.shtml?loginid={}&pwd={}",
        credential.login(),
        secret.expose()
    );
    let (_, answer) = ask(on.clone(), "GET", &path, Vec::new()).await;
    let token = answer["result"]["token"].as_str().unwrap();
    let sending = format!("/autoReqTran.shtml?token={token}");
    let (status, answer) = ask(on, "POST", &sending, vec![1; 101]).await;
    drop(logged);
    assert_eq!(
        (status, answer["errorCode"].as_str()),
        (200, Some("too_large"))
    );
    let log = written.text();
    assert!(
        log.contains("gettoken.shtml"),
        "the request itself is logged: {log}"
    );
    assert!(
        !log.contains(secret.expose()) && !log.contains(token),
        "no secret is"
    );
    assert!(!log.contains("pwd="), "nor any query");
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
