use standard::Standard;

use crate::{FileInfo, Finding, JudgedRecord};

/// Gathers, while a check goes, what the rules between the files of one archive need ([`crate::Links::WithinArchive`]).
pub struct Collector<'a> {
    _standard: &'a Standard,
}

impl<'a> Collector<'a> {
    /// An empty collector.
    pub fn new(standard: &'a Standard) -> Self {
        Self {
            _standard: standard,
        }
    }

    /// A file begins; to be called before its records.
    pub fn file(&mut self, _index: u16, _file: &FileInfo) {}

    /// Takes a judged record.
    pub fn record(&mut self, _record: &JudgedRecord<'_>) {}

    /// Hands every finding to `each`, files in order, in each its rows in order.
    pub fn each_finding(&self, _each: &mut dyn FnMut(&Finding<'_>)) {}

    /// All findings at once; [`Collector::each_finding`] needs no memory for them.
    pub fn findings(&self) -> Vec<Finding<'static>> {
        Vec::new()
    }
}
