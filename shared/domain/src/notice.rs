//! 通知: mail and SMS in the outbox, and what becomes of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sms_code::CODE_LIFETIME;

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
    /// Death cases are due or overdue: how many, and no patient's name (product E5).
    DeathCasesDue,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::VerificationCode,
        Self::ApplicationApproved,
        Self::ApplicationRejected,
        Self::ChangeApproved,
        Self::ManagerChanged,
        Self::ManagerReplaced,
        Self::PasswordChanged,
        Self::AccountImported,
        Self::DeathCasesDue,
    ];

    /// The name of its texts, and how it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerificationCode => "verification_code",
            Self::ApplicationApproved => "application_approved",
            Self::ApplicationRejected => "application_rejected",
            Self::ChangeApproved => "change_approved",
            Self::ManagerChanged => "manager_changed",
            Self::ManagerReplaced => "manager_replaced",
            Self::PasswordChanged => "password_changed",
            Self::AccountImported => "account_imported",
            Self::DeathCasesDue => "death_cases_due",
        }
    }

    /// The ways it goes out; there are texts for these and no others.
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::VerificationCode => &[Channel::Sms],
            Self::ApplicationRejected | Self::ChangeApproved => &[Channel::Mail],
            _ => &[Channel::Mail, Channel::Sms],
        }
    }

    /// What whoever writes it must give in [`Notice::values`]; the address of the service is added when it is sent.
    ///
    /// `expires` and `at` are wall clock time in China as people read it, `minutes` a number, `purpose` words in the
    /// language of the notice.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::VerificationCode => &["code", "minutes", "purpose"],
            Self::ApplicationApproved | Self::ManagerChanged => &[
                "expires",
                "institution",
                "login_name",
                "manager",
                "password",
                "phone",
            ],
            Self::ApplicationRejected => &["institution", "manager", "reason"],
            Self::ChangeApproved | Self::ManagerReplaced => &["institution", "manager"],
            Self::PasswordChanged => &["at", "manager"],
            Self::AccountImported => &["institution", "login_name", "manager", "phone"],
            Self::DeathCasesDue => &["count", "institution", "overdue"],
        }
    }

    /// How long tries go on: a code that comes after its end, or after the next one, only confuses.
    pub fn give_up_after(self) -> SignedDuration {
        match self {
            Self::VerificationCode => CODE_LIFETIME,
            _ => GIVE_UP_AFTER,
        }
    }
}

/// Name of the value that chooses the language of the texts, `zh` or `en`; Chinese unless given.
pub const LANGUAGE: &str = "language";

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
    /// The provider refused it for good, or all tries were in vain.
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
    /// When it may be tried next; while `Sending`, when the try counts as lost; while `Uncertain`, when its secrets
    /// go, if it has any.
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

    /// Takes it up for a try, if its time has come. The caller stores it on condition of the version before it sends, and
    /// stores it too when there is nothing to send but the version has changed.
    pub fn begin(&mut self, now: Timestamp) -> bool {
        if now < self.next_attempt_at {
            return false;
        }
        match self.state {
            // The code has ended, so that not even a first try is worth it.
            NoticeState::Waiting
                if self.kind == NoticeKind::VerificationCode
                    && now >= self.created_at + CODE_LIFETIME =>
            {
                self.version += 1;
                self.state = NoticeState::Failed;
                self.wipe();
                false
            }
            NoticeState::Waiting => {
                self.state = NoticeState::Sending;
                self.attempts += 1;
                self.next_attempt_at = now + SENDING_LEASE;
                self.version += 1;
                true
            }
            NoticeState::Sending => {
                self.version += 1;
                self.doubt();
                false
            }
            // Nobody has looked at it in time; what it held is of no use any more.
            NoticeState::Uncertain if self.holds_secrets() => {
                self.version += 1;
                self.wipe();
                self.next_attempt_at = Timestamp::MAX;
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
            Delivery::NotNow if now >= self.created_at + self.kind.give_up_after() => {
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
            Delivery::Unknown => self.doubt(),
        }
    }

    /// Puts it back into the outbox after an operator has looked; `false` when it was sent, is being sent, or its secrets
    /// are gone, so that it would say nothing.
    pub fn send_again(&mut self, now: Timestamp) -> bool {
        let can = matches!(self.state, NoticeState::Uncertain | NoticeState::Failed)
            && self
                .secrets
                .iter()
                .all(|name| self.values.contains_key(name));
        if can {
            self.state = NoticeState::Waiting;
            self.attempts = 0;
            self.next_attempt_at = now;
            self.version += 1;
        }
        can
    }

    /// Whether a code or password is still in it.
    pub fn holds_secrets(&self) -> bool {
        self.secrets
            .iter()
            .any(|name| self.values.contains_key(name))
    }

    fn doubt(&mut self) {
        self.state = NoticeState::Uncertain;
        self.next_attempt_at = if self.holds_secrets() {
            self.created_at + self.kind.give_up_after()
        } else {
            Timestamp::MAX
        };
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
        assert!(notice.holds_secrets(), "an operator may send it again");
        assert!(!notice.begin(Timestamp::UNIX_EPOCH + GIVE_UP_AFTER));
        assert_eq!(notice.state, NoticeState::Uncertain);
        assert!(!notice.holds_secrets(), "nobody looked in time");
    }

    #[test]
    fn an_operator_sends_again_what_may_not_have_gone_out_and_nothing_else() {
        let now = Timestamp::UNIX_EPOCH;
        let mut notice = notice();
        assert!(!notice.send_again(now), "it is on its way");
        notice.begin(now);
        assert!(!notice.send_again(now), "it is being sent");
        notice.delivered(Delivery::Unknown, now);
        assert!(notice.send_again(now) && notice.begin(now));
        notice.delivered(Delivery::Refused, now);
        assert!(!notice.send_again(now), "its password is gone");
    }

    #[test]
    fn a_code_is_not_sent_after_its_end() {
        let start = Timestamp::UNIX_EPOCH;
        let kind = NoticeKind::VerificationCode;
        let mut notice = Notice::new("code/1", kind, Channel::Sms, "13800000000", start)
            .with_secret("code", "123456");
        assert!(notice.begin(start));
        notice.delivered(Delivery::NotNow, start);
        assert!(!notice.begin(start + CODE_LIFETIME));
        assert_eq!(notice.state, NoticeState::Failed);
        assert!(!notice.holds_secrets());
    }

    #[test]
    fn names_are_those_that_are_stored() {
        for kind in NoticeKind::ALL {
            let stored = format!("{:?}", kind)
                .chars()
                .fold(String::new(), |mut text, letter| {
                    if letter.is_uppercase() && !text.is_empty() {
                        text.push('_');
                    }
                    text.extend(letter.to_lowercase());
                    text
                });
            assert_eq!(kind.name(), stored);
            assert!(kind.values().is_sorted() && !kind.channels().is_empty());
        }
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
