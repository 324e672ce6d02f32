use std::fmt;

use domain::{NoSuchPolicy, PasswordPolicy};
use thiserror::Error;

/// What a function reads from its environment.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `FLU_TABLE` | name of the table | needed |
/// | `FLU_BUCKET` | name of the bucket | needed |
/// | `FLU_S3_ENDPOINT` | where the object store is | AWS |
/// | `FLU_S3_PUBLIC_ENDPOINT` | under which address clients reach it | `FLU_S3_ENDPOINT` |
/// | `FLU_DYNAMODB_ENDPOINT` | where the table is | AWS |
/// | `FLU_STANDARD_OVERRIDES` | path of a file that overrides marks and severities | none |
/// | `FLU_PASSWORD_POLICY` | `dengbao3` or `nist`, see [`password_policy`] | `dengbao3` |
/// | `FLU_ADDRESS` | address of the portal, from which browsers may send changes | the request's own host |
/// | `FLU_FRONT_SECRET` | what CloudFront proves itself by, see `shared/web/src/front.rs` | nothing stands in front |
/// | `FLU_FRONT_SECRET_ALSO` | the same while it changes | none |
/// | `FLU_METRICS` | namespace of the metrics | none are reported |
/// | `AWS_REGION` | region | `cn-north-1` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name of the table.
    pub table: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Where the object store is.
    pub s3_endpoint: Option<String>,
    /// Under which address clients reach it.
    pub s3_public_endpoint: Option<String>,
    /// Where the table is.
    pub dynamodb_endpoint: Option<String>,
    /// Path of a file that overrides marks and severities of the standard.
    pub standard_overrides: Option<String>,
    /// Region.
    pub region: String,
}

/// The environment is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A variable that is needed is missing.
    #[error("the environment variable `{0}` is not set")]
    Missing(&'static str),
    /// A variable has a value that means nothing.
    #[error("the environment variable `{0}` has a value that means nothing")]
    Meaningless(&'static str),
}

impl ConfigError {
    pub(crate) fn meaningless(name: &'static str) -> Self {
        Self::Meaningless(name)
    }
}

impl Config {
    /// From the environment of this process.
    ///
    /// # Errors
    /// When a variable that is needed is missing.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// From named values.
    ///
    /// # Errors
    /// When one that is needed is missing or blank.
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).filter(|value| !value.trim().is_empty());
        let needed = |name| optional(name).ok_or(ConfigError::Missing(name));
        Ok(Self {
            table: needed("FLU_TABLE")?,
            bucket: needed("FLU_BUCKET")?,
            s3_endpoint: optional("FLU_S3_ENDPOINT"),
            s3_public_endpoint: optional("FLU_S3_PUBLIC_ENDPOINT"),
            dynamodb_endpoint: optional("FLU_DYNAMODB_ENDPOINT"),
            standard_overrides: optional("FLU_STANDARD_OVERRIDES"),
            region: optional("AWS_REGION").unwrap_or_else(|| "cn-north-1".to_owned()),
        })
    }
}

/// What the deployment asks of passwords: `FLU_PASSWORD_POLICY`, `dengbao3` unless set, or `nist`.
///
/// # Errors
/// When it is another one.
pub fn password_policy() -> Result<PasswordPolicy, NoSuchPolicy> {
    let name = std::env::var("FLU_PASSWORD_POLICY").unwrap_or_default();
    match name.trim() {
        "" => Ok(PasswordPolicy::default()),
        name => name.parse(),
    }
}

impl fmt::Display for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "table `{}`, bucket `{}`",
            self.table, self.bucket
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_missing() {
        let missing = Config::from_variables(|name| (name == "FLU_TABLE").then(|| "t".to_owned()));
        assert_eq!(missing, Err(ConfigError::Missing("FLU_BUCKET")));
        let blank = Config::from_variables(|_| Some(" ".to_owned()));
        assert_eq!(blank, Err(ConfigError::Missing("FLU_TABLE")));
    }

    #[test]
    fn endpoints_are_left_to_the_sdk_unless_set() {
        let config = Config::from_variables(|name| match name {
            "FLU_TABLE" | "FLU_BUCKET" => Some("x".to_owned()),
            _ => None,
        })
        .unwrap();
        assert_eq!(config.s3_endpoint, None);
        assert_eq!(config.region, "cn-north-1");
    }
}
