use domain::Clock;
use standard::Standard;
use store::{Files, Store};

/// What a function of the API may use. Its role in the deployment narrows that further, to the actions and prefixes it
/// really needs.
#[derive(Debug, Clone)]
pub struct Service {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// The time.
    pub clock: Clock,
    /// The versions of the interface standard, oldest first, with the deployment's overrides applied.
    pub standards: &'static [Standard],
}

impl Service {
    /// The version an upload was judged by; the newest where it names none that is known.
    pub fn standard(&self, version: Option<&str>) -> &'static Standard {
        self.standards
            .iter()
            .find(|standard| Some(standard.version.as_str()) == version)
            .or(self.standards.last())
            .unwrap_or_else(standard::latest)
    }
}
