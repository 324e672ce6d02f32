use axum::extract::State;
use domain::Role;
use domain::machine::Heartbeat;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Store, accounts, machines, provinces};
use utoipa::{IntoParams, ToSchema};
use web::{ApiError, Caller, ErrorCode, FieldError, Json, Problem, Query, Service};

/// Machines on one page.
const PAGE: usize = 50;

/// Which machines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FleetQuery {
    /// First two digits of the division code, `00` for accounts without a province; all unless given.
    province: Option<String>,
    /// What the page before answered as `next`.
    cursor: Option<String>,
}

/// A part of all machines.
#[derive(Serialize, ToSchema)]
pub(crate) struct Fleet {
    /// By province and account.
    machines: Vec<MachineView>,
    /// Leads to what follows.
    next: Option<String>,
}

/// A front-end machine as it told of itself last.
#[derive(Serialize, ToSchema)]
pub(crate) struct MachineView {
    /// 医疗机构代码.
    institution_code: String,
    /// 医疗机构名称.
    institution_name: String,
    /// First two digits of the division code.
    province: Option<String>,
    /// The credential's id, or `account`.
    machine: String,
    /// Last contact.
    #[schema(value_type = String, format = DateTime)]
    last_contact_at: Timestamp,
    /// Version of its program.
    version: String,
    /// Whether that is the version that fits this service.
    up_to_date: bool,
    /// Files that wait to be sent.
    queue_length: u64,
    /// How long the oldest of them has waited, in seconds.
    oldest_seconds: u64,
    /// What went wrong last, if it still does.
    last_error: Option<String>,
    /// When it last sent something that was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sent_at: Option<Timestamp>,
    /// By how many seconds its clock is ahead of the service's.
    clock_ahead_seconds: i64,
}

/// Shows the front-end machines of all hospitals, or of a province.
#[utoipa::path(
    get,
    path = "/api/v1/fleet",
    tag = "machines",
    security(("bearer" = [])),
    params(FleetQuery),
    responses(
        (status = OK, body = Fleet),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "neither operator nor reviewer"),
    )
)]
pub(crate) async fn show_fleet(
    State(service): State<Service>,
    caller: Caller,
    Query(query): Query<FleetQuery>,
) -> Result<Json<Fleet>, ApiError> {
    let account = &caller.account;
    let scope = match account.role {
        Role::Operator => None,
        Role::Reviewer => account.province.as_deref(),
        Role::DataManager | Role::Analyst | Role::Auditor => {
            return Err(ErrorCode::Forbidden.into());
        }
    };
    let provinces = provinces::visible(scope, query.province.as_deref());
    let (mut at, mut after) = cursor(query.cursor.as_deref().filter(|text| !text.is_empty()))?;
    let mut machines = Vec::new();
    let mut next = None;
    for province in &provinces {
        if at.as_ref().is_some_and(|at| at != province) {
            continue;
        }
        at = None;
        let room = PAGE - machines.len();
        if room == 0 {
            next = Some(format!("{province}:"));
            break;
        }
        let (beats, more) =
            machines::fleet(&service.store, province, after.take().as_deref(), room).await?;
        for beat in beats {
            machines.extend(view(&service.store, beat).await?);
        }
        if let Some(more) = more {
            next = Some(format!("{province}:{more}"));
            break;
        }
    }
    Ok(Json(Fleet { machines, next }))
}

/// Province, and the last machine shown in it.
fn cursor(text: Option<&str>) -> Result<(Option<String>, Option<String>), ApiError> {
    let Some(text) = text else {
        return Ok((None, None));
    };
    match text.split_once(':') {
        Some((province, rest)) => {
            let after = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
            Ok((Some(province.to_owned()), after))
        }
        None => Err(ApiError::fields(vec![FieldError::new(
            "cursor",
            "unknown_cursor",
            "翻页位置无效，请刷新列表",
            "The cursor is none that was given out; please start from the beginning",
        )])),
    }
}

/// A machine with its hospital; `None` where the account is gone or reports for none any more.
async fn view(store: &Store, beat: Heartbeat) -> Result<Option<MachineView>, ApiError> {
    let account = accounts::find(store, &beat.account).await?;
    let Some((institution, province)) =
        account.and_then(|account| Some((account.institution?, account.province)))
    else {
        return Ok(None);
    };
    Ok(Some(MachineView {
        institution_code: institution.code,
        institution_name: institution.name,
        province,
        machine: beat.machine,
        last_contact_at: beat.at,
        up_to_date: beat.version == env!("CARGO_PKG_VERSION"),
        version: beat.version,
        queue_length: beat.queue_length,
        oldest_seconds: beat.oldest_seconds,
        last_error: beat.last_error,
        last_sent_at: beat.last_sent_at,
        clock_ahead_seconds: beat.clock_ahead_seconds,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_a_province_and_a_place_in_it() {
        assert_eq!(cursor(None).unwrap(), (None, None));
        let place = (Some("11".to_owned()), Some("a#m".to_owned()));
        assert_eq!(cursor(Some("11:a#m")).unwrap(), place);
        assert_eq!(cursor(Some("12:")).unwrap(), (Some("12".to_owned()), None));
        assert!(cursor(Some("x")).is_err());
    }
}
