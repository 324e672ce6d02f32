//! The hospital's own ICD codes: those of the files that were pinned when the upload was claimed, and of no others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{IcdFileId, Upload};
use store::{Files, Store, icd_files};
use validation::HospitalCodes;
use validation::codes::{CodeFile, HospitalCodeFiles};

use crate::IntakeError;

/// Codes kept at a time; at some 70 bytes each they take 35 MB. A hospital with three national editions has 80,000.
const KEPT: usize = 500_000;

/// Lists of codes that uploads were held against, kept while the process lives: the uploads of one hospital come in a
/// row. The codes of a file never change under its id.
#[derive(Debug, Default)]
pub struct CodeCache(Mutex<Vec<(IcdFileId, Arc<CodeFile>)>>);

/// The codes an upload is held against.
#[derive(Debug)]
pub struct UploadCodes {
    ids: Vec<IcdFileId>,
    codes: HospitalCodeFiles,
}

impl UploadCodes {
    /// What the check looks codes up in.
    pub(crate) fn look_up(&self) -> &dyn HospitalCodes {
        &self.codes
    }

    /// Files that a record was held against: of their category, on a day of their use.
    pub(crate) fn consulted(&self) -> Vec<IcdFileId> {
        let ids = self.ids.iter().enumerate();
        ids.filter(|(place, _)| self.codes.is_consulted(*place))
            .map(|(_, id)| id.clone())
            .collect()
    }
}

impl CodeCache {
    /// The codes of the files pinned at the upload's first claim.
    ///
    /// # Errors
    /// When table or bucket cannot be read, or hold no such codes.
    pub async fn load(
        &self,
        store: &Store,
        files: &Files,
        upload: &Upload,
    ) -> Result<UploadCodes, IntakeError> {
        let ids = upload.code_files.clone().unwrap_or_default();
        let mut lists = Vec::with_capacity(ids.len());
        for id in &ids {
            let list = match self.take(id) {
                Some(list) => list,
                None => {
                    let bytes = icd_files::codes(store, files, &upload.account, id).await?;
                    let list = bytes.and_then(|bytes| CodeFile::decode(&bytes).ok());
                    Arc::new(list.ok_or_else(|| IntakeError::Codes(id.clone()))?)
                }
            };
            self.keep(id, &list);
            lists.push(list);
        }
        Ok(UploadCodes {
            ids,
            codes: HospitalCodeFiles::new(lists),
        })
    }

    fn take(&self, id: &IcdFileId) -> Option<Arc<CodeFile>> {
        let mut kept = self.lock();
        let place = kept.iter().position(|(known, _)| known == id)?;
        Some(kept.remove(place).1)
    }

    /// Keeps a list as the one used last, and lets go of those not used for longest.
    fn keep(&self, id: &IcdFileId, list: &Arc<CodeFile>) {
        let mut kept = self.lock();
        kept.retain(|(known, _)| known != id);
        kept.push((id.clone(), Arc::clone(list)));
        let mut codes: usize = kept.iter().map(|(_, list)| list.len()).sum();
        while codes > KEPT && !kept.is_empty() {
            codes -= kept.remove(0).1.len();
        }
    }

    /// Whoever panicked while holding it left a list that is whole.
    fn lock(&self) -> MutexGuard<'_, Vec<(IcdFileId, Arc<CodeFile>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use standard::IcdCategory;

    use super::*;

    fn list(codes: usize) -> Arc<CodeFile> {
        let days = (date(2019, 11, 1), date(2019, 12, 31));
        let rows = (0..codes).map(|code| (format!("A{code:06}"), String::new()));
        Arc::new(CodeFile::new(IcdCategory::Disease, days, rows))
    }

    #[test]
    fn the_lists_used_last_are_kept_and_no_more_than_fit() {
        let cache = CodeCache::default();
        let ids: Vec<IcdFileId> = (0..4)
            .map(|_| IcdFileId::new(Timestamp::UNIX_EPOCH))
            .collect();
        let large = list(KEPT / 3);
        for id in &ids[..3] {
            cache.keep(id, &large);
        }
        let first = cache.take(&ids[0]).unwrap();
        cache.keep(&ids[0], &first);
        cache.keep(&ids[3], &large);
        let kept = [0, 1, 2, 3].map(|place| cache.take(&ids[place]).is_some());
        assert_eq!(kept, [true, false, true, true]);
        // One that is larger than all that may be kept is used and let go.
        cache.keep(&ids[0], &list(KEPT + 1));
        assert!(cache.take(&ids[0]).is_none());
    }
}
