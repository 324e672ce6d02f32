//! 资料审核: the queue of applications, one application beside its documents, and the decision.

mod approve;
mod decide;
mod difference;
mod queue;
mod reasons;
mod view;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::application::{Application, Reviewer};
use domain::audit::{Act, AuditEntry};
use domain::{ApplicationId, Role};
use store::applications;
use utoipa_axum::routes;
use web::{ApiError, Caller, ClientAddress, ErrorCode, OpenApiRouter, Service};

/// The routes of this function.
pub fn router(service: Service) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(queue::list_applications))
        .routes(routes!(view::show_application))
        .routes(routes!(decide::claim))
        .routes(routes!(approve::approve))
        .routes(routes!(decide::reject))
        .routes(routes!(reasons::list_reasons))
        .with_state(service)
}

/// A signed-in reviewer.
pub(crate) struct ReviewerCaller {
    caller: Caller,
    address: ClientAddress,
    pub(crate) reviewer: Reviewer,
}

impl FromRequestParts<Service> for ReviewerCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let Ok(address) = ClientAddress::from_request_parts(parts, service).await;
        if caller.account.role != Role::Reviewer {
            return Err(ErrorCode::Forbidden.into());
        }
        let reviewer = Reviewer {
            login_name: caller.account.login_name.as_str().to_owned(),
            province: caller.account.province.clone(),
        };
        Ok(Self {
            caller,
            address,
            reviewer,
        })
    }
}

impl ReviewerCaller {
    /// An application this reviewer may see. One of another province is as if it did not exist, and so is one that was
    /// never submitted: what somebody is typing is nobody's business yet.
    pub(crate) async fn find(&self, service: &Service, id: &str) -> Result<Application, ApiError> {
        let id: ApplicationId = id.parse().map_err(|_| ErrorCode::ApplicationNotFound)?;
        let application = applications::find(&service.store, &id).await?;
        let scope = self.reviewer.province.as_deref().unwrap_or_default();
        application
            .filter(|application| application.submitted_at.is_some())
            .filter(|application| application.draft.division.starts_with(scope))
            .ok_or_else(|| ErrorCode::ApplicationNotFound.into())
    }

    /// An entry in the audit trail about something this reviewer does.
    pub(crate) fn entry(&self, service: &Service, act: Act, subject: &str) -> AuditEntry {
        AuditEntry {
            at: service.clock.now(),
            act,
            by: self.caller.account.id.to_string(),
            subject: subject.to_owned(),
            address: Some(self.address.text()).filter(|address| !address.is_empty()),
            request: None,
        }
    }
}
