use crate::ConfigError;

/// What a function of the existing wire protocol reads from its environment, beside [`Config`](crate::Config).
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `FLU_WIRE_PROTOCOL` | `on`: the three calls of existing front-end programs are answered | `off` |
/// | `FLU_WIRE_LIMIT` | bytes of a file in such a call; as much as the platform lets through | 4500000 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireConfig {
    /// Whether the calls are answered. A password in an address is a weakness of that protocol, so somebody has to want it.
    pub is_on: bool,
    /// Bytes of a file: Lambda carries 6 MB of base64, a server of one's own what the manual allows.
    pub limit: usize,
}

/// What one request to Lambda carries: 6 MB, of which base64 takes a quarter.
pub const LAMBDA_BODY: usize = 4_500_000;

impl WireConfig {
    /// From the environment of this process.
    ///
    /// # Errors
    /// When a variable has a value that means nothing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// From named values.
    ///
    /// # Errors
    /// As [`WireConfig::from_env`].
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let given = |name| variable(name).filter(|value| !value.trim().is_empty());
        let is_on = match given("FLU_WIRE_PROTOCOL").as_deref() {
            Some("on") => true,
            None | Some("off") => false,
            Some(_) => return Err(ConfigError::meaningless("FLU_WIRE_PROTOCOL")),
        };
        let limit = match given("FLU_WIRE_LIMIT") {
            Some(bytes) => bytes
                .parse()
                .map_err(|_| ConfigError::meaningless("FLU_WIRE_LIMIT"))?,
            None => LAMBDA_BODY,
        };
        Ok(Self { is_on, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(protocol: &'static str, limit: &'static str) -> Result<WireConfig, ConfigError> {
        WireConfig::from_variables(|name| {
            let value = if name == "FLU_WIRE_PROTOCOL" {
                protocol
            } else {
                limit
            };
            Some(value.to_owned())
        })
    }

    #[test]
    fn it_is_off_unless_somebody_turns_it_on() {
        assert!(!of("", "").unwrap().is_on);
        assert!(!of("off", "").unwrap().is_on);
        assert!(of("on", "").unwrap().is_on);
        assert_eq!(of("on", "20000000").unwrap().limit, 20_000_000);
        assert!(of("yes", "").is_err() && of("on", "20 MB").is_err());
    }
}
