//! The rules of a record: each binds one line of `rules.csv` to one check.

pub(crate) mod binding;
pub(crate) mod own;
pub(crate) mod record;

pub(crate) use binding::{BindError, Binding, Concern, Found, RecordCheck};
