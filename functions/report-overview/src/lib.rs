//! 上报概览: who reports, who is late, what fails and why; for reviewers of the country or of one province, and for analysts.
//!
//! Every figure comes from counters that were written with each result; nothing is looked through at reading. A viewer of one
//! province is held to it in one place, `Viewer`: what belongs to another province is as if it did not exist.

mod asked;
mod cells;
mod chart;
mod charts;
mod hospital;
mod hospitals;
mod places;
mod summary;
mod upload;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::audit::{Act, AuditEntry};
use domain::{Account, AccountId, Role};
use store::overview::{self, Listed};
use store::provinces::{self, NOWHERE};
use utoipa_axum::routes;
use web::{ApiError, Caller, ClientAddress, ErrorCode, OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(summary::show_overview))
        .routes(routes!(summary::show_causes))
        .routes(routes!(charts::draw_chart))
        .routes(routes!(hospitals::list_hospitals))
        .routes(routes!(hospital::show_hospital))
        .routes(routes!(upload::show_upload))
        .with_state(service)
}

/// Who may look at the overview, and at which provinces.
pub(crate) struct Viewer {
    account: Account,
    address: ClientAddress,
}

impl FromRequestParts<Service> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let Ok(address) = ClientAddress::from_request_parts(parts, service).await;
        if !matches!(caller.account.role, Role::Reviewer | Role::Analyst) {
            return Err(ErrorCode::Forbidden.into());
        }
        Ok(Self {
            account: caller.account,
            address,
        })
    }
}

impl Viewer {
    /// The provinces to be shown: all that this viewer may see, or the one asked for if it is among them.
    pub(crate) fn provinces(&self, asked: Option<&str>) -> Vec<String> {
        provinces::visible(self.account.province.as_deref(), asked)
    }

    /// A hospital among those this viewer may see, with its province.
    pub(crate) async fn hospital(
        &self,
        service: &Service,
        id: &str,
    ) -> Result<(String, Listed), ApiError> {
        let id: AccountId = id.parse().map_err(|_| ErrorCode::HospitalNotFound)?;
        let account = store::accounts::find(&service.store, &id).await?;
        let account = account.ok_or(ErrorCode::HospitalNotFound)?;
        let province = account.province.as_deref().unwrap_or(NOWHERE);
        if self.provinces(Some(province)).is_empty() {
            return Err(ErrorCode::HospitalNotFound.into());
        }
        let listed = overview::find_listed(&service.store, province, &id).await?;
        let listed = listed.ok_or(ErrorCode::HospitalNotFound)?;
        Ok((province.to_owned(), listed))
    }

    /// Notes in the audit trail that another's data is looked at; what cannot be noted is not shown.
    pub(crate) async fn note(
        &self,
        service: &Service,
        act: Act,
        subject: &str,
    ) -> Result<(), ApiError> {
        let entry = AuditEntry {
            at: service.clock.now(),
            act,
            by: self.account.id.to_string(),
            subject: subject.to_owned(),
            address: Some(self.address.text()).filter(|address| !address.is_empty()),
            request: None,
        };
        Ok(store::audit::note(&service.store, &entry).await?)
    }
}
