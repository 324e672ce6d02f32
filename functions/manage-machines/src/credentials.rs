use axum::extract::State;
use axum::http::StatusCode;
use domain::audit::Act;
use domain::machine::{MachineCredential, MachineId};
use domain::{Account, SessionToken};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{TransactionError, machines};
use utoipa::ToSchema;
use web::{ApiError, Caller, ErrorCode, FieldError, Json, Path, Problem, Service};

use crate::audited;

/// Letters of a machine's name.
const NAME: usize = 60;

/// What the hospital calls the machine.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCredential {
    /// E.g. `信息科前置机`.
    name: String,
}

/// A new credential. Its secret is shown here and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeCredential {
    #[serde(flatten)]
    credential: CredentialView,
    /// To sign in with, in place of a password.
    secret: String,
}

/// A credential as the hospital sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialView {
    /// Its id.
    id: String,
    /// What the hospital calls the machine.
    name: String,
    /// To sign in as.
    login: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Whether it still counts.
    active: bool,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

/// The credentials of an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialList {
    /// In the order they were made.
    credentials: Vec<CredentialView>,
}

impl CredentialView {
    fn of(credential: &MachineCredential, account: &Account) -> Self {
        Self {
            id: credential.id.to_string(),
            name: credential.name.clone(),
            login: credential.login().to_string(),
            created_at: credential.created_at,
            active: counts(credential, account),
            revoked_at: credential.revoked_at,
        }
    }
}

fn counts(credential: &MachineCredential, account: &Account) -> bool {
    credential.revoked_at.is_none() && credential.epoch == account.machine_epoch
}

/// A [`Caller`] is no machine: one that gave out credentials could, once stolen, never be taken back.
pub(crate) fn may_manage(caller: &Caller) -> Result<&Account, ApiError> {
    let account = &caller.account;
    if account.institution.is_none() {
        return Err(ErrorCode::Forbidden.into());
    }
    Ok(account)
}

/// Makes a credential for a front-end machine.
#[utoipa::path(
    post,
    path = "/api/v1/machine-credentials",
    tag = "machines",
    security(("bearer" = [])),
    request_body = NewCredential,
    responses(
        (status = CREATED, body = MadeCredential),
        (status = UNAUTHORIZED, body = Problem),
        (status = FORBIDDEN, body = Problem, description = "signed in as a machine, or not for an institution"),
        (status = CONFLICT, body = Problem, description = "as many as an account may have"),
        (status = UNPROCESSABLE_ENTITY, body = Problem),
    )
)]
pub(crate) async fn make_credential(
    State(service): State<Service>,
    caller: Caller,
    Json(new): Json<NewCredential>,
) -> Result<(StatusCode, Json<MadeCredential>), ApiError> {
    let account = may_manage(&caller)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(ApiError::fields(vec![FieldError::new(
            "name",
            "name_not_taken",
            "请填写前置机名称，1至60个字",
            "Please name the machine in 1 to 60 characters",
        )]));
    }
    let known = machines::list(&service.store, &account.id).await?;
    let live = known.iter().filter(|known| counts(known, account)).count();
    if live >= MachineCredential::MOST {
        return Err(ErrorCode::TooManyMachines.into());
    }
    let secret = SessionToken::random();
    let credential = MachineCredential {
        account: account.id.clone(),
        id: MachineId::random(),
        name: name.to_owned(),
        secret: secret.hash(),
        epoch: account.machine_epoch,
        created_at: service.clock.now(),
        revoked_at: None,
    };
    let write = machines::make(&service.store, &credential)?;
    commit(&service, account, Act::MachineCredentialMade, write).await?;
    tracing::info!(account = %account.id, machine = %credential.id, "credential {} made", credential.id);
    let made = MadeCredential {
        credential: CredentialView::of(&credential, account),
        secret: secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists the credentials of the account's machines.
#[utoipa::path(
    get,
    path = "/api/v1/machine-credentials",
    tag = "machines",
    security(("bearer" = [])),
    responses((status = OK, body = CredentialList), (status = UNAUTHORIZED, body = Problem))
)]
pub(crate) async fn list_credentials(
    State(service): State<Service>,
    caller: Caller,
) -> Result<Json<CredentialList>, ApiError> {
    let account = may_manage(&caller)?;
    let known = machines::list(&service.store, &account.id).await?;
    let credentials = known.iter().map(|known| CredentialView::of(known, account));
    Ok(Json(CredentialList {
        credentials: credentials.collect(),
    }))
}

/// Takes a credential back: sessions begun with it, and tokens given to it, are over at once.
#[utoipa::path(
    delete,
    path = "/api/v1/machine-credentials/{id}",
    tag = "machines",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the credential's id")),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = Problem),
        (status = NOT_FOUND, body = Problem),
    )
)]
pub(crate) async fn revoke_credential(
    State(service): State<Service>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let account = may_manage(&caller)?;
    let known = machines::list(&service.store, &account.id).await?;
    let credential = known
        .into_iter()
        .find(|known| known.id.as_str() == id)
        .ok_or(ErrorCode::MachineNotFound)?;
    if credential.revoked_at.is_some() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let write = machines::revoke(&service.store, &credential, service.clock.now())?;
    commit(&service, account, Act::MachineCredentialRevoked, write).await?;
    tracing::info!(account = %account.id, machine = %credential.id, "credential {} revoked", credential.id);
    Ok(StatusCode::NO_CONTENT)
}

/// Writes it with its entry in the audit trail.
async fn commit(
    service: &Service,
    account: &Account,
    act: Act,
    write: store::Write,
) -> Result<(), ApiError> {
    match audited::commit(service, account, act, write).await {
        Ok(()) => Ok(()),
        // Taken back at this very moment by another request.
        Err(TransactionError::Refused(_)) if act == Act::MachineCredentialRevoked => Ok(()),
        Err(TransactionError::Refused(_)) => Err(ErrorCode::Unavailable.into()),
        Err(TransactionError::Store(error)) => Err(error.into()),
    }
}
