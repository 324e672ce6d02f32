#![doc = include_str!("../README.md")]

mod error;
pub mod guides;
pub mod package;
pub mod schemas;
pub mod templates;

pub use error::MaterialError;

/// A file to be written or packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    /// Path with `/` between its parts.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl MadeFile {
    pub(crate) fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            bytes: bytes.into(),
        }
    }
}
