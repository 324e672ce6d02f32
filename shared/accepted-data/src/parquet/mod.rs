//! Writes Apache Parquet: flat columns, plain encoding, gzip pages, one page to a column chunk. What was left out (nesting,
//! dictionaries, statistics) nothing here needs; every reader reads the rest.

mod column;
mod file;
mod thrift;

pub(crate) use column::{Column, ColumnType, Rows, Value};
pub(crate) use file::FileWriter;
