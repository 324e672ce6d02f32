//! What exists, in memory: read from disk at start, changed after every durable change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::version::Version;

/// Versions of a bucket by key, oldest first.
pub(crate) type Keys = BTreeMap<String, Vec<Arc<Version>>>;

/// All buckets.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buckets: BTreeMap<String, Keys>,
}

impl Index {
    pub(crate) fn from_versions(loaded: Vec<(String, Vec<Version>)>) -> Self {
        let mut index = Self::default();
        for (bucket, mut versions) in loaded {
            versions.sort_by_key(|v| v.sequence);
            index.add_bucket(&bucket);
            for version in versions {
                index.add(&bucket, Arc::new(version));
            }
        }
        index
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = &str> {
        self.buckets.keys().map(String::as_str)
    }

    pub(crate) fn keys(&self, bucket: &str) -> Option<&Keys> {
        self.buckets.get(bucket)
    }

    pub(crate) fn versions(&self, bucket: &str, key: &str) -> &[Arc<Version>] {
        self.keys(bucket)
            .and_then(|keys| keys.get(key))
            .map_or(&[], Vec::as_slice)
    }

    /// False when it was there already.
    pub(crate) fn add_bucket(&mut self, bucket: &str) -> bool {
        let new = !self.buckets.contains_key(bucket);
        if new {
            self.buckets.insert(bucket.to_owned(), Keys::new());
        }
        new
    }

    pub(crate) fn add(&mut self, bucket: &str, version: Arc<Version>) {
        if let Some(keys) = self.buckets.get_mut(bucket) {
            keys.entry(version.key.clone()).or_default().push(version);
        }
    }

    pub(crate) fn remove(&mut self, bucket: &str, version: &Version) {
        let Some(keys) = self.buckets.get_mut(bucket) else {
            return;
        };
        let Some(versions) = keys.get_mut(&version.key) else {
            return;
        };
        versions.retain(|v| v.sequence != version.sequence);
        if versions.is_empty() {
            keys.remove(&version.key);
        }
    }
}
