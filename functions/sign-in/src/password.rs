use std::sync::LazyLock;

use domain::{Account, PasswordDefect, PasswordHash, PasswordPolicy};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use web::{ApiError, FieldError};

/// Hashes at once: each takes 19 MB, and many sign-ins together must not take all the memory there is.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(4));

/// The hash of a new password.
pub(crate) async fn hash(password: String) -> Result<PasswordHash, ApiError> {
    let _permit = HASHING.acquire().await.map_err(ApiError::internal)?;
    spawn_blocking(move || PasswordHash::of(&password))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)
}

/// Whether the password is the account's. Takes as long when there is no account.
pub(crate) async fn matches(account: Option<&Account>, password: String) -> Result<bool, ApiError> {
    let hash = account.map(|account| account.password_hash.clone());
    let _permit = HASHING.acquire().await.map_err(ApiError::internal)?;
    spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| PasswordHash::nobody().clone());
        hash.matches(&password) && known
    })
    .await
    .map_err(ApiError::internal)
}

/// Refuses a new password the policy does not take. `account`: whose it is, where that is known and may be told.
pub(crate) fn check(
    policy: PasswordPolicy,
    field: &str,
    new: &str,
    old: &str,
    account: Option<&Account>,
) -> Result<(), ApiError> {
    let mut names = Vec::new();
    if let Some(account) = account {
        names.push(account.login_name.as_str());
        names.extend(account.phone.as_ref().map(|phone| phone.as_str()));
    }
    match policy.defect(new, old, &names) {
        None => Ok(()),
        // What the policy asks for is told by it: the other one asks for more.
        Some(PasswordDefect::Weak) if policy == PasswordPolicy::Nist => Err(refusal(
            field,
            "weak",
            "密码至少15个字符，不限种类，可以是一句话",
            "At least 15 characters of any kind; a sentence will do",
        )),
        Some(defect) => Err(refused(field, defect)),
    }
}

/// Why a new password is not taken.
pub(crate) fn refused(field: &str, defect: PasswordDefect) -> ApiError {
    match defect {
        PasswordDefect::Weak => refusal(
            field,
            "weak",
            "密码至少12个字符，并包含大写字母、小写字母、数字、符号中的三种；15个字符以上不限种类",
            "At least 12 characters of three kinds (upper case, lower case, digits, signs), or 15 of any kind",
        ),
        PasswordDefect::Long => refusal(
            field,
            "too_long",
            "密码不能超过128个字符",
            "At most 128 characters",
        ),
        PasswordDefect::Known => refusal(
            field,
            "known",
            "新密码不能与原密码相同，也不能包含登录名或手机号码",
            "The new password must differ from the old one and must not contain the login name or phone",
        ),
        PasswordDefect::Common => refusal(
            field,
            "common",
            "该密码过于常见，容易被猜到，请换一个",
            "This password is too common and easily guessed; please choose another",
        ),
    }
}

fn refusal(field: &str, code: &str, zh: &str, en: &str) -> ApiError {
    ApiError::fields(vec![FieldError::new(field, code, zh, en)])
}
