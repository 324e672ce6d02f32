//! 动态验证码: a second factor beside the password, shown by an app on the phone (RFC 6238), and codes for who lost it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Seconds a code is shown.
const STEP: i64 = 30;
/// Codes of the step before and after count too: neither clocks nor fingers are exact.
const SLACK: i64 = 1;
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// Letters of each, of five bits.
const RECOVERY_LETTERS: usize = 28;
/// Letters of secrets, as apps expect them (RFC 4648).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an app and this service both know, and which codes were used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// 160 random bits, hexadecimal. Codes are worked out from it, so unlike a password it can't be kept as a digest; the
    /// table is encrypted at rest.
    secret: String,
    /// Whether a first code has shown that the app has it. Until then it is not asked for.
    pub confirmed: bool,
    /// The step of the newest code that was used; that one and older ones are refused.
    last_step: i64,
    /// Digests of the recovery codes that are left. They have 140 random bits, so a plain digest will do.
    recovery: Vec<String>,
}

impl fmt::Debug for SecondFactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecondFactor(confirmed: {})", self.confirmed)
    }
}

impl SecondFactor {
    /// A new one, not yet confirmed.
    pub fn random() -> Self {
        Self {
            secret: hex::encode(rand::random::<[u8; 20]>()),
            confirmed: false,
            last_step: 0,
            recovery: Vec::new(),
        }
    }

    /// The secret as it is typed into an app that can't read the picture.
    pub fn secret(&self) -> String {
        base32(&self.key())
    }

    /// What the picture says to an app.
    pub fn uri(&self, login_name: &str) -> String {
        let account: String = login_name.bytes().map(escape).collect();
        let issuer: String = "流感监测".bytes().map(escape).collect();
        let secret = self.secret();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}"
        )
    }

    /// Tries a code of the app, or a recovery code. A right one is used up; the caller stores the change,
    /// if nobody else was first, before anybody is let in.
    pub fn use_code(&mut self, code: &str, now: Timestamp) -> bool {
        let code: String = code
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .collect();
        self.use_step(&code, now) || self.use_recovery(&code.to_uppercase())
    }

    /// Takes the first code, which shows that the app has the secret, and gives the recovery codes, which are kept as digests
    /// only. `None`: the code is wrong.
    pub fn confirm(&mut self, code: &str, now: Timestamp) -> Option<Vec<String>> {
        if self.confirmed || !self.use_step(code.trim(), now) {
            return None;
        }
        self.confirmed = true;
        let mut random = rand::rng();
        let codes: Vec<String> = (0..RECOVERY_CODES)
            .map(|_| {
                let letters: Vec<u8> = (0..RECOVERY_LETTERS)
                    .map(|_| BASE32[random.random_range(0..BASE32.len())])
                    .collect();
                let groups: Vec<_> = letters.chunks(4).map(String::from_utf8_lossy).collect();
                groups.join("-")
            })
            .collect();
        self.recovery = codes
            .iter()
            .map(|code| digest(&code.replace('-', "")))
            .collect();
        Some(codes)
    }

    /// How many recovery codes are left.
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery.len()
    }

    fn use_step(&mut self, code: &str, now: Timestamp) -> bool {
        let current = now.as_second().div_euclid(STEP);
        let key = self.key();
        // All are compared, so that the time does not tell which one it was.
        let mut found = None;
        for step in current - SLACK..=current + SLACK {
            let right: bool = totp(&key, step).as_bytes().ct_eq(code.as_bytes()).into();
            if right && step > self.last_step {
                found = Some(step);
            }
        }
        if let Some(step) = found {
            self.last_step = step;
        }
        found.is_some()
    }

    fn use_recovery(&mut self, code: &str) -> bool {
        let given = digest(code);
        let before = self.recovery.len();
        self.recovery
            .retain(|kept| !bool::from(kept.as_bytes().ct_eq(given.as_bytes())));
        self.recovery.len() < before
    }

    fn key(&self) -> Vec<u8> {
        hex::decode(&self.secret).unwrap_or_default()
    }
}

/// RFC 6238 with the parameters every app knows: SHA-1, 30 seconds, six digits.
fn totp(key: &[u8], step: i64) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(&step.to_be_bytes());
    let bytes = mac.finalize().into_bytes();
    let at = usize::from(bytes[19] & 15);
    let number = u32::from_be_bytes([bytes[at] & 127, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

fn base32(bytes: &[u8]) -> String {
    let bit = |place: usize| {
        let byte = bytes.get(place / 8).copied().unwrap_or_default();
        usize::from(byte >> (7 - place % 8) & 1)
    };
    (0..(bytes.len() * 8).div_ceil(5))
        .map(|letter| (0..5).fold(0, |value, place| value << 1 | bit(letter * 5 + place)))
        .map(|value| char::from(BASE32[value]))
        .collect()
}

fn escape(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

fn digest(code: &str) -> String {
    hex::encode(Sha256::digest(code.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The code an app shows.
    fn shown(factor: &SecondFactor, second: i64) -> String {
        totp(&factor.key(), second / STEP)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        let key = b"12345678901234567890";
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp(key, second / STEP), code);
        }
        assert_eq!(base32(key), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_once_and_only_around_its_time() {
        let mut factor = SecondFactor::random();
        let now = 1_800_000_000;
        let code = shown(&factor, now);
        assert_eq!(factor.confirm("", at(now)), None);
        assert!(factor.confirm(&code, at(now)).is_some() && factor.confirmed);
        assert!(!factor.use_code(&code, at(now)), "the same again");
        assert!(
            !factor.use_code(&shown(&factor, now - STEP), at(now)),
            "an older one"
        );
        let next = shown(&factor, now + STEP);
        assert!(
            !factor.clone().use_code(&next, at(now + 3 * STEP)),
            "too late"
        );
        assert!(factor.use_code(&format!(" {} {}", &next[..3], &next[3..]), at(now)));
    }

    #[test]
    fn each_recovery_code_counts_once() {
        let mut factor = SecondFactor::random();
        let now = 1_800_000_000;
        let codes = factor.confirm(&shown(&factor, now), at(now)).unwrap();
        assert_eq!(codes.len(), RECOVERY_CODES);
        let bits = codes.iter().map(|code| code.replace('-', "").len() * 5);
        assert!(bits.min() >= Some(128), "{codes:?}");
        assert!(factor.use_code(&codes[3].to_lowercase(), at(now)));
        assert!(!factor.use_code(&codes[3], at(now)));
        assert!(factor.use_code(&codes[0].replace('-', ""), at(now)));
        assert_eq!(factor.recovery_codes_left(), RECOVERY_CODES - 2);
        let kept = format!("{:?}", factor.recovery);
        assert!(!kept.contains(&codes[1]) && !kept.contains(&codes[1].replace('-', "")));
    }

    #[test]
    fn the_secret_goes_to_the_app_and_is_not_printed() {
        let factor = SecondFactor::random();
        let uri = factor.uri("审核员 1");
        assert!(uri.contains(&format!("secret={}&", factor.secret())));
        assert!(uri.is_ascii() && !uri.contains(' '), "{uri}");
        assert!(!format!("{factor:?}").contains(&factor.secret));
    }
}
