//! Sends one entry: what is small in one request, what is large to the object store.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Call, CallError, Client, OnProgress};
use crate::problem::Problem;
use crate::receipt::{Sent, Totals};
use crate::spool::Progress;

/// What one request carries; the service tells if it is less.
const IN_ONE: usize = 4_500_000;
/// Uploads that came to nothing, each tried under a key of its own, before somebody has to look.
const ATTEMPTS: u32 = 5;

/// What is to be sent.
pub(crate) struct Parcel<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) dry_run: bool,
}

/// What came of a try.
pub(crate) enum Outcome {
    /// The end.
    Sent(Sent),
    /// Stored by the service, and being judged there: ask again soon.
    Awaited,
}

/// Goes on with the sending of a parcel. `keep` stores how far it is before anything is done that depends on it.
pub(crate) fn send(
    client: &mut Client,
    parcel: &Parcel<'_>,
    mut progress: Progress,
    keep: &mut dyn FnMut(&Progress) -> Result<(), Problem>,
    on_progress: Option<OnProgress>,
) -> Result<Outcome, CallError> {
    let answer = match &progress.upload_id {
        Some(id) => {
            let path = format!("/api/v1/uploads/{id}");
            client.call(&Call::get(&path))?.json()
        }
        None if parcel.bytes.len() <= IN_ONE => {
            match in_one_request(client, parcel, progress.attempt, on_progress.clone()) {
                Err(CallError::Refused { code, .. }) if code.ends_with("too_large") => {
                    by_ticket(client, parcel, progress.attempt, on_progress)?
                }
                answer => answer?,
            }
        }
        None => by_ticket(client, parcel, progress.attempt, on_progress)?,
    };
    let mut stored = |progress: &Progress| {
        keep(progress).map_err(|problem| CallError::Later {
            problem,
            after: None,
        })
    };
    match judge(&answer) {
        Judged::End(sent) => Ok(Outcome::Sent(sent)),
        Judged::Awaited(id) => {
            progress.upload_id = id.or(progress.upload_id);
            stored(&progress)?;
            Ok(Outcome::Awaited)
        }
        Judged::Failed(why) => {
            progress.attempt += 1;
            progress.upload_id = None;
            stored(&progress)?;
            if progress.attempt >= ATTEMPTS {
                return Ok(Outcome::Sent(Sent::Refused(why)));
            }
            Ok(Outcome::Awaited)
        }
    }
}

enum Judged {
    End(Sent),
    Awaited(Option<String>),
    Failed(String),
}

/// Reads what the service says of an upload, whichever call it answers.
fn judge(answer: &Value) -> Judged {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("upload_id").or_else(|| text("id"));
    let is_dry = answer
        .get("dry_run")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let is_settled = answer
        .get("dispositions")
        .is_some_and(|value| !value.is_null());
    match text("status").as_deref() {
        Some("done") if is_settled || is_dry => Judged::End(Sent::Received {
            upload_id: id.unwrap_or_default(),
            totals: Totals::of(answer),
        }),
        Some("failed" | "expired") => {
            let reason = answer
                .get("reason")
                .and_then(|reason| reason.get("detail_zh"));
            let reason = reason.and_then(Value::as_str).map(str::to_owned);
            let told = reason
                .or_else(|| text("reason_zh"))
                .or_else(|| text("status_zh"));
            Judged::Failed(told.unwrap_or_default())
        }
        _ => Judged::Awaited(id),
    }
}

/// The key under which the service knows this request again.
fn key(parcel: &Parcel<'_>, attempt: u32) -> String {
    format!("fem-{}-{attempt}", parcel.id)
}

fn in_one_request(
    client: &mut Client,
    parcel: &Parcel<'_>,
    attempt: u32,
    on_progress: Option<OnProgress>,
) -> Result<Value, CallError> {
    let name = utf8_percent_encode(parcel.name, NON_ALPHANUMERIC);
    let path = format!(
        "/api/v1/batches/data?file_name={name}&dry_run={}",
        parcel.dry_run
    );
    let call = Call {
        method: Method::POST,
        path: &path,
        headers: vec![
            ("content-type", "application/zip".to_owned()),
            ("idempotency-key", key(parcel, attempt)),
        ],
        body: Bytes::from(parcel.bytes.clone()),
        on_progress,
    };
    Ok(client.call(&call)?.json())
}

fn by_ticket(
    client: &mut Client,
    parcel: &Parcel<'_>,
    attempt: u32,
    on_progress: Option<OnProgress>,
) -> Result<Value, CallError> {
    let announcement = json!({
        "kind": "data",
        "file_name": parcel.name,
        "size": parcel.bytes.len(),
        "sha256": hex::encode(Sha256::digest(&parcel.bytes)),
        "dry_run": parcel.dry_run,
    });
    let mut call = Call::post("/api/v1/uploads", &announcement);
    call.headers.push(("idempotency-key", key(parcel, attempt)));
    // Twice: an address may have run out on a slow line, and the same announcement gets a new one for the same upload.
    for is_last in [false, true] {
        let ticket = client.call(&call)?.json();
        let url = ticket
            .get("url")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let headers = ticket.get("headers").cloned().unwrap_or(Value::Null);
        let body = Bytes::from(parcel.bytes.clone());
        let answer = client.put(url, &headers, body, on_progress.clone())?;
        match answer.status {
            // 412: it is there, sent by a try whose answer was lost.
            status if status.is_success() || status == StatusCode::PRECONDITION_FAILED => {
                return Ok(ticket);
            }
            StatusCode::FORBIDDEN if !is_last => {}
            status => {
                let status = status.as_u16();
                return Err(CallError::Later {
                    problem: Problem::new(
                        format!("上传地址返回 {status}，请检查代理和防火墙是否允许 PUT 请求"),
                        format!(
                            "the upload's address answered {status}; check that proxy and firewall let PUT through"
                        ),
                    ),
                    after: Some(Duration::from_secs(5)),
                });
            }
        }
    }
    Ok(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::credential::Credential;
    use crate::scripted::{self, Scripted};

    #[test]
    fn an_address_that_has_run_out_is_asked_for_anew_for_the_same_upload() {
        let service = Scripted::start(|number, request| {
            let path = request.split(' ').nth(1).unwrap_or_default();
            let host = request.to_lowercase();
            let host = host.lines().find_map(|line| line.strip_prefix("host: "));
            match (path, number) {
                ("/api/v1/session", _) => scripted::answer(200, "", r#"{"token":"t"}"#),
                ("/api/v1/uploads", _) => {
                    let host = host.unwrap_or_default();
                    let ticket = format!(
                        r#"{{"upload_id":"u","url":"http://{host}/put","headers":{{"x-signed":"{number}"}}}}"#
                    );
                    scripted::answer(201, "", &ticket)
                }
                // The first has run out.
                (_, 2) => scripted::answer(403, "", "<Code>AccessDenied</Code>"),
                _ => scripted::answer(200, "", ""),
            }
        });
        let mut config = Config::new(service.url(), Vec::new(), "state".into());
        config.proxy = Some("none".to_owned());
        let credential = Credential {
            login: "machine-a".into(),
            secret: "secret".into(),
        };
        let mut client = Client::new(&config, credential).unwrap();
        let parcel = Parcel {
            id: "id",
            name: "flu_1.zip",
            bytes: vec![b'x'; IN_ONE + 1],
            dry_run: false,
        };
        let mut kept = Vec::new();
        let mut keep = |progress: &Progress| {
            kept.push(progress.upload_id.clone());
            Ok(())
        };
        let outcome = send(&mut client, &parcel, Progress::default(), &mut keep, None);
        assert!(matches!(outcome, Ok(Outcome::Awaited)));
        assert_eq!(kept, [Some("u".to_owned())]);
        let asked = service.asked();
        let keys: Vec<&str> = asked
            .iter()
            .filter_map(|request| {
                request
                    .lines()
                    .find(|line| line.starts_with("idempotency-key"))
            })
            .collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[0], keys[1], "the same upload");
        assert!(asked[4].starts_with("PUT /put") && asked[4].contains("x-signed: 3"));
        assert_eq!(asked.len(), 5);
    }

    #[test]
    fn only_a_settled_result_is_the_end() {
        let judged = |answer: Value| match judge(&answer) {
            Judged::End(Sent::Received { upload_id, totals }) => {
                format!("{upload_id} {}", totals.unchanged)
            }
            Judged::End(_) => "end".to_owned(),
            Judged::Awaited(id) => format!("awaited {}", id.unwrap_or_default()),
            Judged::Failed(why) => why,
        };
        let done = json!({"upload_id": "u", "status": "done", "dispositions": {"unchanged": 3}});
        assert_eq!(judged(done), "u 3");
        let unsettled = json!({"id": "u", "status": "done", "dispositions": null});
        assert_eq!(judged(unsettled), "awaited u");
        assert_eq!(judged(json!({"upload_id": "u", "url": "x"})), "awaited u");
        let failed = json!({"status": "failed", "reason": {"detail_zh": "请重新上传"}});
        assert_eq!(judged(failed), "请重新上传");
    }
}
