use domain::Account;
use domain::audit::{Act, AuditEntry};
use jiff::Timestamp;
use store::audit;
use web::{ApiError, ClientAddress, Service};

/// An entry about what an account did to itself. Unknown names are all one subject, and take as long to write as known ones.
pub(crate) fn entry(
    account: Option<&Account>,
    act: Act,
    address: ClientAddress,
    at: Timestamp,
) -> AuditEntry {
    let who = account.map_or("unknown", |account| account.id.as_str());
    AuditEntry {
        at,
        act,
        by: who.to_owned(),
        subject: who.to_owned(),
        address: Some(address.text()).filter(|address| !address.is_empty()),
        request: None,
    }
}

/// Writes such an entry by itself.
pub(crate) async fn note(
    service: &Service,
    account: Option<&Account>,
    act: Act,
    address: ClientAddress,
) -> Result<(), ApiError> {
    let entry = entry(account, act, address, service.clock.now());
    Ok(audit::note(&service.store, &entry).await?)
}
