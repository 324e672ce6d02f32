use std::borrow::Cow;

use super::thrift::{Struct, varint};

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    /// UTF-8.
    Text,
    /// 64 bits.
    Integer,
    /// As many digits after the point as it says.
    Decimal { precision: u8, scale: u8 },
    /// A day without a time zone.
    Date,
    /// A moment by the clock on the wall in China.
    LocalMoment,
    /// A moment.
    Moment,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) column_type: ColumnType,
    /// What it means, by key: kept with each chunk of the column.
    pub(crate) metadata: Vec<(&'static str, String)>,
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    None,
    Text(Cow<'a, str>),
    /// Of all other types: as it is stored.
    Number(i64),
}

const BYTE_ARRAY: i32 = 6;
const INT32: i32 = 1;
const INT64: i32 = 2;

impl ColumnType {
    pub(crate) fn physical(self) -> i32 {
        match self {
            Self::Text => BYTE_ARRAY,
            Self::Date => INT32,
            _ => INT64,
        }
    }

    /// Adds what the type means to an element of the schema that has its physical type and name.
    pub(crate) fn describe(self, element: Struct) -> Struct {
        let moment = |is_utc: bool| {
            let micros = Struct::new().nested(2, Struct::new());
            Struct::new().bool(1, is_utc).nested(2, micros)
        };
        let logical = |field, value| Struct::new().nested(field, value);
        match self {
            Self::Text => element.i32(6, 0).nested(10, logical(1, Struct::new())),
            Self::Integer => element,
            Self::Decimal { precision, scale } => {
                let (scale, precision) = (i32::from(scale), i32::from(precision));
                let decimal = Struct::new().i32(1, scale).i32(2, precision);
                element
                    .i32(6, 5)
                    .i32(7, scale)
                    .i32(8, precision)
                    .nested(10, logical(5, decimal))
            }
            Self::Date => element.i32(6, 6).nested(10, logical(6, Struct::new())),
            Self::Moment => element.i32(6, 10).nested(10, logical(8, moment(true))),
            // The older mark would make it a moment of another zone.
            Self::LocalMoment => element.nested(10, logical(8, moment(false))),
        }
    }
}

/// Rows that wait to be written as one group, by column.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) count: usize,
    columns: Vec<Cells>,
}

#[derive(Debug, Default, Clone)]
struct Cells {
    /// Whether values are there, and how many rows in a row.
    runs: Vec<(bool, u32)>,
    plain: Vec<u8>,
}

impl Rows {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            count: 0,
            columns: vec![Cells::default(); columns],
        }
    }

    /// Adds a value to each column; bytes that it takes.
    pub(crate) fn push<'v>(
        &mut self,
        columns: &[Column],
        values: impl Iterator<Item = Value<'v>>,
    ) -> usize {
        let mut taken = 0;
        for ((cells, column), value) in self.columns.iter_mut().zip(columns).zip(values) {
            let before = cells.plain.len();
            let there = !matches!(value, Value::None);
            match value {
                Value::None => {}
                Value::Text(text) => {
                    cells.plain.extend((text.len() as u32).to_le_bytes());
                    cells.plain.extend(text.as_bytes());
                }
                Value::Number(number) if column.column_type.physical() == INT32 => {
                    cells.plain.extend((number as i32).to_le_bytes());
                }
                Value::Number(number) => cells.plain.extend(number.to_le_bytes()),
            }
            match cells.runs.last_mut() {
                Some((known, rows)) if *known == there => *rows += 1,
                _ => {
                    cells.runs.push((there, 1));
                    taken += size_of::<(bool, u32)>();
                }
            }
            taken += cells.plain.len() - before;
        }
        self.count += 1;
        taken
    }

    /// The page of a column: levels of definition, then its values.
    pub(crate) fn page(&self, column: usize) -> Vec<u8> {
        let Some(cells) = self.columns.get(column) else {
            return Vec::new();
        };
        let mut levels = Vec::new();
        for (there, rows) in &cells.runs {
            varint(&mut levels, u64::from(*rows) << 1);
            levels.push(u8::from(*there));
        }
        let mut page = Vec::with_capacity(4 + levels.len() + cells.plain.len());
        page.extend((levels.len() as u32).to_le_bytes());
        page.extend(levels);
        page.extend(&cells.plain);
        page
    }
}
