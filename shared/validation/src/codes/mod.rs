//! The hospital's own ICD code files (manual 3.5), and the rules that look codes up in them (FLU-012, HQMS-024).

mod check;
mod code_file;
mod codec;
mod nearest;

use jiff::civil::Date;
use standard::IcdCategory;

pub(crate) use check::{CHECK_NAME, build};
pub use code_file::CodeFile;
pub use codec::CodeFileError;

use crate::HospitalCodes;

/// Most codes that are suggested for one that is not there.
const SUGGESTED: usize = 3;

/// The code files of one hospital. Where periods of use overlap, a code of any file in force counts (ICD-004 warns).
#[derive(Debug, Clone, Default)]
pub struct HospitalCodeFiles {
    files: Vec<CodeFile>,
}

impl HospitalCodeFiles {
    /// The files of all categories and periods.
    pub fn new(files: Vec<CodeFile>) -> Self {
        Self { files }
    }

    fn of(&self, category: IcdCategory, day: Date) -> impl Iterator<Item = &CodeFile> {
        self.files
            .iter()
            .filter(move |file| file.category == category && file.is_in_force(day))
    }
}

impl HospitalCodes for HospitalCodeFiles {
    fn in_force(&self, category: IcdCategory, day: Date) -> bool {
        self.of(category, day).next().is_some()
    }

    fn contains(&self, category: IcdCategory, day: Date, code: &str) -> bool {
        self.of(category, day).any(|file| file.contains(code))
    }

    fn nearest(&self, category: IcdCategory, day: Date, code: &str) -> Vec<String> {
        nearest::nearest(self.of(category, day), code, SUGGESTED)
    }
}
