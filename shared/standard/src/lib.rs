#![doc = include_str!("../README.md")]

mod code_table;
mod divisions;
mod due;
mod error;
mod field;
mod file_kind;
mod icd_template;
pub mod id_number;
mod overrides;
mod reader;
mod rule;
mod version;

pub use code_table::{Code, CodeTable, TableForm};
pub use divisions::{Division, DivisionLevel, Divisions, divisions};
pub use error::DataError;
pub use field::{Field, FieldType, Requirement};
pub use file_kind::FileKind;
pub use icd_template::{IcdCategory, IcdColumn, IcdTemplate};
pub use overrides::{OverrideError, Overrides};
pub use rule::{Level, Rule, Severity};
pub use version::{Standard, in_force, in_force_on, latest, versions};
