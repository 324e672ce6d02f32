//! The commands for a running service, against the local program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use aws_credential_types::Credentials;
use domain::audit::{Act, AuditEntry};
use domain::death_case::{DeathCase, Header, Sheet};
use domain::{Account, AccountState, Institution, NewAccount, PasswordHash, Role, Upload, beijing};
use jiff::{Timestamp, ToSpan};
use local::{Options, Service};
use serde_json::{Value, json};
use startup::{Clients, Config};
use store::keys::OVERVIEW_PARTITIONS;
use store::{accounts, audit, death_cases, overview, uploads};
use tokio::runtime::Runtime;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/standard/data");

/// A service with its demo account and that account's one upload.
struct Place {
    runtime: Runtime,
    service: Option<Service>,
    ready: PathBuf,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let ready = folder.path().join("ready.json");
        let options = Options {
            ready_file: Some(ready.clone()),
            ..Options::in_folder(folder.path().join("data"))
        };
        let service = runtime.block_on(Service::start(options)).unwrap();
        Self {
            runtime,
            service: Some(service),
            ready,
            folder,
        }
    }

    fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    fn operate(&self, arguments: &[&str]) -> (String, i32) {
        let ready = ["--ready-file", self.ready.to_str().unwrap()];
        operate(&[arguments, &ready].concat(), &[])
    }

    fn json(&self, arguments: &[&str]) -> (Value, i32) {
        let (text, status) = self.operate(&[arguments, &["--json"]].concat());
        let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        (value, status)
    }

    /// The demo account's upload, once it was compared with the earlier ones.
    fn upload(&self) -> Upload {
        let store = self.service().store();
        let until = Instant::now() + Duration::from_secs(60);
        self.runtime.block_on(async {
            let account = accounts::find_by_login(store, "demo-hospital").await;
            let account = account.unwrap().unwrap().id;
            loop {
                let (found, _) = uploads::list(store, &account, None, 9).await.unwrap();
                let upload = found.into_iter().next().unwrap();
                if upload.settlement.is_some() {
                    return upload;
                }
                assert!(Instant::now() < until, "{upload:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }

    /// Clients of its table and bucket.
    fn clients(&self) -> Clients {
        let ready: Value = serde_json::from_slice(&std::fs::read(&self.ready).unwrap()).unwrap();
        let endpoint = |name: &str| Some(ready[name].as_str().unwrap().to_owned());
        let config = Config {
            table: "flu".to_owned(),
            bucket: "flu".to_owned(),
            s3_endpoint: endpoint("s3"),
            s3_public_endpoint: None,
            dynamodb_endpoint: endpoint("dynamodb"),
            standard_overrides: None,
            region: "us-east-1".to_owned(),
        };
        let options = startup::Options {
            credentials: Some(Credentials::new("local", "local", None, None, "test")),
            ..startup::Options::default()
        };
        self.runtime.block_on(Clients::new(&config, options))
    }

    /// Deletes the items under these keys, by how their partitions begin.
    fn forget(&self, prefixes: &[&str]) {
        let clients = self.clients();
        self.runtime.block_on(async {
            let pages = clients.dynamodb.scan().table_name("flu").into_paginator();
            let items = pages.items().send().try_collect().await.unwrap();
            for item in items {
                let (pk, sk) = (item["pk"].clone(), item["sk"].clone());
                let partition = pk.as_s().unwrap();
                if prefixes.iter().any(|prefix| partition.starts_with(prefix)) {
                    let delete = clients.dynamodb.delete_item().table_name("flu");
                    delete.key("pk", pk).key("sk", sk).send().await.unwrap();
                }
            }
        });
    }

    /// A hospital of Shanghai with a death case that is not complete.
    fn hospital_with_a_death(&self) {
        let now = Timestamp::now();
        let institution = Institution::new("42500031PDY310115A1001", "示例医院").unwrap();
        let account = Account::new(
            NewAccount {
                login_name: "bereaved".parse().unwrap(),
                phone: None,
                role: Role::DataManager,
                institution: Some(institution),
                province: Some("31".to_owned()),
                password_hash: PasswordHash::unusable(),
                state: AccountState::Active,
            },
            now,
        );
        let discharged = beijing(now).date().saturating_sub(20.days());
        let sheet = Sheet {
            header: Header {
                medical_record_number: "BA1".to_owned(),
                name: "张三".to_owned(),
                admitted_on: discharged.at(0, 0, 0, 0),
                discharged_on: discharged.at(12, 0, 0, 0),
                died_at: discharged.at(11, 0, 0, 0),
            },
            archived_on: None,
            values: std::collections::BTreeMap::new(),
            defects: 3,
        };
        let mut case = DeathCase::new(account.id.clone(), 1, sheet, "bereaved", now);
        case.province = Some("31".to_owned());
        let entry = AuditEntry {
            at: now,
            act: Act::DeathCaseCreated,
            by: account.id.to_string(),
            subject: case.id.to_string(),
            address: None,
            request: None,
        };
        let store = self.service().store();
        self.runtime.block_on(async {
            let mut transaction = store::Transaction::new();
            accounts::add_new(store, &mut transaction, &account).unwrap();
            transaction.settle(store).await.unwrap();
            assert!(death_cases::create(store, &case, &entry).await.unwrap());
        });
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// What the command prints, and its exit status.
fn operate(arguments: &[&str], variables: &[(&str, &str)]) -> (String, i32) {
    let mut command = Command::cargo_bin("operate").unwrap();
    for variable in [
        "FLU_TABLE",
        "FLU_BUCKET",
        "FLU_DYNAMODB_ENDPOINT",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "OPERATE_LANG",
        "OPERATE_PASSWORD",
    ] {
        command.env_remove(variable);
    }
    let output = command
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        String::from_utf8(text).unwrap(),
        output.status.code().unwrap(),
    )
}

/// A copy of the standard's only version under another name.
fn draft(folder: &Path, name: &str) -> PathBuf {
    let draft = folder.join(name);
    std::fs::create_dir(&draft).unwrap();
    for entry in std::fs::read_dir(format!("{DATA}/2019-11")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), draft.join(entry.file_name())).unwrap();
    }
    draft
}

#[test]
fn smoke_goes_the_whole_way_and_says_where_it_breaks() {
    let place = Place::new();
    let (answer, status) = place.json(&["smoke"]);
    assert_eq!((status, &answer["ok"]), (0, &json!(true)), "{answer}");
    let steps = answer["steps"].as_array().unwrap();
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "portal",
            "api",
            "sign_in",
            "ticket",
            "put",
            "put_again",
            "result",
            "sign_out"
        ]
    );
    let detail = steps[6]["detail"].as_str().unwrap();
    assert!(detail.contains("记录 100 条"), "{detail}");

    let portal = place.service().addresses().portal.clone();
    let wrong = [("OPERATE_PASSWORD", "wrong")];
    let (text, status) = operate(
        &["smoke", &portal, "--login", "demo-hospital", "--lang", "en"],
        &wrong,
    );
    assert_eq!(status, 1);
    assert!(
        text.contains("✓ portal page") && text.contains("✗ sign-in  HTTP 401"),
        "{text}"
    );
    assert!(!text.contains("ticket"), "{text}");

    let (text, status) = operate(&["smoke", "http://127.0.0.1:9", "--login", "x"], &wrong);
    assert_eq!(status, 1);
    assert!(text.contains("✗ 门户页面"), "{text}");
    let (text, status) = operate(&["smoke", &portal], &[]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("OPERATE_PASSWORD"), "{text}");
}

#[test]
fn dead_letters_of_the_local_program_go_back_and_are_handled() {
    let place = Place::new();
    let (text, status) = place.operate(&["redrive"]);
    assert_eq!((text.as_str(), status), ("", 0), "none lie there");
    let folder = place.folder.path().join("data/dead-letters");
    std::fs::create_dir_all(&folder).unwrap();
    let letter = json!({"function": "validate-upload", "reason": "table away", "body": "{\"Event\":\"s3:TestEvent\"}"});
    std::fs::write(folder.join("validate-upload-1.json"), letter.to_string()).unwrap();
    let (pile, status) = place.json(&["redrive", "--dry-run"]);
    assert_eq!(status, 1);
    assert_eq!(
        (
            &pile["queue"],
            &pile["letters"],
            &pile["sent_back"],
            &pile["reasons"][0]
        ),
        (
            &json!("validate-upload"),
            &json!(1),
            &json!(0),
            &json!("table away")
        )
    );
    assert_eq!(
        place.service().dead_letters().len(),
        1,
        "a dry run moves nothing"
    );
    let (text, status) = place.operate(&["redrive"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("1 个，送回 1 个"), "{text}");
    let again = folder.join("again");
    let until = Instant::now() + Duration::from_secs(30);
    while std::fs::read_dir(&again).unwrap().next().is_some() {
        assert!(Instant::now() < until, "the program never took it");
        // The program looks every two seconds.
        std::thread::sleep(Duration::from_millis(50));
    }
    place.runtime.block_on(place.service().idle());
    assert_eq!(place.service().dead_letters(), Vec::<PathBuf>::new());
}

/// A queue service with two queues of dead letters: one behind a queue, one behind none.
async fn queues(moved: std::sync::Arc<std::sync::Mutex<Vec<String>>>) -> String {
    use axum::extract::State;
    use axum::http::HeaderMap;
    type Moved = std::sync::Arc<std::sync::Mutex<Vec<String>>>;
    async fn answer(State(moved): State<Moved>, headers: HeaderMap, body: String) -> String {
        let target = headers["x-amz-target"].to_str().unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        let answer = match target.split_once('.').unwrap().1 {
            "ListQueues" => {
                assert_eq!(body["QueueNamePrefix"], "flu-test-");
                let names = [
                    "UploadsQueue-1",
                    "UploadsDeadLetters-2",
                    "NoticesDeadLetters-3",
                ];
                let urls = names.map(|name| format!("http://queue/1/flu-test-{name}"));
                json!({"QueueUrls": urls})
            }
            "GetQueueAttributes" => {
                let name = body["QueueUrl"]
                    .as_str()
                    .unwrap()
                    .rsplit('/')
                    .next()
                    .unwrap();
                json!({"Attributes": {"ApproximateNumberOfMessages": "3", "QueueArn": format!("arn:{name}")}})
            }
            "ListDeadLetterSourceQueues" => {
                let uploads = body["QueueUrl"].as_str().unwrap().contains("Uploads");
                let urls: &[&str] = if uploads {
                    &["http://queue/1/flu-test-UploadsQueue-1"]
                } else {
                    &[]
                };
                json!({"queueUrls": urls})
            }
            "StartMessageMoveTask" => {
                let arn = body["SourceArn"].as_str().unwrap();
                moved.lock().unwrap().push(arn.to_owned());
                json!({"TaskHandle": "1"})
            }
            other => panic!("{other}"),
        };
        answer.to_string()
    }
    let routes = axum::Router::new().fallback(answer).with_state(moved);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

#[test]
fn dead_letters_in_aws_are_moved_by_their_queues() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let moved = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let endpoint = runtime.block_on(queues(std::sync::Arc::clone(&moved)));
    let variables = [
        ("FLU_SQS_ENDPOINT", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "key"),
        ("AWS_REGION", "us-east-1"),
    ];
    let arguments = ["redrive", "--stack", "flu-test", "--lang", "en"];
    let (text, status) = operate(&[&arguments[..], &["--dry-run"]].concat(), &variables);
    assert_eq!(status, 1, "{text}");
    assert!(
        text.contains("UploadsDeadLetters-2  3 letters, 0 go back"),
        "{text}"
    );
    assert_eq!(*moved.lock().unwrap(), Vec::<String>::new());
    let (text, status) = operate(&arguments, &variables);
    assert_eq!(status, 1, "those of the notices stay: {text}");
    assert!(
        text.contains("UploadsDeadLetters-2  3 letters, 3 go back"),
        "{text}"
    );
    assert!(text.contains("it stands behind no queue"), "{text}");
    assert_eq!(
        *moved.lock().unwrap(),
        ["arn:flu-test-UploadsDeadLetters-2"]
    );
}

#[test]
fn a_replay_shows_what_changes_and_stores_nothing() {
    let place = Place::new();
    let upload = place.upload();
    let replay = ["replay", upload.id.as_str(), "--account", "demo-hospital"];
    let (same, status) = place.json(&[&replay[..], &["--standard", "2019-11"]].concat());
    assert_eq!(status, 0, "{same}");
    assert_eq!(same["places"], json!([]));
    assert_eq!(same["stored"]["total"], same["before"]["figures"]["total"]);
    assert_eq!(
        same["stored"]["passed"],
        same["before"]["figures"]["passed"]
    );

    // All is forgiven.
    let rules = std::fs::read_to_string(format!("{DATA}/2019-11/rules.csv")).unwrap();
    let ids = rules
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next());
    let off: String = ids.map(|id| format!("severity {id} off\n")).collect();
    let rule = place.file("off.txt", &off);
    let (forgiven, status) = place.json(&[&replay[..], &["--overrides", &rule]].concat());
    assert_eq!(status, 1, "{forgiven}");
    let figures = |which: &str, what: &str| forgiven[which]["figures"][what].as_u64().unwrap();
    assert_eq!(figures("after", "errors"), 0);
    assert_eq!(figures("after", "passed"), figures("after", "total"));
    let failed = figures("before", "total") - figures("before", "passed");
    assert_eq!(forgiven["newly_passed"]["count"], failed);
    let row = &forgiven["newly_passed"]["rows"][0];
    assert_eq!(row["file"], "flu_20191203081500.csv");
    let text = place
        .operate(&[&replay[..], &["--overrides", &rule]].concat())
        .0;
    assert!(
        text.contains("达标 100 条") && text.contains("第 "),
        "{text}"
    );

    let (preview, status) = place.json(&[
        "preview-standard",
        "--overrides",
        &rule,
        "--account",
        "demo-hospital",
    ]);
    assert_eq!((status, &preview["changed"]), (1, &json!(1)));
    assert_eq!(preview["newly_passed"], failed);
    assert_eq!(preview["hospitals"][0]["passed_after"], 100);

    assert_eq!(place.upload(), upload, "nothing is stored");
    let trail = audit::Filter::Subject(upload.id.to_string());
    let seen = audit::list(place.service().store(), &trail, None, 20);
    let seen = place.runtime.block_on(seen).unwrap().entries;
    let replayed = seen
        .iter()
        .filter(|entry| entry.act == domain::audit::Act::UploadReplayed);
    assert_eq!(replayed.count(), 4, "one for each time it was judged");
}

#[test]
fn a_version_still_to_come_is_read_from_its_folder() {
    let place = Place::new();
    let upload = place.upload();
    let draft = draft(place.folder.path(), "2027-01");
    let rules = draft.join("rules.csv");
    let text = std::fs::read_to_string(&rules).unwrap();
    let folder = draft.to_str().unwrap();
    let replay = [
        "replay",
        upload.id.as_str(),
        "--account",
        "demo-hospital",
        "--data",
        folder,
    ];
    let (same, status) = place.json(&replay);
    assert_eq!(
        (status, &same["after"]["standard"]),
        (0, &json!("2027-01")),
        "{same}"
    );

    std::fs::write(&rules, text.replacen("error", "mistake", 1)).unwrap();
    let (told, status) = place.operate(&replay);
    assert_eq!(status, 2);
    assert!(
        told.contains("2027-01/rules.csv") && told.contains("mistake"),
        "{told}"
    );

    for (arguments, said) in [
        (
            &[
                "replay",
                upload.id.as_str(),
                "--account",
                "nobody",
                "--standard",
                "2019-11",
            ][..],
            "没有账号 nobody",
        ),
        (
            &[
                "replay",
                upload.id.as_str(),
                "--account",
                "demo-hospital",
                "--standard",
                "1999",
            ],
            "没有版本 1999",
        ),
        (
            &[
                "replay",
                "x",
                "--account",
                "demo-hospital",
                "--standard",
                "2019-11",
            ],
            "上传编号的格式不对",
        ),
    ] {
        let (told, status) = place.operate(arguments);
        assert_eq!(status, 2, "{told}");
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn a_new_version_is_put_among_the_sources() {
    let folder = tempfile::tempdir().unwrap();
    let sources = folder.path().join("data");
    std::fs::create_dir(&sources).unwrap();
    let list = sources.join("versions.csv");
    std::fs::copy(format!("{DATA}/versions.csv"), &list).unwrap();
    let draft = draft(folder.path(), "2027-01");
    let rules = draft.join("rules.csv");
    let text = std::fs::read_to_string(&rules).unwrap();
    let first = text.lines().nth(1).unwrap().to_owned();
    let id = first.split(',').next().unwrap();
    std::fs::write(&rules, text.replacen(&format!("{first}\n"), "", 1)).unwrap();

    let load = |more: &[&str]| {
        let arguments = [
            "load-standard",
            draft.to_str().unwrap(),
            "--into",
            sources.to_str().unwrap(),
        ];
        operate(&[&arguments[..], more].concat(), &[])
    };
    let before = std::fs::read_to_string(&list).unwrap();
    let (text, status) = load(&["--first-day", "2027-01-01", "--dry-run", "--json"]);
    assert_eq!(status, 0, "{text}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&told["rules_removed"], &told["columns_changed"]),
        (&json!([id]), &json!([]))
    );
    assert_eq!(std::fs::read_to_string(&list).unwrap(), before);
    assert!(!sources.join("2027-01").exists());

    let (text, status) = load(&["--first-day", "2019-11-01"]);
    assert_eq!(status, 2);
    assert!(text.contains("生效日期应晚于"), "{text}");

    let (text, status) = load(&["--first-day", "2027-01-01", "--note", "season, 2026/27"]);
    assert_eq!(status, 0, "{text}");
    let after = std::fs::read_to_string(&list).unwrap();
    assert_eq!(
        after.strip_prefix(&before).unwrap(),
        "2027-01,2027-01-01,,\"season, 2026/27\"\n"
    );
    assert!(sources.join("2027-01/flu.csv").exists());
    let (text, status) = load(&["--first-day", "2028-01-01"]);
    assert_eq!(status, 2);
    assert!(text.contains("已存在"), "{text}");
}

#[test]
fn retention_deletes_what_is_over_and_nothing_else() {
    let place = Place::new();
    let upload = place.upload();
    let files = place.service().files();
    let report = format!("{}x/report.csv", store::keys::REPORT_PREFIX);
    let written = files.write(&report, b"report".to_vec(), "text/csv");
    place.runtime.block_on(written).unwrap();
    let there = |key: &str| {
        place
            .runtime
            .block_on(files.head(key, None))
            .unwrap()
            .is_some()
    };

    // Made just now, it is not over yet.
    let (text, status) = place.operate(&["retention"]);
    assert_eq!(status, 0, "{text}");
    assert!(there(&report));
    let (text, status) = place.operate(&["retention", "--report-days", "0", "--dry-run"]);
    assert_eq!(status, 0);
    assert!(
        text.contains("reports/         超过 0 天：1 个，6 字节；已删除 0"),
        "{text}"
    );
    assert!(there(&report), "a dry run deletes nothing");
    let (text, status) = place.operate(&["retention", "--report-days", "0"]);
    assert_eq!(status, 0, "{text}");
    assert!(!there(&report));
    assert!(
        there(&upload.object_key()),
        "the data file has its own time"
    );
}

#[test]
fn what_is_older_than_the_overview_is_counted_again_from_the_command_line() {
    let place = Place::new();
    let upload = place.upload();
    place.hospital_with_a_death();
    let store = place.service().store();
    place.runtime.block_on(place.service().idle());
    let state = || {
        place.runtime.block_on(async {
            (
                overview::stored(store).await.unwrap(),
                overview::roster_counts(store).await.unwrap(),
                overview::open_deaths(store, "31").await.unwrap(),
            )
        })
    };
    let before = state();
    assert_eq!(before.2.len(), 1);
    assert!(!before.0.days.is_empty());
    let (nothing, status) = place.json(&["count-again", "--dry-run"]);
    assert_eq!((status, &nothing["left"]), (0, &json!(0)), "{nothing}");

    place.forget(&OVERVIEW_PARTITIONS);
    let forgotten = state();
    for _ in 0..2 {
        let (found, status) = place.json(&["count-again", "--dry-run"]);
        assert_eq!(status, 1, "{found}");
        let of = |name: &str| found[name].as_u64().unwrap();
        assert_eq!((of("death_cases"), of("uploads")), (1, 1), "{found}");
        assert!(of("hospitals") >= 2, "{found}");
        assert_eq!(of("left"), of("hospitals") + 2, "{found}");
        assert_eq!(state(), forgotten, "a dry run writes nothing");
    }
    // One account alone, and then everything.
    let (one, status) = place.json(&["count-again", "--account", "bereaved"]);
    assert_eq!(
        (
            status,
            &one["accounts"],
            &one["death_cases"],
            &one["uploads"]
        ),
        (0, &json!(1), &json!(1), &json!(0)),
        "{one}"
    );
    assert_eq!(state().2, before.2);
    let (text, status) = place.operate(&["count-again", "--lang", "en"]);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains(
            "0 death cases and 1 uploads (or withdrawals) were not counted; 0 still are not"
        ),
        "{text}"
    );
    assert_eq!(state(), before);
    let (again, status) = place.json(&["count-again"]);
    assert_eq!(
        (
            status,
            &again["hospitals"],
            &again["uploads"],
            &again["left"]
        ),
        (0, &json!(0), &json!(0), &json!(0))
    );
    let (books, status) = place.json(&["recount"]);
    assert_eq!((status, &books["differ"]), (0, &json!(0)), "{books}");
    let trail = audit::Filter::Day(beijing(Timestamp::now()).date());
    let seen = place
        .runtime
        .block_on(audit::list(store, &trail, None, 100));
    let counted = seen.unwrap().entries;
    let counted = counted
        .iter()
        .filter(|entry| entry.act == Act::OverviewCounted);
    assert_eq!(counted.count(), 3, "not one for a dry run");

    // Records that are gone cannot be counted: which account, and why; the rest is done.
    place.forget(&OVERVIEW_PARTITIONS);
    let files = place.service().files();
    for kind in &upload.figures.as_ref().unwrap().segments {
        let generation = upload.generation.unwrap();
        let key = store::keys::segment_object(&upload.account, kind, &upload.id, generation);
        place.runtime.block_on(files.remove(&key)).unwrap();
    }
    let (left, status) = place.json(&["count-again"]);
    assert_eq!((status, &left["left"]), (1, &json!(1)), "{left}");
    assert_eq!(left["failed"][0]["account"], upload.account.to_string());
    assert!(!left["failed"][0]["error"].as_str().unwrap().is_empty());
    assert_eq!(state().2, before.2);
    let (text, status) = place.operate(&["count-again", "--account", "demo-hospital"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("未能全部计入"), "{text}");

    let (text, status) = place.operate(&["count-again", "--account", "nobody"]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("没有账号 nobody"), "{text}");
}

/// What DuckDB answers to the query that `docs/oversight.md` holds figures against records with, in a folder of both.
fn documented_query(folder: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let document = std::fs::read_to_string(root.join("docs/oversight.md")).unwrap();
    let query = document.split("```sql\n").nth(1).unwrap();
    let query = query.split("```").next().unwrap();
    let python = root.join("target/tools/analysts/bin/python");
    assert!(
        python.exists(),
        "run `infra/check/python analysts` first, as tests/run does"
    );
    let answer = Command::new(python)
        .arg(root.join("tests/it/query.py").canonicalize().unwrap())
        .current_dir(folder)
        .write_stdin(query)
        .output()
        .unwrap();
    assert!(answer.status.success(), "{answer:?}");
    String::from_utf8(answer.stdout).unwrap()
}

#[test]
fn seeded_uploads_are_counted_when_the_command_ends_and_a_counter_that_is_wrong_is_named() {
    let place = Place::new();
    place.upload();
    let (seeded, status) = place.json(&[
        "seed-uploads",
        "--hospitals",
        "2",
        "--weeks",
        "5",
        "--each",
        "2",
        "--visits",
        "4",
    ]);
    assert_eq!(status, 0, "{seeded}");
    // Five weeks by two and two and one.
    assert_eq!(
        (&seeded["uploads"], &seeded["left"]),
        (&json!(6), &json!(0))
    );
    let figures = place.folder.path().join("figures.csv");
    let recount = ["recount", "--figures", figures.to_str().unwrap()];
    let (books, status) = place.json(&recount);
    assert_eq!((status, &books["differ"]), (0, &json!(0)), "{books}");
    let mut reader = csv::Reader::from_path(&figures).unwrap();
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let sum = |kind: &str, column: usize| {
        let own = lines.iter().filter(|line| line[1] == *kind);
        own.map(|line| line[column].parse::<i64>().unwrap())
            .sum::<i64>()
    };
    // Two hospitals with 4 visits a week; of one of them a record of each archive fails.
    assert_eq!(sum("flu", 3), 2 * 5 * 4 - 3);
    assert!(sum("flu", 4) > 10 && sum("flu", 4) < sum("flu", 3));
    for kind in ["hqms", "hda", "pdr", "lis"] {
        assert!(sum(kind, 3) > 0, "{kind}");
    }
    let (text, status) = place.operate(&["recount", "--lang", "en"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("0 differ, 0 were changing"), "{text}");

    // As the documentation says, with its query.
    for kind in ["flu", "hqms", "hda", "hdr", "pdr", "lis"] {
        let out = place.folder.path().join("accepted");
        let export = [
            "export",
            "--kind",
            kind,
            "--from",
            "2026-01-01",
            "--to",
            "2099-12-31",
        ];
        let to = ["--out", out.to_str().unwrap()];
        let ready = ["--ready-file", place.ready.to_str().unwrap()];
        let key = [("FLU_PSEUDONYM_KEY", "5a".repeat(32))];
        let key = key.each_ref().map(|(name, key)| (*name, key.as_str()));
        let (text, status) = operate(&[&export[..], &to, &ready].concat(), &key);
        assert_eq!(status, 0, "{text}");
    }
    assert_eq!(documented_query(place.folder.path()), "");

    place.forget(&["PROVINCE#11#"]);
    let (_, status) = place.json(&recount);
    assert_eq!(status, 1);
    let differing = documented_query(place.folder.path());
    assert!(differing.lines().count() > 4, "{differing}");
    assert!(
        differing.lines().all(|row| row.contains("\"11\"")),
        "{differing}"
    );
    let (books, status) = place.json(&["recount"]);
    assert_eq!(status, 1, "{books}");
    let named = books["differing"].as_array().unwrap();
    assert_eq!(books["differ"], named.len());
    assert!(!named.is_empty());
    let all_of_it = |name: &Value| name.as_str().unwrap().starts_with("province  11 20");
    assert!(named.iter().all(all_of_it), "{books}");
    let (text, status) = place.operate(&["recount"]);
    assert_eq!(status, 1);
    assert!(text.starts_with("province  11 20"), "{text}");

    let (text, status) = place.operate(&["recount", "--figures", "/nowhere/figures.csv"]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("/nowhere/figures.csv"), "{text}");
    for wrong in [["--hospitals", "0"], ["--weeks", "0"], ["--weeks", "111"]] {
        let (text, status) = place.operate(&[&["seed-uploads"][..], &wrong].concat());
        assert_eq!(status, 2, "{text}");
    }
}

#[test]
fn a_seeded_overview_is_what_it_is_made_of() {
    let place = Place::new();
    place.upload();
    let (text, status) = place.operate(&["seed-overview", "--hospitals", "3", "--year", "2025"]);
    assert_eq!(status, 0, "{text}");
    let (books, status) = place.json(&["recount"]);
    assert_eq!((status, &books["differ"]), (0, &json!(0)), "{books}");
    assert!(books["contributions"].as_u64().unwrap() > 36, "{books}");
    let (text, status) = place.operate(&["seed-overview", "--hospitals", "2", "--days", "3"]);
    assert_eq!(status, 0, "{text}");
    let all = place
        .runtime
        .block_on(overview::stored(place.service().store()));
    let last = beijing(Timestamp::now()).date().saturating_sub(1.day());
    let newest = all.unwrap().days.into_keys().map(|(_, _, day)| day.last());
    // The demo account's own file has arrived today.
    assert!(newest.filter(|day| *day == last).count() >= 1);
    for wrong in [&[][..], &["--year", "2025", "--days", "3"]] {
        let (text, status) = place.operate(&[&["seed-overview"][..], wrong].concat());
        assert_eq!(status, 2, "{text}");
    }
}
