//! 上传死亡记录附件 (manual 3.7): a death case is made, its sheet filled in, its record uploaded as scans.
//!
//! Whose cases a request may touch comes from its session alone: the account is a part of every key, so that the id of another
//! hospital's case leads nowhere.

mod archive;
mod attachments;
mod create;
mod fields;
mod list;
mod records;
mod refusals;
mod sheet;
mod stored_zip;
mod view;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::{Act, AuditEntry};
use domain::death_case::{DeathCase, DeathCaseId};
use domain::{Account, Role};
use store::death_cases;
use utoipa_axum::routes;
use web::{ApiError, Caller, ClientAddress, ErrorCode, OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create::create_death_case))
        .routes(routes!(list::list_death_cases))
        .routes(routes!(fields::show_fields))
        .routes(routes!(view::show_death_case))
        .routes(routes!(sheet::save_sheet))
        .routes(routes!(records::list_records))
        .routes(routes!(
            attachments::announce_attachment,
            attachments::list_attachments
        ))
        .routes(routes!(attachments::delete_attachment))
        .routes(routes!(attachments::show_attachment_url))
        .routes(routes!(archive::make_archive))
        .with_state(service)
}

/// A data manager: reviewers, analysts and operators have no death cases.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    account: Account,
    address: ClientAddress,
}

impl FromRequestParts<Service> for Manager {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, service).await?;
        if caller.account.role != Role::DataManager {
            return Err(ErrorCode::Forbidden.into());
        }
        let Ok(address) = ClientAddress::from_request_parts(parts, service).await;
        Ok(Self {
            account: caller.account,
            address,
        })
    }
}

impl Manager {
    /// A case of this hospital; one of another does not exist.
    pub(crate) async fn case(&self, service: &Service, id: &str) -> Result<DeathCase, ApiError> {
        let id: DeathCaseId = id.parse().map_err(|_| ErrorCode::DeathCaseNotFound)?;
        let case = death_cases::find(&service.store, &self.account.id, &id).await?;
        case.ok_or_else(|| ErrorCode::DeathCaseNotFound.into())
    }

    /// Who it is, as pages name them.
    pub(crate) fn name(&self) -> &str {
        self.account.login_name.as_str()
    }

    /// An entry in the audit trail about something this manager does.
    pub(crate) fn entry(&self, service: &Service, act: Act, subject: &str) -> AuditEntry {
        let address = self.address.text();
        AuditEntry {
            at: service.clock.now(),
            act,
            by: self.account.id.to_string(),
            subject: subject.to_owned(),
            address: (!address.is_empty()).then_some(address),
            request: None,
        }
    }
}
