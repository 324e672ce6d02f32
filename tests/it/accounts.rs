//! Sessions of people and what they may do with them, as browsers and programs meet them, and how each is abused.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{
    Account, AccountState, NewAccount, PasswordHash, PasswordPolicy, Role, initial_password,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Transaction, accounts};

use crate::application::{ask_for_code, between, identify, messages, phone, reviewer, sign_in};
use crate::authenticator::shown;
use crate::world::{Answer, Hands, Hospital, PASSWORD, World, call, request};

const NEW_PASSWORD: &str = "Spring-Wind-2026";

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
            let body = (method == "POST").then_some(&ticket);
            let answer = browser.send(method, path, from, body);
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

/// An account as a test wants it.
fn account(world: &World, role: Role, change: impl FnOnce(&mut Account)) -> Account {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let new = NewAccount {
        login_name: format!("somebody-{number}").parse().unwrap(),
        phone: None,
        role,
        institution: None,
        province: None,
        password_hash: PasswordHash::of(PASSWORD).unwrap(),
        state: AccountState::Active,
    };
    let mut account = Account::new(new, Timestamp::now());
    change(&mut account);
    let store = world.service.store();
    let mut transaction = Transaction::new();
    accounts::add_new(store, &mut transaction, &account).unwrap();
    world.runtime.block_on(transaction.commit(store)).unwrap();
    account
}

fn token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn works(world: &World, token: &str) -> bool {
    call("GET", &world.url("/session"), token, None).status == 200
}

#[test]
fn sessions_are_listed_and_ended_by_their_owner_alone() {
    let world = World::shared();
    let (hospital, stranger) = (world.hospital(), world.hospital());
    let (second, third) = (hospital.sign_in(), hospital.sign_in());
    let listed = hospital.get("/sessions").json()["sessions"].clone();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 3, "{listed:?}");
    let current = listed.iter().filter(|session| session["current"] == true);
    assert_eq!(current.count(), 1);
    let text = json!(listed).to_string();
    for token in [&hospital.token, &second, &third] {
        assert!(!text.contains(token.as_str()), "a list opens nothing");
    }
    assert_eq!(listed[0]["address"], "127.0.0.1");
    let others = || {
        let listed = hospital.get("/sessions").json()["sessions"].clone();
        let others = listed
            .as_array()
            .unwrap()
            .iter()
            .filter(|s| s["current"] == false);
        let ids = others.map(|session| session["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<String>>()
    };
    let id = others().remove(0);
    let foreign = call(
        "DELETE",
        &world.url(&format!("/sessions/{id}")),
        &stranger.token,
        None,
    );
    let unknown = call(
        "DELETE",
        &world.url("/sessions/none"),
        &stranger.token,
        None,
    );
    assert_eq!((foreign.status, unknown.status), (404, 404));
    assert_eq!(foreign.bytes, unknown.bytes);
    let end = |path: &str| call("DELETE", &world.url(path), &hospital.token, None).status;
    assert_eq!(end(&format!("/sessions/{id}")), 204);
    assert_eq!(end(&format!("/sessions/{id}")), 404);
    let left = [&second, &third].map(|token| works(world, token));
    assert_eq!(left.iter().filter(|works| **works).count(), 1);
    assert_eq!(end("/sessions"), 204);
    assert!(others().is_empty() && !works(world, &second) && !works(world, &third));
    assert!(works(world, &hospital.token) && works(world, &stranger.token));
}

#[test]
fn a_session_ends_when_it_is_not_used_and_after_half_a_day_at_the_latest() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let account = account(world, Role::Reviewer, |account| {
        account.created_at = hands.now()
    });
    let login = account.login_name.as_str();
    let idle = token(&sign_in(world, login, PASSWORD));
    hands.wait(SignedDuration::from_mins(29));
    assert!(works(world, &idle), "used in time");
    hands.wait(SignedDuration::from_mins(29));
    assert!(works(world, &idle), "each use counts");
    hands.wait(SignedDuration::from_mins(30));
    assert!(!works(world, &idle));
    let busy = token(&sign_in(world, login, PASSWORD));
    for _ in 0..28 {
        hands.wait(SignedDuration::from_mins(25));
        assert!(works(world, &busy));
    }
    hands.wait(SignedDuration::from_mins(25));
    assert!(!works(world, &busy), "11 h 40 min and 25 min");
}

fn ask_reset(world: &World, typed: &str) -> Answer {
    let body = json!({ "login_or_phone": typed });
    call("POST", &world.url("/password/codes"), "", Some(&body))
}

fn reset(world: &World, request: &str, code: &str, password: &str) -> Answer {
    let body = json!({"request": request, "code": code, "new_password": password});
    call("POST", &world.url("/password/reset"), "", Some(&body))
}

#[test]
fn a_forgotten_password_is_set_anew_with_a_code_by_sms() {
    // Of its own, because limits for the address would count what other tests ask for.
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let number = phone();
    let account = account(world, Role::DataManager, |account| {
        account.phone = Some(number.parse().unwrap());
        account.email = Some("zhao@example.org".to_owned());
        account.holder = Some("赵测试".to_owned());
        account.created_at = hands.now();
    });
    let login = account.login_name.as_str();
    let session = token(&sign_in(world, login, PASSWORD));

    let asked = ask_reset(world, login);
    let unknown = ask_reset(world, "nobody-at-all");
    assert_eq!((asked.status, unknown.status), (202, 202));
    let shape = |answer: &Answer| {
        let mut body = answer.json();
        let request = body.as_object_mut().unwrap().remove("request").unwrap();
        (body, request.as_str().unwrap().len())
    };
    assert_eq!(
        shape(&asked),
        shape(&unknown),
        "nothing tells who has an account"
    );
    assert_eq!(ask_reset(world, login).status, 429, "one a minute");
    assert_eq!(
        ask_reset(world, "nobody-at-all").status,
        429,
        "known or not"
    );
    let sms = messages(world, &number);
    assert_eq!(sms.len(), 1, "{sms:?}");
    assert!(sms[0].contains("设置登录密码"), "{}", sms[0]);
    let code = between(&sms[0], "验证码", "，");
    let request = asked.json()["request"].as_str().unwrap().to_owned();
    let of_unknown = unknown.json()["request"].as_str().unwrap().to_owned();

    let wrong = reset(world, &of_unknown, &code, NEW_PASSWORD);
    assert_eq!((wrong.status, wrong.code().as_str()), (422, "wrong_code"));
    let other = if code == "123456" { "654321" } else { "123456" };
    assert_eq!(
        reset(world, &request, other, NEW_PASSWORD).bytes,
        wrong.bytes
    );
    assert_eq!(
        reset(world, "forged", &code, NEW_PASSWORD).bytes,
        wrong.bytes
    );
    // What is wrong with a password does not use the code up, and what is known of its owner is told to its owner only.
    for (weak, code_of) in [("short", "weak"), (PASSWORD, "weak")] {
        let refused = reset(world, &request, &code, weak).json();
        assert_eq!(refused["fields"][0]["code"], code_of);
    }
    let named = format!("Xy-{number}-z");
    assert_eq!(reset(world, &of_unknown, &code, &named).bytes, wrong.bytes);
    let refused = reset(world, &request, &code, &named).json();
    assert_eq!(refused["fields"][0]["code"], "known");
    assert!(works(world, &session), "nothing has happened yet");

    assert_eq!(reset(world, &request, &code, NEW_PASSWORD).status, 204);
    assert_eq!(
        reset(world, &request, &code, "Another-Wind-2026").bytes,
        wrong.bytes,
        "used up"
    );
    assert!(!works(world, &session), "all sessions are over");
    assert_eq!(sign_in(world, login, PASSWORD).code(), "wrong_login");
    let session = token(&sign_in(world, &number, NEW_PASSWORD));
    let told = messages(world, &number).pop().unwrap();
    assert!(told.contains("登录密码已于"), "{told}");
    let mail = messages(world, "zhao@example.org").pop().unwrap();
    assert!(mail.contains("赵测试，您好"), "{mail}");

    // An older code is void once there is a newer one, and each after five minutes.
    hands.wait(SignedDuration::from_mins(2));
    let ask = || {
        let request = ask_reset(world, &number).json()["request"].clone();
        let sms = messages(world, &number).pop().unwrap();
        (
            request.as_str().unwrap().to_owned(),
            between(&sms, "验证码", "，"),
        )
    };
    let (old, old_code) = ask();
    hands.wait(SignedDuration::from_mins(2));
    let (new, new_code) = ask();
    assert_eq!(
        reset(world, &old, &old_code, "Another-Wind-2026").bytes,
        wrong.bytes
    );
    hands.wait(SignedDuration::from_mins(5));
    assert_eq!(
        reset(world, &new, &new_code, "Another-Wind-2026").bytes,
        wrong.bytes
    );
    assert!(works(world, &session));
}

#[test]
fn codes_for_passwords_are_not_sent_in_masses() {
    let world = &World::start();
    let number = phone();
    let account = account(world, Role::DataManager, |account| {
        account.phone = Some(number.parse().unwrap());
    });
    // By login name and by phone it is one phone; the second is not told, or it would tell whose phone it is.
    assert_eq!(ask_reset(world, account.login_name.as_str()).status, 202);
    ask_reset(world, &number);
    assert_eq!(messages(world, &number).len(), 1);
    let statuses: Vec<u16> = (0..6)
        .map(|n| ask_reset(world, &format!("guess-{n}")).status)
        .collect();
    assert_eq!(
        statuses.last(),
        Some(&429),
        "one address, many names: {statuses:?}"
    );
    for odd in ["", " ", &"x".repeat(300)] {
        assert_eq!(ask_reset(world, odd).code(), "invalid_fields");
    }
}

#[test]
fn an_initial_password_opens_one_session_and_then_a_code_helps() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let number = phone();
    let initial = initial_password();
    let make = |number: &str| {
        account(world, Role::DataManager, |account| {
            account.phone = Some(number.parse().unwrap());
            account.set_initial_password(PasswordHash::of(&initial).unwrap(), hands.now());
        })
    };
    let login = make(&number).login_name.as_str().to_owned();
    // The first session is lost with its browser; of many at once one was let in.
    let answers = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| sign_in(world, &login, &initial)))
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect::<Vec<Answer>>()
    });
    let let_in = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(let_in.count(), 1, "{answers:?}");
    assert_eq!(
        sign_in(world, &login, &initial).code(),
        "initial_password_used"
    );
    let request = ask_reset(world, &login).json()["request"].clone();
    let code = between(&messages(world, &number)[0], "验证码", "，");
    let set = reset(world, request.as_str().unwrap(), &code, NEW_PASSWORD);
    assert_eq!(set.status, 204, "{set:?}");
    let signed_in = sign_in(world, &login, NEW_PASSWORD);
    assert_eq!(signed_in.json()["account"]["must_change_password"], false);

    let late = make(&phone()).login_name.as_str().to_owned();
    hands.wait(SignedDuration::from_hours(72));
    assert_eq!(
        sign_in(world, &late, &initial).code(),
        "initial_password_over"
    );
}

#[test]
fn passwords_age_under_dengbao3_and_not_under_nist() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let made = account(world, Role::Reviewer, |account| {
        account.created_at = hands.now()
    });
    let login = made.login_name.as_str();
    let day = SignedDuration::from_hours(24);
    hands.wait(day * 75);
    let person = sign_in(world, login, PASSWORD).json()["account"].clone();
    assert_eq!(
        person["password_ends_at"],
        Value::Null,
        "15 days are time enough"
    );
    hands.wait(day * 2);
    let person = sign_in(world, login, PASSWORD).json()["account"].clone();
    assert!(person["password_ends_at"].is_string(), "reminded: {person}");
    hands.wait(day * 13);
    let old = sign_in(world, login, PASSWORD);
    assert_eq!(old.json()["account"]["must_change_password"], true);
    let old = token(&old);
    assert_eq!(
        call("GET", &world.url("/sessions"), &old, None).code(),
        "password_too_old"
    );
    let body = json!({"old": PASSWORD, "new": NEW_PASSWORD});
    let changed = call("POST", &world.url("/password"), &old, Some(&body));
    let fresh = token(&changed);
    assert_eq!(
        call("GET", &world.url("/sessions"), &fresh, None).status,
        200
    );

    let hands = Hands::new();
    let world = &World::with(|options| {
        options.clock = Some(hands.clock());
        options.password_policy = PasswordPolicy::Nist;
    });
    let made = account(world, Role::Reviewer, |account| {
        account.created_at = hands.now()
    });
    hands.wait(day * 400);
    let session = sign_in(world, made.login_name.as_str(), PASSWORD);
    assert_eq!(session.json()["account"]["must_change_password"], false);
    let body = json!({"old": PASSWORD, "new": "Winter-Snow-9"});
    let refused = call(
        "POST",
        &world.url("/password"),
        &token(&session),
        Some(&body),
    );
    let said = refused.json()["fields"][0]["detail_zh"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(said.contains("15"), "{said}");
}

fn sign_in_with(world: &World, login: &str, code: &str) -> Answer {
    let body = json!({"login": login, "password": PASSWORD, "code": code});
    call("POST", &world.url("/session"), "", Some(&body))
}

#[test]
fn a_second_factor_is_asked_for_once_it_is_on() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let made = account(world, Role::Reviewer, |account| {
        account.created_at = hands.now()
    });
    let login = made.login_name.as_str();
    let session = token(&sign_in(world, login, PASSWORD));
    let send = |path: &str, body: &Value| call("POST", &world.url(path), &session, Some(body));
    let begin = |password: &str| send("/second-factor", &json!({ "password": password }));
    assert_eq!(begin("wrong").code(), "wrong_login");
    let begun = begin(PASSWORD).json();
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["otpauth_uri"].as_str().unwrap().contains(secret));
    assert_eq!(sign_in(world, login, PASSWORD).status, 200, "not on yet");
    let confirm = |code: &str| send("/second-factor/confirm", &json!({ "code": code }));
    let first = shown(secret, hands.now());
    let not_it = if first == "000000" {
        "000001"
    } else {
        "000000"
    };
    assert_eq!(confirm(not_it).code(), "wrong_second_factor");
    let recovery = confirm(&first).json()["recovery_codes"].clone();
    assert_eq!(recovery.as_array().unwrap().len(), 10);
    assert_eq!(confirm(&first).code(), "second_factor_state");

    assert_eq!(
        sign_in(world, login, PASSWORD).code(),
        "second_factor_required"
    );
    let wrong = json!({"login": login, "password": "wrong", "code": first});
    assert_eq!(
        call("POST", &world.url("/session"), "", Some(&wrong)).code(),
        "wrong_login"
    );
    assert_eq!(
        sign_in_with(world, login, &first).code(),
        "wrong_second_factor",
        "replayed"
    );
    hands.wait(SignedDuration::from_secs(60));
    let code = shown(secret, hands.now());
    let answers = std::thread::scope(|scope| {
        [(); 2]
            .map(|()| scope.spawn(|| sign_in_with(world, login, &code)))
            .map(|one| one.join().unwrap().status)
    });
    assert_eq!(
        answers.iter().filter(|status| **status == 200).count(),
        1,
        "{answers:?}"
    );
    let lost_phone = recovery[4].as_str().unwrap();
    let signed_in = sign_in_with(world, login, lost_phone).json();
    assert_eq!(signed_in["account"]["second_factor"], true);
    assert_eq!(signed_in["account"]["recovery_codes_left"], 9);
    assert_eq!(
        sign_in_with(world, login, lost_phone).code(),
        "wrong_second_factor"
    );
    hands.wait(SignedDuration::from_secs(60));
    let off = send(
        "/second-factor/end",
        &json!({"code": shown(secret, hands.now())}),
    );
    assert_eq!(off.status, 204, "{off:?}");
    assert_eq!(sign_in(world, login, PASSWORD).status, 200);
}

#[test]
fn a_new_password_does_not_turn_the_second_factor_off() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let number = phone();
    let made = account(world, Role::Reviewer, |account| {
        account.phone = Some(number.parse().unwrap());
        account.created_at = hands.now();
    });
    let login = made.login_name.as_str();
    let session = token(&sign_in(world, login, PASSWORD));
    let send = |path: &str, body: &Value| call("POST", &world.url(path), &session, Some(body));
    let begun = send("/second-factor", &json!({ "password": PASSWORD })).json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let code = json!({"code": shown(&secret, hands.now())});
    assert_eq!(send("/second-factor/confirm", &code).status, 200);

    let request = ask_reset(world, login).json()["request"].clone();
    let code = between(&messages(world, &number)[0], "验证码", "，");
    let set = reset(world, request.as_str().unwrap(), &code, NEW_PASSWORD);
    assert_eq!(set.status, 204, "{set:?}");
    assert_eq!(
        sign_in(world, login, NEW_PASSWORD).code(),
        "second_factor_required",
        "who has the phone number alone does not get in"
    );
    hands.wait(SignedDuration::from_secs(60));
    let body =
        json!({"login": login, "password": NEW_PASSWORD, "code": shown(&secret, hands.now())});
    assert_eq!(
        call("POST", &world.url("/session"), "", Some(&body)).status,
        200
    );
}

#[test]
fn signing_in_again_ends_the_session_of_that_browser() {
    let world = World::shared();
    let hospital = world.hospital();
    let browser = Browser::signed_in(&hospital);
    let elsewhere = Browser::signed_in(&hospital);
    let body = json!({"login": hospital.login, "password": PASSWORD});
    let wrong = json!({"login": hospital.login, "password": "wrong"});
    assert_eq!(browser.ask("POST", "/session", Some(&wrong)).status, 401);
    assert_eq!(browser.ask("GET", "/session", None).status, 200, "not yet");
    let again = browser.ask("POST", "/session", Some(&body));
    let new = Browser::with(world, &again);
    assert_ne!(new.cookie, browser.cookie);
    assert_eq!(browser.ask("GET", "/session", None).code(), "not_signed_in");
    for other in [&new, &elsewhere] {
        assert_eq!(other.ask("GET", "/session", None).status, 200);
    }
}

#[test]
fn a_disabled_account_is_out_at_once_and_does_not_tell_that_its_password_is_right() {
    let world = World::shared();
    let made = account(world, Role::Reviewer, |_| {});
    let login = made.login_name.as_str();
    let session = token(&sign_in(world, login, PASSWORD));
    let wrong = sign_in(world, login, "wrong");
    let mut disabled = made.clone();
    disabled.state = AccountState::Disabled;
    disabled.version += 1;
    let saved = accounts::save(world.service.store(), &disabled, made.version, Vec::new());
    world.runtime.block_on(saved).unwrap();
    assert!(!works(world, &session));
    assert_eq!(sign_in(world, login, PASSWORD).bytes, wrong.bytes);
}

#[test]
fn a_password_counts_to_the_letter_and_may_be_long() {
    let world = World::shared();
    let made = account(world, Role::Reviewer, |_| {});
    let login = made.login_name.as_str();
    let session = token(&sign_in(world, login, PASSWORD));
    // 128 letters of any kind, blanks at both ends.
    let long = format!(" 流感 Größe 🦠 {}house ", "moss-lamp ".repeat(11));
    assert_eq!(long.chars().count(), 128);
    let body = json!({"old": PASSWORD, "new": long});
    let changed = call("POST", &world.url("/password"), &session, Some(&body));
    assert_eq!(changed.status, 200, "{changed:?}");
    for other in [
        long.trim().to_owned(),
        long.to_lowercase(),
        long.replace('ß', "ss"),
        long.chars().take(127).collect(),
        format!("{long}x"),
        long.replace("-lamp", "_lamp"),
    ] {
        assert_eq!(
            sign_in(world, login, &other).code(),
            "wrong_login",
            "{other}"
        );
        // Five wrong ones in a row make one wait, a right one forgets them.
        assert_eq!(sign_in(world, login, &long).status, 200);
    }
}

#[test]
fn passwords_that_many_have_are_refused_wherever_one_is_chosen() {
    let world = &World::start();
    let number = phone();
    let made = account(world, Role::Reviewer, |account| {
        account.phone = Some(number.parse().unwrap());
    });
    let session = token(&sign_in(world, made.login_name.as_str(), PASSWORD));
    let request = ask_reset(world, &number).json()["request"].clone();
    let code = between(&messages(world, &number)[0], "验证码", "，");
    for common in [
        "1q2w3e4r5t6y7u8i9o0p",
        "P@ssw0rd-2026!",
        "JustinBieber-2019",
        "Hospital-20262026",
        "HQMS-2026-2026",
    ] {
        let body = json!({"old": PASSWORD, "new": common});
        let changed = call("POST", &world.url("/password"), &session, Some(&body));
        let set = reset(world, request.as_str().unwrap(), &code, common);
        for refused in [changed, set] {
            assert_eq!(refused.status, 422, "{common}");
            assert_eq!(refused.json()["fields"][0]["code"], "common", "{common}");
        }
    }
}

#[test]
fn a_hospitals_machine_is_never_asked_for_a_second_factor() {
    let world = World::shared();
    let hospital = world.hospital();
    let answer = hospital.post("/second-factor", &json!({ "password": PASSWORD }));
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
}

#[test]
fn everything_people_do_is_in_the_audit_trail() {
    let world = &World::start();
    let operator = account(world, Role::Operator, |_| {});
    let auditor = account(world, Role::Auditor, |_| {});
    let watched = account(world, Role::Reviewer, |_| {});
    let (login, id) = (watched.login_name.as_str(), watched.id.as_str());
    assert_eq!(sign_in(world, login, "wrong").status, 401);
    let first = token(&sign_in(world, login, PASSWORD));
    let second = token(&sign_in(world, login, PASSWORD));
    assert_eq!(
        call("DELETE", &world.url("/sessions"), &second, None).status,
        204
    );
    let body = json!({"old": PASSWORD, "new": NEW_PASSWORD});
    let third = token(&call("POST", &world.url("/password"), &second, Some(&body)));
    assert_eq!(
        call("DELETE", &world.url("/session"), &third, None).status,
        204
    );
    assert!(!works(world, &first));

    let reading = [&operator, &auditor]
        .map(|reader| token(&sign_in(world, reader.login_name.as_str(), PASSWORD)));
    let read = |token: &str, asked: Value| {
        let answer = call("POST", &world.url("/audit/search"), token, Some(&asked));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let acts = |trail: &Value| {
        let entries = trail["entries"].as_array().unwrap().iter();
        let acts = entries.map(|entry| entry["act"].as_str().unwrap().to_owned());
        acts.collect::<Vec<String>>()
    };
    let expected = [
        "signed_out",
        "password_changed",
        "session_ended",
        "signed_in",
        "signed_in",
        "sign_in_refused",
    ];
    for token in &reading {
        let trail = read(token, json!({"account": login}));
        assert_eq!(acts(&trail), expected);
        assert_eq!(trail["entries"][0]["by_login_name"], login);
        assert_eq!(trail["entries"][3]["address"], "127.0.0.1");
    }
    let trail = read(&reading[0], json!({"subject": id}));
    // Both looks at it are in it as well.
    assert_eq!(
        acts(&trail)[..3],
        ["audit_viewed", "audit_viewed", "audit_viewed"]
    );
    assert_eq!(acts(&trail)[3..], expected);
    let today = read(&reading[0], json!({"day": ""}));
    let acts_today = acts(&today);
    assert!(
        expected
            .iter()
            .all(|act| acts_today.iter().any(|known| known == act)),
        "{acts_today:?}"
    );
    assert_eq!(
        read(&reading[0], json!({"day": "2001-01-01"}))["entries"],
        json!([])
    );

    let (someone, hospital) = (reviewer(world, None), world.hospital());
    for (token, status) in [
        (someone.as_str(), 403),
        (hospital.token.as_str(), 403),
        ("forged", 401),
    ] {
        assert_eq!(
            call("POST", &world.url("/audit/search"), token, Some(&json!({}))).status,
            status
        );
    }
    for asked in [
        json!({"day": "yesterday"}),
        json!({"day": "2026-01-01", "account": "x"}),
    ] {
        let url = world.url("/audit/search");
        let answer = call("POST", &url, &reading[0], Some(&asked));
        assert_eq!(answer.code(), "invalid_fields");
    }
}

#[test]
fn a_long_trail_comes_in_parts_without_loss() {
    let world = &World::start();
    let operator = account(world, Role::Operator, |_| {});
    let watched = account(world, Role::Reviewer, |_| {});
    let login = watched.login_name.as_str();
    for _ in 0..60 {
        token(&sign_in(world, login, PASSWORD));
    }
    let session = token(&sign_in(world, operator.login_name.as_str(), PASSWORD));
    for filter in [json!({"account": login}), json!({})] {
        let (mut cursor, mut moments, mut parts) = (String::new(), Vec::new(), 0);
        loop {
            let mut asked = filter.clone();
            asked["cursor"] = json!(cursor);
            let url = world.url("/audit/search");
            let part = call("POST", &url, &session, Some(&asked)).json();
            let entries = part["entries"].as_array().unwrap().iter();
            let own = entries.filter(|entry| entry["by"] == watched.id.as_str());
            moments.extend(own.map(|entry| entry["at"].as_str().unwrap().to_owned()));
            parts += 1;
            match part["next"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!((moments.len(), parts), (60, 2), "{filter}");
        let times: Vec<Timestamp> = moments.iter().map(|at| at.parse().unwrap()).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older));
    }
}

#[test]
fn an_applicant_works_with_a_cookie_that_opens_nothing_else() {
    let world = &World::start();
    let number = phone();
    let (request, code) = ask_for_code(world, &number);
    let answer = identify(world, &number, &request, &code);
    let browser = Browser::with(world, &answer);
    assert!(browser.cookie.starts_with("__Host-applicant="));
    let shown = browser.ask("GET", "/applications", None);
    assert_eq!(shown.status, 200, "{shown:?}");
    let body = json!({"version": shown.json()["version"], "profile": {"street": "别人填的"}});
    let evil = [("origin", "https://evil.example")];
    for from in [&[][..], &evil[..]] {
        let answer = browser.send("PUT", "/applications/profile", from, Some(&body));
        assert_eq!(answer.code(), "cross_site");
    }
    let as_account = browser.cookie.replace("applicant", "session");
    let other = Browser {
        world,
        cookie: as_account,
    };
    assert_eq!(other.ask("GET", "/session", None).code(), "not_signed_in");
    assert_eq!(
        browser
            .ask("PUT", "/applications/profile", Some(&body))
            .status,
        200
    );
    let left = browser.ask("DELETE", "/applications/identity", None);
    assert_eq!(left.status, 204);
    assert!(
        left.cookies[0].starts_with("__Host-applicant=;"),
        "{left:?}"
    );
    assert_eq!(
        browser.ask("GET", "/applications", None).code(),
        "not_identified"
    );
}

#[test]
fn a_code_for_an_application_is_good_for_five_minutes() {
    let hands = Hands::new();
    let world = &World::with(|options| options.clock = Some(hands.clock()));
    let number = phone();
    let (request, code) = ask_for_code(world, &number);
    hands.wait(SignedDuration::from_mins(5));
    let late = identify(world, &number, &request, &code);
    assert_eq!((late.status, late.code().as_str()), (422, "wrong_code"));
    let (request, code) = ask_for_code(world, &number);
    hands.wait(SignedDuration::from_secs(5 * 60 - 1));
    assert_eq!(identify(world, &number, &request, &code).status, 200);
}

#[test]
fn bodies_nobody_would_send_are_refused_before_they_cost_anything() {
    let world = World::shared();
    let hospital = world.hospital();
    let (long, huge) = ("x".repeat(300), "x".repeat(100_000));
    let post =
        |path: &str, body: &Value| call("POST", &world.url(path), &hospital.token, Some(body));
    for (path, body) in [
        (
            "/session",
            json!({"login": hospital.login, "password": huge}),
        ),
        ("/password", json!({"old": PASSWORD, "new": huge})),
        ("/password/codes", json!({ "login_or_phone": huge })),
        (
            "/password/reset",
            json!({"request": huge, "code": "1", "new_password": "x"}),
        ),
        ("/second-factor", json!({ "password": huge })),
        ("/applications/codes", json!({ "phone": huge })),
    ] {
        let answer = post(path, &body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (413, "too_large"),
            "{path}"
        );
    }
    let answer = post(
        "/session",
        &json!({"login": hospital.login, "password": long}),
    );
    assert_eq!(answer.code(), "invalid_fields");
    let answer = post("/password", &json!({"old": PASSWORD, "new": long}));
    assert_eq!(answer.json()["fields"][0]["code"], "too_long");
}
