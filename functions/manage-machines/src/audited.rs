use domain::Account;
use domain::audit::{Act, AuditEntry};
use store::{Transaction, TransactionError, Write, audit};
use web::Service;

/// Writes a change of the account's own together with its entry in the audit trail: both or neither.
pub(crate) async fn commit(
    service: &Service,
    account: &Account,
    act: Act,
    write: Write,
) -> Result<(), TransactionError> {
    let entry = AuditEntry {
        at: service.clock.now(),
        act,
        by: account.id.to_string(),
        subject: account.id.to_string(),
        address: None,
        request: None,
    };
    let mut transaction = Transaction::new();
    transaction.add("change", write);
    transaction.add_all("audit", audit::write_entry(&service.store, &entry)?);
    transaction.commit(&service.store).await
}
