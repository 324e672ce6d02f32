//! Hands a rendered notice to SES or SNS, and tells from the answer what became of it.

use std::error::Error;

use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use domain::Sha256;
use domain::notice::{Channel, Delivery, Notice};
use startup::{NoticeConfig, Providers};

use crate::texts::Rendered;

/// Sends it once.
pub(crate) async fn send(
    providers: &Providers,
    config: &NoticeConfig,
    notice: &Notice,
    rendered: &Rendered,
) -> Delivery {
    match notice.channel {
        Channel::Mail => mail(providers, config, notice, rendered).await,
        Channel::Sms => sms(providers, config, notice, rendered).await,
    }
}

async fn mail(
    providers: &Providers,
    config: &NoticeConfig,
    notice: &Notice,
    rendered: &Rendered,
) -> Delivery {
    let content = |text: &str| Content::builder().data(text).charset("UTF-8").build();
    let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build();
    let (Ok(subject), Ok(text), Ok(named), Ok(kind)) = (
        content(rendered.subject.as_deref().unwrap_or_default()),
        content(&rendered.text),
        tag("notice", name(notice)),
        tag("kind", notice.kind.name().to_owned()),
    ) else {
        return Delivery::Refused;
    };
    let message = Message::builder()
        .subject(subject)
        .body(Body::builder().text(text).build())
        .build();
    let answer = providers
        .mail
        .send_email()
        .from_email_address(&config.mail_from)
        .destination(Destination::builder().to_addresses(&notice.to).build())
        .content(EmailContent::builder().simple(message).build())
        .set_configuration_set_name(config.mail_configuration_set.clone())
        .email_tags(named)
        .email_tags(kind)
        .send()
        .await;
    match answer {
        Ok(answer) => Delivery::Taken(answer.message_id.unwrap_or_default()),
        Err(error) => judge(notice, &error, |error: &SendEmailError| {
            error.is_sending_paused_exception() || error.is_limit_exceeded_exception()
        }),
    }
}

async fn sms(
    providers: &Providers,
    config: &NoticeConfig,
    notice: &Notice,
    rendered: &Rendered,
) -> Delivery {
    let Some(to) = international(&notice.to) else {
        return Delivery::Refused;
    };
    let attribute = |value: &str| {
        let built = MessageAttributeValue::builder();
        built.data_type("String").string_value(value).build().ok()
    };
    let attributes = [
        ("notice", attribute(&name(notice))),
        ("kind", attribute(notice.kind.name())),
        // Codes and passwords are awaited; advertising may be late.
        ("AWS.SNS.SMS.SMSType", attribute("Transactional")),
        (
            "AWS.SNS.SMS.SenderID",
            config.sms_sender.as_deref().and_then(attribute),
        ),
    ];
    let mut request = providers
        .sms
        .publish()
        .phone_number(to)
        .message(&rendered.text);
    for (name, value) in attributes {
        if let Some(value) = value {
            request = request.message_attributes(name, value);
        }
    }
    match request.send().await {
        Ok(answer) => Delivery::Taken(answer.message_id.unwrap_or_default()),
        Err(error) => judge(notice, &error, |_: &PublishError| false),
    }
}

/// What a provider calls the notice. The key itself has letters that tags may not have.
fn name(notice: &Notice) -> String {
    Sha256::of(notice.key.as_bytes()).to_string()
}

/// `13800000000` with the country in front. Only mobile phones of the mainland: text messages elsewhere are what those
/// who earn by them would like to have sent.
fn international(phone: &str) -> Option<String> {
    let number = phone.strip_prefix("+86").unwrap_or(phone);
    let mobile = number.len() == 11
        && number.starts_with('1')
        && number.bytes().all(|byte| byte.is_ascii_digit());
    mobile.then(|| format!("+86{number}"))
}

/// What an error says about the fate of the message. In doubt it may have been taken.
fn judge<E>(
    notice: &Notice,
    error: &SdkError<E, HttpResponse>,
    is_passing: impl Fn(&E) -> bool,
) -> Delivery
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let code = error.code().unwrap_or("no answer");
    let delivery = match error {
        // Nothing has left this machine: no credentials, no address.
        SdkError::ConstructionFailure(_) => Delivery::NotNow,
        SdkError::DispatchFailure(failure)
            if failure.is_user()
                || failure
                    .as_connector_error()
                    .is_some_and(|error| never_connected(error)) =>
        {
            Delivery::NotNow
        }
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            match status {
                // It was taken, and only the answer cannot be read.
                200..300 => Delivery::Unknown,
                // A gateway gave up waiting for whoever may have taken it.
                502 | 504 => Delivery::Unknown,
                500.. | 429 => Delivery::NotNow,
                _ if is_passing(answer.err()) || is_throttling(code) => Delivery::NotNow,
                // Something is wrong with our rights, which an operator can mend.
                401 | 403 => Delivery::NotNow,
                _ => Delivery::Refused,
            }
        }
        _ => Delivery::Unknown,
    };
    // The SDK's text may name the address; the code is enough.
    tracing::warn!(
        notice = name(notice),
        kind = notice.kind.name(),
        code,
        outcome = ?delivery,
        "notice {} was not taken: {code}", name(notice)
    );
    delivery
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "Throttled"
            | "ThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
    )
}

/// Whether the connection never came about, so that nothing can have been taken.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            return error.is_connect();
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mobile_phones_of_the_mainland_are_called() {
        let right = Some("+8613800000000".to_owned());
        assert_eq!(international("13800000000"), right);
        assert_eq!(international("+8613800000000"), right);
        for other in [
            "+12025550100",
            "010-12345678",
            "1380000000",
            "138000000000",
            "1380000000x",
            "",
        ] {
            assert_eq!(international(other), None, "{other}");
        }
    }
}
