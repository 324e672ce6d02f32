use thiserror::Error;

/// A mistake in one of the standard's data files, with the place an editor can jump to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}, line {line}, column `{column}`: {problem}")]
pub struct DataError {
    /// Path of the file below `shared/standard/data`.
    pub file: String,
    /// Line in the file, counted from 1; the header is line 1.
    pub line: u64,
    /// Name of the column, or empty where the whole line is wrong.
    pub column: String,
    /// What is wrong, with the value in backticks.
    pub problem: String,
}
