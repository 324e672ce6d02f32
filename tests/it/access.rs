//! Who may do what: every route of the API by every kind of caller, as `access.csv` lists it. A route without a line fails.
//!
//! One scene holds a hospital of Beijing with an upload, a code file, a death case with an attachment and a machine, and an
//! application that waits there. Each line is tried by every caller in the order of the columns, the rightful one last; what changes
//! or ends something stands at the end of the file.
//!
//! What a cell may say: `yes` – the request gets through; `own` – it gets through and its answer holds nothing of the scene's;
//! `401`, `403`, `404` – it is refused so.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::machine::MachineId;
use domain::{Account, AccountState, Institution, NewAccount, PasswordHash, Place, Role, Sha256};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Transaction, accounts, applicants, applications, sessions};

use crate::application::{Applicant, phone, profile};
use crate::samples::{WITH_ERRORS, zip};
use crate::world::{Answer, Hospital, PASSWORD, Ticket, World, call, put, request};

const MATRIX: &str = include_str!("access.csv");
/// The province of the scene, and another.
const HERE: &str = "11";
const ELSEWHERE: &str = "31";
/// What nobody else may find in an answer.
const CASE_NUMBER: &str = "SCENE-127";
const FILE_NAME: &str = "flu_scene.zip";
const CODES_NAME: &str = "scene_codes.zip";
const MACHINE_NAME: &str = "scene-machine";

/// Callers by the columns of the matrix.
pub const CALLERS: [&str; 12] = [
    "nobody",
    "applicant",
    "newcomer",
    "other_hospital",
    "reviewer_elsewhere",
    "analyst",
    "operator",
    "auditor",
    "reviewer_here",
    "reviewer_national",
    "machine",
    "hospital",
];

/// What there is to reach.
pub struct Scene {
    world: World,
    owner: Account,
    other: Account,
    people: Vec<(&'static str, Account)>,
    machine: MachineId,
    upload: String,
    code_file: String,
    case: String,
    attachment: String,
    session: String,
    application: String,
    applicants_phone: String,
}

fn account(world: &World, login: &str, role: Role, province: Option<&str>) -> Account {
    let institution = (role == Role::DataManager).then(|| {
        let (code, name) = (
            sample_data::DEMO_INSTITUTION_CODE,
            sample_data::DEMO_INSTITUTION_NAME,
        );
        Institution::new(code, name).unwrap()
    });
    let new = NewAccount {
        login_name: login.parse().unwrap(),
        phone: None,
        role,
        institution,
        province: province.map(str::to_owned),
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let mut account = Account::new(new, Timestamp::now());
    if login == "newcomer" {
        account.state = AccountState::MustChangePassword;
    }
    let store = world.service.store();
    let mut transaction = Transaction::new();
    accounts::add_new(store, &mut transaction, &account).unwrap();
    world.runtime.block_on(transaction.commit(store)).unwrap();
    account
}

/// A fresh session: some routes end the one they are called with.
fn session(world: &World, account: &Account) -> String {
    let begun = sessions::begin(world.service.store(), account, Timestamp::now());
    let (token, _) = world.runtime.block_on(begun).unwrap();
    token.expose().to_owned()
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < until, "{what} never came");
        // As a page does: ask again after a moment.
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn put_to(answer: &Answer, id: &str, bytes: &[u8]) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    let ticket = answer.json();
    let headers = ticket["headers"].as_object().unwrap().iter();
    let ticket = Ticket {
        id: ticket[id].as_str().unwrap().to_owned(),
        url: ticket["url"].as_str().unwrap().to_owned(),
        headers: headers
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
    };
    assert_eq!(put(&ticket, bytes).status, 200);
    ticket.id
}

impl Scene {
    pub fn set() -> Self {
        let world = World::start();
        let owner = account(&world, "scene-hospital", Role::DataManager, Some(HERE));
        let people = vec![
            ("newcomer", Role::DataManager, Some(HERE)),
            ("other_hospital", Role::DataManager, Some(HERE)),
            ("reviewer_elsewhere", Role::Reviewer, Some(ELSEWHERE)),
            ("analyst", Role::Analyst, None),
            ("operator", Role::Operator, None),
            ("auditor", Role::Auditor, None),
            ("reviewer_here", Role::Reviewer, Some(HERE)),
            ("reviewer_national", Role::Reviewer, None),
        ];
        let people: Vec<_> = people
            .into_iter()
            .map(|(name, role, province)| (name, account(&world, name, role, province)))
            .collect();
        let other = people[1].1.clone();

        let hospital = Hospital {
            token: session(&world, &owner),
            login: "scene-hospital".to_owned(),
            world: &world,
        };
        let upload = hospital.upload(FILE_NAME, WITH_ERRORS)["id"].clone();
        let codes = zip(&[("codes.csv", "编码,名称\nJ10.1,流感\n".as_bytes())]);
        let announced = json!({
            "category": "disease", "file_name": CODES_NAME, "size": codes.len(),
            "sha256": Sha256::of(&codes).to_string(), "first_day": "2019-01-01", "last_day": "2019-12-31",
        });
        let code_file = put_to(
            &hospital.post("/icd-files", &announced),
            "icd_file_id",
            &codes,
        );
        let case = hospital.post(
            "/death-cases",
            &json!({
                "medical_record_number": CASE_NUMBER, "name": "张三", "admitted_on": "2019-12-03 08:15:00",
                "discharged_on": "2019-12-11 10:00:00", "died_at": "2019-12-11 09:40:00",
            }),
        );
        assert_eq!(case.status, 201, "{case:?}");
        let case = case.json()["id"].as_str().unwrap().to_owned();
        let scan = include_bytes!("scan.jpg");
        let announced = json!({
            "folder": "death_record", "file_name": "scene.jpg", "size": scan.len(),
            "sha256": Sha256::of(scan).to_string(),
        });
        let attachments = format!("/death-cases/{case}/attachments");
        let attachment = put_to(
            &hospital.post(&attachments, &announced),
            "attachment_id",
            scan,
        );
        wait_for("the look at the attachment", || {
            let url = format!("{attachments}/{attachment}/url");
            hospital.get(&url).status == 200
        });
        wait_for("the code file", || {
            let file = hospital.get(&format!("/icd-files/{code_file}")).json();
            file["status"] != "registered" && file["status"] != "checking"
        });
        let made = hospital.post("/machine-credentials", &json!({ "name": MACHINE_NAME }));
        let machine = made.json()["id"].as_str().unwrap().parse().unwrap();
        let listed = hospital.get("/sessions").json();
        let own = listed["sessions"][0]["id"].as_str().unwrap().to_owned();

        let applicants_phone = phone();
        let mut form = profile(&applicants_phone);
        form["division"] = json!("110101");
        Applicant::submitted(&world, &applicants_phone, &form);
        let store = world.service.store();
        let application = world
            .runtime
            .block_on(applications::of_phone(store, &applicants_phone));
        let application = application.unwrap().unwrap().id.to_string();
        Self {
            upload: upload.as_str().unwrap().to_owned(),
            session: own,
            owner,
            other,
            people,
            machine,
            code_file,
            case,
            attachment,
            application,
            applicants_phone,
            world,
        }
    }

    pub fn token(&self, caller: &str) -> String {
        let store = self.world.service.store();
        let now = Timestamp::now();
        match caller {
            "nobody" => String::new(),
            "applicant" => self.world.runtime.block_on(async {
                // Somebody else than the one whose application waits.
                let application = applications::open(store, &phone(), now).await.unwrap();
                let (token, _) = applicants::begin(store, &application, now).await.unwrap();
                token.expose().to_owned()
            }),
            "machine" => self.world.runtime.block_on(async {
                let place = Place::default();
                let begun =
                    sessions::begin_for_machine(store, &self.owner, &self.machine, place, now);
                begun.await.unwrap().0.expose().to_owned()
            }),
            "hospital" => session(&self.world, &self.owner),
            _ => {
                let (_, account) = self
                    .people
                    .iter()
                    .find(|(name, _)| *name == caller)
                    .unwrap();
                session(&self.world, account)
            }
        }
    }

    /// The address of a route, with the scene's ids.
    pub fn address(&self, path: &str) -> String {
        let of = if path.starts_with("/api/v1/uploads") {
            &self.upload
        } else if path.starts_with("/api/v1/icd-files") {
            &self.code_file
        } else if path.starts_with("/api/v1/death-cases") {
            &self.case
        } else if path.starts_with("/api/v1/machine-credentials") {
            &self.machine.to_string()
        } else if path.starts_with("/api/v1/sessions") {
            &self.session
        } else {
            &self.application
        };
        let of = if path.starts_with("/api/v1/overview") {
            self.owner.id.as_str()
        } else {
            of
        };
        let path = path
            .replace("{upload}", &self.upload)
            .replace("{chart}", "days")
            .replace("{attachment}", &self.attachment)
            .replace("{slot}", "licence")
            .replace("{document}", "consent.pdf")
            .replace("{kind}", "flu?dry_run=true")
            .replace("{id}", of);
        format!("{}{path}", self.origin())
    }

    /// Where the service answers.
    pub fn origin(&self) -> &str {
        let api = &self.world.service.addresses().api;
        api.trim_end_matches("/api/v1")
    }

    /// A body with which a request that is let through can do something.
    pub fn body(&self, method: &str, path: &str) -> Option<Value> {
        let file = |more: Value| {
            let mut file =
                json!({"file_name": "x.zip", "size": 10, "sha256": Sha256::of(b"x").to_string()});
            let fields = file.as_object_mut().unwrap();
            fields.extend(more.as_object().unwrap().clone());
            file
        };
        let body = match (method, path.trim_start_matches("/api/v1")) {
            ("POST", "/session") => json!({"login": "nobody-at-all", "password": "x"}),
            ("POST", "/password") => json!({"old": "wrong", "new": "Winter-Snow-2026"}),
            ("POST", "/password/codes") => json!({"login_or_phone": "nobody-at-all"}),
            ("POST", "/password/reset") => {
                json!({"request": "x", "code": "000000", "new_password": "Winter-Snow-2026"})
            }
            ("POST", "/second-factor" | "/second-factor/end") => json!({"password": "wrong"}),
            ("POST", "/second-factor/confirm") => json!({"code": "000000"}),
            ("POST", "/applications/codes") => json!({"phone": phone()}),
            ("POST", "/applications/identity") => {
                json!({"phone": self.applicants_phone, "request": "x", "code": "000000"})
            }
            ("PUT", "/applications/profile") => {
                json!({"version": 1, "profile": profile(&phone()), "next": false})
            }
            ("POST", "/applications/scans/{slot}") => file(json!({})),
            ("POST", "/applications/submit") => json!({"version": 1}),
            ("POST", "/review/applications/{id}/approve") => json!({"version": 0}),
            ("POST", "/review/applications/{id}/reject") => json!({"version": 0, "reason": "x"}),
            ("POST", "/uploads/{id}/withdrawal") => json!({"reason": "误传"}),
            ("POST", "/uploads") => file(json!({"kind": "data"})),
            ("POST", "/icd-files") => file(
                json!({"category": "disease", "first_day": "2018-01-01", "last_day": "2018-12-31"}),
            ),
            ("POST", "/machine-credentials") => json!({"name": "x"}),
            ("PUT", "/webhook") => json!({"url": "https://example.org/told"}),
            ("POST" | "DELETE", "/zero-cases") => {
                json!({"kinds": ["lis"], "from": "2019-12-01"})
            }
            ("POST", "/heartbeats") => json!({"version": "0.1.0", "queue_length": 0}),
            ("POST", "/case-history/search") => json!({"number": CASE_NUMBER}),
            ("POST", "/death-cases/search" | "/audit/search") => json!({}),
            ("POST", "/death-cases") => json!({
                "medical_record_number": "other", "name": "李四", "admitted_on": "2019-12-03",
                "discharged_on": "2019-12-11", "died_at": "2019-12-11 09:40:00",
            }),
            ("PUT", "/death-cases/{id}/sheet") => json!({"version": 0, "values": {}}),
            ("POST", "/death-cases/{id}/attachments") => file(json!({"folder": "death_record"})),
            ("POST", "/death-cases/{id}/attachments/archive") => json!({"ids": [self.attachment]}),
            _ => return None,
        };
        Some(body)
    }

    /// What a request comes to, as a cell says it.
    fn outcome(&self, method: &str, path: &str, caller: &str) -> String {
        let token = self.token(caller);
        let address = self.address(path);
        let answer = if path == "/api/v1/batches/{kind}" {
            let bearer = format!("Bearer {token}");
            let mut headers = vec![("content-type", "text/csv")];
            if !token.is_empty() {
                headers.push(("authorization", bearer.as_str()));
            }
            request(method, &address, &headers, None)
        } else {
            call(method, &address, &token, self.body(method, path).as_ref())
        };
        match answer.status {
            // A wrong password or code is told by the route itself: the request was let through.
            401 if !["not_signed_in", "not_identified"].contains(&answer.code().as_str()) => {
                "own".to_owned()
            }
            401 | 403 | 404 => answer.status.to_string(),
            405 | 500.. => format!("failed with {}", answer.status),
            _ if self.holds_something(&answer) => "yes".to_owned(),
            _ => "own".to_owned(),
        }
    }

    /// Whether an answer tells of the scene.
    fn holds_something(&self, answer: &Answer) -> bool {
        let text = String::from_utf8_lossy(&answer.bytes);
        let application = self.applicants_phone.as_str();
        [
            CASE_NUMBER,
            FILE_NAME,
            CODES_NAME,
            MACHINE_NAME,
            application,
            &self.upload,
            &self.attachment,
            &self.application,
            self.owner.id.as_str(),
        ]
        .iter()
        .any(|mark| text.contains(mark))
    }
}

/// A route of the matrix with what is expected of each caller.
pub struct Line {
    pub method: String,
    pub path: String,
    pub cells: Vec<String>,
}

pub fn matrix() -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(MATRIX.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.iter().skip(2).collect::<Vec<_>>(), CALLERS);
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            Line {
                method: record[0].to_owned(),
                path: record[1].to_owned(),
                cells: record.iter().skip(2).map(str::to_owned).collect(),
            }
        })
        .collect()
}

fn routes(world: &World) -> BTreeSet<(String, String)> {
    let described = call("GET", &world.url("/openapi.json"), "", None).json();
    let paths = described["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn every_route_has_a_line_and_every_line_a_route() {
    let lines: BTreeSet<_> = matrix()
        .into_iter()
        .map(|line| (line.method, line.path))
        .collect();
    let routes = routes(World::shared());
    let without_line: Vec<_> = routes.difference(&lines).collect();
    let without_route: Vec<_> = lines.difference(&routes).collect();
    assert!(
        without_line.is_empty() && without_route.is_empty(),
        "say in tests/it/access.csv who may do it: {without_line:?}; no such route any more: {without_route:?}"
    );
}

#[test]
fn every_caller_gets_as_far_as_the_matrix_says() {
    let scene = Scene::set();
    assert_ne!(scene.other.id, scene.owner.id);
    let mut wrong = Vec::new();
    for line in matrix() {
        for (caller, expected) in CALLERS.iter().zip(&line.cells) {
            let found = scene.outcome(&line.method, &line.path, caller);
            // Who may see what is the scene's need not be shown it by every route.
            let fits = found == *expected || (expected == "yes" && found == "own");
            if !fits {
                wrong.push(format!(
                    "{} {} by {caller}: {found}, not {expected}",
                    line.method, line.path
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
