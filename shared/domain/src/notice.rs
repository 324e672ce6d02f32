//! 通知: mail and SMS in the outbox, and what becomes of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a notice says; each has its texts in `functions/send-notice/templates`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// 短信验证码.
    VerificationCode,
    /// 审核通过: login name, phone, initial password, address (manual 3.1, step 7).
    ApplicationApproved,
    /// 审核不通过: the reason.
    ApplicationRejected,
    /// A change of the profile is in force; the account stays as it is.
    ChangeApproved,
    /// The account was reset for another data manager; to the new one.
    ManagerChanged,
    /// The same, to the one before.
    ManagerReplaced,
    /// A password was set anew.
    PasswordChanged,
    /// An account that was brought along can set its first password.
    AccountImported,
}

/// How a notice goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 邮件.
    Mail,
    /// 短信.
    Sms,
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// To be sent when `next_attempt_at` has come.
    Waiting,
    /// Handed to the provider, answer not yet known. A process that ends here leaves it so: sending again could be a
    /// second message to a person, so it becomes [`NoticeState::Uncertain`] when the lease runs out.
    Sending,
    /// The provider took it.
    Sent,
    /// Nobody knows whether it went out; an operator looks and sends again, or not.
    Uncertain,
    /// The provider refused it for good, or 72 hours of tries were in vain.
    Failed,
}

/// 通知 in the outbox, written in the same transaction as what it tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Same event, same channel, same key: writing it again is refused, so nobody is told twice.
    pub key: String,
    /// What it says.
    pub kind: NoticeKind,
    /// How it goes out.
    pub channel: Channel,
    /// Mail address or phone.
    pub to: String,
    /// What the placeholders of its texts stand for.
    pub values: BTreeMap<String, String>,
    /// Names in `values` that are wiped once it was sent: codes and passwords.
    pub secrets: Vec<String>,
    /// Where it stands.
    pub state: NoticeState,
    /// Tries so far.
    pub attempts: u32,
    /// When it may be tried next; while `Sending`, when the try counts as lost.
    pub next_attempt_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// Id that the provider gave it.
    pub provider_id: Option<String>,
    /// Counts its changes.
    pub version: u64,
}

/// What the provider made of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Taken, under this id.
    Taken(String),
    /// Not taken and never will be: bad address, blocked.
    Refused,
    /// Not taken this time: throttled, provider down.
    NotNow,
    /// No answer: it may have been taken.
    Unknown,
}

/// How long a try may take before it counts as lost.
pub const SENDING_LEASE: SignedDuration = SignedDuration::from_mins(2);
/// How long tries go on.
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

impl Notice {
    /// A notice to be sent at once.
    pub fn new(key: &str, kind: NoticeKind, channel: Channel, to: &str, now: Timestamp) -> Self {
        Self {
            key: key.to_owned(),
            kind,
            channel,
            to: to.to_owned(),
            values: BTreeMap::new(),
            secrets: Vec::new(),
            state: NoticeState::Waiting,
            attempts: 0,
            next_attempt_at: now,
            created_at: now,
            provider_id: None,
            version: 1,
        }
    }

    /// With a value for its texts.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With a value that is wiped once it was sent.
    #[must_use]
    pub fn with_secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push(name.to_owned());
        self.with(name, value)
    }

    /// Takes it up for a try, if its time has come. The caller stores it on condition of the version before it sends.
    pub fn begin(&mut self, now: Timestamp) -> bool {
        if now < self.next_attempt_at {
            return false;
        }
        match self.state {
            NoticeState::Waiting => {
                self.state = NoticeState::Sending;
                self.attempts += 1;
                self.next_attempt_at = now + SENDING_LEASE;
                self.version += 1;
                true
            }
            NoticeState::Sending => {
                self.state = NoticeState::Uncertain;
                self.version += 1;
                false
            }
            NoticeState::Sent | NoticeState::Uncertain | NoticeState::Failed => false,
        }
    }

    /// Notes what the provider made of it.
    pub fn delivered(&mut self, delivery: Delivery, now: Timestamp) {
        self.version += 1;
        match delivery {
            Delivery::Taken(id) => {
                self.state = NoticeState::Sent;
                self.provider_id = Some(id);
                self.wipe();
            }
            Delivery::Refused => {
                self.state = NoticeState::Failed;
                self.wipe();
            }
            Delivery::NotNow if now >= self.created_at + GIVE_UP_AFTER => {
                self.state = NoticeState::Failed;
                self.wipe();
            }
            Delivery::NotNow => {
                self.state = NoticeState::Waiting;
                // 30 s, 1 min, 2 min … at most 15 min: about 300 tries in 72 hours.
                let wait =
                    SignedDuration::from_secs(30 << (self.attempts.min(6).saturating_sub(1)));
                self.next_attempt_at = now + wait.min(SignedDuration::from_mins(15));
            }
            Delivery::Unknown => self.state = NoticeState::Uncertain,
        }
    }

    fn wipe(&mut self) {
        for name in &self.secrets {
            self.values.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        let now = Timestamp::UNIX_EPOCH;
        Notice::new(
            "approved/1/mail",
            NoticeKind::ApplicationApproved,
            Channel::Mail,
            "a@example.org",
            now,
        )
        .with("login_name", "yy001")
        .with_secret("password", "secret")
    }

    #[test]
    fn taken_it_is_sent_and_its_secret_is_gone() {
        let mut notice = notice();
        assert!(notice.begin(Timestamp::UNIX_EPOCH));
        assert_eq!(notice.state, NoticeState::Sending);
        assert_eq!(notice.values["password"], "secret");
        notice.delivered(Delivery::Taken("id".into()), Timestamp::UNIX_EPOCH);
        assert_eq!(notice.state, NoticeState::Sent);
        assert!(!notice.values.contains_key("password"));
        assert_eq!(notice.values["login_name"], "yy001");
        assert!(!notice.begin(Timestamp::UNIX_EPOCH + GIVE_UP_AFTER));
    }

    #[test]
    fn a_crash_after_sending_is_never_a_second_message() {
        let mut notice = notice();
        assert!(notice.begin(Timestamp::UNIX_EPOCH));
        let soon = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(10);
        assert!(
            !notice.begin(soon),
            "another worker while the first may be at it"
        );
        assert_eq!(notice.state, NoticeState::Sending);
        assert!(!notice.begin(Timestamp::UNIX_EPOCH + SENDING_LEASE));
        assert_eq!(notice.state, NoticeState::Uncertain);
        assert!(!notice.begin(Timestamp::UNIX_EPOCH + GIVE_UP_AFTER));
    }

    #[test]
    fn a_provider_that_is_down_is_asked_again_ever_less_often_and_in_the_end_given_up() {
        let mut notice = notice();
        let start = Timestamp::UNIX_EPOCH;
        let mut now = start;
        let mut waits = Vec::new();
        while notice.state == NoticeState::Waiting {
            now = notice.next_attempt_at.max(now);
            assert!(notice.begin(now));
            notice.delivered(Delivery::NotNow, now);
            waits.push(notice.next_attempt_at.duration_since(now).as_secs());
        }
        assert_eq!(notice.state, NoticeState::Failed);
        assert_eq!(waits[..4], [30, 60, 120, 240]);
        assert_eq!(waits.iter().max(), Some(&900));
        assert!(now.duration_since(start) >= GIVE_UP_AFTER);
        assert!(!notice.values.contains_key("password"));
    }
}
