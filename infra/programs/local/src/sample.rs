//! The sample file, and the script that sends it from a terminal.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Name under which the sample is uploaded.
pub(crate) const NAME: &str = "flu_with_errors.zip";
/// Where the sample stands in the repository.
pub(crate) const PATH: &str = "docs/samples/flu_with_errors.zip";
/// The sample: a small ZIP of a hospital with some errors in it.
pub(crate) const CONTENT: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/samples/flu_with_errors.zip"
));

const SCRIPT: &str = include_str!("try.sh");

/// What the script needs to know.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) portal: String,
    pub(crate) login: String,
    pub(crate) password: String,
}

/// Routes that only this program has.
pub(crate) fn router(trial: Option<Trial>) -> Router {
    let trial = Arc::new(trial);
    Router::new()
        .route("/_local/try.sh", get(script).with_state(Arc::clone(&trial)))
        .route("/_local/demo.json", get(demo).with_state(trial))
        .route("/_local/samples/flu_with_errors.zip", get(sample))
}

/// The demo login for the sign-in page, `null` where there is none. It is printed at the start anyway.
async fn demo(State(trial): State<Arc<Option<Trial>>>) -> Json<Value> {
    let trial = trial.as_ref().as_ref();
    Json(trial.map_or(
        Value::Null,
        |trial| json!({"login": trial.login, "password": trial.password}),
    ))
}

async fn sample() -> impl IntoResponse {
    let disposition = format!("attachment; filename=\"{NAME}\"");
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, CONTENT)
}

async fn script(State(trial): State<Arc<Option<Trial>>>) -> impl IntoResponse {
    let text = match trial.as_ref() {
        Some(trial) => fill_in(trial),
        None => {
            "echo '没有演示账号（--no-seed）· there is no demo account (--no-seed)' >&2; exit 1\n"
                .to_owned()
        }
    };
    (
        [(header::CONTENT_TYPE, "text/x-shellscript; charset=utf-8")],
        text,
    )
}

fn fill_in(trial: &Trial) -> String {
    let digest = Sha256::digest(CONTENT);
    let session = serde_json::json!({"login": trial.login, "password": trial.password});
    SCRIPT
        .replace("@PORTAL@", &quoted(&trial.portal))
        .replace("@SESSION@", &quoted(&session.to_string()))
        .replace("@NAME@", NAME)
        .replace("@SIZE@", &CONTENT.len().to_string())
        .replace("@SHA256_HEX@", &hex::encode(digest))
        .replace("@SHA256_BASE64@", &STANDARD.encode(digest))
}

/// As one word of the shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_can_not_break_out_of_the_script() {
        let trial = Trial {
            portal: "http://127.0.0.1:1".into(),
            login: "demo".into(),
            password: "'; touch /tmp/x; '".into(),
        };
        let script = fill_in(&trial);
        assert!(
            script.contains(r#"{"login":"demo","password":"'\''; touch /tmp/x; '\''"}"#),
            "{script}"
        );
        assert!(
            !script.contains("@S") && !script.contains("@N") && !script.contains("@P"),
            "every placeholder is filled in: {script}"
        );
    }
}
