//! Fillers and suspicious sameness: `-` where there should be a value, one amount or one code in nearly every record, midnight in
//! every moment. None of it breaks a rule, and each may be true; in most records of a file it is worth a second look.

use serde::{Deserialize, Serialize};
use standard::{FieldType, Standard};

use crate::JudgedRecord;

/// Files with fewer records say nothing about habits.
const FEWEST: u64 = 20;
/// A share below this is not told.
const LEAST: f64 = 0.1;
/// Columns told of one check, those with the largest shares.
const COLUMNS: usize = 60;
/// Values a column is watched for at a time.
const WATCHED: usize = 4;

/// What is looked for in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillerCheck {
    /// The standard's own "no value" (`-`).
    Dash,
    /// One value in nearly every record: an amount, a number, a code.
    Same,
    /// Midnight in a column of moments.
    Midnight,
}

impl FillerCheck {
    /// Its name in keys and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dash => "dash",
            Self::Same => "same",
            Self::Midnight => "midnight",
        }
    }
}

/// How often a column holds a filler, or one and the same value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filler {
    /// Code of the kind.
    pub kind: String,
    /// Column code.
    pub column: String,
    /// What was looked for.
    pub check: FillerCheck,
    /// Records with such a value; of [`FillerCheck::Same`] at least so many.
    pub count: u64,
    /// Records it could have stood in.
    pub records: u64,
}

impl Filler {
    /// The share in tenths, from 0 to 10; 10 only where it is all.
    pub fn class(&self) -> u64 {
        (self.count * 10).checked_div(self.records).unwrap_or(0)
    }

    fn share(&self) -> f64 {
        // Counts of records: far below the 2^53 that a double holds exactly.
        self.count as f64 / self.records.max(1) as f64
    }
}

/// Counts fillers while records go by; costs a comparison for each watched cell and keeps a few numbers a column.
pub struct FillerTally<'a> {
    standard: &'a Standard,
    kinds: Vec<Option<Kind>>,
}

struct Kind {
    records: u64,
    columns: Vec<Column>,
}

struct Column {
    field: usize,
    watch: Watch,
    dashes: u64,
    filled: u64,
    midnights: u64,
    values: [(i64, u64); WATCHED],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watch {
    Dash,
    Value,
    Moment,
}

impl<'a> FillerTally<'a> {
    /// Nothing counted.
    pub fn new(standard: &'a Standard) -> Self {
        Self {
            standard,
            kinds: standard.kinds.iter().map(|_| None).collect(),
        }
    }

    /// Takes a record, passed or failed.
    pub fn record(&mut self, record: &JudgedRecord<'_>) {
        let Some(slot) = self.kinds.get_mut(record.kind) else {
            return;
        };
        let kind = slot.get_or_insert_with(|| Kind::new(self.standard, record.kind));
        kind.records += 1;
        for column in &mut kind.columns {
            if record.record().is_dash(column.field) {
                column.dashes += 1;
            } else if let Some(number) = record.record().number(column.field) {
                column.filled += 1;
                match column.watch {
                    Watch::Dash => {}
                    Watch::Value => column.value(number),
                    Watch::Moment => {
                        column.midnights += u64::from(number.rem_euclid(86_400) == 0);
                    }
                }
            }
        }
    }

    /// What stands out, by kind and column; nothing of kinds with few records.
    pub fn finish(self) -> Vec<Filler> {
        let mut fillers = Vec::new();
        for (kind, counted) in self.standard.kinds.iter().zip(self.kinds) {
            let Some(counted) = counted.filter(|counted| counted.records >= FEWEST) else {
                continue;
            };
            let mut own: Vec<(usize, Filler)> = Vec::new();
            for column in &counted.columns {
                let filler = |check, count, records| Filler {
                    kind: kind.code.clone(),
                    column: kind.fields[column.field].code.clone(),
                    check,
                    count,
                    records,
                };
                let most = column
                    .values
                    .iter()
                    .map(|(_, count)| *count)
                    .max()
                    .unwrap_or(0);
                let found = [
                    filler(FillerCheck::Dash, column.dashes, counted.records),
                    filler(FillerCheck::Same, most, column.filled),
                    filler(FillerCheck::Midnight, column.midnights, column.filled),
                ];
                let told = found.into_iter().filter(|filler| {
                    filler.count > 0 && filler.records >= FEWEST && filler.share() >= LEAST
                });
                own.extend(told.map(|filler| (column.field, filler)));
            }
            own.sort_by(|(field, one), (other_field, other)| {
                other
                    .share()
                    .total_cmp(&one.share())
                    .then(field.cmp(other_field))
                    .then(one.check.cmp(&other.check))
            });
            own.truncate(COLUMNS);
            fillers.extend(own.into_iter().map(|(_, filler)| filler));
        }
        fillers
    }
}

impl Kind {
    fn new(standard: &Standard, kind: usize) -> Self {
        let kind = &standard.kinds[kind];
        let columns = kind.fields.iter().enumerate().filter_map(|(field, of)| {
            // The natural key and what names the hospital are the same or different by their nature.
            if kind.natural_key.contains(&field) || matches!(of.code.as_str(), "P900" | "P6891") {
                return None;
            }
            let watch = match of.field_type {
                FieldType::Decimal { .. } | FieldType::Integer | FieldType::Code(_) => Watch::Value,
                FieldType::DateTime => Watch::Moment,
                _ if of.dash => Watch::Dash,
                _ => return None,
            };
            Some(Column {
                field,
                watch,
                dashes: 0,
                filled: 0,
                midnights: 0,
                values: [(0, 0); WATCHED],
            })
        });
        Self {
            records: 0,
            columns: columns.collect(),
        }
    }
}

impl Column {
    /// Counts a value. What stands in more than a fifth of the records is among the watched ones at the end, with at least its
    /// share above a fifth; what stands in all is counted exactly.
    #[inline]
    fn value(&mut self, value: i64) {
        let mut free = None;
        for (index, (known, count)) in self.values.iter_mut().enumerate() {
            if *count > 0 && *known == value {
                *count += 1;
                return;
            }
            if *count == 0 && free.is_none() {
                free = Some(index);
            }
        }
        match free {
            Some(index) => self.values[index] = (value, 1),
            None => self.values.iter_mut().for_each(|(_, count)| *count -= 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column() -> Column {
        Column {
            field: 0,
            watch: Watch::Value,
            dashes: 0,
            filled: 0,
            midnights: 0,
            values: [(0, 0); WATCHED],
        }
    }

    fn most(values: impl Iterator<Item = i64>) -> u64 {
        let mut column = column();
        values.for_each(|value| column.value(value));
        column.values.iter().map(|(_, count)| *count).max().unwrap()
    }

    #[test]
    fn one_value_everywhere_is_counted_exactly_and_many_are_not_taken_for_one() {
        assert_eq!(most(std::iter::repeat_n(7, 1000)), 1000);
        // Nine of ten are one value, the others all differ.
        let mixed = most((0..1000).map(|n| if n % 10 == 0 { n + 1000 } else { 7 }));
        assert!((800..=900).contains(&mixed), "{mixed}");
        assert!(most(0..1000) < 10);
    }

    #[test]
    fn a_share_falls_into_its_tenth() {
        let class = |count, records| {
            let filler = Filler {
                kind: "flu".to_owned(),
                column: "P5".to_owned(),
                check: FillerCheck::Dash,
                count,
                records,
            };
            filler.class()
        };
        assert_eq!(
            [class(0, 10), class(1, 10), class(99, 100), class(5, 5)],
            [0, 1, 9, 10]
        );
        assert_eq!(class(0, 0), 0);
    }
}
