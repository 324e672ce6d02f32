use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::AccountId;
use domain::death_case::{DeathCase, DeathCaseId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::read::{all_of, at_once};
use crate::keys;
use crate::provinces::NOWHERE;
use crate::table::{delete_always, put_if, read, write};
use crate::{Store, StoreError};

/// A death case that is not complete, as its province sees it: no name, no number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDeath {
    /// Whose it is.
    pub account: AccountId,
    /// Its id.
    pub case: DeathCaseId,
    /// The last day in time.
    pub deadline: Date,
}

/// Keeps a case among those of its province for as long as it is not complete: part of each transaction that changes it.
pub(crate) fn open_death(store: &Store, case: &DeathCase) -> Result<TransactWriteItem, StoreError> {
    let province = case.province.as_deref().unwrap_or(NOWHERE);
    let key = keys::open_death(province, &case.account, &case.id);
    if case.is_complete() {
        return delete_always(store, key);
    }
    let open = OpenDeath {
        account: case.account.clone(),
        case: case.id.clone(),
        deadline: case.deadline().day(),
    };
    put_if(store, write(key, &open, "open death case")?, "", &[], &[])
}

/// The death cases of a province that are not complete.
///
/// # Errors
/// When the table cannot be read.
pub async fn open_deaths(store: &Store, province: &str) -> Result<Vec<OpenDeath>, StoreError> {
    let items = all_of(store, keys::deaths_partition(province)).await?;
    items
        .into_iter()
        .map(|item| read(item, "open death case"))
        .collect()
}

/// The same of several provinces.
///
/// # Errors
/// When the table cannot be read.
pub async fn open_deaths_of(
    store: &Store,
    provinces: &[String],
) -> Result<Vec<(String, Vec<OpenDeath>)>, StoreError> {
    at_once(provinces.to_vec(), |province| {
        let store = store.clone();
        async move {
            let open = open_deaths(&store, &province).await?;
            Ok((province, open))
        }
    })
    .await
}
