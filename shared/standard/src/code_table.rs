/// One code and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The code as files hold it.
    pub code: String,
    /// Chinese label.
    pub label_zh: String,
    /// English label.
    pub label_en: String,
}

/// What a table is: the `form` column of `code-tables.csv`. A deployment may close or open a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableForm {
    /// A closed list: any other code is an error.
    Closed,
    /// A list known to be incomplete: an unknown code is a warning (standard's README, known unknown 2).
    Open,
    /// A regular expression for codes that hospitals hold lists of (ICD).
    Pattern,
    /// Not codes of a column but patterns for selecting cases.
    Selection,
}

/// A code table, e.g. RC001 性别代码.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeTable {
    /// Number in the standard, e.g. `RC001`.
    pub id: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Whether the list is closed, open, or not a list.
    pub form: TableForm,
    /// The codes, in the order of the standard.
    pub codes: Vec<Code>,
}

impl CodeTable {
    /// The entry of this code.
    pub fn get(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|entry| entry.code == code)
    }
}
