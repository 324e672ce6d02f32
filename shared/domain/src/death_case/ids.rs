use std::fmt;
use std::str::FromStr;

use rand::random;
use serde::{Deserialize, Serialize};

use crate::{IdError, base32};

const NUMBER_LETTERS: usize = 8;

/// Names a death case: the account's running number in eight letters, then 128 random bits. It sorts in the order the cases
/// were made in; to clients it is one opaque text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeathCaseId(String);

impl DeathCaseId {
    /// A new id for the account's case of this number.
    pub fn new(number: u64) -> Self {
        Self(format!(
            "{}-{}",
            base32::number(number, NUMBER_LETTERS),
            base32::bits128(random())
        ))
    }

    /// 记录编号: the account's running number.
    pub fn number(&self) -> u64 {
        base32::parse_number(&self.0[..NUMBER_LETTERS]).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names an attachment: `f` and 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttachmentId(String);

impl AttachmentId {
    /// A new random id.
    pub fn random() -> Self {
        Self(format!("f{}", base32::bits128(random())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeathCaseId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (number, bits) = text.split_once('-').ok_or(IdError)?;
        if number.len() != NUMBER_LETTERS || !base32::is_bits128(bits) {
            return Err(IdError);
        }
        base32::parse_number(number).ok_or(IdError)?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for AttachmentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix('f') {
            Some(bits) if base32::is_bits128(bits) => Ok(Self(text.to_owned())),
            _ => Err(IdError),
        }
    }
}

impl TryFrom<String> for DeathCaseId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl TryFrom<String> for AttachmentId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<DeathCaseId> for String {
    fn from(id: DeathCaseId) -> Self {
        id.0
    }
}

impl From<AttachmentId> for String {
    fn from(id: AttachmentId) -> Self {
        id.0
    }
}

impl fmt::Display for DeathCaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_number_and_are_read_back() {
        let ids: Vec<DeathCaseId> = [1, 2, 33, 70_000].map(DeathCaseId::new).into();
        assert!(ids.is_sorted());
        assert_eq!(ids[2].number(), 33);
        assert_eq!(ids[0].as_str().parse(), Ok(ids[0].clone()));
        assert_ne!(DeathCaseId::new(1), DeathCaseId::new(1));
        let attachment = AttachmentId::random();
        assert_eq!(attachment.as_str().parse(), Ok(attachment.clone()));
        for foreign in ["", "1", "../x", "f", "时时-", attachment.as_str()] {
            assert_eq!(foreign.parse::<DeathCaseId>(), Err(IdError), "{foreign}");
        }
        assert!(ids[0].as_str().parse::<AttachmentId>().is_err());
    }
}
