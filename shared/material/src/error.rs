use thiserror::Error;

/// A part of the package that could not be made: a defect of its source, never of what a user does.
#[derive(Debug, Error)]
pub enum MaterialError {
    /// A workbook could not be written.
    #[error("a template could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A PDF could not be set.
    #[error("`{document}` could not be set: {source}")]
    Document {
        /// Name of the document.
        document: String,
        /// Why not.
        source: documents::DocumentError,
    },
    /// A guide's source has something the typesetting knows no form for.
    #[error("`{guide}`: {what}")]
    Guide {
        /// File name of the source.
        guide: String,
        /// What it is.
        what: String,
    },
    /// An archive could not be written.
    #[error("an archive could not be written: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// A schema could not be written.
    #[error("a schema could not be written: {0}")]
    Schema(#[from] serde_json::Error),
    /// Writing to memory failed.
    #[error("could not be written: {0}")]
    Write(#[from] std::io::Error),
}
