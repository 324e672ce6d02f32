//! The event S3 sends for a new object, in S3's own shape.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::version::Version;

/// A new object that is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// Bucket name.
    pub bucket: String,
    /// Key as it is, not encoded.
    pub key: String,
    /// Content length in bytes.
    pub size: u64,
    /// Entity tag without quotes.
    pub etag: String,
    /// Version, opaque.
    pub version_id: String,
    /// Orders events of one key; grows over the whole store and across restarts.
    pub sequence: u64,
    /// When the object became visible.
    pub time: jiff::Timestamp,
}

impl ObjectCreated {
    pub(crate) fn of(bucket: &str, version: &Version) -> Self {
        Self {
            bucket: bucket.to_owned(),
            key: version.key.clone(),
            size: version.content.size,
            etag: version.content.etag.clone(),
            version_id: version.version_id.clone(),
            sequence: version.sequence,
            time: version.modified,
        }
    }

    /// The notification message as S3 writes it, version 2.1, with the key form-encoded as it is there.
    pub fn notification(&self) -> Value {
        json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": format!("{:.3}", self.time),
            "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "local"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {
                "x-amz-request-id": format!("{:016X}", self.sequence),
                "x-amz-id-2": self.version_id,
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "object-created",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": {"principalId": "local"},
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": {
                    "key": form_encoded(&self.key),
                    "size": self.size,
                    "eTag": self.etag,
                    "versionId": self.version_id,
                    "sequencer": format!("{:016X}", self.sequence),
                },
            },
        }]})
    }
}

/// `application/x-www-form-urlencoded`, with `/` left as it is: what S3 does to keys in events.
fn form_encoded(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                // Writing to a string can't fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_in_a_form() {
        assert_eq!(
            form_encoded("incoming/data/流感 1+1.zip"),
            "incoming/data/%E6%B5%81%E6%84%9F+1%2B1.zip"
        );
    }
}
