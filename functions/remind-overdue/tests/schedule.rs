//! The program itself, started by the recorded event of its schedule.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    reason = "a failing test may end where it stands"
)]

mod runtime;

use std::collections::BTreeMap;

use domain::audit::{Act, AuditEntry};
use domain::death_case::{DeathCase, Header, Sheet};
use domain::notice::NoticeState;
use domain::{AccountState, NewAccount, PasswordHash, Role, beijing};
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use startup::{Clients, Config, Options};
use store::{accounts, death_cases, notices, schema};

#[tokio::test]
async fn the_recorded_event_reminds_of_a_case_that_is_overdue() {
    let folder = tempfile::tempdir().unwrap();
    let table = table_server::Table::start(table_server::Options {
        file: folder.path().join("table"),
        address: "127.0.0.1:0".parse().unwrap(),
    })
    .unwrap();
    let endpoint = format!("http://{}", table.address());
    let config = Config::from_variables(|name| match name {
        "FLU_TABLE" | "FLU_BUCKET" => Some("flu".to_owned()),
        "FLU_DYNAMODB_ENDPOINT" => Some(endpoint.clone()),
        _ => None,
    });
    let key = aws_credential_types::Credentials::new("key", "key", None, None, "test");
    let options = Options {
        credentials: Some(key),
        ..Options::default()
    };
    let store = Clients::new(&config.unwrap(), options).await.store;
    schema::create(&store).await.unwrap();
    let account = NewAccount {
        login_name: "manager".parse().unwrap(),
        phone: Some("13911112222".parse().unwrap()),
        role: Role::DataManager,
        institution: None,
        province: None,
        password_hash: PasswordHash::nobody().clone(),
        state: AccountState::Active,
    };
    let account = accounts::create(&store, account, Timestamp::UNIX_EPOCH).await;
    let account = account.unwrap().id;
    // The program has the machine's clock: a day after the last day in time, on which a reminder goes out.
    let discharged = beijing(Timestamp::now()).date();
    let discharged = discharged.checked_sub(8.days()).unwrap();
    let sheet = Sheet {
        header: Header {
            medical_record_number: "BA1".to_owned(),
            name: "张三".to_owned(),
            admitted_on: date(2019, 1, 1).at(0, 0, 0, 0),
            discharged_on: discharged.at(12, 0, 0, 0),
            died_at: discharged.at(11, 0, 0, 0),
        },
        archived_on: None,
        values: BTreeMap::new(),
        defects: 0,
    };
    let now = Timestamp::now();
    let case = DeathCase::new(account.clone(), 1, sheet, "test", now);
    let entry = AuditEntry {
        at: now,
        act: Act::DeathCaseCreated,
        by: account.to_string(),
        subject: "test".to_owned(),
        address: None,
        request: None,
    };
    assert!(death_cases::create(&store, &case, &entry).await.unwrap());

    let variables = [
        ("FLU_TABLE", "flu"),
        ("FLU_BUCKET", "flu"),
        ("FLU_DYNAMODB_ENDPOINT", endpoint.as_str()),
    ];
    let program = env!("CARGO_BIN_EXE_remind-overdue");
    let event = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../events/remind-overdue/schedule.json"
    );
    let first = runtime::answer(program, &variables, event).await;
    assert_eq!(
        (&first["accounts"], &first["cases"]),
        (&1.into(), &1.into())
    );
    let waiting = notices::list(&store, NoticeState::Waiting, 10).await;
    let told: Vec<String> = waiting
        .unwrap()
        .into_iter()
        .map(|notice| notice.to)
        .collect();
    assert_eq!(told, ["13911112222"]);
    // The event comes twice.
    let second = runtime::answer(program, &variables, event).await;
    assert_eq!(second["accounts"], 0);
}
