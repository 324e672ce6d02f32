use std::fmt;
use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A password that cannot be hashed.
#[derive(Debug, Error)]
#[error("the password could not be hashed")]
pub struct PasswordError;

/// An argon2id hash as a PHC string, with its own salt and parameters.
///
/// Hashing takes some 30 ms and 19 MB on purpose: do it on a blocking thread, few at a time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password with a new random salt.
    ///
    /// # Errors
    /// When the password is longer than the algorithm takes, or no random numbers are to be had.
    pub fn of(password: &str) -> Result<Self, PasswordError> {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| Self(hash.to_string()))
            .map_err(|_| PasswordError)
    }

    /// A hash brought along from elsewhere.
    ///
    /// # Errors
    /// When it is not a PHC string.
    pub fn from_phc(text: &str) -> Result<Self, PasswordError> {
        phc::PasswordHash::new(text).map_err(|_| PasswordError)?;
        Ok(Self(text.to_owned()))
    }

    /// Of no password: the account is signed in to once its owner has set one by SMS.
    pub fn unusable() -> Self {
        // Not a PHC string, so nothing matches it.
        Self(String::new())
    }

    /// Whether the password is the one that was hashed.
    pub fn matches(&self, password: &str) -> bool {
        phc::PasswordHash::new(&self.0).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    }

    /// Compared with when nobody has the login name, so that the answer takes as long as for a wrong password and
    /// does not tell which names exist.
    pub fn nobody() -> &'static Self {
        static NOBODY: LazyLock<PasswordHash> = LazyLock::new(|| {
            PasswordHash::of("nobody signs in with this").unwrap_or(PasswordHash(String::new()))
        });
        &NOBODY
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches() {
        let hash = PasswordHash::of("流感-2019-冬").unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        assert!(hash.matches("流感-2019-冬"));
        assert!(!hash.matches("流感-2019-夏"));
        assert!(!PasswordHash::nobody().matches(""));
        assert!(!PasswordHash::unusable().matches(""));
        assert!(PasswordHash::from_phc("plain").is_err());
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        assert_ne!(
            PasswordHash::of("a").unwrap(),
            PasswordHash::of("a").unwrap()
        );
    }

    /// OWASP's cheat sheet on storing passwords asks for 19 MiB and two passes of one lane at least (2025).
    #[test]
    fn a_hash_costs_what_is_asked_for_today() {
        let hash = PasswordHash::of("a").unwrap();
        let cost = |name: &str| {
            let (_, rest) = hash.0.split_once(name).unwrap();
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().unwrap()
        };
        assert!(cost("m=") >= 19 * 1024 && cost("t=") >= 2 && cost("p=") >= 1);
        let salt = hash.0.split('$').nth(4).unwrap();
        assert!(salt.len() * 6 >= 128, "{salt}");
    }
}
