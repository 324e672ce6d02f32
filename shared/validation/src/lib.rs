#![doc = include_str!("../README.md")]

mod archive;
mod block;
mod cells;
mod check;
mod code_start;
pub mod codes;
mod decode;
mod drug_selection;
mod field_set;
mod file;
mod fillers;
mod finding;
mod findings_digest;
mod found;
mod header;
pub mod icd;
mod icd_form;
mod invisible;
mod judge;
mod key_order;
mod keys;
pub mod links;
mod mixed;
mod one_record;
mod parse;
mod plan;
mod record;
pub mod report;
mod rules;
mod run;
mod settings;
mod sink;
mod summary;
mod tally;
mod texts;
mod uniqueness;
mod word;
#[cfg(feature = "workbook")]
pub mod workbooks;

pub use check::{CheckError, check};
pub use fillers::{Filler, FillerCheck, FillerTally};
pub use finding::{Finding, FindingView, Language};
pub use one_record::{RecordFindings, check_record};
pub use settings::{HospitalCodes, Institution, Limits, Links, Settings};
pub use sink::{FileInfo, JudgedRecord, Progress, Sink, TypedValue};
pub use summary::{Cause, FileSummary, Note, Outcome, Summary};
