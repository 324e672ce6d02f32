use std::str::FromStr;

use jiff::SignedDuration;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::common_passwords;

/// How long an initial password opens a session.
pub const INITIAL_PASSWORD_LIFETIME: SignedDuration = SignedDuration::from_hours(72);

/// What a deployment asks of passwords: the Chinese rules for level three want kinds of characters, the American ones
/// forbid to ask for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordPolicy {
    /// 等级保护三级: 12 characters of three kinds, or 15 of any.
    #[default]
    Dengbao3,
    /// NIST SP 800-63B-4: 15 characters of any kind.
    Nist,
}

/// A name of no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the password policy is `dengbao3` or `nist`")]
pub struct NoSuchPolicy;

impl FromStr for PasswordPolicy {
    type Err = NoSuchPolicy;

    fn from_str(name: &str) -> Result<Self, NoSuchPolicy> {
        match name {
            "dengbao3" => Ok(Self::Dengbao3),
            "nist" => Ok(Self::Nist),
            _ => Err(NoSuchPolicy),
        }
    }
}

/// How long before its end a password's owner is told of it.
pub const PASSWORD_WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordDefect {
    /// Fewer characters than the policy asks for, or of fewer kinds.
    Weak,
    /// Longer than 128 characters.
    Long,
    /// The old one, or made of the login name or the phone.
    Known,
    /// Made of what many choose, or repeats a few characters.
    Common,
}

/// Longest password; longer ones cost more to hash and are no safer.
const LONGEST: usize = 128;

impl PasswordPolicy {
    /// How old a password may become. 等级保护 asks for a change from time to time, NIST forbids to ask.
    pub fn change_after(self) -> Option<SignedDuration> {
        match self {
            Self::Dengbao3 => Some(SignedDuration::from_hours(90 * 24)),
            Self::Nist => None,
        }
    }

    /// What keeps the password from being taken; `None`: nothing. `names` are what is known of its owner.
    pub fn defect(self, password: &str, old: &str, names: &[&str]) -> Option<PasswordDefect> {
        let length = password.chars().count();
        if length > LONGEST {
            return Some(PasswordDefect::Long);
        }
        let enough = match self {
            Self::Dengbao3 => length >= 15 || (length >= 12 && kinds(password) >= 3),
            Self::Nist => length >= 15,
        };
        if !enough {
            return Some(PasswordDefect::Weak);
        }
        let lower = password.to_lowercase();
        let holds = |name: &&str| name.chars().count() >= 4 && lower.contains(&name.to_lowercase());
        if password == old || names.iter().any(holds) {
            return Some(PasswordDefect::Known);
        }
        let mut different: Vec<char> = lower.chars().collect();
        different.sort_unstable();
        different.dedup();
        (different.len() < 5 || common_passwords::is_made_of_one(&lower))
            .then_some(PasswordDefect::Common)
    }
}

/// A password for one use: 16 characters that cannot be mistaken for each other, of three kinds, 80 bits.
pub fn initial_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";
    let mut random = rand::rng();
    loop {
        let password: String = (0..16)
            .map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]))
            .collect();
        if kinds(&password) == 3 {
            return password;
        }
    }
}

/// How many of lower case, upper case, digits and others occur.
fn kinds(password: &str) -> usize {
    let tests: [fn(char) -> bool; 4] = [
        |letter| letter.is_lowercase(),
        |letter| letter.is_uppercase(),
        |letter| letter.is_ascii_digit(),
        |letter| !letter.is_lowercase() && !letter.is_uppercase() && !letter.is_ascii_digit(),
    ];
    tests
        .iter()
        .filter(|test| password.chars().any(test))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(password: &str) -> Option<PasswordDefect> {
        PasswordPolicy::Dengbao3.defect(password, "OldOne-2026-x", &["yy12345678", "13800000000"])
    }

    #[test]
    fn twelve_of_three_kinds_or_fifteen_of_any_will_do() {
        assert_eq!(defect("Winter-Snow-9"), None);
        assert_eq!(defect("corner table lamp moss"), None);
        assert_eq!(defect("wintersnow99"), Some(PasswordDefect::Weak));
        assert_eq!(defect("Short-1"), Some(PasswordDefect::Weak));
        assert_eq!(defect(&"x7-".repeat(50)), Some(PasswordDefect::Long));
    }

    #[test]
    fn a_deployment_may_follow_nist_instead() {
        let policy: PasswordPolicy = "nist".parse().unwrap();
        assert_eq!(
            policy.defect("Winter-Snow-9", "", &[]),
            Some(PasswordDefect::Weak),
            "kinds of characters do not make up for length"
        );
        assert_eq!(policy.defect("corner table lamp moss", "", &[]), None);
        assert_eq!(policy.change_after(), None);
        let policy: PasswordPolicy = "dengbao3".parse().unwrap();
        assert_eq!(policy, PasswordPolicy::default());
        let days = policy.change_after().map(|age| age.as_hours() / 24);
        assert_eq!(days, Some(90));
        assert!("none".parse::<PasswordPolicy>().is_err());
    }

    #[test]
    fn what_others_know_or_guess_is_refused() {
        assert_eq!(defect("OldOne-2026-x"), Some(PasswordDefect::Known));
        assert_eq!(defect("x-YY12345678-z"), Some(PasswordDefect::Known));
        assert_eq!(defect("Hospital-20262026"), Some(PasswordDefect::Common));
        assert_eq!(defect("aaaaaaaaaaaaaaaaaA1"), Some(PasswordDefect::Common));
    }

    #[test]
    fn initial_passwords_meet_the_policy_and_differ() {
        for _ in 0..50 {
            let password = initial_password();
            assert_eq!(defect(&password), None, "{password}");
            assert_ne!(password, initial_password());
        }
    }
}
