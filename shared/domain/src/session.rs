use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rand::random;
use serde::{Deserialize, Serialize};
use sha2::Digest;

use crate::machine::MachineId;
use crate::{AccountId, base32};

/// What a signed-in person or machine shows: 256 random bits that mean nothing by themselves.
///
/// Only its digest is stored, so a copy of the table opens no session.
pub struct SessionToken(String);

impl SessionToken {
    /// A new random token.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<[u8; 32]>()))
    }

    /// The text handed to the client. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The digest it is stored under.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionToken(…)")
    }
}

/// SHA-256 of a token. The token has 256 bits of its own, so neither salt nor slow hash would add anything, and finding
/// it by key gives nothing to time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// The digest of what a client sent.
    pub fn of(token: &str) -> Self {
        Self(hex::encode(sha2::Sha256::digest(token.as_bytes())))
    }

    /// In hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a session may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPurpose {
    /// Everything the account may do.
    #[default]
    Work,
    /// To choose a password and nothing else: the one it was opened with is an initial one or has become too old.
    ChoosePassword,
}

/// Where a session was begun, for its owner to know it again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Address of the client.
    pub address: Option<String>,
    /// What the client calls itself, at most [`Place::CLIENT_LETTERS`] characters.
    pub client: Option<String>,
}

impl Place {
    /// How much is kept of what a client calls itself; it may send anything.
    pub const CLIENT_LETTERS: usize = 200;
}

/// A signed-in session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names it to its owner, who ends it by this. It opens nothing.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// The account's [`crate::Account::session_epoch`] when it began; an older one is over.
    pub epoch: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last used, to the minute or so.
    pub used_at: Timestamp,
    /// What it may be used for.
    #[serde(default)]
    pub purpose: SessionPurpose,
    /// Where it was begun.
    #[serde(default)]
    pub place: Place,
    /// The front-end machine that signed in with a credential of its own; `None` for a person, or the account's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachineId>,
}

impl Session {
    /// A session that begins now.
    pub fn new(account: AccountId, epoch: u64, now: Timestamp) -> Self {
        Self {
            id: base32::bits128(random()),
            account,
            epoch,
            started_at: now,
            used_at: now,
            purpose: SessionPurpose::Work,
            place: Place::default(),
            machine: None,
        }
    }

    /// Unused for this long it is over.
    pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
    /// After this long it is over, used or not.
    pub const ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);
    /// Use is recorded at most this often: one write a minute, not one a request.
    pub const TOUCH: SignedDuration = SignedDuration::from_mins(1);

    /// Whether it still counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.ends_at()
    }

    /// When it ends unless used again.
    pub fn ends_at(&self) -> Timestamp {
        let idle = self.used_at + Self::IDLE;
        idle.min(self.started_at + Self::ABSOLUTE)
    }

    /// Whether its use should be recorded now.
    pub fn needs_touch(&self, now: Timestamp) -> bool {
        now.duration_since(self.used_at) >= Self::TOUCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        Session::new(AccountId::random(), 0, start)
    }

    #[test]
    fn ends_when_idle_and_at_the_latest_after_half_a_day() {
        let mut session = session();
        let start = session.started_at;
        assert!(session.is_live(start + SignedDuration::from_mins(29)));
        assert!(!session.is_live(start + SignedDuration::from_mins(30)));
        session.used_at = start + SignedDuration::from_mins(12 * 60 - 1);
        assert!(session.is_live(start + SignedDuration::from_mins(12 * 60 - 1)));
        assert!(!session.is_live(start + SignedDuration::from_hours(12)));
    }

    #[test]
    fn tokens_are_long_differ_and_do_not_print() {
        let (one, other) = (SessionToken::random(), SessionToken::random());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), other.expose());
        assert_eq!(TokenHash::of(one.expose()), one.hash());
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
