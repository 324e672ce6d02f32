use axum::extract::State;
use domain::{Account, Role, Withdrawal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{accounts, provinces, withdrawals};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, ErrorCode, Json, Problem, Query, Service};

/// Withdrawals of one answer, and of each province where several are asked for.
const PAGE: usize = 50;

/// Which withdrawals.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// First two digits of the division code, for reviewers; all they may see unless given.
    province: Option<String>,
    /// What the answer before gave as `next`; only with a province.
    cursor: Option<String>,
}

/// What was taken back.
#[derive(Serialize, ToSchema)]
pub(crate) struct WithdrawalList {
    /// Newest first.
    withdrawals: Vec<WithdrawalView>,
    /// Leads to older ones of a province.
    next: Option<String>,
}

/// A withdrawal.
#[derive(Serialize, ToSchema)]
pub(crate) struct WithdrawalView {
    /// 医疗机构代码.
    institution_code: String,
    /// 医疗机构名称.
    institution_name: String,
    /// First two digits of the division code.
    province: Option<String>,
    /// The upload.
    upload_id: String,
    /// The record of it; null: the whole upload.
    record: Option<RecordView>,
    /// Why.
    reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A withdrawn record.
#[derive(Serialize, ToSchema)]
struct RecordView {
    /// Code of the kind.
    kind: String,
    /// File of the upload.
    file_name: String,
    /// Row as a spreadsheet shows it.
    row: u32,
}

/// Lists what was taken back: a hospital's own, or those of the provinces a reviewer may see.
#[utoipa::path(
    get,
    path = "/api/v1/withdrawals",
    tag = "uploads",
    security(("bearer" = [])),
    params(ListQuery),
    responses(
        (status = OK, body = WithdrawalList),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither data manager nor reviewer nor operator"),
    )
)]
pub(crate) async fn list_withdrawals(
    State(service): State<Service>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<WithdrawalList>, ApiError> {
    let account = &caller.account;
    let scope = match account.role {
        Role::DataManager => return own(&service, account).await,
        Role::Operator => None,
        Role::Reviewer => account.province.as_deref(),
        Role::Analyst | Role::Auditor => return Err(ErrorCode::Forbidden.into()),
    };
    let provinces = provinces::visible(scope, query.province.as_deref());
    let cursor = query.cursor.filter(|_| provinces.len() == 1);
    let mut found = Vec::new();
    let mut next = None;
    for province in &provinces {
        let (of_province, more) =
            withdrawals::of_province(&service.store, province, cursor.as_deref(), PAGE).await?;
        found.extend(of_province);
        next = more;
    }
    if provinces.len() != 1 {
        // The newest of the whole country; older ones are looked for by province.
        found.sort_by_key(|withdrawal| std::cmp::Reverse(withdrawal.at));
        found.truncate(PAGE);
        next = None;
    }
    let mut views = Vec::with_capacity(found.len());
    for withdrawal in found {
        let account = accounts::find(&service.store, &withdrawal.account).await?;
        views.extend(account.and_then(|account| view(&account, withdrawal)));
    }
    Ok(Json(WithdrawalList {
        withdrawals: views,
        next,
    }))
}

async fn own(service: &Service, account: &Account) -> Result<Json<WithdrawalList>, ApiError> {
    let mut found = withdrawals::list(&service.store, &account.id).await?;
    found.reverse();
    let views = found.into_iter().filter_map(|it| view(account, it));
    Ok(Json(WithdrawalList {
        withdrawals: views.collect(),
        next: None,
    }))
}

/// A withdrawal with its hospital; `None` where the account reports for none any more.
fn view(account: &Account, withdrawal: Withdrawal) -> Option<WithdrawalView> {
    let institution = account.institution.as_ref()?;
    Some(WithdrawalView {
        institution_code: institution.code.clone(),
        institution_name: institution.name.clone(),
        province: account.province.clone(),
        upload_id: withdrawal.upload.to_string(),
        record: withdrawal.record.map(|record| RecordView {
            kind: record.kind,
            file_name: record.file_name,
            row: record.row,
        }),
        reason: withdrawal.reason,
        at: withdrawal.at,
    })
}
