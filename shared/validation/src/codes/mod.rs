//! The hospital's own ICD code files (manual 3.5), and the rules that look codes up in them (FLU-012, HQMS-024, -061 and
//! -062).

mod check;
mod code_file;
mod codec;
mod nearest;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;
use standard::IcdCategory;

pub(crate) use check::{CHECK_NAME, build};
pub use code_file::CodeFile;
pub(crate) use code_file::{Key, key_of};
pub use codec::CodeFileError;

use crate::HospitalCodes;

/// The code files of one hospital. Where periods of use overlap, a code of any file in force counts (ICD-004 warns).
#[derive(Debug, Default)]
pub struct HospitalCodeFiles {
    files: Vec<Shelved>,
}

/// A file, and whether any record was held against it.
#[derive(Debug)]
struct Shelved {
    file: Arc<CodeFile>,
    is_consulted: AtomicBool,
}

impl HospitalCodeFiles {
    /// The files of all categories and periods.
    pub fn new(files: impl IntoIterator<Item = Arc<CodeFile>>) -> Self {
        let shelve = |file| Shelved {
            file,
            is_consulted: AtomicBool::new(false),
        };
        Self {
            files: files.into_iter().map(shelve).collect(),
        }
    }

    /// Whether any record was held against a file, by its place among those given.
    pub fn is_consulted(&self, place: usize) -> bool {
        let file = self.files.get(place);
        file.is_some_and(|file| file.is_consulted.load(Ordering::Relaxed))
    }
}

impl HospitalCodes for HospitalCodeFiles {
    fn in_force(&self, category: IcdCategory, day: Date) -> Vec<&CodeFile> {
        let of_day = |it: &&Shelved| it.file.category == category && it.file.is_in_force(day);
        let shelved = self.files.iter().filter(of_day);
        let consulted = shelved.map(|shelved| {
            shelved.is_consulted.store(true, Ordering::Relaxed);
            &*shelved.file
        });
        consulted.collect()
    }
}
