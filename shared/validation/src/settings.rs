use jiff::civil::{Date, DateTime};
use standard::{IcdCategory, Standard};

use crate::codes::CodeFile;

/// Everything a check depends on beside the archive: the same settings and bytes give the same findings everywhere.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// The standard, with the deployment's overrides applied.
    pub standard: &'a Standard,
    /// When the upload was received, Beijing time; later dates are out of range (GEN-016).
    pub received_at: DateTime,
    /// The signed-in institution; `None` where nobody is signed in (then FLU-HQMS-002 and -003 cannot be judged).
    pub institution: Option<&'a Institution>,
    /// The hospital's own ICD files; `None` where they are not at hand.
    pub codes: Option<&'a dyn HospitalCodes>,
    /// Whether links between files are judged here.
    pub links: Links,
    /// What an archive may hold.
    pub limits: Limits,
}

/// Where the rules that link records of several files (X-*, FLU-002) are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// In this check, between the files of the archive: command line, browser, dry run.
    WithinArchive,
    /// Not in this check: the caller judges them with the earlier uploads at hand (`links`).
    Deferred,
}

/// The institution an upload belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {
    /// 医疗机构代码, 22 characters.
    pub code: String,
    /// Registered name.
    pub name: String,
}

/// The ICD code files a hospital has uploaded (manual 3.5).
pub trait HospitalCodes: Sync {
    /// The files of the category in force on the day, against which the records of that day are then held; where there is
    /// none, the codes of the day cannot be judged.
    fn in_force(&self, category: IcdCategory, day: Date) -> Vec<&CodeFile>;
}

/// Bounds that no honest upload meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the ZIP (manual 3.6.2: 20 MB).
    pub archive_bytes: u64,
    /// Bytes of all entries together once expanded.
    pub expanded_bytes: u64,
    /// Entries, files and folders together.
    pub entries: usize,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Data records of all files together.
    pub records: u32,
    /// Findings handed to the sink; beyond it they are only counted, and the summary says so.
    pub kept_findings: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_bytes: 20 * 1024 * 1024,
            expanded_bytes: 1024 * 1024 * 1024,
            entries: 1000,
            record_bytes: 1024 * 1024,
            records: 2_000_000,
            kept_findings: 2_000_000,
        }
    }
}
