//! All objects below a prefix, however many.

use store::{Files, Found, StoreError};

/// Lists page after page.
///
/// # Errors
/// When the bucket cannot be read.
pub(crate) async fn all_below(files: &Files, prefix: &str) -> Result<Vec<Found>, StoreError> {
    let mut all: Vec<Found> = Vec::new();
    loop {
        let after = all.last().map(|last| last.key.clone());
        let page = files.list(prefix, after.as_deref()).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
