//! The audit trail (product F4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was done (product F4). Each kind of act that took effect leaves one entry, refused ones none but for sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Signed in.
    SignedIn,
    /// Tried to, with a wrong password or code.
    SignInRefused,
    /// Signed out, or ended another session of its own.
    SignedOut,
    /// Ended a session of its own from elsewhere, or all others.
    SessionEnded,
    /// Set a new password.
    PasswordChanged,
    /// Set a new password with a code by SMS.
    PasswordReset,
    /// Turned the second factor on.
    SecondFactorOn,
    /// Turned it off.
    SecondFactorOff,
    /// Read the audit trail.
    AuditViewed,
    /// Submitted an application.
    ApplicationSubmitted,
    /// Approved one.
    ApplicationApproved,
    /// Rejected one.
    ApplicationRejected,
    /// Looked at an application that is not its own.
    ApplicationViewed,
    /// Looked at a scan that is not its own.
    ScanViewed,
    /// Made an account, or brought one along.
    AccountCreated,
    /// Reset an account for another data manager.
    AccountReset,
    /// Kept an account from signing in.
    AccountDisabled,
    /// Let it sign in again.
    AccountEnabled,
    /// Took an ICD code file out of use.
    IcdFileDeleted,
    /// Made a death case.
    DeathCaseCreated,
    /// Saved its sheet.
    DeathCaseSaved,
    /// Looked at one.
    DeathCaseViewed,
    /// Began to upload an attachment of one.
    AttachmentUploaded,
    /// Was given an attachment, alone or in an archive.
    AttachmentDownloaded,
    /// Deleted one.
    AttachmentDeleted,
    /// Declared days to be without a case.
    ZeroCasesDeclared,
    /// Took that back.
    ZeroCasesWithdrawn,
    /// Looked at what a hospital that is not its own reported.
    HospitalReportsViewed,
    /// Looked at the summary of an upload that is not its own.
    UploadViewed,
    /// Withdrew an upload.
    UploadWithdrawn,
    /// Withdrew one record of an upload.
    RecordWithdrawn,
    /// Followed a case through the hospital's uploads.
    CaseTraced,
    /// Wrote accepted data for analysts, without what names a person.
    AcceptedDataExported,
    /// Wrote accepted data with all that names a person.
    IdentifiedDataExported,
    /// Was given the address of the material package.
    MaterialDownloaded,
    /// Made a credential for a machine.
    MachineCredentialMade,
    /// Took it back.
    MachineCredentialRevoked,
    /// Judged an upload again to see what another standard makes of it.
    UploadReplayed,
    /// Deleted objects whose time was over.
    RetentionRun,
    /// Counted what was older than the overview.
    OverviewCounted,
    /// Gave the address results are told to, or another one.
    WebhookSet,
    /// Took it away.
    WebhookRemoved,
    /// Made a new secret for it, or ended the one before.
    WebhookSecretChanged,
}

/// One line of the audit trail: who did what to what, when, from where. No value of a patient, no code, no password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: Act,
    /// Who: account id, or `applicant` or `operator`.
    pub by: String,
    /// To what: id of an account, application, upload, death case or attachment.
    pub subject: String,
    /// From which address, where it is known.
    pub address: Option<String>,
    /// The request it was part of.
    pub request: Option<String>,
}
