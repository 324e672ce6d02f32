//! The server as its clients see it: through the AWS SDK, and as a page.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::path::Path;

use aws_credential_types::Credentials;
use aws_sdk_sesv2::config::{BehaviorVersion, Region};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, MessageTag};
use aws_sdk_sns::types::MessageAttributeValue;
use notice_server::{Channel, Fault, NoticeServer, Options, Running};

async fn start(folder: &Path) -> Running {
    let options = Options::new(folder.join("outbox"));
    NoticeServer::start(options).await.unwrap()
}

async fn mail(running: &Running, to: &str, notice: &str) -> Result<String, String> {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{}", running.address()))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled())
        .build();
    let content = |text: &str| Content::builder().data(text).build().unwrap();
    let message = aws_sdk_sesv2::types::Message::builder()
        .subject(content("主题"))
        .body(Body::builder().text(content("您好：\n正文 & <b>")).build())
        .build();
    let tag = MessageTag::builder().name("notice").value(notice);
    let answer = aws_sdk_sesv2::Client::from_conf(config)
        .send_email()
        .from_email_address("流感监测 <no-reply@hqms.org.cn>")
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build())
        .email_tags(tag.build().unwrap())
        .send()
        .await;
    use aws_sdk_sesv2::error::ProvideErrorMetadata;
    match answer {
        Ok(answer) => Ok(answer.message_id.unwrap()),
        Err(error) => Err(error.code().unwrap_or("none").to_owned()),
    }
}

async fn sms(running: &Running, to: &str, notice: &str) -> Result<String, String> {
    let config = aws_sdk_sns::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{}", running.address()))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(aws_sdk_sns::config::retry::RetryConfig::disabled())
        .build();
    let text = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(notice);
    let answer = aws_sdk_sns::Client::from_conf(config)
        .publish()
        .phone_number(to)
        .message("【流感监测】验证码042617 & +，5分钟内有效")
        .message_attributes("notice", text.build().unwrap())
        .send()
        .await;
    use aws_sdk_sns::error::ProvideErrorMetadata;
    match answer {
        Ok(answer) => Ok(answer.message_id.unwrap()),
        Err(error) => Err(error.code().unwrap_or("none").to_owned()),
    }
}

async fn get(address: String) -> (u16, String, String) {
    tokio::task::spawn_blocking(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut answer = agent.get(&address).call().unwrap();
        let policy = answer.headers().get("content-security-policy");
        let policy = policy
            .map_or("", |policy| policy.to_str().unwrap())
            .to_owned();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), policy, text)
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdks_send_is_in_the_outbox_newest_first_also_after_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let first = mail(&running, "manager@hospital.cn", "a").await.unwrap();
    let second = sms(&running, "+8613800000000", "b").await.unwrap();
    running.stop().await;

    let running = start(folder.path()).await;
    let messages = running.outbox().messages();
    assert_eq!(messages.len(), 2);
    assert_eq!((&messages[0].id, &messages[1].id), (&second, &first));
    assert_eq!(messages[0].channel, Channel::Sms);
    assert_eq!(
        messages[0].text,
        "【流感监测】验证码042617 & +，5分钟内有效"
    );
    assert_eq!(messages[1].subject.as_deref(), Some("主题"));
    assert_eq!(messages[1].text, "您好：\n正文 & <b>");
    assert_eq!(
        messages[1].from.as_deref(),
        Some("流感监测 <no-reply@hqms.org.cn>")
    );
    assert_eq!(running.outbox().to("13800000000").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_comes_twice_is_one_message_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let first = sms(&running, "+8613800000000", "same").await.unwrap();
    assert_eq!(
        sms(&running, "+8613800000000", "same").await.unwrap(),
        first
    );
    sms(&running, "+8613800000000", "other").await.unwrap();
    let times: Vec<u32> = running
        .outbox()
        .messages()
        .iter()
        .map(|m| m.times)
        .collect();
    assert_eq!(times, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fails_as_it_is_told_and_refuses_what_providers_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let outbox = running.outbox();
    let phone = "+8613800000000";
    outbox.fail(Fault::Throttled);
    assert_eq!(
        mail(&running, "a@hospital.cn", "1").await,
        Err("TooManyRequestsException".into())
    );
    outbox.fail(Fault::Throttled);
    assert_eq!(sms(&running, phone, "2").await, Err("Throttling".into()));
    outbox.fail(Fault::Broken);
    assert_eq!(sms(&running, phone, "3").await, Err("InternalError".into()));
    outbox.fail(Fault::CutBeforeTaking);
    assert_eq!(sms(&running, phone, "4").await, Err("none".into()));
    assert_eq!(outbox.messages(), []);
    outbox.fail(Fault::CutAfterTaking);
    assert_eq!(sms(&running, phone, "5").await, Err("none".into()));
    assert_eq!(outbox.messages().len(), 1);

    outbox.refuse("gone@hospital.cn");
    assert_eq!(
        mail(&running, "gone@hospital.cn", "6").await,
        Err("MessageRejected".into())
    );
    assert_eq!(
        mail(&running, "nobody", "7").await,
        Err("BadRequestException".into())
    );
    assert_eq!(
        sms(&running, "13800000000", "8").await,
        Err("InvalidParameter".into())
    );
    assert_eq!(outbox.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_programs_can_look() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    mail(&running, "a+b@hospital.cn", "1").await.unwrap();
    sms(&running, "+8613800000000", "2").await.unwrap();
    let base = format!("http://{}/_local/outbox", running.address());
    let (status, policy, page) = get(base.clone()).await;
    assert_eq!(status, 200);
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"));
    assert!(
        !page.contains("<script>") && !page.contains(" style="),
        "nothing inline"
    );
    for file in ["js", "css"] {
        assert_eq!(get(format!("{base}.{file}")).await.0, 200);
    }
    for (query, count) in [
        ("", 2),
        ("?to=13800000000", 1),
        ("?to=a%2Bb%40hospital.cn", 1),
        ("?to=x", 0),
    ] {
        let (_, _, text) = get(format!("{base}.json{query}")).await;
        assert_eq!(text.matches("\"id\":").count(), count, "{query}: {text}");
    }
}
