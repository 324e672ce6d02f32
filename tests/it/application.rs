//! 申请账号 over HTTP alone: from the phone to the first sign-in, a rejection, a change of data manager, and abuse.
//!
//! What the applicant's phone and mailbox receive is read from the local outbox.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use domain::{AccountState, NewAccount, PasswordHash, Role};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{accounts, applicants, applications};

use crate::world::{Answer, PASSWORD, Ticket, World, call, put};

const SLOTS: [&str; 3] = ["information_form", "consent", "licence"];
const OWN_PASSWORD: &str = "Winter-Snow-2026";

/// Phones and institution codes that no other test uses.
pub fn number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

pub fn phone() -> String {
    format!("139{:08}", number())
}

/// Somebody who applies.
pub struct Applicant<'a> {
    world: &'a World,
    token: String,
}

impl<'a> Applicant<'a> {
    /// Proves to have the phone.
    fn identified(world: &'a World, phone: &str) -> Self {
        let (request, code) = ask_for_code(world, phone);
        let answer = identify(world, phone, &request, &code);
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        Self { world, token }
    }

    /// As if the phone had been proved: codes for one address are few, and other tests are about them.
    fn opened(world: &'a World, phone: &str) -> Self {
        let store = world.service.store();
        let token = world.runtime.block_on(async {
            let now = Timestamp::now();
            let application = applications::open(store, phone, now).await.unwrap();
            let (token, _) = applicants::begin(store, &application, now).await.unwrap();
            token.expose().to_owned()
        });
        Self { world, token }
    }

    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = self.world.url(&format!("/applications{path}"));
        call(method, &url, &self.token, body)
    }

    fn status(&self) -> Value {
        let answer = self.call("GET", "", None);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    fn save(&self, profile: &Value) -> Answer {
        let version = self.status()["version"].clone();
        let body = json!({"version": version, "profile": profile, "next": true});
        self.call("PUT", "/profile", Some(&body))
    }

    /// Uploads a document to the address that was given, and waits until it was looked at. One of the forms is a PDF as good
    /// as a scan of it.
    fn upload(&self, slot: &str) {
        let form = self.call("GET", "/documents/consent.pdf", None);
        assert_eq!(form.status, 200, "{form:?}");
        assert_eq!(self.upload_bytes(slot, &form.bytes), "passed");
    }

    /// What the look at some bytes came to.
    fn upload_bytes(&self, slot: &str, bytes: &[u8]) -> String {
        let body = json!({
            "file_name": "盖章扫描件.pdf", "size": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)),
        });
        let answer = self.call("POST", &format!("/scans/{slot}"), Some(&body));
        assert_eq!(answer.status, 201, "{answer:?}");
        let ticket = answer.json();
        let headers = ticket["headers"].as_object().unwrap().iter();
        let ticket = Ticket {
            id: String::new(),
            url: ticket["url"].as_str().unwrap().to_owned(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        };
        assert_eq!(
            put(&ticket, b"%PDF-1.7 another").status / 100,
            4,
            "other bytes"
        );
        assert_eq!(put(&ticket, bytes).status, 200);
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let status = self.status();
            let scans = status["scans"].as_array().unwrap().iter();
            let state = scans.clone().find(|scan| scan["slot"] == slot).unwrap()["state"].clone();
            if state != "awaited" {
                return state.as_str().unwrap().to_owned();
            }
            assert!(Instant::now() < until, "never looked at: {status}");
            // As a page does: ask again after a moment.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn submit(&self) -> Answer {
        let version = self.status()["version"].clone();
        self.call("POST", "/submit", Some(&json!({ "version": version })))
    }

    /// Everything up to 请等待审核.
    pub fn submitted(world: &'a World, phone: &str, profile: &Value) -> Self {
        let applicant = Self::opened(world, phone);
        let saved = applicant.save(profile);
        assert_eq!(saved.status, 200, "{saved:?}");
        for slot in SLOTS {
            applicant.upload(slot);
        }
        let answer = applicant.submit();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["stage"], "waiting");
        applicant
    }
}

pub fn profile(phone: &str) -> Value {
    let number = number();
    json!({
        "institution_name": format!("示例市第{number}人民医院"),
        "institution_code": format!("12345678X5101021{number:06}"),
        "opening_year": "1958", "opening_month": "9",
        "division": "120101", "street": "示例路1号",
        "legal_representative": "李示例", "grade": "三级甲等",
        "departments": ["内科", "儿科"],
        "manager": {
            "name": "王测试", "id_number": "11010519491231002X", "phone": phone,
            "email": "wang@example.org", "office_phone": "022-12345678", "department": "信息科",
        },
    })
}

/// What somebody's phone or mailbox has received, the newest last.
pub fn messages(world: &World, to: &str) -> Vec<String> {
    world.runtime.block_on(world.service.idle());
    let mut received = world.service.outbox().unwrap().to(to);
    received.reverse();
    received.into_iter().map(|message| message.text).collect()
}

/// What stands between two words of a message.
pub fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0.to_owned()
}

fn ask(world: &World, phone: &str) -> Answer {
    let url = world.url("/applications/codes");
    call("POST", &url, "", Some(&json!({ "phone": phone })))
}

/// The request and the digits the phone received.
pub fn ask_for_code(world: &World, phone: &str) -> (String, String) {
    let answer = ask(world, phone);
    assert_eq!(answer.status, 202, "{answer:?}");
    let request = answer.json()["request"].as_str().unwrap().to_owned();
    let message = messages(world, phone).pop().unwrap();
    (request, between(&message, "验证码", "，"))
}

pub fn identify(world: &World, phone: &str, request: &str, code: &str) -> Answer {
    let body = json!({"phone": phone, "request": request, "code": code});
    call(
        "POST",
        &world.url("/applications/identity"),
        "",
        Some(&body),
    )
}

/// A reviewer's session.
pub fn reviewer(world: &World, province: Option<&str>) -> String {
    let login = format!("reviewer-{}", number());
    let account = NewAccount {
        login_name: login.parse().unwrap(),
        phone: None,
        role: Role::Reviewer,
        institution: None,
        province: province.map(str::to_owned),
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let created = accounts::create(world.service.store(), account, Timestamp::now());
    world.runtime.block_on(created).unwrap();
    sign_in(world, &login, PASSWORD).json()["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub fn sign_in(world: &World, login: &str, password: &str) -> Answer {
    let body = json!({"login": login, "password": password});
    call("POST", &world.url("/session"), "", Some(&body))
}

fn review(world: &World, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let url = world.url(&format!("/review/applications{path}"));
    call(method, &url, token, body)
}

/// The waiting application of an institution, by its id.
pub fn waiting(world: &World, token: &str, profile: &Value) -> Option<String> {
    let mut cursor = String::new();
    loop {
        let page = review(
            world,
            token,
            "GET",
            &format!("?stage=waiting&cursor={cursor}"),
            None,
        );
        let page = page.json();
        let lines = page["applications"].as_array().unwrap().iter();
        let mut lines =
            lines.filter(|line| line["institution_code"] == profile["institution_code"]);
        if let Some(line) = lines.next() {
            return Some(line["id"].as_str().unwrap().to_owned());
        }
        cursor = page["next"].as_str()?.to_owned();
    }
}

pub fn version(world: &World, token: &str, id: &str) -> Value {
    let answer = review(world, token, "GET", &format!("/{id}"), None);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["version"].clone()
}

pub fn approve(world: &World, token: &str, id: &str, version: &Value) -> Answer {
    let body = json!({ "version": version });
    review(world, token, "POST", &format!("/{id}/approve"), Some(&body))
}

/// Both halves of a first sign-in: with the initial password nothing can be done but to change it.
fn first_sign_in(world: &World, login: &str, initial: &str, own: &str) -> String {
    let session = sign_in(world, login, initial);
    assert_eq!(session.status, 200, "{session:?}");
    assert_eq!(session.json()["account"]["must_change_password"], true);
    let token = session.json()["token"].as_str().unwrap().to_owned();
    let again = sign_in(world, login, initial);
    assert_eq!(
        again.code(),
        "initial_password_used",
        "one use, one session"
    );
    let refused = call("GET", &world.url("/uploads"), &token, None);
    assert_eq!(refused.code(), "must_change_password");
    let change = |new: &str| {
        let body = json!({"old": initial, "new": new});
        call("POST", &world.url("/password"), &token, Some(&body))
    };
    assert_eq!(change("short").json()["fields"][0]["code"], "weak");
    assert_eq!(change(initial).json()["fields"][0]["code"], "known");
    let changed = change(own);
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(sign_in(world, login, initial).code(), "wrong_login");
    assert_eq!(
        call("GET", &world.url("/session"), &token, None).status,
        401
    );
    let token = changed.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(
        call("GET", &world.url("/uploads"), &token, None).status,
        200
    );
    token
}

#[test]
fn from_the_phone_to_the_first_sign_in_and_on_to_another_data_manager() {
    let world = &World::start();
    let (phone, reviewer) = (phone(), reviewer(world, None));
    let mut profile = profile(&phone);
    let applicant = Applicant::identified(world, &phone);
    assert_eq!(applicant.status()["step"], "profile");
    let pdf = applicant.call("GET", "/documents/information-form.pdf", None);
    assert_eq!(pdf.status, 422, "there is nothing to print yet");
    assert_eq!(applicant.submit().status, 422);

    let applicant = {
        let saved = applicant.save(&profile);
        assert_eq!(saved.status, 200, "{saved:?}");
        assert_eq!(saved.json()["step"], "documents");
        applicant
    };
    for form in ["information-form.pdf", "consent.pdf"] {
        let pdf = applicant.call("GET", &format!("/documents/{form}"), None);
        assert_eq!(
            (pdf.status, &pdf.bytes[..5]),
            (200, &b"%PDF-"[..]),
            "{form}"
        );
    }
    assert_eq!(applicant.submit().code(), "scans_missing");
    let page = b"<html><script>alert(1)</script></html>";
    assert_eq!(
        applicant.upload_bytes("licence", page),
        "refused",
        "a page named .pdf"
    );
    let program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";
    assert_eq!(
        applicant.upload_bytes("licence", program),
        "refused",
        "a program named .pdf"
    );
    for slot in SLOTS {
        applicant.upload(slot);
    }
    assert_eq!(applicant.submit().status, 200);

    // Turned down, and submitted again with what the reviewer asked for.
    let id = waiting(world, &reviewer, &profile).unwrap();
    let seen = version(world, &reviewer, &id);
    let body = json!({"version": seen, "reason": "公章不清晰"});
    let path = format!("/{id}/reject");
    assert_eq!(
        review(world, &reviewer, "POST", &path, Some(&body)).status,
        204
    );
    assert_eq!(
        review(world, &reviewer, "POST", &path, Some(&body)).status,
        204,
        "asked again"
    );
    let mails = messages(world, "wang@example.org");
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("公章不清晰"), "{}", mails[0]);
    assert_eq!(applicant.status()["rejection"]["reason"], "公章不清晰");
    assert_eq!(
        applicant.call("POST", "/edit", None).json()["stage"],
        "editing"
    );
    assert_eq!(applicant.submit().code(), "scans_missing", "stamped anew");
    for slot in SLOTS {
        applicant.upload(slot);
    }
    assert_eq!(applicant.submit().status, 200);

    // Approved once, whatever is repeated.
    assert_eq!(
        approve(world, &reviewer, &id, &seen).code(),
        "application_changed"
    );
    let seen = version(world, &reviewer, &id);
    let approved = approve(world, &reviewer, &id, &seen);
    assert_eq!(approved.status, 200, "{approved:?}");
    assert_eq!(approve(world, &reviewer, &id, &seen).bytes, approved.bytes);
    let login = approved.json()["login_name"].as_str().unwrap().to_owned();
    let sms = messages(world, &phone).pop().unwrap();
    assert_eq!(between(&sms, "登录名", "，"), login);
    let initial = between(&sms, "初始密码", "，");
    assert_eq!(messages(world, "wang@example.org").len(), 2);
    let token = first_sign_in(world, &login, &initial, OWN_PASSWORD);
    assert_eq!(
        sign_in(world, &phone, OWN_PASSWORD).status,
        200,
        "by phone as well"
    );

    // 变更资料 for another data manager: in force only with the approval.
    let new_phone = self::phone();
    assert_eq!(applicant.call("POST", "/edit", None).status, 200);
    profile["manager"]["phone"] = json!(new_phone);
    profile["manager"]["email"] = json!("new@example.org");
    assert_eq!(applicant.save(&profile).status, 200);
    for slot in SLOTS {
        applicant.upload(slot);
    }
    assert_eq!(applicant.submit().status, 200);
    assert_eq!(
        call("GET", &world.url("/uploads"), &token, None).status,
        200
    );
    let detail = review(world, &reviewer, "GET", &format!("/{id}"), None).json();
    assert_eq!(detail["resets_account"], true);
    assert_eq!(detail["differences"][0]["field"], "manager.phone");
    assert_eq!(detail["scans"].as_array().unwrap().len(), 3);
    let approved = approve(world, &reviewer, &id, &detail["version"]);
    assert_eq!(approved.json()["login_name"], login, "the same account");
    assert_eq!(
        call("GET", &world.url("/uploads"), &token, None).status,
        401
    );
    assert_eq!(sign_in(world, &login, OWN_PASSWORD).status, 401);
    assert_eq!(sign_in(world, &phone, OWN_PASSWORD).status, 401);
    assert_eq!(
        applicant.call("GET", "", None).status,
        401,
        "it is the new manager's"
    );
    let sms = messages(world, &new_phone).pop().unwrap();
    first_sign_in(
        world,
        &new_phone,
        &between(&sms, "初始密码", "，"),
        "Summer-Rain-2026",
    );
    let former = messages(world, &phone).pop().unwrap();
    assert!(former.contains("数据管理员已变更"), "{former}");
}

#[test]
fn an_institution_that_has_an_account_is_told_what_to_do() {
    let world = World::shared();
    let (first, second) = (phone(), phone());
    let reviewer = reviewer(world, None);
    let profile_of_first = profile(&first);
    let mut same = profile(&second);
    same["institution_code"] = profile_of_first["institution_code"].clone();
    Applicant::submitted(world, &first, &profile_of_first);
    // Both wait; only one can be approved.
    let late = Applicant::submitted(world, &second, &same);
    let store = world.service.store();
    let id_of = |phone: &str| {
        let found = world.runtime.block_on(applications::of_phone(store, phone));
        found.unwrap().unwrap().id.to_string()
    };
    let (id, late_id) = (id_of(&first), id_of(&second));
    let answer = approve(world, &reviewer, &id, &version(world, &reviewer, &id));
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = approve(
        world,
        &reviewer,
        &late_id,
        &version(world, &reviewer, &late_id),
    );
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (409, "registered_already")
    );
    assert_eq!(answer.json()["fields"][0]["field"], "institution_code");
    assert_eq!(
        late.call("POST", "/edit", None).json()["defects"][0]["code"],
        "registered"
    );
}

#[test]
fn of_two_reviewers_one_decides_and_the_other_is_told_who() {
    let world = World::shared();
    let (one, other) = (reviewer(world, None), reviewer(world, None));
    let phone = phone();
    let profile = profile(&phone);
    Applicant::submitted(world, &phone, &profile);
    let id = waiting(world, &one, &profile).unwrap();
    let seen = version(world, &other, &id);
    assert_eq!(
        review(world, &one, "POST", &format!("/{id}/claim"), None).status,
        204
    );
    let claimed = review(world, &other, "GET", &format!("/{id}"), None).json();
    assert!(
        claimed["claimed"]["by"]
            .as_str()
            .unwrap()
            .starts_with("reviewer-")
    );
    let answers = std::thread::scope(|scope| {
        let approving = scope.spawn(|| approve(world, &one, &id, &seen));
        let rejecting = scope.spawn(|| {
            let body = json!({"version": seen, "reason": "缺页"});
            review(world, &other, "POST", &format!("/{id}/reject"), Some(&body))
        });
        [approving.join().unwrap(), rejecting.join().unwrap()]
    });
    let lost: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == 409)
        .collect();
    assert_eq!(lost.len(), 1, "{answers:?}");
    assert_eq!(lost[0].code(), "decided_already");
    let told = lost[0].json()["fields"][0]["detail_zh"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(told.contains("reviewer-"), "{told}");
}

#[test]
fn a_province_sees_its_own_and_nothing_else() {
    let world = World::shared();
    let (own, foreign) = (reviewer(world, Some("12")), reviewer(world, Some("44")));
    let phone = phone();
    let profile = profile(&phone);
    Applicant::submitted(world, &phone, &profile);
    let id = waiting(world, &own, &profile).unwrap();
    assert_eq!(waiting(world, &foreign, &profile), None);
    let unknown = "r".to_owned() + &"0".repeat(26);
    for (method, path, body) in [
        ("GET", "", None),
        ("POST", "/claim", None),
        ("POST", "/approve", Some(json!({"version": 1}))),
        (
            "POST",
            "/reject",
            Some(json!({"version": 1, "reason": "x"})),
        ),
    ] {
        let ask = |id: &str| {
            review(
                world,
                &foreign,
                method,
                &format!("/{id}{path}"),
                body.as_ref(),
            )
        };
        assert_eq!(ask(&id).status, 404, "{path}");
        assert_eq!(ask(&id).bytes, ask(&unknown).bytes, "{path}");
    }
}

#[test]
fn tokens_open_nothing_but_their_own_routes() {
    let world = World::shared();
    let applicant = Applicant::opened(world, &phone());
    let hospital = world.hospital();
    let queue = |token: &str| review(world, token, "GET", "", None).status;
    assert_eq!(
        (
            queue(&applicant.token),
            queue(&hospital.token),
            queue("forged")
        ),
        (401, 403, 401)
    );
    let uploads = |token: &str| call("GET", &world.url("/uploads"), token, None).status;
    assert_eq!(uploads(&applicant.token), 401);
    let mine = |token: &str| call("GET", &world.url("/applications"), token, None).code();
    assert_eq!(mine(&hospital.token), "not_identified");
    assert_eq!(mine(&"A".repeat(43)), "not_identified");
    let large = json!({"version": 1, "profile": {"street": "x".repeat(100_000)}});
    assert_eq!(
        applicant.call("PUT", "/profile", Some(&large)).code(),
        "too_large"
    );
    let fake = json!({"file_name": "a.exe", "size": 1, "sha256": "00"});
    assert_eq!(
        applicant.call("POST", "/scans/licence", Some(&fake)).code(),
        "invalid_fields"
    );
    assert_eq!(
        applicant
            .call("POST", "/scans/passport", Some(&fake))
            .status,
        404
    );
}

#[test]
fn codes_work_once_for_who_asked_and_are_not_sent_in_masses() {
    // Of its own, because limits for the address would count what other tests ask for.
    let world = &World::start();
    let (phone, other) = (phone(), phone());
    let (request, code) = ask_for_code(world, &phone);
    let again = ask(world, &phone);
    assert_eq!(
        (again.status, again.code().as_str()),
        (429, "too_many_attempts")
    );
    assert_eq!(messages(world, &phone).len(), 1);
    let wrong = identify(world, &phone, "another", &code);
    assert_eq!((wrong.status, wrong.code().as_str()), (422, "wrong_code"));
    assert_eq!(identify(world, &other, &request, &code).bytes, wrong.bytes);
    assert_eq!(
        identify(world, &phone, &request, "abcdef").bytes,
        wrong.bytes
    );
    assert_eq!(identify(world, &phone, &request, &code).status, 200);
    assert_eq!(
        identify(world, &phone, &request, &code).bytes,
        wrong.bytes,
        "used up"
    );

    let (request, code) = ask_for_code(world, &other);
    let digits: u32 = code.parse().unwrap();
    for step in 1..=5 {
        let guess = format!("{:06}", (digits + step) % 1_000_000);
        assert_eq!(identify(world, &other, &request, &guess).status, 422);
    }
    assert_eq!(
        identify(world, &other, &request, &code).bytes,
        wrong.bytes,
        "guessed too often"
    );

    let statuses: Vec<u16> = (0..6).map(|_| ask(world, &self::phone()).status).collect();
    assert_eq!(
        statuses.last(),
        Some(&429),
        "one address, many phones: {statuses:?}"
    );
    assert!(statuses.iter().filter(|status| **status == 202).count() <= 5);
}
