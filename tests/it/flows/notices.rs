//! Notices in the outbox, and what arrives of them.

use domain::notice::{Channel, Notice, NoticeKind, NoticeState};
use jiff::SignedDuration;
use notice_server::Outbox;
use send_notice::Sending;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use store::notices;

use super::{Delivery, Flow};
use crate::stage::Stage;
use crate::weather::Weather;

pub struct Notices {
    keys: Vec<String>,
    addresses: [String; 2],
    sending: Sending,
    outbox: Outbox,
    weather: Weather,
}

impl Notices {
    /// How often a notice was taken by a provider.
    fn taken(&self, place: usize) -> u32 {
        let messages = self.outbox.to(&self.addresses[place]);
        messages.iter().map(|message| message.times).sum()
    }

    async fn find(&self, stage: &Stage, place: usize) -> Notice {
        let store = &stage.faultless().await.store;
        let found = notices::find(store, &self.keys[place]).await;
        found.unwrap().unwrap()
    }
}

impl Flow for Notices {
    const NAME: &'static str = "notices";
    /// A record of the stream for each notice, and the clock.
    const EVENTS: usize = 3;

    async fn set(stage: &Stage, weather: &Weather) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let addresses = [
            format!("manager-{number}@example.org"),
            format!("139{number:08}"),
        ];
        let store = &stage.faultless().await.store;
        let mut keys = Vec::new();
        for (channel, to) in [Channel::Mail, Channel::Sms].into_iter().zip(&addresses) {
            let key = format!("approved/{number}/{channel:?}").to_lowercase();
            let kind = NoticeKind::ApplicationApproved;
            let notice = Notice::new(&key, kind, channel, to, stage.clock().now())
                .with("manager", "张三")
                .with("institution", "示例医院")
                .with("login_name", "yy00000001")
                .with("phone", "13900000001")
                .with("expires", "2026-01-08 17:00")
                .with_secret("password", "Kx7-mqwe-29rt");
            assert!(notices::put(store, &notice).await.unwrap());
            keys.push(key);
        }
        let (sending, outbox) = stage.sender_over(weather.client()).await;
        Self {
            keys,
            addresses,
            sending,
            outbox,
            weather: weather.clone(),
        }
    }

    fn deliver(&self, event: usize) -> Delivery {
        let sending = self.sending.clone();
        let event = match self.keys.get(event) {
            Some(key) => json!({"Records": [{"eventName": "INSERT", "dynamodb": {
                "Keys": {"pk": {"S": format!("NOTICE#{key}")}, "sk": {"S": "NOTICE"}},
                "SequenceNumber": "1",
            }}]}),
            None => json!({"detail-type": "Scheduled Event"}),
        };
        Box::pin(async move {
            let answer = send_notice::handle(&sending, &event).await;
            answer.is_ok_and(|answer| {
                answer["batchItemFailures"]
                    .as_array()
                    .is_none_or(Vec::is_empty)
            })
        })
    }

    async fn look(&self, stage: &Stage) -> Result<(), String> {
        for place in 0..self.keys.len() {
            let (notice, taken) = (self.find(stage, place).await, self.taken(place));
            let state = notice.state;
            let fits = match state {
                NoticeState::Sent => taken == 1 && !notice.holds_secrets(),
                NoticeState::Waiting => taken == 0 && notice.holds_secrets(),
                _ => taken <= 1,
            };
            if !fits {
                return Err(format!("{} is {state:?}, taken {taken} times", notice.key));
            }
        }
        Ok(())
    }

    /// The sweeps; then an operator, who asks the provider what it has taken and sends the rest again.
    async fn settle(&self, stage: &Stage) -> Result<(), String> {
        let (sending, _) = stage.sender_over(stage.clear().client()).await;
        let sweep = async |times| {
            for _ in 0..times {
                stage.wait(SignedDuration::from_mins(20));
                let swept = send_notice::run(&sending).await;
                swept.map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        };
        sweep(3).await?;
        for place in 0..self.keys.len() {
            let mut notice = self.find(stage, place).await;
            let seen = notice.version;
            if notice.state == NoticeState::Uncertain && self.taken(place) == 0 {
                if !self.is_doubtful() {
                    return Err(format!("{} is uncertain without a reason", notice.key));
                }
                assert!(notice.send_again(stage.clock().now()));
                let saved = notices::save(&sending.store, &notice, seen).await;
                saved.map_err(|error| error.to_string())?;
            }
        }
        sweep(1).await
    }

    async fn state(&self, stage: &Stage) -> Value {
        let mut state = Vec::new();
        for place in 0..self.keys.len() {
            let notice = self.find(stage, place).await;
            // Nobody can know of a message whose answer was lost; it stands in front of an operator.
            let is_told = notice.state == NoticeState::Sent
                || notice.state == NoticeState::Uncertain && self.is_doubtful();
            let fate = if is_told { "told" } else { "not told" };
            state.push(json!([notice.channel, fate, self.taken(place)]));
        }
        Value::Array(state)
    }
}

impl Notices {
    /// Whether a fault hit where the fate of a message is at stake: when it is begun, when it is handed over.
    fn is_doubtful(&self) -> bool {
        self.weather
            .left_in_doubt(|request| request == "PutItem" || request.starts_with("POST"))
    }
}
