//! Plays Lambda's runtime interface for a function's program: gives it one event and takes its answer.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Router, body};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

/// A process that is killed when the test ends, whichever way.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

type Events = Arc<Mutex<mpsc::Receiver<Vec<u8>>>>;

/// Starts `program` with `variables`, and gives what it answers to the recorded event in `file`.
///
/// # Panics
/// When it answers with an error, or ends.
pub async fn answer(program: &str, variables: &[(&str, &str)], file: &str) -> Value {
    let (give, events) = mpsc::channel(1);
    let (tell, mut told) = mpsc::channel(1);
    let next = async |State(events): State<Events>| {
        // There is one event; whoever asks for another waits until the end.
        let Some(event) = events.lock().await.recv().await else {
            return std::future::pending().await;
        };
        let headers = [
            ("lambda-runtime-aws-request-id", "1"),
            ("lambda-runtime-deadline-ms", "99999999999999"),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:1:function:f",
            ),
        ];
        (headers, event).into_response()
    };
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .with_state(Arc::new(Mutex::new(events)));
    let outcome = |ok: bool| {
        let tell = tell.clone();
        post(async move |body: body::Bytes| {
            let _ = tell.send((ok, body)).await;
            StatusCode::ACCEPTED
        })
    };
    let routes = routes
        .route("/2018-06-01/runtime/invocation/1/response", outcome(true))
        .route("/2018-06-01/runtime/invocation/1/error", outcome(false))
        .route("/2018-06-01/runtime/init/error", outcome(false));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    give.send(std::fs::read(file).unwrap()).await.unwrap();
    let child = Command::new(program)
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "f")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "key")
        .env("AWS_REGION", "us-east-1")
        .envs(variables.iter().copied())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut process = Process(child);
    let (ok, body) = loop {
        // A program that ended says nothing any more.
        tokio::select! {
            told = told.recv() => break told.unwrap(),
            () = tokio::time::sleep(std::time::Duration::from_millis(100)) => {
                let ended = process.0.try_wait().unwrap();
                assert_eq!(ended, None, "the program ended");
            }
        }
    };
    let text = String::from_utf8_lossy(&body);
    assert!(ok, "{text}");
    serde_json::from_str(&text).unwrap()
}
