//! 短信验证码: made, kept as a digest, tried.

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a code by SMS is good for.
pub const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// How many wrong tries a code survives: none after the fifth.
pub const CODE_ATTEMPTS: u8 = 5;
/// How long a phone waits for its next code; pages count it down.
pub const RESEND_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What a code is asked for; one asked for one purpose is no good for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    /// 身份验证 of an applicant.
    Application,
    /// 忘记密码, and the first password of an account that was brought along.
    PasswordReset,
}

/// 短信验证码 as it is kept: the digits themselves are only in the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsCode {
    /// What it was asked for.
    pub purpose: CodePurpose,
    /// Phone it was sent to.
    pub phone: String,
    salt: String,
    hash: String,
    /// Given to who asked for the code, and wanted back with it: another browser cannot use a code it saw.
    pub request: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Tries left.
    pub attempts_left: u8,
}

/// What a try came to. To the outside all but the first are one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeTry {
    /// The right code; it is used up.
    Right,
    /// Another code.
    Wrong,
    /// Too late, too many tries, or another purpose or request.
    Void,
}

impl SmsCode {
    /// A new code, and its six digits for the message.
    pub fn new(purpose: CodePurpose, phone: &str, request: &str, now: Timestamp) -> (Self, String) {
        let mut random = rand::rng();
        let digits = format!("{:06}", random.random_range(0..1_000_000_u32));
        let salt = hex::encode(random.random::<[u8; 16]>());
        let code = Self {
            purpose,
            phone: phone.to_owned(),
            hash: digest(&salt, &digits),
            salt,
            request: request.to_owned(),
            expires_at: now + CODE_LIFETIME,
            attempts_left: CODE_ATTEMPTS,
        };
        (code, digits)
    }

    /// Tries digits. The caller stores the changed code before it answers, on condition that nobody else changed it:
    /// otherwise many tries at once would count as one. The right ones use the code up.
    pub fn attempt(
        &mut self,
        purpose: CodePurpose,
        request: &str,
        digits: &str,
        now: Timestamp,
    ) -> CodeTry {
        let tried = self.look(purpose, request, digits, now);
        if tried == CodeTry::Right {
            self.attempts_left = 0;
        }
        tried
    }

    /// Tries digits like [`SmsCode::attempt`], but the right ones cost no more than wrong ones: what the code is for may still be
    /// refused, such as a weak password, and its owner tries again. Whoever acts on it deletes it in the same transaction.
    pub fn look(
        &mut self,
        purpose: CodePurpose,
        request: &str,
        digits: &str,
        now: Timestamp,
    ) -> CodeTry {
        let same_request: bool = self.request.as_bytes().ct_eq(request.as_bytes()).into();
        if self.attempts_left == 0
            || now >= self.expires_at
            || self.purpose != purpose
            || !same_request
        {
            return CodeTry::Void;
        }
        let right: bool = self
            .hash
            .as_bytes()
            .ct_eq(digest(&self.salt, digits).as_bytes())
            .into();
        self.attempts_left -= 1;
        if right {
            CodeTry::Right
        } else {
            CodeTry::Wrong
        }
    }
}

fn digest(salt: &str, digits: &str) -> String {
    hex::encode(Sha256::digest(format!("{salt}:{digits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: CodePurpose = CodePurpose::Application;

    fn sent() -> (SmsCode, String) {
        SmsCode::new(PURPOSE, "13800000000", "request", Timestamp::UNIX_EPOCH)
    }

    fn other(digits: &str) -> String {
        format!("{:06}", (digits.parse::<u32>().unwrap() + 1) % 1_000_000)
    }

    #[test]
    fn the_right_code_works_once() {
        let (mut code, digits) = sent();
        assert_eq!(digits.len(), 6);
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            code.attempt(PURPOSE, "request", &digits, now),
            CodeTry::Right
        );
        assert_eq!(
            code.attempt(PURPOSE, "request", &digits, now),
            CodeTry::Void
        );
    }

    #[test]
    fn a_look_leaves_a_code_that_was_right_but_not_for_ever() {
        let (mut code, digits) = sent();
        for _ in 0..CODE_ATTEMPTS {
            let tried = code.look(PURPOSE, "request", &digits, Timestamp::UNIX_EPOCH);
            assert_eq!(tried, CodeTry::Right);
        }
        let tried = code.look(PURPOSE, "request", &digits, Timestamp::UNIX_EPOCH);
        assert_eq!(tried, CodeTry::Void);
    }

    #[test]
    fn five_wrong_tries_void_it() {
        let (mut code, digits) = sent();
        for _ in 0..CODE_ATTEMPTS {
            let tried = code.attempt(PURPOSE, "request", &other(&digits), Timestamp::UNIX_EPOCH);
            assert_eq!(tried, CodeTry::Wrong);
        }
        let tried = code.attempt(PURPOSE, "request", &digits, Timestamp::UNIX_EPOCH);
        assert_eq!(tried, CodeTry::Void);
    }

    #[test]
    fn late_for_another_purpose_or_from_elsewhere_it_is_void() {
        let (code, digits) = sent();
        let now = Timestamp::UNIX_EPOCH;
        let attempt = |purpose, request, now| code.clone().attempt(purpose, request, &digits, now);
        assert_eq!(
            attempt(PURPOSE, "request", now + CODE_LIFETIME),
            CodeTry::Void
        );
        let in_time = now + CODE_LIFETIME - SignedDuration::from_secs(1);
        assert_eq!(attempt(PURPOSE, "request", in_time), CodeTry::Right);
        assert_eq!(
            attempt(CodePurpose::PasswordReset, "request", now),
            CodeTry::Void
        );
        assert_eq!(attempt(PURPOSE, "another", now), CodeTry::Void);
    }

    #[test]
    fn the_digits_are_not_kept() {
        let (code, digits) = sent();
        assert!(!code.hash.contains(&digits) && !code.salt.is_empty());
    }
}
