//! Sending over the embedded table and the local outbox: at most one message to a person, whatever fails.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use domain::Clock;
use domain::notice::{Channel, GIVE_UP_AFTER, Notice, NoticeKind, NoticeState, SENDING_LEASE};
use jiff::{SignedDuration, Timestamp};
use notice_server::{Fault, NoticeServer, Outbox};
use send_notice::{Sending, Swept, handle, run, send};
use serde_json::{Value, json};
use startup::{Clients, Config, NoticeConfig, Options, Providers};
use store::{Store, notices, schema};

const PHONE: &str = "13800000000";
const MAIL: &str = "manager@hospital.cn";

struct World {
    sending: Sending,
    now: Arc<Mutex<Timestamp>>,
    outbox: Outbox,
    provider: Option<notice_server::Running>,
    config: Config,
    credentials: Credentials,
    _table: table_server::Running,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let table = table_server::Table::start(table_server::Options {
            file: folder.path().join("table"),
            address: ([127, 0, 0, 1], 0).into(),
        })
        .unwrap();
        let options = notice_server::Options::new(folder.path().join("outbox"));
        let provider = NoticeServer::start(options).await.unwrap();
        let carrier = format!("http://{}", provider.address());
        let at = format!("http://{}", table.address());
        let config = Config::from_variables(|name| match name {
            "FLU_TABLE" | "FLU_BUCKET" => Some("flu".to_owned()),
            "FLU_DYNAMODB_ENDPOINT" => Some(at.clone()),
            _ => None,
        })
        .unwrap();
        let carriers = NoticeConfig::from_variables(|name| match name {
            "FLU_SES_ENDPOINT" | "FLU_SNS_ENDPOINT" => Some(carrier.clone()),
            "FLU_ADDRESS" => Some("https://flu.hqms.org.cn".to_owned()),
            _ => None,
        });
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let options = || Options {
            credentials: Some(credentials.clone()),
            ..Options::default()
        };
        let store = Clients::new(&config, options()).await.store;
        schema::create(&store).await.unwrap();
        let now = Arc::new(Mutex::new("2026-01-05T09:00:00Z".parse().unwrap()));
        let hand = Arc::clone(&now);
        let sending = Sending {
            store,
            providers: Providers::new(&carriers, options()).await,
            config: carriers,
            clock: Clock::from_fn(move || *hand.lock().unwrap()),
        };
        Self {
            sending,
            now,
            outbox: provider.outbox().clone(),
            provider: Some(provider),
            config,
            credentials,
            _table: table,
            folder,
        }
    }

    fn store(&self) -> &Store {
        &self.sending.store
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn pass(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    fn approved(&self, channel: Channel) -> Notice {
        let to = match channel {
            Channel::Mail => MAIL,
            Channel::Sms => PHONE,
        };
        let key = format!("approved/1/{channel:?}");
        Notice::new(
            &key,
            NoticeKind::ApplicationApproved,
            channel,
            to,
            self.now(),
        )
        .with("manager", "张三")
        .with("institution", "北京市第一人民医院")
        .with("login_name", "yy110101001")
        .with("phone", PHONE)
        .with("expires", "2026年1月8日 17:00")
        .with_secret("password", "Kx7-mqwe-29rt")
    }

    async fn write(&self, notice: &Notice) {
        let part = notices::write(self.store(), notice).unwrap();
        let client = self.dynamodb().await;
        client
            .transact_write_items()
            .transact_items(part)
            .send()
            .await
            .unwrap();
    }

    async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let options = Options {
            credentials: Some(self.credentials.clone()),
            ..Options::default()
        };
        Clients::new(&self.config, options).await.dynamodb
    }

    async fn find(&self, notice: &Notice) -> Notice {
        notices::find(self.store(), &notice.key)
            .await
            .unwrap()
            .unwrap()
    }

    async fn run(&self) -> Swept {
        run(&self.sending).await.unwrap()
    }
}

fn stream(notice: &Notice) -> Value {
    json!({"Records": [{"eventName": "INSERT", "dynamodb": {
        "Keys": {"pk": {"S": format!("NOTICE#{}", notice.key)}, "sk": {"S": "NOTICE"}}, "SequenceNumber": "1"}}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_outbox_goes_out_once_and_its_secret_is_gone() {
    let world = World::new().await;
    let both = [world.approved(Channel::Mail), world.approved(Channel::Sms)];
    for notice in &both {
        world.write(notice).await;
    }
    assert_eq!(
        world.run().await,
        Swept {
            sent: 2,
            ..Swept::default()
        }
    );
    for to in [MAIL, PHONE] {
        let messages = world.outbox.to(to);
        assert_eq!(messages.len(), 1);
        assert!(
            messages[0].text.contains("初始密码") && messages[0].text.contains("Kx7-mqwe-29rt")
        );
        assert!(messages[0].text.contains("https://flu.hqms.org.cn"));
    }
    let subject = world.outbox.to(MAIL)[0].subject.clone();
    assert_eq!(
        subject.as_deref(),
        Some("流感医疗服务监测系统：账号申请已审核通过")
    );
    assert_eq!(world.outbox.to(PHONE)[0].to, "+8613800000000");

    for notice in &both {
        let sent = world.find(notice).await;
        assert_eq!(sent.state, NoticeState::Sent);
        assert!(!sent.holds_secrets() && sent.provider_id.is_some());
    }
    // Nothing is due any more, now or ever.
    world.pass(GIVE_UP_AFTER);
    assert_eq!(world.run().await, Swept::default());
    assert_eq!(world.outbox.requests(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_written_once() {
    let world = World::new().await;
    let notice = world.approved(Channel::Sms);
    assert!(notices::put(world.store(), &notice).await.unwrap());
    assert!(!notices::put(world.store(), &notice).await.unwrap());
    let again = notices::write(world.store(), &notice).unwrap();
    let client = world.dynamodb().await;
    let again = client
        .transact_write_items()
        .transact_items(again)
        .send()
        .await;
    assert!(again.is_err(), "the transaction is cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_deliveries_and_workers_at_once_are_one_message() {
    let world = World::new().await;
    let notice = world.approved(Channel::Sms);
    world.write(&notice).await;
    let event = stream(&notice);
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..12 {
        let (sending, event) = (world.sending.clone(), event.clone());
        workers.spawn(async move {
            match number % 3 {
                0 => drop(run(&sending).await.unwrap()),
                _ => {
                    let answer = handle(&sending, &event).await.unwrap();
                    assert_eq!(answer, json!({"batchItemFailures": []}));
                }
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.unwrap();
    }
    assert_eq!(world.outbox.requests(), 1);
    assert_eq!(world.outbox.messages()[0].times, 1);
    assert_eq!(world.find(&notice).await.state, NoticeState::Sent);
}

/// The process dies when the provider has the message and before that is stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_sending_and_storing_is_no_second_message() {
    let world = World::new().await;
    let notice = world.approved(Channel::Sms);
    world.write(&notice).await;
    let mut begun = notice.clone();
    assert!(begun.begin(world.now()));
    notices::save(world.store(), &begun, notice.version)
        .await
        .unwrap();
    // Here it was sent, and here the process died.

    for _ in 0..5 {
        assert_eq!(
            world.run().await,
            Swept::default(),
            "the first may still be at it"
        );
    }
    world.pass(SENDING_LEASE);
    assert_eq!(
        world.run().await,
        Swept {
            uncertain: 1,
            ..Swept::default()
        }
    );
    world.pass(GIVE_UP_AFTER);
    world.run().await;
    world.run().await;
    assert_eq!(world.outbox.requests(), 0);
    let listed = notices::list(world.store(), NoticeState::Uncertain, 10)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1, "an operator sees it");
    assert!(!listed[0].holds_secrets(), "its password has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_no_second_message_until_an_operator_says_so() {
    let world = World::new().await;
    for fault in [Fault::CutAfterTaking, Fault::CutBeforeTaking] {
        let mut notice = world.approved(Channel::Mail);
        notice.key = format!("{fault:?}");
        world.write(&notice).await;
        world.outbox.fail(fault);
        let before = world.outbox.requests();
        assert_eq!(
            world.run().await,
            Swept {
                uncertain: 1,
                ..Swept::default()
            },
            "{fault:?}"
        );
        world.pass(SignedDuration::from_hours(1));
        assert_eq!(world.run().await, Swept::default());
        assert_eq!(world.outbox.requests(), before + 1);

        let mut again = world.find(&notice).await;
        let seen = again.version;
        assert!(again.send_again(world.now()));
        notices::save(world.store(), &again, seen).await.unwrap();
        assert_eq!(
            world.run().await,
            Swept {
                sent: 1,
                ..Swept::default()
            }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_ill_or_busy_gets_it_later() {
    let world = World::new().await;
    let both = [world.approved(Channel::Mail), world.approved(Channel::Sms)];
    for notice in &both {
        world.write(notice).await;
    }
    for fault in [Fault::Throttled, Fault::Broken] {
        world.outbox.fail_always(Some(fault));
        assert_eq!(
            world.run().await,
            Swept {
                postponed: 2,
                ..Swept::default()
            },
            "{fault:?}"
        );
        assert_eq!(world.run().await, Swept::default(), "not before its time");
        world.pass(SignedDuration::from_mins(15));
    }
    world.outbox.fail_always(None);
    assert_eq!(
        world.run().await,
        Swept {
            sent: 2,
            ..Swept::default()
        }
    );
    assert_eq!(world.outbox.messages().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_reached_gets_it_when_it_is_back() {
    let mut world = World::new().await;
    let notice = world.approved(Channel::Sms);
    world.write(&notice).await;
    let provider = world.provider.take().unwrap();
    let address = provider.address();
    provider.stop().await;
    assert_eq!(
        world.run().await,
        Swept {
            postponed: 1,
            ..Swept::default()
        }
    );
    assert_eq!(world.find(&notice).await.state, NoticeState::Waiting);

    let mut options = notice_server::Options::new(world.folder.path().join("outbox"));
    options.address = address;
    let provider = NoticeServer::start(options).await.unwrap();
    world.pass(SignedDuration::from_secs(30));
    assert_eq!(
        world.run().await,
        Swept {
            sent: 1,
            ..Swept::default()
        }
    );
    assert_eq!(provider.outbox().to(PHONE).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_for_three_days_is_given_up_and_an_operator_sees_it() {
    let world = World::new().await;
    let notice = world.approved(Channel::Mail);
    world.write(&notice).await;
    world.outbox.fail_always(Some(Fault::Throttled));
    world.run().await;
    world.pass(GIVE_UP_AFTER);
    assert_eq!(
        world.run().await,
        Swept {
            failed: 1,
            ..Swept::default()
        }
    );
    let listed = notices::list(world.store(), NoticeState::Failed, 10)
        .await
        .unwrap();
    assert_eq!(listed[0].key, notice.key);
    assert!(!listed[0].holds_secrets());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_sent_is_not_tried_twice_and_holds_up_no_other() {
    let world = World::new().await;
    world.outbox.refuse("gone@hospital.cn");
    let refused = [
        ("gone@hospital.cn", Channel::Mail),
        ("nobody", Channel::Mail),
        ("+12025550100", Channel::Sms),
        ("010-12345678", Channel::Sms),
    ];
    for (number, (to, channel)) in refused.into_iter().enumerate() {
        let mut notice = world.approved(channel);
        notice.key = format!("refused/{number}");
        notice.to = to.to_owned();
        world.write(&notice).await;
    }
    // A name that would begin another header, and a notice that lacks a value.
    let mut attack = world
        .approved(Channel::Mail)
        .with("institution", "x\r\nBcc: all@example.org");
    attack.key = "attack".to_owned();
    let mut empty = world.approved(Channel::Mail);
    (empty.key, empty.values) = ("empty".to_owned(), Default::default());
    let good = world.approved(Channel::Mail);
    for notice in [&attack, &empty, &good] {
        world.write(notice).await;
    }
    assert_eq!(
        world.run().await,
        Swept {
            sent: 1,
            failed: 6,
            ..Swept::default()
        }
    );
    world.pass(GIVE_UP_AFTER);
    assert_eq!(world.run().await, Swept::default());
    assert_eq!(world.outbox.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_not_sent_when_it_has_ended() {
    let world = World::new().await;
    let code = Notice::new(
        "code/1",
        NoticeKind::VerificationCode,
        Channel::Sms,
        PHONE,
        world.now(),
    )
    .with_secret("code", "042617")
    .with("minutes", "5")
    .with("purpose", "申请账号");
    world.write(&code).await;
    world.pass(SignedDuration::from_mins(5));
    assert_eq!(
        send(&world.sending, &code.key).await.unwrap(),
        Some(NoticeState::Failed)
    );
    assert_eq!(world.outbox.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_events_send_what_they_tell_of_and_a_second_delivery_sends_nothing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/send-notice");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let world = World::new().await;
        for (way, channel) in [("mail", Channel::Mail), ("sms", Channel::Sms)] {
            let mut notice = world.approved(channel);
            notice.key = format!("approved/1/{way}");
            world.write(&notice).await;
        }
        for _ in 0..2 {
            handle(&world.sending, &event).await.unwrap();
            let sent = [MAIL, PHONE].map(|to| world.outbox.to(to).len());
            assert_eq!(sent, [1, 1], "{}", path.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
}
