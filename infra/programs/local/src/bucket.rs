//! Makes the bucket where no template does: on one machine and in tests.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketVersioningStatus, Event, FilterRule, FilterRuleName, NotificationConfiguration,
    NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter, VersioningConfiguration,
};

/// Makes the bucket, versioned, unless it is there. Its new objects are told to `notifications`, a name that the store's own
/// settings give to the address of the webhook.
///
/// # Errors
/// What the store answered.
pub async fn make_bucket(
    s3: &Client,
    bucket: &str,
    notifications: Option<&str>,
) -> Result<(), String> {
    if s3.head_bucket().bucket(bucket).send().await.is_err() {
        make(s3, bucket).await?;
    }
    match notifications {
        Some(name) => notify(s3, bucket, name).await,
        None => Ok(()),
    }
}

async fn make(s3: &Client, bucket: &str) -> Result<(), String> {
    if let Err(error) = s3.create_bucket().bucket(bucket).send().await {
        let there = error
            .as_service_error()
            .is_some_and(|e| e.is_bucket_already_owned_by_you() || e.is_bucket_already_exists());
        if !there {
            return Err(cause(&error));
        }
    }
    let enabled = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    let versioning = s3.put_bucket_versioning().bucket(bucket);
    let versioning = versioning.versioning_configuration(enabled).send().await;
    versioning.map(|_| ()).map_err(|error| cause(&error))
}

/// Said anew at every start, so that another name takes effect. The bucket is the service's own: nobody else's rules stand there.
async fn notify(s3: &Client, bucket: &str, name: &str) -> Result<(), String> {
    let prefix = FilterRule::builder()
        .name(FilterRuleName::Prefix)
        .value(store::keys::INCOMING_PREFIX)
        .build();
    let key = S3KeyFilter::builder().filter_rules(prefix).build();
    let queue = QueueConfiguration::builder()
        .queue_arn(name)
        .events(Event::S3ObjectCreated)
        .filter(NotificationConfigurationFilter::builder().key(key).build())
        .build()
        .map_err(|error| error.to_string())?;
    let told = NotificationConfiguration::builder()
        .queue_configurations(queue)
        .build();
    s3.put_bucket_notification_configuration()
        .bucket(bucket)
        .notification_configuration(told)
        .send()
        .await
        .map(|_| ())
        .map_err(|error| cause(&error))
}

/// The innermost reason: the outer ones only say that a call failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
