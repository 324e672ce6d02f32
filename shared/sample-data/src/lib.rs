#![doc = include_str!("../README.md")]

mod case;
mod damage;
mod file;
mod icd;
mod identity;
mod kinds;
mod options;
mod person;
mod random;
mod row;
mod season;
mod words;
mod write;

use thiserror::Error;

pub use damage::{Damage, Done};
pub use file::{Written, archive, linked, write_file};
pub use icd::{icd_archive, icd_file};
pub use options::{Bad, Cases, Dates, Encoding, ExtraColumn, Form, LineEnd, Options, Quoting};
pub use season::{SampleHospital, sample_contributions, sample_hospital};

/// 医疗机构代码 of the demo hospital: 22 characters, invented.
pub const DEMO_INSTITUTION_CODE: &str = "12345678X51010212A1001";

/// Name of the demo hospital.
pub const DEMO_INSTITUTION_NAME: &str = "示例市第一人民医院";

/// Sample data that could not be made.
#[derive(Debug, Error)]
pub enum SampleError {
    /// The standard, or this crate, has no such kind of file.
    #[error("there is no kind of file `{0}`")]
    UnknownKind(String),
    /// This version of the standard has no template for the ICD file asked for.
    #[error("there is no template of this ICD category")]
    NoTemplate,
    /// The file could not be written.
    #[error("the sample could not be written")]
    Write(#[from] std::io::Error),
    /// The ZIP could not be written.
    #[error("the sample archive could not be written")]
    Archive(#[from] zip::result::ZipError),
}
