use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The key that pseudonyms are made with. Who has it can find out whose a pseudonym is by trying; it stays where exports are made.
#[derive(Clone)]
pub struct PseudonymKey(Vec<u8>);

/// No key for pseudonyms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key for pseudonyms has at least 64 hexadecimal digits")]
pub struct PseudonymKeyError;

impl PseudonymKey {
    /// A key in hexadecimal digits: 32 bytes at least.
    ///
    /// # Errors
    /// When it is shorter, or something else.
    pub fn from_hex(text: &str) -> Result<Self, PseudonymKeyError> {
        match hex::decode(text.trim()) {
            Ok(bytes) if bytes.len() >= 32 => Ok(Self(bytes)),
            _ => Err(PseudonymKeyError),
        }
    }

    /// Names the key without telling it: exports with another key are other exports.
    pub(crate) fn name(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(b"pseudonym key\x1f");
        digest.update(&self.0);
        hex::encode(&digest.finalize()[..8])
    }

    /// The pseudonym of a value in a group: 32 hexadecimal digits. Upper and lower case are one value, as they are where records are
    /// linked.
    pub(crate) fn pseudonym(&self, group: &str, value: &str) -> String {
        // A key of any length is one.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(group.as_bytes());
        mac.update(b"\x1f");
        mac.update(value.to_uppercase().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PseudonymKey({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_of_a_group_have_one_pseudonym_and_no_others() {
        let key = PseudonymKey::from_hex(&"ab".repeat(32)).unwrap();
        let one = key.pseudonym("case", "BA0001x");
        assert_eq!(one.len(), 32);
        assert_eq!(one, key.pseudonym("case", "ba0001X"));
        assert_ne!(one, key.pseudonym("person", "BA0001X"));
        let other = PseudonymKey::from_hex(&"ac".repeat(32)).unwrap();
        assert_ne!(one, other.pseudonym("case", "BA0001X"));
        assert_ne!(key.name(), other.name());
    }

    #[test]
    fn a_short_key_is_none() {
        for bad in ["", "abcd", &"zz".repeat(32)] {
            assert_eq!(PseudonymKey::from_hex(bad).unwrap_err(), PseudonymKeyError);
        }
    }
}
