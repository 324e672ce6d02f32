//! `/_local/health`: whether everything in this process does its work, for whoever watches over it.

use std::path::PathBuf;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// What is looked at.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) bucket: String,
    pub(crate) table: String,
    pub(crate) dead_letters: PathBuf,
}

pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/_local/health", get(show))
        .with_state(health)
}

/// 200 while table and bucket answer, else 503. Events that were given up are told and no reason to be restarted.
async fn show(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    let table = health.dynamodb.describe_table().table_name(&health.table);
    let bucket = health.s3.head_bucket().bucket(&health.bucket);
    let (table, bucket) = tokio::join!(table.send(), bucket.send());
    let (table, bucket) = (table.is_ok(), bucket.is_ok());
    let status = match table && bucket {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let given_up = std::fs::read_dir(&health.dead_letters).map_or(0, Iterator::count);
    let answer = json!({
        "healthy": table && bucket, "table": table, "bucket": bucket, "dead_letters": given_up,
        "version": env!("CARGO_PKG_VERSION"),
    });
    (status, Json(answer))
}
