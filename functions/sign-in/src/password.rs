use std::sync::LazyLock;

use domain::{Account, PasswordHash};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use web::ApiError;

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
