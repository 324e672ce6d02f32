//! 前置机: what it signs in with, and what it tells of itself.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, IdError, TokenHash, base32};

/// Names a machine of an account: six letters, told apart within the account only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MachineId(String);

const MACHINE_LETTERS: usize = 6;

impl MachineId {
    /// A new random id.
    pub fn random() -> Self {
        Self(base32::number(rand::random(), MACHINE_LETTERS))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != MACHINE_LETTERS {
            return Err(IdError);
        }
        base32::parse_number(text).ok_or(IdError)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for MachineId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<MachineId> for String {
    fn from(id: MachineId) -> Self {
        id.0
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The login name of a machine: it leads to account and credential by itself, so nothing has to be looked up by name.
///
/// No account's login name looks like it by chance, and one that does on purpose only makes its own account unreachable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineLogin {
    /// The account.
    pub account: AccountId,
    /// The machine.
    pub machine: MachineId,
}

const LOGIN_PREFIX: &str = "machine-";

impl fmt::Display for MachineLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{LOGIN_PREFIX}{}-{}", self.account, self.machine)
    }
}

impl FromStr for MachineLogin {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rest = text.strip_prefix(LOGIN_PREFIX).ok_or(IdError)?;
        let (account, machine) = rest.rsplit_once('-').ok_or(IdError)?;
        Ok(Self {
            account: account.parse()?,
            machine: machine.parse()?,
        })
    }
}

/// A credential made for one machine, which can be taken back alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCredential {
    /// Whose it is.
    pub account: AccountId,
    /// Its id.
    pub id: MachineId,
    /// What the hospital calls the machine.
    pub name: String,
    /// Digest of its secret, which is random and long: no slow hash would add anything.
    pub secret: TokenHash,
    /// The account's [`crate::Account::machine_epoch`] when it was made; an older one is over.
    pub epoch: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl MachineCredential {
    /// Credentials an account may have at once.
    pub const MOST: usize = 20;

    /// What it signs in as.
    pub fn login(&self) -> MachineLogin {
        MachineLogin {
            account: self.account.clone(),
            machine: self.id.clone(),
        }
    }
}

/// What a machine tells of itself every few minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Whose machine it is.
    pub account: AccountId,
    /// The credential's id, or `account` where the account's own password is used.
    pub machine: String,
    /// When it told, by the service's clock.
    pub at: Timestamp,
    /// Version of its program.
    pub version: String,
    /// Files that wait to be sent.
    pub queue_length: u64,
    /// How long the oldest of them has waited, in seconds.
    pub oldest_seconds: u64,
    /// What went wrong last, if it still does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it last sent something that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sent_at: Option<Timestamp>,
    /// By how many seconds its clock is ahead of the service's.
    pub clock_ahead_seconds: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_login_leads_to_its_account() {
        let login = MachineLogin {
            account: AccountId::random(),
            machine: MachineId::random(),
        };
        assert_eq!(login.to_string().parse(), Ok(login.clone()));
        assert!(
            login.to_string().parse::<crate::LoginName>().is_ok(),
            "it fits where a login name is typed"
        );
        for foreign in ["", "machine-", "machine-a-b", "demo-hospital"] {
            assert_eq!(foreign.parse::<MachineLogin>(), Err(IdError), "{foreign}");
        }
    }
}
