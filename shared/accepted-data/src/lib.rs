#![doc = include_str!("../README.md")]

mod current;
mod destination;
mod export;
mod parquet;
mod partitions;
mod pseudonym;
mod schema;
mod source;
mod treatment;
mod upload_rows;

use std::io;

use domain::UploadId;
use store::StoreError;
use thiserror::Error;

pub use destination::Destination;
pub use export::{Export, Exported, Identities};
pub use pseudonym::{PseudonymKey, PseudonymKeyError};
pub use treatment::{ColumnTreatment, Treatment, TreatmentError, treatments};

/// Why an export broke off; the same call again goes on with the province it had come to.
#[derive(Debug, Error)]
pub enum ExportError {
    /// Table or bucket.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files could not be written.
    #[error("the files cannot be written: {0}")]
    Io(#[from] io::Error),
    /// What becomes of the columns is not known.
    #[error(transparent)]
    Treatment(#[from] TreatmentError),
    /// The standard has no such kind.
    #[error("there is no kind of file `{0}`")]
    Kind(String),
    /// An upload does not hold the rows its segments name.
    #[error("upload `{upload}` cannot be read: {message}")]
    Upload {
        /// Which.
        upload: UploadId,
        /// Why not.
        message: String,
    },
    /// The work was stopped.
    #[error("the export was stopped")]
    Stopped,
}
