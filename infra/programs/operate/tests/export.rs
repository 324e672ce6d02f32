//! `operate export`: whom it names people to, and what it leaves in the audit trail. What it writes is tested with the service.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::path::PathBuf;

use assert_cmd::Command;
use aws_credential_types::Credentials;
use domain::audit::Act;
use domain::{AccountState, NewAccount, PasswordHash, Role, beijing};
use jiff::Timestamp;
use startup::{Clients, Config, Options};
use store::{Store, accounts, audit, schema};
use tokio::runtime::Runtime;

const KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

struct Place {
    runtime: Runtime,
    store: Store,
    ready: PathBuf,
    folder: tempfile::TempDir,
    _table: table_server::Running,
    _objects: object_store_server::Running,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let (store, table, objects) = runtime.block_on(async {
            let table = table_server::Table::start(table_server::Options {
                file: folder.path().join("table"),
                address: "127.0.0.1:0".parse().unwrap(),
            })
            .unwrap();
            let (sender, _) = tokio::sync::mpsc::unbounded_channel();
            let options =
                object_store_server::Options::new(folder.path().join("objects"), "local", "local");
            let objects = object_store_server::ObjectStore::start(options, sender)
                .await
                .unwrap();
            let config = Config {
                table: "flu".to_owned(),
                bucket: "flu".to_owned(),
                s3_endpoint: Some(format!("http://{}", objects.address())),
                s3_public_endpoint: None,
                dynamodb_endpoint: Some(format!("http://{}", table.address())),
                standard_overrides: None,
                region: "us-east-1".to_owned(),
            };
            let options = Options {
                credentials: Some(Credentials::new("local", "local", None, None, "test")),
                ..Options::default()
            };
            let clients = Clients::new(&config, options).await;
            schema::create(&clients.store).await.unwrap();
            clients
                .s3
                .create_bucket()
                .bucket("flu")
                .send()
                .await
                .unwrap();
            (clients.store, table, objects)
        });
        let ready = folder.path().join("ready.json");
        let content = serde_json::json!({
            "dynamodb": format!("http://{}", table.address()),
            "s3": format!("http://{}", objects.address()),
        });
        std::fs::write(&ready, content.to_string()).unwrap();
        let place = Self {
            runtime,
            store,
            ready,
            folder,
            _table: table,
            _objects: objects,
        };
        place.person("analyst-1", Role::Analyst);
        place.person("reviewer-1", Role::Reviewer);
        place
    }

    fn person(&self, name: &str, role: Role) {
        let account = NewAccount {
            login_name: name.parse().unwrap(),
            phone: None,
            role,
            institution: None,
            province: None,
            password_hash: PasswordHash::nobody().clone(),
            state: AccountState::Active,
        };
        let created = accounts::create(&self.store, account, Timestamp::now());
        self.runtime.block_on(created).unwrap();
    }

    /// What the command prints, and its exit status.
    fn export(&self, key: Option<&str>, more: &[&str]) -> (String, i32) {
        let mut command = Command::cargo_bin("operate").unwrap();
        for variable in [
            "FLU_TABLE",
            "FLU_BUCKET",
            "FLU_DYNAMODB_ENDPOINT",
            "FLU_PSEUDONYM_KEY",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "AWS_SHARED_CREDENTIALS_FILE",
            "OPERATE_LANG",
        ] {
            command.env_remove(variable);
        }
        if let Some(key) = key {
            command.env("FLU_PSEUDONYM_KEY", key);
        }
        let output = command
            .args([
                "export",
                "--kind",
                "flu",
                "--from",
                "2026-01-01",
                "--to",
                "2026-01-31",
            ])
            .arg("--out")
            .arg(self.folder.path().join("out"))
            .args(more)
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

    fn acts(&self) -> Vec<(Act, String)> {
        let filter = audit::Filter::Day(beijing(Timestamp::now()).date());
        let page = audit::list(&self.store, &filter, None, 50);
        let entries = self.runtime.block_on(page).unwrap().entries;
        let told = entries.into_iter().rev();
        told.map(|entry| (entry.act, entry.subject)).collect()
    }
}

#[test]
fn people_are_named_to_analysts_with_a_reason_alone() {
    let place = Place::new();
    let (said, status) = place.export(None, &[]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("FLU_PSEUDONYM_KEY"), "{said}");
    let (said, status) = place.export(Some("abcd"), &[]);
    assert_eq!(status, 2, "{said}");

    let (said, status) = place.export(Some(KEY), &["--identified"]);
    assert_eq!(status, 2, "{said}");
    assert!(
        said.contains("--reason") && said.contains("--account"),
        "{said}"
    );
    let named = |account| {
        [
            "--identified",
            "--reason",
            "核对重症病例",
            "--account",
            account,
        ]
    };
    let (said, status) = place.export(None, &named("reviewer-1"));
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("不是分析员"), "{said}");
    let (said, status) = place.export(None, &named("nobody-1"));
    assert_eq!(status, 2, "{said}");
    assert_eq!(place.acts(), Vec::new());

    let (said, status) = place.export(Some(KEY), &[]);
    assert_eq!((status, said.trim()), (0, "没有已接收的数据"));
    let (said, status) = place.export(None, &named("analyst-1"));
    assert_eq!(status, 0, "{said}");
    let acts = place.acts();
    assert_eq!(acts.len(), 2, "{acts:?}");
    assert_eq!(acts[0].0, Act::AcceptedDataExported);
    assert_eq!(acts[1].0, Act::IdentifiedDataExported);
    assert!(acts[1].1.contains("核对重症病例"), "{acts:?}");
    assert!(!said.contains(KEY));
}
