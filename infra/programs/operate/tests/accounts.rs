//! The commands for accounts, on a table as a running program has it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::path::PathBuf;

use assert_cmd::Command;
use aws_credential_types::Credentials;
use domain::notice::{Delivery, Notice, NoticeKind, NoticeState};
use domain::{Account, AccountState, Role, SecondFactor, SessionToken};
use serde_json::Value;
use startup::{Clients, Config, Options};
use store::{Store, accounts, notices, schema, sessions};
use tokio::runtime::Runtime;

const FILE: &str = "\
登录名,手机号码,医疗机构代码,医疗机构名称,数据管理员,邮箱,密码散列
hqms-1,13900000001,12345678X51010212A1001,示例市第一医院,王测试,wang@example.org,
hqms-2,13900000002,12345678X51010212A1002,示例市第二医院,李测试,,
hqms-3,,12345678X51010212A1003,示例市第三医院,张测试,,
hqms-4,13900000001,12345678X51010212A1004,示例市第四医院,赵测试,,
x,139,1,,,,plain
";

struct Place {
    runtime: Runtime,
    store: Store,
    ready: PathBuf,
    _table: table_server::Running,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (store, table) = runtime.block_on(async {
            let table = table_server::Table::start(table_server::Options {
                file: folder.path().join("table"),
                address: "127.0.0.1:0".parse().unwrap(),
            })
            .unwrap();
            let at = format!("http://{}", table.address());
            let config = Config::from_variables(|name| match name {
                "FLU_TABLE" | "FLU_BUCKET" => Some("flu".to_owned()),
                "FLU_DYNAMODB_ENDPOINT" => Some(at.clone()),
                "AWS_REGION" => Some("us-east-1".to_owned()),
                _ => None,
            });
            let options = Options {
                credentials: Some(Credentials::new("key", "key", None, None, "test")),
                ..Options::default()
            };
            let store = Clients::new(&config.unwrap(), options).await.store;
            schema::create(&store).await.unwrap();
            (store, table)
        });
        let ready = folder.path().join("ready.json");
        let content = serde_json::json!({
            "dynamodb": format!("http://{}", table.address()),
            "outbox": "http://127.0.0.1:1/_local/outbox",
        });
        std::fs::write(&ready, content.to_string()).unwrap();
        Self {
            runtime,
            store,
            ready,
            _table: table,
            folder,
        }
    }

    /// What the command prints, and its exit status.
    fn operate(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = Command::cargo_bin("operate").unwrap();
        for variable in [
            "FLU_TABLE",
            "FLU_DYNAMODB_ENDPOINT",
            "AWS_REGION",
            "OPERATE_LANG",
        ] {
            command.env_remove(variable);
        }
        let output = command
            .args(arguments)
            .arg("--ready-file")
            .arg(&self.ready)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            String::from_utf8(text).unwrap(),
            output.status.code().unwrap(),
        )
    }

    fn account(&self, login: &str) -> Option<Account> {
        let found = accounts::find_by_login(&self.store, login);
        self.runtime.block_on(found).unwrap()
    }

    fn waiting(&self) -> Vec<Notice> {
        let waiting = notices::list(&self.store, NoticeState::Waiting, 100);
        self.runtime.block_on(waiting).unwrap()
    }

    fn import(&self, more: &[&str]) -> (String, i32) {
        let file = self.folder.path().join("hqms.csv");
        std::fs::write(&file, FILE).unwrap();
        let file = file.to_str().unwrap();
        self.operate(&[&["import-accounts", file], more].concat())
    }
}

#[test]
fn existing_accounts_are_brought_along_once_each_with_a_way_in() {
    let place = Place::new();
    let (looked, status) = place.import(&["--dry-run"]);
    assert_eq!(status, 1, "{looked}");
    assert!(looked.contains("第 2 行  可导入") && looked.contains("可导入 2，已存在 0，未导入 3"));
    assert!(place.account("hqms-1").is_none() && place.waiting().is_empty());

    let (report, status) = place.import(&[]);
    assert_eq!(status, 1, "{report}");
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines[..2], ["第 2 行  已导入", "第 3 行  已导入"]);
    assert!(lines[2].contains("无法设置密码"), "{report}");
    assert!(lines[3].contains("与第 2 行重复"), "{report}");
    for said in ["登录名应为", "手机号码应为", "医疗机构代码应为", "密码散列"]
    {
        assert!(lines[4].contains(said), "{report}");
    }
    let account = place.account("13900000001").unwrap();
    assert_eq!(
        (account.role, account.state),
        (Role::DataManager, AccountState::MustChangePassword)
    );
    assert_eq!(account.institution.unwrap().code, "12345678X51010212A1001");
    assert_eq!(account.email.as_deref(), Some("wang@example.org"));
    for refused in ["hqms-3", "hqms-4", "x"] {
        assert!(place.account(refused).is_none(), "{refused}");
    }
    let told = place.waiting();
    assert_eq!(told.len(), 3, "one has no mail address");
    assert!(
        told.iter()
            .all(|notice| notice.kind == NoticeKind::AccountImported)
    );

    let (again, _) = place.import(&["--json"]);
    let first: Value = serde_json::from_str(again.lines().next().unwrap()).unwrap();
    assert_eq!(first["result"], "there");
    assert_eq!(place.waiting().len(), 3, "nobody is told twice");
}

#[test]
fn reviewers_are_made_and_stand_in_the_audit_trail() {
    let place = Place::new();
    let (said, status) = place.operate(&["create-reviewer", "Zhang", "--phone", "13900000009"]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("忘记密码") && !said.contains("初始密码"),
        "{said}"
    );
    let (said, _) = place.operate(&["create-reviewer", "tianjin", "--province", "12"]);
    let password = said
        .split_once("初始密码 ")
        .unwrap()
        .1
        .split_once("（")
        .unwrap()
        .0;
    let account = place.account("tianjin").unwrap();
    assert!(account.password_hash.matches(password));
    assert_eq!(
        (account.role, account.province.as_deref()),
        (Role::Reviewer, Some("12"))
    );
    let refused = [
        place.operate(&["create-reviewer", "zhang"]),
        place.operate(&["create-reviewer", "other", "--phone", "13900000009"]),
        place.operate(&["create-reviewer", "other", "--province", "99"]),
        place.operate(&["create-reviewer", "other", "--phone", "1"]),
    ];
    assert!(
        refused.iter().all(|(_, status)| *status == 2),
        "{refused:?}"
    );

    let (trail, _) = place.operate(&["audit", "--subject", account.id.as_str(), "--json"]);
    let entries: Vec<Value> = trail
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let acts: Vec<&str> = entries
        .iter()
        .map(|entry| entry["act"].as_str().unwrap())
        .collect();
    assert_eq!(
        acts,
        ["audit_viewed", "account_created"],
        "the look itself as well"
    );
    assert_eq!(entries[1]["by"], "operator");
    let (today, _) = place.operate(&["audit"]);
    assert_eq!(today.matches("account_created").count(), 2, "{today}");
}

#[test]
fn an_account_is_disabled_signed_out_and_helped_without_anybody_seeing_a_password() {
    let place = Place::new();
    place.operate(&["create-reviewer", "zhang", "--phone", "13900000009"]);
    let before = place.account("zhang").unwrap();
    let now = before.created_at;
    let begin = || {
        let account = place.account("zhang").unwrap();
        let begun = sessions::begin(&place.store, &account, now);
        place.runtime.block_on(begun).unwrap().0
    };
    let lives = |token: &SessionToken| {
        let token = token.hash();
        let resumed = sessions::resume(&place.store, &token, now);
        place.runtime.block_on(resumed).unwrap().is_some()
    };
    let (first, second) = (begin(), begin());
    assert!(lives(&first) && lives(&second));
    let (said, status) = place.operate(&["account", "Zhang", "end-sessions"]);
    assert_eq!(status, 0, "{said}");
    assert!(!lives(&first) && !lives(&second));

    let third = begin();
    let (said, _) = place.operate(&["account", "13900000009", "disable"]);
    assert!(said.contains("已停用"), "{said}");
    assert!(!lives(&third));
    let disabled = place.account("zhang").unwrap();
    assert_eq!(disabled.state, AccountState::Disabled);
    assert!(disabled.machine_epoch > before.machine_epoch);
    place.operate(&["account", "zhang", "enable"]);
    let enabled = place.account("zhang").unwrap();
    assert_eq!(enabled.state, AccountState::MustChangePassword);
    assert_eq!(
        enabled.password_hash, before.password_hash,
        "nobody chose one for its owner"
    );

    let mut with_factor = enabled.clone();
    with_factor.second_factor = Some(SecondFactor::random());
    with_factor.version += 1;
    let saved = accounts::save(&place.store, &with_factor, enabled.version, Vec::new());
    place.runtime.block_on(saved).unwrap();
    place.operate(&["account", "zhang", "second-factor-off"]);
    assert!(place.account("zhang").unwrap().second_factor.is_none());
    let (unknown, status) = place.operate(&["account", "nobody", "disable"]);
    assert_eq!(status, 2, "{unknown}");

    let (trail, _) = place.operate(&["audit", "--subject", before.id.as_str(), "--json"]);
    let acts: Vec<String> = trail
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["act"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        acts[1..],
        [
            "second_factor_off",
            "account_enabled",
            "account_disabled",
            "session_ended",
            "account_created"
        ]
    );
}

#[test]
fn the_outbox_tells_what_did_not_go_out_and_sends_it_again() {
    let place = Place::new();
    place.import(&[]);
    let mut notice = place.waiting().remove(0);
    let seen = notice.version;
    let now = notice.created_at;
    assert!(notice.begin(now));
    notice.delivered(Delivery::Unknown, now);
    let saved = notices::save(&place.store, &notice, seen);
    place.runtime.block_on(saved).unwrap();
    let (all, _) = place.operate(&["outbox"]);
    assert!(
        all.contains("未发出 3 条") && all.contains("_local/outbox"),
        "{all}"
    );
    assert!(
        !all.contains("139000"),
        "whom it is about is nobody's business: {all}"
    );
    let (uncertain, _) = place.operate(&["outbox", "--state", "uncertain", "--json"]);
    let line: Value = serde_json::from_str(uncertain.trim()).unwrap();
    assert_eq!(line["key"], notice.key);
    assert_eq!(place.operate(&["outbox", "--again", &notice.key]).1, 0);
    assert_eq!(
        place.operate(&["outbox", "--again", &notice.key]).1,
        2,
        "it waits already"
    );
    assert_eq!(place.waiting().len(), 3);
}

#[test]
fn who_names_no_service_is_told_how_to() {
    let mut command = Command::cargo_bin("operate").unwrap();
    for variable in ["FLU_TABLE", "FLU_READY_FILE"] {
        command.env_remove(variable);
    }
    let output = command.args(["audit", "--lang", "en"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--ready-file"), "{said}");
}
