use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};

use crate::{NoticeConfig, Options};

/// Clients of those who carry notices, made once, by the functions that send.
#[derive(Debug, Clone)]
pub struct Providers {
    /// Takes mail.
    pub mail: aws_sdk_sesv2::Client,
    /// Takes text messages.
    pub sms: aws_sdk_sns::Client,
}

impl Providers {
    /// Connects as configured.
    ///
    /// Nothing is tried twice, whatever [`Options::attempts`] says: a request whose answer was lost may have been taken, and
    /// sent again it would be a second message to a person. The outbox tries again when it is sure.
    pub async fn new(config: &NoticeConfig, options: Options) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(config.ses_region.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(2))
                    .read_timeout(Duration::from_secs(20))
                    .build(),
            );
        if let Some(credentials) = options.credentials {
            loader = loader.credentials_provider(credentials);
        }
        if let Some(http_client) = options.http_client {
            loader = loader.http_client(http_client);
        }
        let shared = loader.load().await;
        let mut mail = aws_sdk_sesv2::config::Builder::from(&shared)
            .region(Region::new(config.ses_region.clone()));
        mail.set_endpoint_url(config.ses_endpoint.clone());
        let mut sms = aws_sdk_sns::config::Builder::from(&shared)
            .region(Region::new(config.sns_region.clone()));
        sms.set_endpoint_url(config.sns_endpoint.clone());
        Self {
            mail: aws_sdk_sesv2::Client::from_conf(mail.build()),
            sms: aws_sdk_sns::Client::from_conf(sms.build()),
        }
    }
}
