//! The table server as its clients see it, through the AWS SDK.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use table_server::{Error, Options, Running, Table};

fn start(file: &Path) -> Result<Running, Error> {
    Table::start(Options {
        file: file.to_owned(),
        address: ([127, 0, 0, 1], 0).into(),
    })
}

fn client(running: &Running) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{}", running.address()))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .build();
    Client::from_conf(config)
}

async fn create(client: &Client) {
    let attribute = AttributeDefinition::builder().attribute_name("pk");
    let attribute = attribute
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let key = KeySchemaElement::builder()
        .attribute_name("pk")
        .key_type(KeyType::Hash);
    let create = client
        .create_table()
        .table_name("flu")
        .attribute_definitions(attribute);
    let create = create.key_schema(key.build().unwrap());
    create
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}

async fn put(client: &Client, key: &str) -> bool {
    let put = client
        .put_item()
        .table_name("flu")
        .item("pk", AttributeValue::S(key.to_owned()));
    put.condition_expression("attribute_not_exists(pk)")
        .send()
        .await
        .is_ok()
}

async fn has(client: &Client, key: &str) -> bool {
    let get = client
        .get_item()
        .table_name("flu")
        .key("pk", AttributeValue::S(key.to_owned()));
    get.send().await.unwrap().item().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_there_after_a_stop_and_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.sqlite");
    let running = start(&file).unwrap();
    create(&client(&running)).await;
    assert!(put(&client(&running), "流感").await);
    assert!(
        !put(&client(&running), "流感").await,
        "the condition holds once"
    );
    running.stop().await;

    let running = start(&file).unwrap();
    assert!(has(&client(&running), "流感").await);
    running.stop().await;
}

/// What a killed process leaves is exactly what the files hold at that moment.
#[tokio::test(flavor = "multi_thread")]
async fn an_answered_write_is_in_the_files_already() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&folder.path().join("table.sqlite")).unwrap();
    let live = client(&running);
    create(&live).await;
    for n in 0..20 {
        assert!(put(&live, &n.to_string()).await);
    }
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let restarted = start(&copy.path().join("table.sqlite")).unwrap();
    for n in 0..20 {
        assert!(has(&client(&restarted), &n.to_string()).await, "item {n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_table_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("table.sqlite");
    std::fs::write(
        &file,
        "not a database, and long enough to be read as one".repeat(40),
    )
    .unwrap();
    let error = start(&file).unwrap_err().to_string();
    assert!(error.contains("table.sqlite"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&folder.path().join("a.sqlite")).unwrap();
    let options = Options {
        file: folder.path().join("b.sqlite"),
        address: running.address(),
    };
    let error = Table::start(options).unwrap_err();
    assert!(matches!(error, Error::Address { .. }), "{error}");
}
