//! Objects and their versions: every change becomes durable first and visible second.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use s3s::dto::ETagCondition;
use s3s::{S3Result, s3_error};
use tokio::sync::mpsc::UnboundedSender;

use crate::Error;
use crate::event::ObjectCreated;
use crate::folder::Folder;
use crate::index::{Index, Keys};
use crate::receive::{Received, disk};
use crate::version::{Content, Headers, Version};

/// Keys that fall on the same of these locks are changed one after another.
const LOCKS: usize = 64;

/// What must hold for a new object to be taken.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

/// The store itself. Methods that change anything touch the disk: call them where blocking is allowed.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) folder: Folder,
    index: RwLock<Index>,
    locks: Vec<Mutex<()>>,
    events: UnboundedSender<ObjectCreated>,
}

impl Store {
    pub(crate) fn open(path: &Path, events: UnboundedSender<ObjectCreated>) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        let index = RwLock::new(Index::from_versions(folder.load()?));
        let locks = std::iter::repeat_with(Mutex::default).take(LOCKS).collect();
        Ok(Self {
            folder,
            index,
            locks,
            events,
        })
    }

    pub(crate) fn buckets(&self) -> Vec<String> {
        self.read().buckets().map(str::to_owned).collect()
    }

    /// False when the bucket was there already.
    pub(crate) fn create_bucket(&self, bucket: &str) -> S3Result<bool> {
        self.folder.make_bucket(bucket).map_err(disk)?;
        Ok(self.write().add_bucket(bucket))
    }

    pub(crate) fn require_bucket(&self, bucket: &str) -> S3Result<()> {
        self.with_keys(bucket, |_| ())
    }

    /// Runs `look` over the keys of a bucket.
    pub(crate) fn with_keys<T>(&self, bucket: &str, look: impl FnOnce(&Keys) -> T) -> S3Result<T> {
        match self.read().keys(bucket) {
            Some(keys) => Ok(look(keys)),
            None => Err(s3_error!(NoSuchBucket)),
        }
    }

    /// The version asked for, or the current one; never a delete marker.
    pub(crate) fn find(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> S3Result<Arc<Version>> {
        let index = self.read();
        if index.keys(bucket).is_none() {
            return Err(s3_error!(NoSuchBucket));
        }
        let versions = index.versions(bucket, key);
        let Some(wanted) = version_id else {
            let current = versions.last().filter(|v| !v.delete_marker);
            return current.cloned().ok_or_else(|| s3_error!(NoSuchKey));
        };
        match versions.iter().find(|v| v.version_id == wanted) {
            None => Err(s3_error!(NoSuchVersion)),
            Some(version) if version.delete_marker => Err(s3_error!(MethodNotAllowed)),
            Some(version) => Ok(Arc::clone(version)),
        }
    }

    /// Makes received content the current version of `key`.
    pub(crate) fn put(
        &self,
        bucket: &str,
        key: &str,
        received: &Received,
        headers: Headers,
        metadata: std::collections::BTreeMap<String, String>,
        condition: &Condition,
    ) -> S3Result<Arc<Version>> {
        // Two conditional writes of one key: the second one waits here and then sees the first one's object.
        let _one_at_a_time = self.lock(key);
        self.require_bucket(bucket)?;
        self.judge(bucket, key, condition)?;
        let content = Content {
            size: received.size,
            etag: received.etag.clone(),
            sha256: received.sha256.clone(),
            headers,
            metadata,
        };
        let version = self.new_version(key, false, content)?;
        self.folder
            .commit(bucket, &version, Some(&received.file))
            .map_err(disk)?;
        let event = ObjectCreated::of(bucket, &version);
        let version = Arc::new(version);
        self.write().add(bucket, Arc::clone(&version));
        // Nobody listening is fine: the object is there, and a sweep finds it.
        let _ = self.events.send(event);
        Ok(version)
    }

    /// Hides an object behind a delete marker, which is returned.
    pub(crate) fn delete(&self, bucket: &str, key: &str) -> S3Result<Arc<Version>> {
        let _one_at_a_time = self.lock(key);
        self.require_bucket(bucket)?;
        let marker = self.new_version(key, true, Content::default())?;
        self.folder.commit(bucket, &marker, None).map_err(disk)?;
        let marker = Arc::new(marker);
        self.write().add(bucket, Arc::clone(&marker));
        Ok(marker)
    }

    /// Removes one version for good. One that is not there is as good as removed, as in S3.
    pub(crate) fn delete_version(
        &self,
        bucket: &str,
        key: &str,
        version_id: &str,
    ) -> S3Result<Option<Arc<Version>>> {
        let _one_at_a_time = self.lock(key);
        self.require_bucket(bucket)?;
        let versions = self.read().versions(bucket, key).to_vec();
        let Some(version) = versions.into_iter().find(|v| v.version_id == version_id) else {
            return Ok(None);
        };
        self.folder.remove(bucket, &version).map_err(disk)?;
        self.write().remove(bucket, &version);
        Ok(Some(version))
    }

    fn new_version(&self, key: &str, delete_marker: bool, content: Content) -> S3Result<Version> {
        Ok(Version {
            key: key.to_owned(),
            version_id: hex::encode(rand::random::<[u8; 16]>()),
            sequence: self.folder.next_sequence().map_err(disk)?,
            modified: jiff::Timestamp::now(),
            delete_marker,
            content,
        })
    }

    fn judge(&self, bucket: &str, key: &str, condition: &Condition) -> S3Result<()> {
        let current = self.find(bucket, key, None).ok();
        let matches = |wanted: &ETagCondition| {
            current.as_ref().is_some_and(|version| match wanted {
                ETagCondition::Any => true,
                ETagCondition::ETag(etag) => etag.value() == version.content.etag,
            })
        };
        if condition.if_none_match.as_ref().is_some_and(matches) {
            return Err(s3_error!(
                PreconditionFailed,
                "an object with this key exists"
            ));
        }
        match &condition.if_match {
            Some(_) if current.is_none() => Err(s3_error!(NoSuchKey)),
            Some(wanted) if !matches(wanted) => Err(s3_error!(PreconditionFailed)),
            _ => Ok(()),
        }
    }

    fn lock(&self, key: &str) -> MutexGuard<'_, ()> {
        let sum = key
            .bytes()
            .fold(0usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
        self.locks[sum % LOCKS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}
