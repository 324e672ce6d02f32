//! Patients, people, passwords, codes and tokens go through everything, and are then looked for where they do not belong: in
//! the log, in metrics, in answers that refuse, in subjects and texts of messages.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::application::{self, Applicant, between, messages};
use crate::samples;
use crate::world::{Answer, Hands, Hospital, Ticket, World, call, put, request};

/// Everything of this process that is logged or reported, from the first use on.
static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let written = Written::default();
    // As in Lambda, and our own crates in more detail.
    let filter = "info,web=debug,store=debug,intake=debug,sign_in=debug,apply_for_account=debug,\
                  manage_death_cases=debug,receive_batch=debug,list_uploads=debug";
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(written.clone())
        .init();
    let metrics = written.clone();
    metrics::begin("flu", move |line| metrics.add(line.as_bytes()));
    written
});

#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn add(&self, line: &[u8]) {
        let mut written = self.0.lock().unwrap();
        written.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            written.push(b'\n');
        }
    }

    fn lines(&self) -> Vec<String> {
        let written = self.0.lock().unwrap();
        let text = String::from_utf8_lossy(&written);
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
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

/// Stands in patients' records, in names of files and in whatever a person may type.
const CELL: &str = "CANARYCELL";
const PATIENT: &str = "金丝雀患者";
const ID_NUMBER: &str = "110101199003070134";
const MANAGER: &str = "金丝雀管理员";
const MANAGER_ID: &str = "110105194912310038";
const REPRESENTATIVE: &str = "金丝雀法人";
const MAIL: &str = "canary.manager@leak.example";
const RECORD_NUMBER: &str = "CANARYBA0001";
const FILE: &str = "CANARYFILE";
const WRONG_PASSWORD: &str = "CanaryWrong-2026!";
const OWN_PASSWORD: &str = "CanaryOwn-2026!";
const NEW_PASSWORD: &str = "CanaryNew-2026!";
const KEY: &str = "CANARYIDEMPOTENCY";
const ERROR: &str = "CANARYERROR";

/// What must not be found, and answers that refused something.
struct Hunt<'a> {
    world: &'a World,
    secrets: Vec<(&'static str, String)>,
    refusals: Vec<String>,
}

impl Hunt<'_> {
    fn secret(&mut self, what: &'static str, value: &Value) -> String {
        let value = value.as_str().unwrap_or_else(|| panic!("{what}: {value}"));
        assert!(
            value.len() >= 6,
            "{what} is too short to be looked for: {value}"
        );
        self.secrets.push((what, value.to_owned()));
        value.to_owned()
    }

    fn call(&mut self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let answer = call(method, &self.world.url(path), token, body);
        self.keep(answer)
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        if answer.status >= 400 {
            self.refusals
                .push(String::from_utf8_lossy(&answer.bytes).into_owned());
        }
        answer
    }

    /// Puts a file to the address that was given.
    fn put(&mut self, ticket: &Value, bytes: &[u8]) {
        let url = ticket["url"].as_str().unwrap();
        let signature = url.split("X-Amz-Signature=").nth(1).unwrap();
        self.secret("signature", &json!(signature.split('&').next().unwrap()));
        let headers = ticket["headers"].as_object().unwrap().iter();
        let ticket = Ticket {
            id: String::new(),
            url: url.to_owned(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        };
        assert_eq!(put(&ticket, bytes).status, 200);
    }
}

/// A CSV of a kind whose second record has the canary in each cell, and whose first one the patient.
fn csv(kind: &str) -> Vec<u8> {
    let archive = samples::clean(kind, 4, 1);
    let mut archive = zip::ZipArchive::new(io::Cursor::new(archive)).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(archive.by_index(0).unwrap());
    let mut rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let name = rows[0]
        .iter()
        .position(|code| code.trim_start_matches('\u{feff}') == "P4");
    if let Some(name) = name {
        rows[1][name] = PATIENT.to_owned();
    }
    for (number, cell) in rows[2].iter_mut().enumerate() {
        *cell = format!("{CELL}{number} {ID_NUMBER}");
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn announcement(name: &str, bytes: &[u8]) -> Value {
    json!({
        "kind": "data", "file_name": name, "size": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)),
    })
}

#[test]
fn nothing_personal_or_secret_leaks_into_logs_metrics_refusals_or_subjects() {
    let written = &*WRITTEN;
    let hands = Hands::new();
    let world = World::with(|options| options.clock = Some(hands.clock()));
    let mut hunt = Hunt {
        world: &world,
        secrets: Vec::new(),
        refusals: Vec::new(),
    };
    let phone = "13755550001";
    let token = applied_for_account(&mut hunt, phone);
    let account = hunt.call("GET", "/session", &token, None).json()["account"].clone();
    let login = account["login_name"].as_str().unwrap().to_owned();
    let upload = uploaded(&mut hunt, &token);
    death_case(&mut hunt, &token);
    icd_file(&mut hunt, &token);
    machine(&mut hunt, &token);
    strange_requests(&mut hunt, &token, phone);
    // A phone gets a code a minute.
    hands.wait(SignedDuration::from_mins(2));
    lost_password(&mut hunt, &login, phone);
    world.runtime.block_on(world.service.idle());

    // What was sent is where codes and passwords belong, each only where it was meant for; and no patient is anywhere.
    for message in world.service.outbox().unwrap().messages() {
        let subject = message.subject.as_deref().unwrap_or_default();
        for (what, secret) in &hunt.secrets {
            assert!(!holds(subject, secret), "{what} in a subject: {subject}");
        }
        for patient in [
            CELL,
            PATIENT,
            ID_NUMBER,
            RECORD_NUMBER,
            FILE,
            OWN_PASSWORD,
            NEW_PASSWORD,
        ] {
            let text = format!("{subject}\n{}", message.text);
            assert!(!text.contains(patient), "{patient} in a message: {text}");
        }
        assert!(
            [phone, MAIL].contains(&message.to.trim_start_matches("+86")),
            "a message to {}",
            message.to
        );
    }

    let personal = [
        CELL,
        PATIENT,
        ID_NUMBER,
        MANAGER,
        MANAGER_ID,
        REPRESENTATIVE,
        MAIL,
        RECORD_NUMBER,
        FILE,
        WRONG_PASSWORD,
        OWN_PASSWORD,
        NEW_PASSWORD,
        KEY,
        ERROR,
        phone,
        &login,
    ];
    let lines = written.lines();
    for line in &lines {
        for value in personal {
            assert!(!line.contains(value), "{value} in the log: {line}");
        }
        for (what, secret) in &hunt.secrets {
            assert!(!holds(line, secret), "{what} in the log: {line}");
        }
    }
    for refusal in &hunt.refusals {
        for (what, secret) in &hunt.secrets {
            assert!(!holds(refusal, secret), "{what} in a refusal: {refusal}");
        }
        for value in [
            WRONG_PASSWORD,
            OWN_PASSWORD,
            NEW_PASSWORD,
            CELL,
            PATIENT,
            ID_NUMBER,
            MANAGER,
            MAIL,
        ] {
            assert!(!refusal.contains(value), "{value} in a refusal: {refusal}");
        }
    }
    assert!(
        hunt.refusals.len() > 10,
        "only {} refusals",
        hunt.refusals.len()
    );

    tells_what_operators_need(&lines, &upload);
}

/// Six digits stand in many a number by chance, so a code counts where it stands alone.
fn holds(text: &str, secret: &str) -> bool {
    let inside = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric());
    text.match_indices(secret).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        secret.len() > 8 || !(inside(before) || inside(after))
    })
}

/// Else an empty log would do.
fn tells_what_operators_need(lines: &[String], upload: &str) {
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let of_event = |line: &&Value| line["fields"]["message"] == format!("upload {upload} judged");
    let judged = lines.iter().find(of_event).expect("no line of the upload");
    assert_eq!(judged["fields"]["upload"], upload);
    let account = judged["fields"]["account"].as_str().expect("whose it is");
    let of_request = |line: &&Value| {
        line["span"]["upload"] == upload && line["fields"]["message"] == "answered 200"
    };
    let answered = lines
        .iter()
        .find(of_request)
        .expect("no line of a request for it");
    assert_eq!(answered["span"]["account"], account);
    assert_eq!(answered["span"]["id"].as_str().unwrap().len(), 32);
    assert!(
        answered["span"]["route"]
            .as_str()
            .unwrap()
            .starts_with("/api/v1/uploads")
    );
    // Who was refused, what, and when: in universal time.
    for (status, message) in [
        (403, "answered 403"),
        (401, "answered 401"),
        (422, "answered 422"),
        (404, "answered 404"),
    ] {
        let refused = lines.iter().find(|line| {
            line["fields"]["message"] == message
                && line["span"]["route"].is_string()
                && (status == 401 || line["span"]["account"] == account)
        });
        let refused = refused.unwrap_or_else(|| panic!("no line of a request answered {status}"));
        assert_eq!(refused["fields"]["status"], status);
        assert!(refused["timestamp"].as_str().unwrap().ends_with('Z'));
    }
    for message in [
        "sign-in refused: wrong login or password",
        "refused: sent by a page of another site",
    ] {
        let told = lines
            .iter()
            .any(|line| line["fields"]["message"] == message);
        assert!(told, "no line says {message:?}");
    }
    let metrics: Vec<&Value> = lines
        .iter()
        .filter(|line| line["_aws"].is_object())
        .collect();
    for metric in [
        "UploadsJudged",
        "Records",
        "WaitingTime",
        "NoticesSent",
        "SignInsRefused",
    ] {
        assert!(
            metrics.iter().any(|line| line[metric].is_u64()),
            "{metric} was not reported"
        );
    }
    for line in metrics {
        let declared = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(declared["Dimensions"], json!([[]]), "a dimension: {line}");
        let names = declared["Metrics"].as_array().unwrap();
        assert_eq!(
            line.as_object().unwrap().len(),
            names.len() + 1,
            "more than numbers: {line}"
        );
    }
}

/// From the phone to the first own password; gives a session.
fn applied_for_account(hunt: &mut Hunt<'_>, phone: &str) -> String {
    let world = hunt.world;
    let asked = hunt.call(
        "POST",
        "/applications/codes",
        "",
        Some(&json!({"phone": phone})),
    );
    let wanted = hunt.secret("request for a code", &asked.json()["request"]);
    let code = between(&messages(world, phone).pop().unwrap(), "验证码", "，");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let identity = |code: &str| json!({"phone": phone, "request": wanted, "code": code});
    let refused = hunt.call("POST", "/applications/identity", "", Some(&identity(wrong)));
    assert_eq!(refused.status, 422);
    let answer = hunt.call("POST", "/applications/identity", "", Some(&identity(&code)));
    hunt.secret("code", &json!(code));
    let token = hunt.secret("applicant's token", &answer.json()["token"]);
    let mut profile = application::profile(phone);
    profile["legal_representative"] = json!(REPRESENTATIVE);
    profile["manager"]["name"] = json!(MANAGER);
    profile["manager"]["email"] = json!(MAIL);
    profile["manager"]["id_number"] = json!(CELL);
    let version = hunt.call("GET", "/applications", &token, None).json()["version"].clone();
    let save = |profile: &Value| json!({"version": version, "profile": profile, "next": true});
    let refused = hunt.call(
        "PUT",
        "/applications/profile",
        &token,
        Some(&save(&profile)),
    );
    assert_eq!(refused.status, 422, "a wrong ID number: {refused:?}");
    profile["manager"]["id_number"] = json!(MANAGER_ID);
    Applicant::submitted(world, phone, &profile);

    let reviewer = application::reviewer(world, None);
    let id = application::waiting(world, &reviewer, &profile).unwrap();
    let version = application::version(world, &reviewer, &id);
    let approved = application::approve(world, &reviewer, &id, &version);
    assert_eq!(approved.status, 200, "{approved:?}");
    let message = messages(world, phone).pop().unwrap();
    let initial = between(&message, "初始密码", "，");
    hunt.secret("initial password", &json!(initial));
    let sign_in = |password: &str| json!({"login": phone, "password": password});
    let refused = hunt.call("POST", "/session", "", Some(&sign_in(WRONG_PASSWORD)));
    assert_eq!(refused.status, 401);
    let refused = json!({"login": ID_NUMBER, "password": WRONG_PASSWORD});
    assert_eq!(
        hunt.call("POST", "/session", "", Some(&refused)).status,
        401
    );
    let session = hunt.call("POST", "/session", "", Some(&sign_in(&initial)));
    let token = hunt.secret("token", &session.json()["token"]);
    let weak = json!({"old": initial, "new": MANAGER});
    assert_eq!(
        hunt.call("POST", "/password", &token, Some(&weak)).status,
        422
    );
    let own = json!({"old": initial, "new": OWN_PASSWORD});
    let session = hunt.call("POST", "/password", &token, Some(&own));
    hunt.secret("token", &session.json()["token"])
}

/// A file with a patient in it, its findings and its reports; gives the upload's id.
fn uploaded(hunt: &mut Hunt<'_>, token: &str) -> String {
    let bytes = samples::zip(&[
        (&format!("flu_{FILE}.csv"), &csv("flu")),
        ("hdr_1.csv", &csv("hdr")),
    ]);
    let name = format!("{FILE}.zip");
    let body = announcement(&name, &bytes).to_string();
    let url = hunt.world.url("/uploads");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", KEY)];
    let ticket = request(
        "POST",
        &url,
        &headers,
        Some(&serde_json::from_str(&body).unwrap()),
    );
    assert_eq!(ticket.status, 201, "{ticket:?}");
    let ticket = ticket.json();
    hunt.put(&ticket, &bytes);
    let id = ticket["upload_id"].as_str().unwrap().to_owned();
    let hospital = Hospital {
        world: hunt.world,
        login: String::new(),
        token: token.to_owned(),
    };
    let upload = hospital.result(&id);
    assert_eq!(upload["status"], "done", "{upload}");
    let findings = hospital.findings(&id, "");
    assert!(
        findings.iter().any(|it| it.to_string().contains(CELL)),
        "findings show cells"
    );
    for report in ["report.csv", "report.xlsx", "findings.csv"] {
        let answer = hunt.call("GET", &format!("/uploads/{id}/{report}"), token, None);
        assert!(answer.status < 400, "{answer:?}");
    }
    assert_eq!(
        hunt.call("POST", &format!("/uploads/{id}/url"), token, None)
            .status,
        409
    );
    id
}

fn death_case(hunt: &mut Hunt<'_>, token: &str) {
    let mut case = json!({
        "medical_record_number": RECORD_NUMBER, "name": PATIENT, "admitted_on": "2019-12-03 08:15:00",
        "discharged_on": "2019-12-11 10:00:00", "died_at": "2019-12-11 09:40:00",
    });
    let made = hunt.call("POST", "/death-cases", token, Some(&case));
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        hunt.call("POST", "/death-cases", token, Some(&case)).status,
        409
    );
    case["admitted_on"] = json!(CELL);
    assert_eq!(
        hunt.call("POST", "/death-cases", token, Some(&case)).status,
        422
    );
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    let sheet =
        json!({"version": made["version"], "values": {"P4": PATIENT, "P5": CELL, "P7": ID_NUMBER}});
    let path = format!("/death-cases/{id}/sheet");
    assert!(hunt.call("PUT", &path, token, Some(&sheet)).status < 500);
    assert_eq!(
        hunt.call(
            "POST",
            "/death-cases/search",
            token,
            Some(&json!({"q": RECORD_NUMBER}))
        )
        .status,
        200
    );
    let scan = include_bytes!("scan.jpg");
    let body = json!({
        "folder": "death_record", "file_name": format!("{FILE}.jpg"), "size": scan.len(),
        "sha256": hex::encode(Sha256::digest(scan)),
    });
    let attachments = format!("/death-cases/{id}/attachments");
    let ticket = hunt.call("POST", &attachments, token, Some(&body)).json();
    hunt.put(&ticket, scan);
    hunt.world.runtime.block_on(hunt.world.service.idle());
    let attachment = ticket["attachment_id"].as_str().unwrap();
    let address = hunt.call(
        "GET",
        &format!("{attachments}/{attachment}/url"),
        token,
        None,
    );
    assert_eq!(address.status, 200, "{address:?}");
    let ids = json!({"ids": [attachment]});
    let archive = hunt.call("POST", &format!("{attachments}/archive"), token, Some(&ids));
    assert_eq!(archive.status, 200, "{archive:?}");
    let deleted = hunt.call(
        "DELETE",
        &format!("{attachments}/{attachment}"),
        token,
        None,
    );
    assert_eq!(deleted.status, 204);
}

fn icd_file(hunt: &mut Hunt<'_>, token: &str) {
    let bytes = samples::zip(&[(
        "codes.csv",
        format!("编码,名称\n{CELL},{PATIENT}\n").as_bytes(),
    )]);
    let today = Timestamp::now().to_string();
    let body = json!({
        "category": "disease", "first_day": &today[..10], "last_day": &today[..10],
        "file_name": format!("{FILE}.zip"), "size": bytes.len(), "sha256": hex::encode(Sha256::digest(&bytes)),
    });
    let ticket = hunt.call("POST", "/icd-files", token, Some(&body));
    assert_eq!(ticket.status, 201, "{ticket:?}");
    hunt.put(&ticket.json(), &bytes);
    hunt.world.runtime.block_on(hunt.world.service.idle());
}

fn machine(hunt: &mut Hunt<'_>, token: &str) {
    let made = hunt.call(
        "POST",
        "/machine-credentials",
        token,
        Some(&json!({"name": CELL})),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let secret = hunt.secret("machine's secret", &made["secret"]);
    let login = made["login"].as_str().unwrap().to_owned();
    let portal = hunt.world.service.addresses().portal.clone();
    let path = format!("{portal}/docking/auto/gettoken.shtml?loginid={login}&pwd={secret}");
    let answer = call("GET", &path, "", None).json();
    let token = hunt.secret("wire token", &answer["result"]["token"]);
    let path = format!("{portal}/docking/auto/findResult.shtml?token={token}");
    let answer = call("GET", &path, "", None);
    hunt.keep(answer);
    let session = hunt.call(
        "POST",
        "/session",
        "",
        Some(&json!({"login": login, "password": secret})),
    );
    let session = hunt.secret("machine's token", &session.json()["token"]);
    let beat = json!({"version": "1", "queue_length": 1, "last_error": ERROR});
    assert_eq!(
        hunt.call("POST", "/heartbeats", &session, Some(&beat))
            .status,
        200
    );
    let wrong = json!({"login": login, "password": WRONG_PASSWORD});
    assert_eq!(hunt.call("POST", "/session", "", Some(&wrong)).status, 401);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let answer = agent
        .post(
            hunt.world
                .url(&format!("/batches/flu?file_name=flu_{FILE}.csv")),
        )
        .header("authorization", format!("Bearer {session}"))
        .header("idempotency-key", format!("{KEY}-2"))
        .send(&csv("flu")[..])
        .unwrap();
    assert!(answer.status().as_u16() < 300, "{answer:?}");
}

/// What people and programs send by mistake.
fn strange_requests(hunt: &mut Hunt<'_>, token: &str, phone: &str) {
    for word in [
        ID_NUMBER,
        CELL,
        phone,
        "%E9%87%91%E4%B8%9D%E9%9B%80%E6%82%A3%E8%80%85",
    ] {
        for path in [
            "/uploads/",
            "/death-cases/",
            "/icd-files/",
            "/sessions/",
            "/none/",
            "/batches/",
        ] {
            let answer = hunt.call("GET", &format!("{path}{word}"), token, None);
            assert!(
                answer.status >= 400 && answer.status < 500,
                "{path}{word}: {answer:?}"
            );
        }
        hunt.call("GET", &format!("/uploads?cursor={word}"), token, None);
        hunt.call(
            "DELETE",
            &format!("/machine-credentials/{word}"),
            token,
            None,
        );
        hunt.call("GET", "/uploads", word.trim_start_matches('%'), None);
    }
    hunt.call(
        "POST",
        "/uploads",
        token,
        Some(&json!({"kind": ID_NUMBER, "file_name": CELL})),
    );
    hunt.call(
        "POST",
        "/session",
        "",
        Some(&json!({"login": [PATIENT], "password": WRONG_PASSWORD})),
    );
    hunt.call(
        "PUT",
        "/applications/profile",
        token,
        Some(&json!({"profile": PATIENT})),
    );
    let today = json!({});
    assert_eq!(
        hunt.call("POST", "/audit/search", token, Some(&today))
            .status,
        403
    );
    let foreign = [("origin", "https://evil.example"), ("x-told", "a\tb")];
    let url = hunt.world.url("/session");
    let answer = request(
        "POST",
        &url,
        &foreign,
        Some(&json!({"login": CELL, "password": "x\r\n{}"})),
    );
    assert_eq!(hunt.keep(answer).status, 403);
    let page = call(
        "GET",
        &format!("{}/{ID_NUMBER}", hunt.world.service.addresses().portal),
        "",
        None,
    );
    assert_eq!(page.status, 404);
}

fn lost_password(hunt: &mut Hunt<'_>, login: &str, phone: &str) {
    let world = hunt.world;
    let asked = hunt.call(
        "POST",
        "/password/codes",
        "",
        Some(&json!({"login_or_phone": login})),
    );
    assert_eq!(asked.status, 202, "{asked:?}");
    let wanted = hunt.secret("request for a code", &asked.json()["request"]);
    let code = between(&messages(world, phone).pop().unwrap(), "验证码", "，");
    let reset =
        |code: &str, new: &str| json!({"request": wanted, "code": code, "new_password": new});
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(
        hunt.call(
            "POST",
            "/password/reset",
            "",
            Some(&reset(wrong, NEW_PASSWORD))
        )
        .status,
        422
    );
    assert_eq!(
        hunt.call("POST", "/password/reset", "", Some(&reset(&code, "short")))
            .status,
        422
    );
    let done = hunt.call(
        "POST",
        "/password/reset",
        "",
        Some(&reset(&code, NEW_PASSWORD)),
    );
    assert!(done.status < 300, "{done:?}");
    hunt.secret("code", &json!(code));
}
