use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ApplicationId;

/// What the right code by SMS opens: one application and nothing else. No account has it, and it opens none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicantSession {
    /// The application.
    pub application: ApplicationId,
    /// The phone the code went to. It is over when the application goes on with another one: a data manager who was
    /// replaced has nothing more to do with it.
    pub phone: String,
    /// When it began.
    pub started_at: Timestamp,
}

impl ApplicantSession {
    /// How long it lasts: printing, stamping and scanning takes its time, and a new code is one message away.
    pub const LIFETIME: SignedDuration = SignedDuration::from_hours(4);

    /// When it ends.
    pub fn ends_at(&self) -> Timestamp {
        self.started_at + Self::LIFETIME
    }

    /// Whether it still counts for an application that goes on with `phone`.
    pub fn is_live(&self, phone: &str, now: Timestamp) -> bool {
        now < self.ends_at() && self.phone == phone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_after_its_time_and_with_another_phone() {
        let now = Timestamp::UNIX_EPOCH;
        let session = ApplicantSession {
            application: ApplicationId::random(),
            phone: "13800000000".into(),
            started_at: now,
        };
        assert!(session.is_live("13800000000", now));
        assert!(!session.is_live("13900000000", now));
        assert!(!session.is_live("13800000000", now + ApplicantSession::LIFETIME));
    }
}
