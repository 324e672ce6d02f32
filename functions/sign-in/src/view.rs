use domain::{
    Account, AccountState, PASSWORD_WARNING, PasswordPolicy, Role, Session, SessionPurpose,
    SessionToken,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::{CookieName, Json, SetCookie};

/// A new session.
///
/// The token is also set as a cookie, which is all that pages use. It stands in the body for programs, and for everybody: who may read
/// the body of this answer knows the password already, and a page does not keep it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// For programs, to be sent as `Authorization: Bearer …` with every request.
    token: String,
    /// When the session ends unless it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whose it is.
    account: Person,
}

impl SignedIn {
    /// The answer to who has just signed in.
    pub(crate) fn answer(
        token: &SessionToken,
        session: &Session,
        account: Account,
        policy: PasswordPolicy,
    ) -> (SetCookie, Json<Self>) {
        let signed_in = Self {
            token: token.expose().to_owned(),
            expires_at: session.ends_at(),
            account: Person::of(account, session, policy),
        };
        (SetCookie::new(CookieName::Session, token), Json(signed_in))
    }
}

/// A session and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Signed {
    /// When the session ends unless it is used.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) expires_at: Timestamp,
    /// Whose it is.
    pub(crate) account: Person,
}

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    /// 登录名.
    login_name: String,
    /// What it may do: `data_manager`, `reviewer`, `analyst`, `operator` or `auditor`.
    #[schema(value_type = String)]
    role: Role,
    /// First two digits of the division code; of a reviewer the province it is confined to.
    province: Option<String>,
    /// 医疗机构代码.
    institution_code: Option<String>,
    /// 医疗机构名称.
    institution_name: Option<String>,
    /// Whether a password has to be chosen before anything else: it is an initial one, or too old.
    must_change_password: bool,
    /// When the password has to be changed, where that is soon: pages remind of it.
    #[schema(value_type = Option<String>, format = DateTime)]
    password_ends_at: Option<Timestamp>,
    /// Whether a code is asked for beside the password.
    second_factor: bool,
    /// How many recovery codes are left, where there is a second factor.
    recovery_codes_left: Option<usize>,
}

impl Person {
    pub(crate) fn of(account: Account, session: &Session, policy: PasswordPolicy) -> Self {
        // As of the session's last use, which is now.
        let soon = session.used_at + PASSWORD_WARNING;
        let password_ends_at = account.password_ends_at(policy);
        let must_change_password = account.state == AccountState::MustChangePassword
            || session.purpose == SessionPurpose::ChoosePassword;
        let second_factor = account.has_second_factor();
        let left = account.second_factor.as_ref();
        let left = left.map(domain::SecondFactor::recovery_codes_left);
        let (code, name) = account
            .institution
            .map(|institution| (institution.code, institution.name))
            .unzip();
        Self {
            login_name: account.login_name.into(),
            role: account.role,
            province: account.province,
            institution_code: code,
            institution_name: name,
            must_change_password,
            password_ends_at: password_ends_at.filter(|end| *end <= soon),
            second_factor,
            recovery_codes_left: left.filter(|_| second_factor),
        }
    }
}
