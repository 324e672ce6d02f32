//! SNS: `Publish` to a phone number, asked for in a form and answered in XML.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::form::Fields;
use crate::server::{cut, new_id};
use crate::{Channel, Fault, Message, Outbox};

/// SNS takes 1,600 bytes for a phone, in several parts.
const LONGEST: usize = 1_600;

/// Takes a text message.
pub(crate) async fn publish(State(outbox): State<Outbox>, body: Bytes) -> Response {
    let fault = outbox.fault();
    match fault {
        Some(Fault::Throttled) => return refusal(400, "Throttling", "Rate exceeded"),
        Some(Fault::Broken) => return refusal(500, "InternalError", "out of order"),
        Some(Fault::CutBeforeTaking) => return cut(),
        Some(Fault::CutAfterTaking) | None => {}
    }
    let body = String::from_utf8_lossy(&body);
    let fields = Fields::parse(&body);
    if fields.get("Action") != Some("Publish") {
        return refusal(400, "InvalidAction", "only Publish is known");
    }
    let (Some(to), Some(text)) = (fields.get("PhoneNumber"), fields.get("Message")) else {
        return refusal(
            400,
            "InvalidParameter",
            "PhoneNumber and Message are needed",
        );
    };
    if !is_phone(to) {
        return refusal(400, "InvalidParameter", "PhoneNumber is not valid");
    }
    if text.is_empty() || text.len() > LONGEST {
        return refusal(400, "InvalidParameter", "Message has an illegal length");
    }
    if outbox.refuses(to) {
        return refusal(400, "OptedOut", "the phone has opted out");
    }
    let message = Message {
        id: new_id(),
        channel: Channel::Sms,
        from: fields.attribute("AWS.SNS.SMS.SenderID").map(str::to_owned),
        to: to.to_owned(),
        subject: None,
        text: text.to_owned(),
        notice: fields.attribute("notice").map(str::to_owned),
        kind: fields.attribute("kind").map(str::to_owned),
        at: Timestamp::now(),
        times: 1,
    };
    match outbox.take(message) {
        Ok(_) if fault.is_some() => cut(),
        Ok(id) => xml(
            StatusCode::OK,
            format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
                 </PublishResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></PublishResponse>"
            ),
        ),
        Err(error) => {
            tracing::error!(%error, "outbox can't be written");
            refusal(500, "InternalError", "outbox can't be written")
        }
    }
}

/// `+` and the digits of a number with country code (E.164).
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    let at_fault = if status < 500 { "Sender" } else { "Receiver" };
    xml(
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>{at_fault}</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
            new_id()
        ),
    )
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}
