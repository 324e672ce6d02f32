use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AccountId, INITIAL_PASSWORD_LIFETIME, PasswordHash, PasswordPolicy, SecondFactor};

/// A value no account can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccountError {
    /// Login names have 2 to 64 characters and no space or control character.
    #[error("not a login name")]
    LoginName,
    /// Mobile phones of mainland China have 11 digits and begin with 1.
    #[error("not a mobile phone number")]
    Phone,
    /// 医疗机构代码 has 22 digits or letters.
    #[error("not an institution code")]
    InstitutionCode,
}

/// What an account may do (design, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 数据管理员 of an institution; its front-end machine uses the same account.
    DataManager,
    /// Reviews applications, of the whole country or of one province.
    Reviewer,
    /// Reads figures and accepted data.
    Analyst,
    /// Runs the service; reads no patient's data.
    Operator,
    /// Reads the audit trail and nothing else.
    Auditor,
}

/// Whether an account may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It may.
    Active,
    /// Signed in with an initial password, which must be changed first (manual 3.1).
    MustChangePassword,
    /// It may not.
    Disabled,
}

/// The institution an account reports for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// 医疗机构代码, 22 digits or letters.
    pub code: String,
    /// 医疗机构名称 as on the licence.
    pub name: String,
}

impl Institution {
    /// An institution with a well-formed code.
    ///
    /// # Errors
    /// When the code has not 22 digits or letters.
    pub fn new(code: &str, name: &str) -> Result<Self, AccountError> {
        if code.len() != 22 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(AccountError::InstitutionCode);
        }
        Ok(Self {
            code: code.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// 登录名. Upper and lower case are the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoginName(String);

impl LoginName {
    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginName {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let name = text.to_lowercase();
        let length = name.chars().count();
        let plain = name
            .chars()
            .all(|letter| !letter.is_whitespace() && !letter.is_control());
        if (2..=64).contains(&length) && plain {
            Ok(Self(name))
        } else {
            Err(AccountError::LoginName)
        }
    }
}

/// 手机号码 of mainland China.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Its 11 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let digits = text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && text.starts_with('1') {
            Ok(Self(text.to_owned()))
        } else {
            Err(AccountError::Phone)
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Phone(…)")
    }
}

impl TryFrom<String> for LoginName {
    type Error = AccountError;

    fn try_from(text: String) -> Result<Self, AccountError> {
        text.parse()
    }
}

impl TryFrom<String> for Phone {
    type Error = AccountError;

    fn try_from(text: String) -> Result<Self, AccountError> {
        text.parse()
    }
}

impl From<LoginName> for String {
    fn from(name: LoginName) -> Self {
        name.0
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

/// What makes an account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Name to sign in with.
    pub login_name: LoginName,
    /// Phone to sign in with.
    pub phone: Option<Phone>,
    /// What it may do.
    pub role: Role,
    /// Where it reports for; `None` for reviewers, analysts and operators.
    pub institution: Option<Institution>,
    /// First two digits of the division code; a reviewer's scope.
    pub province: Option<String>,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// Whether it may sign in.
    pub state: AccountState,
}

/// 账号.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Name to sign in with.
    pub login_name: LoginName,
    /// Phone to sign in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// What it may do.
    pub role: Role,
    /// Where notices go beside the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// How notices call its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Where it reports for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<Institution>,
    /// First two digits of the division code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// The institution's whole division code, as its approved profile has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// When the password was set; `None`: with the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_set_at: Option<Timestamp>,
    /// Asked for beside the password, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    /// Whether it may sign in.
    pub state: AccountState,
    /// Until when an initial password opens a session; `None` for a password its owner chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_password_until: Option<Timestamp>,
    /// Whether the initial password has opened its session. It opens one: whoever reads the mail later finds nothing of use.
    #[serde(default)]
    pub initial_password_used: bool,
    /// Sessions begun under a smaller number are over: adding one ends them all at once.
    pub session_epoch: u64,
    /// Credentials of machines made under a smaller number are over: a new data manager gives out his own.
    #[serde(default)]
    pub machine_epoch: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts its changes.
    pub version: u64,
}

impl Account {
    /// The account a [`NewAccount`] becomes.
    pub fn new(new: NewAccount, now: Timestamp) -> Self {
        Self {
            id: AccountId::random(),
            login_name: new.login_name,
            phone: new.phone,
            email: None,
            holder: None,
            role: new.role,
            institution: new.institution,
            province: new.province,
            division: None,
            password_hash: new.password_hash,
            password_set_at: None,
            second_factor: None,
            state: new.state,
            initial_password_until: None,
            initial_password_used: false,
            session_epoch: 0,
            machine_epoch: 0,
            created_at: now,
            version: 1,
        }
    }

    /// Gives it an initial password and ends all its sessions: at its creation, and for a new data manager.
    pub fn set_initial_password(&mut self, hash: PasswordHash, now: Timestamp) {
        self.password_hash = hash;
        self.state = AccountState::MustChangePassword;
        self.initial_password_until = Some(now + INITIAL_PASSWORD_LIFETIME);
        self.initial_password_used = false;
        self.password_set_at = Some(now);
        self.session_epoch += 1;
        self.machine_epoch += 1;
    }

    /// Gives it a password its owner chose and ends all its sessions: whoever else knew the old one is out.
    pub fn set_own_password(&mut self, hash: PasswordHash, now: Timestamp) {
        self.password_hash = hash;
        self.password_set_at = Some(now);
        self.state = AccountState::Active;
        self.initial_password_until = None;
        self.initial_password_used = false;
        self.session_epoch += 1;
    }

    /// Whether its password is an initial one whose time is over.
    pub fn initial_password_is_over(&self, now: Timestamp) -> bool {
        self.initial_password_until
            .is_some_and(|until| now >= until)
    }

    /// When its password has to be changed; `None` where the policy wants no change for its age.
    pub fn password_ends_at(&self, policy: PasswordPolicy) -> Option<Timestamp> {
        let set_at = self.password_set_at.unwrap_or(self.created_at);
        policy.change_after().map(|age| set_at + age)
    }

    /// Whether a code is asked for beside the password.
    pub fn has_second_factor(&self) -> bool {
        self.second_factor
            .as_ref()
            .is_some_and(|factor| factor.confirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_names_ignore_case_and_refuse_spaces() {
        assert_eq!("Demo".parse::<LoginName>(), "dEMO".parse::<LoginName>());
        assert!("示范医院".parse::<LoginName>().is_ok());
        for wrong in ["", "a", "a b", "a\n", &"a".repeat(65)] {
            assert_eq!(wrong.parse::<LoginName>(), Err(AccountError::LoginName));
        }
    }

    #[test]
    fn phones_have_eleven_digits_and_do_not_print() {
        let phone: Phone = "13800000000".parse().unwrap();
        assert!(!format!("{phone:?}").contains("138"));
        for wrong in ["1380000000", "23800000000", "1380000000x", "+8613800000000"] {
            assert_eq!(wrong.parse::<Phone>(), Err(AccountError::Phone));
        }
    }

    #[test]
    fn institution_codes_have_twenty_two_places() {
        assert!(Institution::new("123456789PDY100000A001", "示范医院").is_ok());
        assert_eq!(
            Institution::new("123", "示范医院"),
            Err(AccountError::InstitutionCode)
        );
    }
}
