//! What a request is about, for every line it logs from then on.

use domain::{AccountId, ApplicationId, UploadId};
use tracing::Span;
use tracing::field::display;

/// It is made by this account.
pub(crate) fn by_account(id: &AccountId) {
    Span::current().record("account", display(id));
}

/// It is made by whoever fills in this application.
pub(crate) fn by_applicant(id: &ApplicationId) {
    Span::current().record("application", display(id));
}

/// It is about this upload: one that was found, never one that was only asked for.
pub fn about_upload(id: &UploadId) {
    Span::current().record("upload", display(id));
}
