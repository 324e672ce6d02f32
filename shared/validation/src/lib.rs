#![doc = include_str!("../README.md")]

mod check;
pub mod codes;
mod finding;
pub mod icd;
#[allow(dead_code, reason = "used by the rules of diagnoses and procedures")]
mod icd_form;
pub mod links;
mod record;
pub mod report;
mod rules;
mod settings;
mod sink;
mod summary;

pub use check::{CheckError, check};
pub use finding::{Finding, FindingView, Language};
pub use settings::{HospitalCodes, Institution, Limits, Links, Settings};
pub use sink::{FileInfo, JudgedRecord, Progress, Sink};
pub use summary::{Cause, FileSummary, Note, Outcome, Summary};
