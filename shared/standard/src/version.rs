use std::sync::LazyLock;

use jiff::civil::Date;

use crate::{CodeTable, DataError, FileKind, IcdCategory, IcdTemplate, Rule, reader};

/// One version of the interface standard with everything the check needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standard {
    /// Folder name of the version, e.g. `2019-11`.
    pub version: String,
    /// First day it is in force.
    pub first_day: Date,
    /// Last day it is in force: its own, or the day before a later version's first; `None` while there is no end.
    pub last_day: Option<Date>,
    /// File kinds in the order of the manual.
    pub kinds: Vec<FileKind>,
    /// Code tables; [`crate::FieldType::Code`] holds an index into them.
    pub code_tables: Vec<CodeTable>,
    /// Rules in the order of `rules.csv`.
    pub rules: Vec<Rule>,
    /// ICD upload templates.
    pub icd_templates: Vec<IcdTemplate>,
}

impl Standard {
    /// Reads a version that is not among the embedded ones, in force from `first_day`. `files` gives the text of a file by its
    /// path, `<version>/<file>.csv`.
    ///
    /// # Errors
    /// The first mistake with its file, line and column.
    pub fn read(
        version: &str,
        first_day: Date,
        files: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, DataError> {
        reader::read_version(files, version, first_day, None)
    }

    /// Index of the kind with this code.
    pub fn kind_index(&self, code: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.code == code)
    }

    /// Index of the rule with this id.
    pub fn rule_index(&self, id: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.id == id)
    }

    /// The code table with this number.
    pub fn code_table(&self, id: &str) -> Option<&CodeTable> {
        self.code_tables.iter().find(|table| table.id == id)
    }

    /// The template of a category.
    pub fn icd_template(&self, category: IcdCategory) -> Option<&IcdTemplate> {
        self.icd_templates
            .iter()
            .find(|template| template.category == category)
    }
}

/// The version that data received on this day is judged by, of versions that stand oldest first: the last one in force,
/// or the newest there is.
pub fn in_force(versions: &[Standard], day: Date) -> Option<&Standard> {
    let is_in_force =
        |it: &&Standard| it.first_day <= day && it.last_day.is_none_or(|last| day <= last);
    versions.iter().rev().find(is_in_force).or(versions.last())
}

static VERSIONS: LazyLock<Vec<Standard>> =
    LazyLock::new(|| match reader::read(&reader::embedded) {
        Ok(versions) => versions,
        // The files are compiled in and a test reads them all, so this is a build that skipped its tests.
        #[expect(
            clippy::panic,
            reason = "the embedded data is broken; nothing can be checked with it"
        )]
        Err(error) => panic!("embedded interface standard: {error}"),
    });

/// All versions, oldest first.
pub fn versions() -> &'static [Standard] {
    &VERSIONS
}

/// The newest version.
pub fn latest() -> &'static Standard {
    // `read_embedded` refuses an empty list.
    &VERSIONS[VERSIONS.len() - 1]
}

/// The version in force on a day; `None` before the first one or after the last day of the last.
pub fn in_force_on(day: Date) -> Option<&'static Standard> {
    VERSIONS.iter().rev().find(|standard| {
        standard.first_day <= day && standard.last_day.is_none_or(|last_day| day <= last_day)
    })
}
