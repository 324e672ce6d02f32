//! What is written beside the content of each version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The description of one version of one object; a JSON file beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) key: String,
    /// Opaque to clients, as in S3.
    pub(crate) version_id: String,
    /// Grows over the whole store; orders the versions of one key.
    pub(crate) sequence: u64,
    pub(crate) modified: jiff::Timestamp,
    /// Nothing but the fact that the object was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) delete_marker: bool,
    #[serde(default)]
    pub(crate) content: Content,
}

/// What was sent with an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) size: u64,
    /// MD5 in hexadecimal, without quotes.
    pub(crate) etag: String,
    /// Base64, as in the header `x-amz-checksum-sha256`.
    pub(crate) sha256: String,
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub(crate) headers: Headers,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Headers that are given back with the object as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
}

impl Headers {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
