use standard::{OverrideError, Overrides, Standard};
use thiserror::Error;

/// The deployment's overrides cannot be used.
#[derive(Debug, Error)]
pub enum StandardsError {
    /// The file cannot be read.
    #[error("the overrides in `{path}` cannot be read")]
    Unreadable {
        /// Where.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// What it says does not fit the standard.
    #[error(transparent)]
    Override(#[from] OverrideError),
}

/// All versions of the standard with the deployment's overrides, kept as long as the process lives.
///
/// # Errors
/// When the file of overrides cannot be read or names what no version has.
pub fn standards(overrides: Option<&str>) -> Result<&'static [Standard], StandardsError> {
    let Some(path) = overrides else {
        return Ok(standard::versions());
    };
    let text = std::fs::read_to_string(path).map_err(|source| StandardsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let overrides = Overrides::parse(&text)?;
    let standards: Result<Vec<Standard>, OverrideError> = standard::versions()
        .iter()
        .map(|standard| overrides.apply(standard))
        .collect();
    // Once a process, at its start: what is leaked here is what it works with to its end.
    Ok(Vec::leak(standards?))
}
