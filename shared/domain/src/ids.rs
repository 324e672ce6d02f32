use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rand::random;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::base32;

/// A text that is no id of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a valid id")]
pub struct IdError;

/// Names an account: `a` and 128 random bits, so that it can be neither guessed nor counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

impl AccountId {
    /// A new random id.
    pub fn random() -> Self {
        Self(format!("a{}", base32::bits128(random())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names an application: `r` and 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationId(String);

impl ApplicationId {
    /// A new random id.
    pub fn random() -> Self {
        Self(format!("r{}", base32::bits128(random())))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 表格版本号 of a version of its form, short enough to be typed: printed on what is stamped, so that a scan of an
    /// older form is noticed. Forty bits tell any two of some ten thousand applications apart; nothing is found by it.
    pub fn form_code(&self, form_version: u32) -> String {
        let short = self.0.get(1..9).unwrap_or_default().to_uppercase();
        format!("FLU-{short}-{form_version}")
    }
}

/// Names an upload: the account's running number in eight letters, then 128 random bits.
///
/// The number in front makes ids sort in the order the tickets were given, which is the order in which later uploads
/// replace earlier records; the random part makes another account's ids unguessable. To clients it is one opaque text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadId(String);

const SEQUENCE_LETTERS: usize = 8;

/// Names an ICD code file: `i`, the millisecond it was registered in, and 128 random bits. Newer ones sort later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IcdFileId(String);

/// Letters of a millisecond; enough until the year 3084.
const MOMENT_LETTERS: usize = 9;

impl IcdFileId {
    /// A new id for a file registered at this moment.
    pub fn new(registered_at: Timestamp) -> Self {
        let moment = u64::try_from(registered_at.as_millisecond()).unwrap_or_default();
        Self(format!(
            "i{}{}",
            base32::number(moment, MOMENT_LETTERS),
            base32::bits128(random())
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IcdFileId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rest = text.strip_prefix('i').ok_or(IdError)?;
        let (moment, bits) = rest.split_at_checked(MOMENT_LETTERS).ok_or(IdError)?;
        if !base32::is_bits128(bits) || base32::parse_number(moment).is_none() {
            return Err(IdError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for IcdFileId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<IcdFileId> for String {
    fn from(id: IcdFileId) -> Self {
        id.0
    }
}

impl fmt::Display for IcdFileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl UploadId {
    /// A new id for the account's `sequence`-th ticket.
    pub fn new(sequence: u64) -> Self {
        Self(format!(
            "{}-{}",
            base32::number(sequence, SEQUENCE_LETTERS),
            base32::bits128(random())
        ))
    }

    /// The account's running number inside.
    pub fn sequence(&self) -> u64 {
        base32::parse_number(&self.0[..SEQUENCE_LETTERS]).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix('a') {
            Some(bits) if base32::is_bits128(bits) => Ok(Self(text.to_owned())),
            _ => Err(IdError),
        }
    }
}

impl FromStr for ApplicationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix('r') {
            Some(bits) if base32::is_bits128(bits) => Ok(Self(text.to_owned())),
            _ => Err(IdError),
        }
    }
}

impl FromStr for UploadId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (sequence, bits) = text.split_once('-').ok_or(IdError)?;
        if sequence.len() != SEQUENCE_LETTERS || !base32::is_bits128(bits) {
            return Err(IdError);
        }
        base32::parse_number(sequence).ok_or(IdError)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for AccountId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl TryFrom<String> for ApplicationId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<ApplicationId> for String {
    fn from(id: ApplicationId) -> Self {
        id.0
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for UploadId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.0
    }
}

impl From<UploadId> for String {
    fn from(id: UploadId) -> Self {
        id.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_codes_name_application_and_version() {
        let id = ApplicationId::random();
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        let code = id.form_code(3);
        assert!(code.starts_with("FLU-") && code.ends_with("-3") && code.len() == 14);
        assert_ne!(code, ApplicationId::random().form_code(3));
        assert!(
            AccountId::random()
                .as_str()
                .parse::<ApplicationId>()
                .is_err()
        );
    }

    #[test]
    fn upload_ids_sort_by_ticket_and_never_repeat() {
        let ids: Vec<UploadId> = [1, 2, 31, 32, 1000, 100_000].map(UploadId::new).into();
        assert!(ids.is_sorted());
        assert_eq!(ids[4].sequence(), 1000);
        assert_ne!(UploadId::new(7), UploadId::new(7));
    }

    #[test]
    fn ids_of_code_files_sort_by_time_and_nothing_else_is_one() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let ids: Vec<IcdFileId> = [0, 1, 31, 32, 1_900_000_000_000]
            .map(|moment| IcdFileId::new(at(moment)))
            .into();
        assert!(ids.is_sorted());
        assert_ne!(IcdFileId::new(at(7)), IcdFileId::new(at(7)));
        let id = &ids[4];
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for foreign in [
            "",
            "i",
            "时",
            &id.as_str()[1..],
            &format!("{id}0"),
            "i00000000时",
        ] {
            assert_eq!(foreign.parse::<IcdFileId>(), Err(IdError), "{foreign}");
        }
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let id = UploadId::new(5);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for foreign in [
            "",
            "5",
            "00000005",
            "00000005-x",
            "0000000!-aaaaaaaaaaaaaaaaaaaaaaaaaa",
            "时时-",
        ] {
            assert_eq!(foreign.parse::<UploadId>(), Err(IdError), "{foreign}");
        }
        let account = AccountId::random();
        assert_eq!(account.as_str().parse(), Ok(account.clone()));
        assert_eq!("a".parse::<AccountId>(), Err(IdError));
        assert!(serde_json_like(&account).starts_with('a'));
    }

    fn serde_json_like(account: &AccountId) -> String {
        account.clone().into()
    }
}
