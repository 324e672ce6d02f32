//! Checks on several values of one record: one file per check.

use super::{BindError, Binding, RecordCheck};

/// Makes a check from a line of `rules.csv`.
pub(crate) type Build = for<'a> fn(&Binding<'a>) -> Result<Box<dyn RecordCheck + 'a>, BindError>;

/// Every record check by the name that `rules.csv` gives it.
pub(crate) const CHECKS: &[(&str, Build)] = &[];
