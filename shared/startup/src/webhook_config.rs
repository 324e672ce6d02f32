use domain::webhook::AllowedHosts;

/// What the functions of webhooks read from their environment, beside [`Config`](crate::Config).
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `FLU_WEBHOOK_ALLOWED` | hosts, `host` or `host:port` divided by commas, that deliveries may go to although they are not public, and without encryption: receivers of a test | none |
/// | `FLU_ADDRESS` | address of the portal, as it stands in deliveries | `http://localhost:8420` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Hosts trusted although they are not public.
    pub allowed: AllowedHosts,
    /// Address of the portal.
    pub address: String,
}

impl WebhookConfig {
    /// From the environment of this process.
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// From named values.
    pub fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Self {
        let optional = |name| variable(name).filter(|value| !value.trim().is_empty());
        let allowed = optional("FLU_WEBHOOK_ALLOWED").unwrap_or_default();
        Self {
            allowed: AllowedHosts::parse(&allowed),
            address: optional("FLU_ADDRESS").unwrap_or_else(|| "http://localhost:8420".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_unless_configured() {
        let config = WebhookConfig::from_variables(|_| None);
        assert!(!config.allowed.permits("127.0.0.1", 80));
        let config = WebhookConfig::from_variables(|name| {
            (name == "FLU_WEBHOOK_ALLOWED").then(|| "127.0.0.1".to_owned())
        });
        assert!(config.allowed.permits("127.0.0.1", 80));
    }
}
