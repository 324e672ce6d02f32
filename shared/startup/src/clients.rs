use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use store::{Files, Store};

use crate::Config;

/// Clients of the table and the bucket, made once.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// Client of the table, for programs that also manage it.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Client of the bucket, likewise.
    pub s3: aws_sdk_s3::Client,
}

/// What programs on one machine set beside the configuration; in Lambda nothing.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Fixed credentials, for servers on this machine.
    pub credentials: Option<Credentials>,
    /// Carries the requests; a test wraps it to lose, repeat or delay them.
    pub http_client: Option<SharedHttpClient>,
    /// How often a call is tried in all; 4 unless set.
    pub attempts: Option<u32>,
}

impl Clients {
    /// Connects as configured.
    pub async fn new(config: &Config, options: Options) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(config.region.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(options.attempts.unwrap_or(4)))
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

        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&shared);
        dynamodb.set_endpoint_url(config.dynamodb_endpoint.clone());
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.build());

        let s3 = s3_client(&shared, config.s3_endpoint.as_deref());
        let public = config
            .s3_public_endpoint
            .as_deref()
            .or(config.s3_endpoint.as_deref());
        let presigner = s3_client(&shared, public);
        Self {
            store: Store::new(dynamodb.clone(), config.table.clone()),
            files: Files::new(s3.clone(), presigner, config.bucket.clone()),
            dynamodb,
            s3,
        }
    }
}

fn s3_client(shared: &aws_config::SdkConfig, endpoint: Option<&str>) -> aws_sdk_s3::Client {
    let mut config = aws_sdk_s3::config::Builder::from(shared)
        // Digests are set or compared where they matter, by SHA-256; the SDK's own would add trailers that
        // other servers than S3 do not all take.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(endpoint) = endpoint {
        // Servers on one machine have no name for each bucket.
        config = config.endpoint_url(endpoint).force_path_style(true);
    }
    aws_sdk_s3::Client::from_conf(config.build())
}
