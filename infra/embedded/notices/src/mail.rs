//! SES v2: `POST /v2/email/outbound-emails`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::server::{cut, new_id};
use crate::{Channel, Fault, Message, Outbox};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: Option<String>,
    destination: Destination,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

/// Takes a mail.
pub(crate) async fn send(State(outbox): State<Outbox>, body: Bytes) -> Response {
    let fault = outbox.fault();
    match fault {
        Some(Fault::Throttled) => {
            return refusal(429, "TooManyRequestsException", "too many requests");
        }
        Some(Fault::Broken) => return refusal(500, "InternalFailure", "out of order"),
        Some(Fault::CutBeforeTaking) => return cut(),
        Some(Fault::CutAfterTaking) | None => {}
    }
    let request: SendEmail = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refusal(400, "BadRequestException", &error.to_string()),
    };
    let [to] = request.destination.to_addresses.as_slice() else {
        return refusal(400, "BadRequestException", "exactly one recipient is kept");
    };
    if !is_address(to)
        || request
            .from_email_address
            .as_deref()
            .is_none_or(|from| !is_address(from))
    {
        return refusal(400, "BadRequestException", "illegal address");
    }
    if request.content.simple.subject.data.contains(['\r', '\n']) {
        return refusal(400, "BadRequestException", "illegal subject");
    }
    if outbox.refuses(to) {
        return refusal(400, "MessageRejected", "address is on the suppression list");
    }
    let tag = |name: &str| {
        let mut tags = request.email_tags.iter();
        tags.find(|tag| tag.name == name)
            .map(|tag| tag.value.clone())
    };
    let message = Message {
        id: new_id(),
        channel: Channel::Mail,
        from: request.from_email_address.clone(),
        to: to.clone(),
        subject: Some(request.content.simple.subject.data.clone()),
        text: request.content.simple.body.text.data.clone(),
        notice: tag("notice"),
        kind: tag("kind"),
        at: Timestamp::now(),
        times: 1,
    };
    match outbox.take(message) {
        Ok(_) if fault.is_some() => cut(),
        Ok(id) => Json(json!({"MessageId": id})).into_response(),
        Err(error) => {
            tracing::error!(%error, "outbox can't be written");
            refusal(500, "InternalFailure", "outbox can't be written")
        }
    }
}

/// `name@host`, also with a name for people in front: `流感监测 <name@host>`.
fn is_address(text: &str) -> bool {
    let address = match text.split_once('<') {
        Some((_, address)) => address.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let parts = address.split_once('@');
    let plain =
        !address.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>".contains(c));
    plain
        && parts.is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.contains('@')
        })
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = (HeaderName::from_static("x-amzn-errortype"), code.to_owned());
    (status, [kind], Json(json!({"message": message}))).into_response()
}
