//! 上报概览, zero-case reports and receipts as their users meet them.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::overview::Ledger;
use domain::{AccountState, Institution, NewAccount, PasswordHash, Role, beijing};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use receipts::{PublishedKeys, SignedReceipt};
use sample_data::{Bad, Damage, Options};
use serde_json::json;
use store::{accounts, overview};

use crate::samples::generated;
use crate::world::{Hospital, PASSWORD, World, call};

fn today() -> Date {
    beijing(Timestamp::now()).date()
}

fn yesterday() -> Date {
    today().saturating_sub(1.day())
}

fn person(
    world: &World,
    role: Role,
    province: Option<&str>,
    institution: bool,
) -> (String, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let institution = institution.then(|| {
        Institution::new(
            sample_data::DEMO_INSTITUTION_CODE,
            &format!("示例市第{number}医院"),
        )
        .unwrap()
    });
    let login = format!("overview-{number}");
    let mut account = domain::Account::new(
        NewAccount {
            login_name: login.parse().unwrap(),
            phone: None,
            role,
            institution,
            province: province.map(str::to_owned),
            password_hash: PasswordHash::of(PASSWORD).unwrap(),
            state: AccountState::Active,
        },
        // Its reports are due since last month.
        Timestamp::now() - jiff::SignedDuration::from_hours(24 * 40),
    );
    account.division = province.map(|province| format!("{province}0101"));
    let id = account.id.to_string();
    world.runtime.block_on(async {
        let store = world.service.store();
        let mut transaction = store::Transaction::new();
        accounts::add_new(store, &mut transaction, &account).unwrap();
        transaction.settle(store).await.unwrap();
    });
    (login, id)
}

fn signed_in(world: &World, login: String) -> Hospital<'_> {
    let mut person = Hospital {
        world,
        login,
        token: String::new(),
    };
    person.token = person.sign_in();
    person
}

pub fn reviewer<'w>(world: &'w World, province: Option<&str>) -> Hospital<'w> {
    signed_in(world, person(world, Role::Reviewer, province, false).0)
}

fn hospital<'w>(world: &'w World, province: &str) -> (Hospital<'w>, String) {
    let (login, id) = person(world, Role::DataManager, Some(province), true);
    (signed_in(world, login), id)
}

fn records(kind: &str, rows: u32, day: Date, bad: u32) -> Vec<u8> {
    generated(&Options {
        first_day: day,
        days: 1,
        bad: Bad::Exactly(vec![(Damage::BlankRequired, bad)]),
        ..Options::new(kind, rows)
    })
}

/// A hospital in each of two provinces with an upload, in a service of their own.
struct Scene {
    world: World,
}

impl Scene {
    fn of(&self) -> &World {
        &self.world
    }
}

#[test]
fn reviewers_see_what_was_reported_and_the_counters_are_what_uploads_add_up_to() {
    let scene = Scene {
        world: World::start(),
    };
    let world = scene.of();
    let ((tianjin, tianjin_id), (shanghai, _)) = (hospital(world, "12"), hospital(world, "31"));
    tianjin.upload("flu.zip", &records("flu", 20, yesterday(), 3));
    tianjin.upload("flu_again.zip", &records("flu", 20, yesterday(), 3));
    shanghai.upload(
        "flu.zip",
        &records("flu", 7, yesterday().saturating_sub(4.days()), 0),
    );
    let national = reviewer(world, None);
    let shown = national.get("/overview").json();
    let flu = &shown["total"]["kinds"]["flu"];
    assert_eq!(flu["records"], 17 + 7, "{flu}");
    assert_eq!((&flu["total"], &flu["passed"]), (&json!(47), &json!(41)));
    let provinces = shown["provinces"].as_array().unwrap();
    assert_eq!(provinces.len(), 2, "{provinces:?}");
    let of =
        |code: &str| &provinces.iter().find(|one| one["code"] == code).unwrap()["kinds"]["flu"];
    assert_eq!(
        (&of("12")["records"], &of("31")["records"]),
        (&json!(17), &json!(7))
    );
    assert_eq!(
        (&of("31")["late"], &of("31")["on_time"]),
        (&json!(1), &json!(0))
    );
    // Yesterday's records are not due before tonight, the five days' old one was.
    let (expected, silent) = (
        of("31")["expected"].as_i64().unwrap(),
        of("31")["silent"].as_i64().unwrap(),
    );
    assert_eq!((expected, silent), (28, 27));
    assert_eq!(of("31")["delays"], json!([0, 0, 0, 7, 0, 0]));
    assert_eq!(of("12")["delays"], json!([0, 17, 0, 0, 0, 0]));
    let found = national.get("/overview/causes?charts=true").json();
    let causes = found["causes"].as_array().unwrap();
    assert!(
        !causes.is_empty()
            && causes
                .iter()
                .all(|one| !one["message_zh"].as_str().unwrap().contains('{'))
    );
    let sum: i64 = shown["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kinds"]["flu"]["records"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, 24);

    let below = national.get("/overview/hospitals?province=12").json();
    assert_eq!(below["hospitals"][0]["id"], json!(tianjin_id));
    assert_eq!(below["hospitals"][0]["kinds"]["flu"]["records"], 17);
    assert_eq!(below["cities"][0]["code"], "1201");
    let one = national
        .get(&format!("/overview/hospitals/{tianjin_id}"))
        .json();
    assert_eq!(one["uploads"].as_array().unwrap().len(), 2);
    let day = one["days"]
        .as_array()
        .unwrap()
        .iter()
        .find(|day| day["day"] == yesterday().to_string())
        .unwrap();
    assert_eq!(
        (
            &day["kinds"]["flu"]["status"],
            &day["kinds"]["flu"]["records"]
        ),
        (&json!("on_time"), &json!(17))
    );
    let upload = one["uploads"][0]["id"].as_str().unwrap();
    let summary = national.get(&format!(
        "/overview/hospitals/{tianjin_id}/uploads/{upload}"
    ));
    let text = String::from_utf8_lossy(&summary.bytes).into_owned();
    assert_eq!(summary.json()["total"], 20);
    assert!(
        !text.contains("values") && !text.contains("flu_again"),
        "{text}"
    );

    let store = world.service.store();
    let (contributions, stored) = world.runtime.block_on(async {
        (
            overview::contributions(store).await.unwrap(),
            overview::stored(store).await.unwrap(),
        )
    });
    assert_eq!(stored, Ledger::of(&contributions));
}

#[test]
fn a_look_at_a_hospital_leaves_an_entry_in_the_audit_trail() {
    let world = World::shared();
    let (own, id) = hospital(world, "12");
    let upload = own.upload("flu.zip", &records("flu", 3, yesterday(), 0));
    let upload = upload["id"].as_str().unwrap();
    let desk = reviewer(world, Some("12"));
    assert_eq!(desk.get(&format!("/overview/hospitals/{id}")).status, 200);
    assert_eq!(
        desk.get(&format!("/overview/hospitals/{id}/uploads/{upload}"))
            .status,
        200
    );
    let auditor = signed_in(world, person(world, Role::Auditor, None, false).0);
    let acts = |subject: &str| {
        let trail = auditor
            .post("/audit/search", &json!({"subject": subject}))
            .json();
        let entries = trail["entries"].as_array().unwrap().clone();
        entries
            .iter()
            .map(|entry| entry["act"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(acts(&id).contains(&"hospital_reports_viewed".to_owned()));
    assert!(acts(upload).contains(&"upload_viewed".to_owned()));
}

/// Every route of the overview with a place where a province, hospital or upload is named.
fn routes(province: &str, hospital: &str, upload: &str) -> Vec<String> {
    let mut routes = vec![
        format!("/overview?province={province}"),
        format!("/overview/hospitals?province={province}"),
        format!("/overview/hospitals?province={province}&city={province}01"),
        format!("/overview/hospitals/{hospital}"),
        format!("/overview/hospitals/{hospital}/uploads/{upload}"),
    ];
    routes.push(format!("/overview/causes?province={province}&charts=true"));
    routes.push(format!(
        "/overview?province={province}&kind=flu&charts=true"
    ));
    for chart in ["days", "places", "passes", "delays", "causes"] {
        routes.push(format!("/overview/charts/{chart}?province={province}"));
    }
    routes
}

#[test]
fn a_provincial_reviewer_reaches_nothing_of_another_province_by_any_route() {
    let scene = Scene {
        world: World::start(),
    };
    let world = scene.of();
    let (other, other_id) = hospital(world, "31");
    let upload = other.upload("flu.zip", &records("flu", 13, yesterday(), 4));
    let upload = upload["id"].as_str().unwrap();
    let (national, tianjin) = (reviewer(world, None), reviewer(world, Some("12")));
    let shanghai = reviewer(world, Some("31"));
    let (all, nobodys) = (
        routes("31", &other_id, upload),
        routes("99", &"a".repeat(other_id.len()), upload),
    );
    for (route, nobodys) in all.iter().zip(&nobodys) {
        // Who may see it sees something: else the test would pass for a route that shows nothing at all.
        for desk in [&national, &shanghai] {
            let answer = desk.get(route);
            assert_eq!(answer.status, 200, "{route}: {answer:?}");
            assert_ne!(answer.bytes, desk.get(nobodys).bytes, "{route}");
        }
        // Who may not gets the same as for a place that does not exist.
        let (foreign, nothing) = (tianjin.get(route), tianjin.get(nobodys));
        assert_eq!(
            (foreign.status, &foreign.bytes),
            (nothing.status, &nothing.bytes),
            "{route}"
        );
    }
    // Whatever else is named, it is the reviewer's own province, where there is no hospital.
    for route in [
        "/overview",
        "/overview?province=",
        "/overview/hospitals",
        "/overview/hospitals?city=3101",
        "/overview?province=3",
        "/overview?province=31%00",
        "/overview?province=12&province=31",
    ] {
        let answer = tianjin.get(route);
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        if answer.status == 200 {
            let shown = answer.json();
            assert!(
                shown["provinces"].as_array().is_none_or(Vec::is_empty),
                "{route}: {text}"
            );
            assert!(
                shown["hospitals"].as_array().is_none_or(Vec::is_empty),
                "{route}: {text}"
            );
            assert!(
                shown["causes"].as_array().is_none_or(Vec::is_empty),
                "{route}: {text}"
            );
        }
        assert!(!text.contains(&other_id), "{route}: {text}");
    }
    let unknown = tianjin.get(&format!(
        "/overview/hospitals/{}",
        "a".repeat(other_id.len())
    ));
    let foreign = tianjin.get(&format!("/overview/hospitals/{other_id}"));
    assert_eq!((foreign.status, &foreign.bytes), (404, &unknown.bytes));
    // Neither hospitals nor operators nor strangers get in.
    let operator = signed_in(world, person(world, Role::Operator, None, false).0);
    for route in &all {
        assert_eq!(other.get(route).status, 403, "{route}");
        assert_eq!(operator.get(route).status, 403, "{route}");
        assert_eq!(
            call("GET", &world.url(route), "", None).status,
            401,
            "{route}"
        );
    }
    assert_eq!(national.get("/zero-cases").status, 403);
    // Each route that the overview has was tried.
    let described = call("GET", &world.url("/openapi.json"), "", None).json();
    let paths = described["paths"].as_object().unwrap().keys();
    let known = paths
        .filter(|path| path.starts_with("/api/v1/overview"))
        .count();
    assert_eq!(known, 6, "a route was added to the overview: try it here");
}

#[test]
fn beside_a_reviewers_own_province_no_other_is_reached_either() {
    let world = World::start();
    let ((own, own_id), (other, other_id)) = (hospital(&world, "12"), hospital(&world, "31"));
    let sent = |hospital: &Hospital<'_>, rows: u32| {
        let upload = hospital.upload("flu.zip", &records("flu", rows, yesterday(), 2));
        upload["id"].as_str().unwrap().to_owned()
    };
    let (ours, theirs) = (sent(&own, 7), sent(&other, 13));
    let (tianjin, national) = (reviewer(&world, Some("12")), reviewer(&world, None));
    let told = |desk: &Hospital<'_>, route: &str| {
        let answer = desk.get(route);
        (answer.status, String::from_utf8(answer.bytes).unwrap())
    };
    // What only the other hospital's data holds; the national reviewer is shown each of these marks.
    let marks = [other_id.as_str(), theirs.as_str(), "上海"];
    let mut shown = [false; 3];
    let mut routes = vec![
        "/overview/hospitals?city=3101".to_owned(),
        format!("/overview/hospitals/{own_id}?province=31&city=3101"),
        format!("/overview/hospitals/{own_id}/uploads/{ours}?province=31"),
    ];
    for with in [
        "",
        "?city=3101",
        "?province=12&city=3101",
        "?province=&city=31",
    ] {
        let and = if with.is_empty() { "?" } else { "&" };
        routes.push(format!("/overview{with}"));
        routes.push(format!("/overview{with}{and}kind=flu&charts=true"));
        routes.push(format!(
            "/overview{with}{and}from=2026-01-01&kind=flu&charts=true"
        ));
        routes.push(format!("/overview/hospitals{with}"));
        routes.push(format!("/overview/causes{with}{and}charts=true"));
        for chart in ["days", "places", "passes", "delays", "causes"] {
            routes.push(format!("/overview/charts/{chart}{with}"));
        }
    }
    for route in &routes {
        let (status, text) = told(&tianjin, route);
        assert_eq!(status, 200, "{route}: {text}");
        for mark in marks {
            assert!(!text.contains(mark), "{route} shows {mark}: {text}");
        }
        if let Ok(answer) = serde_json::from_str::<serde_json::Value>(&text) {
            for total in [&answer["total"]["kinds"]["flu"]["total"], &answer["total"]] {
                assert!(
                    total.as_i64().is_none_or(|total| total == 7),
                    "{route}: {text}"
                );
            }
        }
    }
    let foreign = [
        format!("/overview/hospitals/{other_id}"),
        "/overview".to_owned(),
        "/overview/hospitals?province=31".to_owned(),
    ];
    for route in &foreign {
        let (_, text) = told(&national, route);
        for (mark, shown) in marks.iter().zip(&mut shown) {
            *shown |= text.contains(mark);
        }
    }
    assert_eq!(shown, [true; 3]);

    // A way through what is one's own is none, nor one through the other's own routes.
    let known = told(
        &tianjin,
        &format!("/overview/hospitals/{own_id}/uploads/{ours}"),
    );
    assert_eq!(known.0, 200, "{}", known.1);
    let nothing = told(
        &tianjin,
        &format!("/overview/hospitals/{own_id}/uploads/none"),
    );
    for (hospital, upload) in [(&own_id, &theirs), (&other_id, &ours), (&other_id, &theirs)] {
        let route = format!("/overview/hospitals/{hospital}/uploads/{upload}");
        let (status, text) = told(&tianjin, &route);
        assert_eq!(status, nothing.0, "{route}: {text}");
        assert_eq!(status, 404, "{route}: {text}");
    }
    for below in ["", "/receipt", "/fillers", "/findings", "/report.csv"] {
        let route = format!("/uploads/{theirs}{below}");
        assert_eq!(told(&tianjin, &route).0, 404, "{route}");
    }
    for route in ["/zero-cases", "/zero-cases?province=31"] {
        assert_eq!(told(&tianjin, route).0, 403, "{route}");
    }

    // What the other hospital takes back, its own reviewers read of.
    let reason = json!({"reason": "导出程序出错"});
    let taken = other.post(&format!("/uploads/{theirs}/withdrawal"), &reason);
    assert_eq!(taken.status, 200, "{taken:?}");
    for with in ["", "?province=31", "?province=12", "?province="] {
        let route = format!("/withdrawals{with}");
        let (status, text) = told(&tianjin, &route);
        assert_eq!(status, 200, "{route}: {text}");
        assert!(
            !text.contains("导出程序出错") && !text.contains(&theirs),
            "{route}: {text}"
        );
    }
    let (_, text) = told(&reviewer(&world, Some("31")), "/withdrawals");
    assert!(text.contains("导出程序出错"), "{text}");
}

#[test]
fn a_day_without_a_case_is_told_from_silence_and_taken_back() {
    let scene = Scene {
        world: World::start(),
    };
    let world = scene.of();
    let (own, id) = hospital(world, "12");
    let desk = reviewer(world, Some("12"));
    let day = today().saturating_sub(3.days());
    let flu = || {
        let shown = desk.get(&format!("/overview?from={day}&to={day}")).json();
        let flu = shown["total"]["kinds"]["flu"].clone();
        [
            "expected",
            "on_time",
            "late",
            "zero",
            "silent",
            "contradicted",
        ]
        .map(|key| flu[key].as_i64().unwrap())
    };
    assert_eq!(flu(), [1, 0, 0, 0, 1, 0]);
    // Yesterday is declared in time; three days ago that is too late for visits, and in time for stays.
    let declared = own.post(
        "/zero-cases",
        &json!({"from": day.to_string(), "to": yesterday().to_string(), "kinds": ["flu", "hqms"]}),
    );
    assert_eq!(declared.status, 200, "{declared:?}");
    assert_eq!(declared.json()["days"][0]["kinds"]["flu"]["status"], "zero");
    assert_eq!(
        declared.json()["days"][0]["kinds"]["hqms"]["status"],
        "zero"
    );
    assert_eq!(declared.json()["days"][2]["kinds"]["flu"]["status"], "late");
    assert_eq!(flu(), [1, 0, 1, 0, 0, 0]);
    let again = own.post(
        "/zero-cases",
        &json!({"from": day.to_string(), "kinds": ["flu"]}),
    );
    assert_eq!((again.status, flu()), (200, [1, 0, 1, 0, 0, 0]));

    // Records that come all the same are counted, and the day is marked.
    own.upload("flu.zip", &records("flu", 5, day, 0));
    assert_eq!(flu(), [1, 0, 1, 0, 0, 1]);
    let refused = own.post(
        "/zero-cases",
        &json!({"from": day.to_string(), "kinds": ["flu"]}),
    );
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "records_exist")
    );
    assert!(
        refused.json()["fields"][0]["detail_zh"]
            .as_str()
            .unwrap()
            .contains("5 条记录")
    );
    let taken = call(
        "DELETE",
        &world.url("/zero-cases"),
        &own.token,
        Some(&json!({"from": day.to_string(), "kinds": ["flu"]})),
    );
    assert_eq!((taken.status, flu()), (200, [1, 0, 1, 0, 0, 0]));

    for (body, field) in [
        (json!({"from": "yesterday", "kinds": ["flu"]}), "from"),
        (
            json!({"from": today().saturating_add(1.day()).to_string(), "kinds": ["flu"]}),
            "to",
        ),
        (json!({"from": day.to_string(), "kinds": []}), "kinds"),
        (json!({"from": day.to_string(), "kinds": ["flu2"]}), "kinds"),
        (
            json!({"from": day.to_string(), "to": "2019-01-01", "kinds": ["flu"]}),
            "to",
        ),
        (
            json!({"from": "2019-01-01", "to": day.to_string(), "kinds": ["flu"]}),
            "to",
        ),
    ] {
        let refused = own.post("/zero-cases", &body);
        assert_eq!(
            (refused.status, &refused.json()["fields"][0]["field"]),
            (422, &json!(field)),
            "{body}"
        );
    }
    let auditor = signed_in(world, person(world, Role::Auditor, None, false).0);
    let trail = auditor
        .post("/audit/search", &json!({"subject": id}))
        .json()
        .to_string();
    assert!(trail.contains("zero_cases_declared") && trail.contains("zero_cases_withdrawn"));
    let store = world.service.store();
    let (contributions, stored) = world.runtime.block_on(async {
        (
            overview::contributions(store).await.unwrap(),
            overview::stored(store).await.unwrap(),
        )
    });
    assert_eq!(stored, Ledger::of(&contributions));
}

#[test]
fn charts_are_drawn_for_the_screen_and_for_paper() {
    let world = World::shared();
    let (own, _) = hospital(world, "45");
    own.upload("flu.zip", &records("flu", 8, yesterday(), 1));
    let desk = reviewer(world, Some("45"));
    for chart in ["days", "places", "passes", "delays", "causes"] {
        for lang in ["zh", "en"] {
            let answer = desk.get(&format!("/overview/charts/{chart}?lang={lang}"));
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.media_type.starts_with("image/svg+xml"));
            let svg = String::from_utf8(answer.bytes).unwrap();
            for part in ["role=\"img\"", "<title>", "<desc>", "</svg>"] {
                assert!(svg.contains(part), "{chart} has no {part}");
            }
            assert!(
                !svg.contains("<script") && !svg.contains("style="),
                "{chart}"
            );
            assert_eq!(
                svg.contains("上报"),
                lang == "zh" && chart != "passes" && chart != "causes",
                "{chart} {lang}"
            );
        }
    }
    // With the figures come the same charts, and the figures of that kind alone.
    for question in ["kind=flu", "kind=flu&lang=en", "kind=flu&province=45"] {
        let shown = desk
            .get(&format!("/overview?{question}&charts=true"))
            .json();
        let drawn = |chart: &str| {
            let answer = desk.get(&format!("/overview/charts/{chart}?{question}"));
            String::from_utf8(answer.bytes).unwrap()
        };
        for chart in ["days", "places", "passes", "delays"] {
            assert_eq!(shown["charts"][chart], drawn(chart), "{chart}, {question}");
        }
        let kinds = shown["total"]["kinds"].as_object().unwrap();
        assert_eq!(kinds.keys().collect::<Vec<_>>(), ["flu"]);
        let all = desk.get("/overview").json();
        assert_eq!(kinds["flu"], all["total"]["kinds"]["flu"]);
        assert_eq!(all["charts"], json!(null));
        let found = desk.get(&format!("/overview/causes?{question}&charts=true"));
        assert_eq!(found.json()["chart"], drawn("causes"));
    }
    assert_eq!(desk.get("/overview/charts/pie").status, 404);
    let refused = desk.get("/overview/charts/days?kind=x");
    assert_eq!(
        (refused.status, &refused.json()["fields"][0]["field"]),
        (422, &json!("kind"))
    );
    for days in ["from=x", "from=2026-02-01&to=2026-01-01", "from=2010-01-01"] {
        assert_eq!(desk.get(&format!("/overview?{days}")).status, 422, "{days}");
    }
}

#[test]
fn death_cases_that_are_due_are_counted_in_their_province_until_they_are_complete() {
    let scene = Scene {
        world: World::start(),
    };
    let world = scene.of();
    let (own, id) = hospital(world, "12");
    let desk = reviewer(world, Some("12"));
    let deaths = || desk.get("/overview").json()["total"]["deaths"].clone();
    assert_eq!(deaths(), json!({"due": 0, "overdue": 0}));
    let case = |number: &str, discharged: Date| {
        let day = discharged.strftime("%Y-%m-%d");
        let body = json!({
            "medical_record_number": number, "name": "王测试",
            "admitted_on": format!("{} 08:00:00", discharged.saturating_sub(3.days())), "discharged_on": format!("{day} 10:00:00"), "died_at": format!("{day} 09:00:00"),
        });
        let made = own.post("/death-cases", &body);
        assert_eq!(made.status, 201, "{made:?}");
    };
    case("BA1", yesterday());
    case("BA2", today().saturating_sub(20.days()));
    assert_eq!(deaths(), json!({"due": 1, "overdue": 1}));
    let line = desk.get("/overview/hospitals").json()["hospitals"][0].clone();
    assert_eq!(
        (&line["id"], &line["deaths"]["overdue"]),
        (&json!(id), &json!(1))
    );
    assert!(
        !desk
            .get(&format!("/overview/hospitals/{id}"))
            .json()
            .to_string()
            .contains("王测试")
    );
    assert_eq!(
        reviewer(world, Some("31")).get("/overview").json()["total"]["deaths"]["overdue"],
        0
    );
}

#[test]
fn a_receipt_is_signed_the_same_every_time_and_verified_without_the_service() {
    let world = World::shared();
    let (own, _) = hospital(world, "12");
    let bytes = records("flu", 6, yesterday(), 2);
    let upload = own.upload("流感 数据.zip", &bytes);
    let id = upload["id"].as_str().unwrap();
    let first = own.get(&format!("/uploads/{id}/receipt"));
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(
        own.get(&format!("/uploads/{id}/receipt")).bytes,
        first.bytes
    );
    let signed: SignedReceipt = serde_json::from_slice(&first.bytes).unwrap();
    let portal = world.url("");
    let origin = portal.split("/api").next().unwrap();
    let keys = call(
        "GET",
        &format!("{origin}/.well-known/flu-receipt-keys.json"),
        "",
        None,
    );
    assert_eq!(keys.status, 200, "{keys:?}");
    let keys: PublishedKeys = serde_json::from_slice(&keys.bytes).unwrap();
    assert_eq!(signed.verify(&keys), Ok(()));
    assert_eq!(signed.is_of(&bytes), Ok(()));
    assert!(signed.is_of(&bytes[1..]).is_err());
    let receipt = &signed.receipt;
    assert_eq!(
        (receipt.total, receipt.passed, receipt.file_name.as_str()),
        (6, 4, "流感 数据.zip")
    );
    assert_eq!(
        receipt.institution_code.as_deref(),
        Some(sample_data::DEMO_INSTITUTION_CODE)
    );
    let same = own.upload("流感 数据.zip", &bytes);
    let same: SignedReceipt = serde_json::from_slice(
        &own.get(&format!(
            "/uploads/{}/receipt",
            same["id"].as_str().unwrap()
        ))
        .bytes,
    )
    .unwrap();
    assert!(receipt.findings_sha256.is_some());
    assert_eq!(same.receipt.findings_sha256, receipt.findings_sha256);

    let (stranger, _) = hospital(world, "12");
    assert_eq!(stranger.get(&format!("/uploads/{id}/receipt")).status, 404);
    let waiting = own.ticket("never.zip", b"x", false);
    let early = own.get(&format!("/uploads/{}/receipt", waiting.id));
    assert_eq!((early.status, early.code().as_str()), (409, "not_finished"));
}

#[test]
fn fillers_are_shown_to_the_hospital_beside_its_peers() {
    let scene = Scene {
        world: World::start(),
    };
    let world = scene.of();
    let clean = records("flu", 40, yesterday(), 0);
    // The same with one amount in every record.
    let filled = constant_column(&clean, "P7512", "0.50");
    for _ in 0..5 {
        hospital(world, "12").0.upload("flu.zip", &clean);
    }
    let (own, _) = hospital(world, "12");
    let upload = own.upload("flu.zip", &filled);
    let shown = own
        .get(&format!(
            "/uploads/{}/fillers",
            upload["id"].as_str().unwrap()
        ))
        .json();
    let one = shown["fillers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["column"] == "P7512" && one["check"] == "same");
    let one = one.unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(
        (&one["count"], &one["records"], &one["tenths"]),
        (&json!(40), &json!(40), &json!(10))
    );
    assert_eq!(
        (&one["peers"], &one["peer_median"], &one["stands_out"]),
        (&json!(6), &json!(0), &json!(true))
    );
    let (stranger, _) = hospital(world, "12");
    assert_eq!(
        stranger
            .get(&format!(
                "/uploads/{}/fillers",
                upload["id"].as_str().unwrap()
            ))
            .status,
        404
    );
    let desk = reviewer(world, Some("12"));
    let found = desk.get("/overview/causes").json();
    let told = found["fillers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["column"] == "P7512");
    assert_eq!(
        (&told.unwrap()["nearly_all"], &told.unwrap()["uploads"]),
        (&json!(1), &json!(6))
    );
}

/// The archive's only file with one value in every record of a column.
pub fn constant_column(archive: &[u8], column: &str, value: &str) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut file = zip.by_index(0).unwrap();
    let name = file.name().unwrap().into_owned();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let place = rows[0].iter().position(|code| code == column).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            if index > 0 && at == place {
                value
            } else {
                cell
            }
        });
        writer.write_record(cells).unwrap();
    }
    crate::samples::zip(&[(&name, &writer.into_inner().unwrap())])
}
