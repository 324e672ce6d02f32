/// What the function that sends notices reads from its environment, beside [`Config`](crate::Config).
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `FLU_SES_ENDPOINT` | where mail is handed over | AWS |
/// | `FLU_SES_REGION` | region of SES, which those of China do not have | `AWS_REGION` |
/// | `FLU_SNS_ENDPOINT` | where text messages are handed over | AWS |
/// | `FLU_SNS_REGION` | region of SNS | `AWS_REGION` |
/// | `FLU_MAIL_FROM` | sender of mail, `name@host` or `words <name@host>` | `no-reply@hqms.org.cn` |
/// | `FLU_MAIL_CONFIGURATION_SET` | configuration set of SES, which reports bounces | none |
/// | `FLU_SMS_SENDER` | sender id of text messages, where the country has such | none |
/// | `FLU_ADDRESS` | address of the portal, as it stands in notices | `http://localhost:8420` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeConfig {
    /// Where mail is handed over.
    pub ses_endpoint: Option<String>,
    /// Region of SES.
    pub ses_region: String,
    /// Where text messages are handed over.
    pub sns_endpoint: Option<String>,
    /// Region of SNS.
    pub sns_region: String,
    /// Sender of mail.
    pub mail_from: String,
    /// Configuration set of SES.
    pub mail_configuration_set: Option<String>,
    /// Sender id of text messages.
    pub sms_sender: Option<String>,
    /// Address of the portal. From here and never from a request, whose `Host` header anybody can write.
    pub address: String,
}

impl NoticeConfig {
    /// From the environment of this process.
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// From named values.
    pub fn from_variables(variable: impl Fn(&'static str) -> Option<String>) -> Self {
        let optional = |name| variable(name).filter(|value| !value.trim().is_empty());
        let or = |name, other: &str| optional(name).unwrap_or_else(|| other.to_owned());
        let region = or("AWS_REGION", "cn-north-1");
        Self {
            ses_endpoint: optional("FLU_SES_ENDPOINT"),
            ses_region: or("FLU_SES_REGION", &region),
            sns_endpoint: optional("FLU_SNS_ENDPOINT"),
            sns_region: or("FLU_SNS_REGION", &region),
            mail_from: or("FLU_MAIL_FROM", "no-reply@hqms.org.cn"),
            mail_configuration_set: optional("FLU_MAIL_CONFIGURATION_SET"),
            sms_sender: optional("FLU_SMS_SENDER"),
            address: or("FLU_ADDRESS", "http://localhost:8420"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_may_go_out_from_another_region() {
        let config = NoticeConfig::from_variables(|name| match name {
            "AWS_REGION" => Some("cn-northwest-1".to_owned()),
            "FLU_SES_REGION" => Some("ap-southeast-1".to_owned()),
            _ => None,
        });
        assert_eq!(config.ses_region, "ap-southeast-1");
        assert_eq!(config.sns_region, "cn-northwest-1");
        assert_eq!(config.ses_endpoint, None);
    }
}
