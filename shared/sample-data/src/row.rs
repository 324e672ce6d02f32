use std::collections::HashMap;
use std::fmt::{Display, Write};

use jiff::civil::{Date, DateTime};
use standard::{FileKind, Requirement};

/// Places of a kind's columns by code.
pub(crate) struct Columns<'a> {
    pub(crate) kind: &'a FileKind,
    places: HashMap<&'a str, usize>,
}

impl<'a> Columns<'a> {
    pub(crate) fn new(kind: &'a FileKind) -> Self {
        let places = kind
            .fields
            .iter()
            .enumerate()
            .map(|(place, field)| (field.code.as_str(), place))
            .collect();
        Self { kind, places }
    }

    pub(crate) fn place(&self, code: &str) -> Option<usize> {
        self.places.get(code).copied()
    }
}

/// One record being made; cells in the order of the standard.
#[derive(Clone)]
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a Columns<'a>,
    pub(crate) cells: Vec<String>,
    /// Cells beyond those of the header.
    pub(crate) surplus: usize,
}

impl<'a> Row<'a> {
    pub(crate) fn new(columns: &'a Columns<'a>) -> Self {
        Self {
            columns,
            cells: vec![String::new(); columns.kind.fields.len()],
            surplus: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.cells.iter_mut().for_each(String::clear);
        self.surplus = 0;
    }

    /// Sets a column. A column that this version of the standard lacks is passed over.
    pub(crate) fn set(&mut self, code: &str, value: impl Display) {
        if let Some(place) = self.columns.place(code) {
            let cell = &mut self.cells[place];
            cell.clear();
            // Writing to a `String` cannot fail.
            let _ = write!(cell, "{value}");
        }
    }

    pub(crate) fn get(&self, code: &str) -> &str {
        self.columns
            .place(code)
            .map_or("", |place| self.cells[place].as_str())
    }

    /// Fills what the standard requires and this crate does not know: a new field is sampled by its own example.
    pub(crate) fn fill_required(&mut self) {
        for (field, cell) in self.columns.kind.fields.iter().zip(&mut self.cells) {
            if cell.is_empty() && field.requirement == Requirement::Required {
                cell.push_str(if field.dash { "-" } else { &field.example });
            }
        }
    }
}

/// `yyyy-MM-dd HH:mm:ss`.
pub(crate) struct Moment(pub(crate) DateTime);

impl Display for Moment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.0;
        write!(
            out,
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

/// Yuan with two decimals, from fen.
pub(crate) struct Yuan(pub(crate) u64);

impl Display for Yuan {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// The moment this many minutes later.
pub(crate) fn after(at: DateTime, minutes: i64) -> DateTime {
    at.checked_add(jiff::SignedDuration::from_mins(minutes))
        .unwrap_or(at)
}

/// The day this many days later (or earlier).
pub(crate) fn days_after(day: Date, days: i64) -> Date {
    day.checked_add(jiff::SignedDuration::from_hours(24 * days))
        .unwrap_or(day)
}
