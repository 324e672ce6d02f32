use crate::Field;

/// A kind of data file (manual 3.6.2), told by the prefix of its name: one line of `kinds.csv` and one file of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKind {
    /// Short code, e.g. `flu`.
    pub code: String,
    /// What the file's name begins with, e.g. `flu_`; upper and lower case are the same.
    pub prefix: String,
    /// Chinese name of the manual.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// The columns, in the order of the standard.
    pub fields: Vec<Field>,
    /// Fields (indexes) whose values together name a record; a later upload with the same key replaces it.
    pub natural_key: Vec<usize>,
    /// Further sets of fields that must be unique within a file.
    pub also_unique: Vec<Vec<usize>>,
    /// Field (index) whose day decides which of the hospital's ICD files is in force.
    pub record_date: usize,
    /// Days after the day of a record within which it is reported in time.
    pub due_days: u8,
}

impl FileKind {
    /// Days that a kind may be given to report: two months. The overview reads so many days one by one.
    pub const MOST_DUE_DAYS: u8 = 62;

    /// Index of the field with this code; case is not regarded.
    pub fn field_index(&self, code: &str) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.code.eq_ignore_ascii_case(code))
    }
}
