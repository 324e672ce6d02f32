//! One record: its values, the rules between them, its key.

use std::borrow::Cow;

use standard::{FieldType, FileKind, Requirement, Standard};

use crate::Settings;
use crate::cells::{CellJudge, Pending};
use crate::decode::TextEncoding;
use crate::field_set::FieldStates;
use crate::parse::{Cell, Row, RowDefect};
use crate::plan::{ColumnPlan, Plan};
use crate::record::{Record, State};
use crate::rules::own::{KEY_REPEATED, OwnCheck, OwnRules};
use crate::rules::record::CHECKS;
use crate::rules::{Binding, Concern, Found, RecordCheck};
use crate::uniqueness::UniqueRule;

/// A rule on several values of a record.
struct RecordRule<'a> {
    rule: u16,
    concern: Concern,
    check: Box<dyn RecordCheck + 'a>,
}

/// Judges the records of one file. Its buffers serve every record.
pub(crate) struct Judge<'a> {
    own: &'a OwnRules,
    plan: Plan,
    cells: CellJudge<'a>,
    record_rules: Vec<RecordRule<'a>>,
    unique: Vec<UniqueRule>,
    /// For each field its column, for findings of record rules.
    places: Vec<Option<u16>>,
    /// Columns up to the last that has a header.
    width: usize,
    /// For each column whether a blank cell is to be looked at.
    needs: Vec<bool>,
    /// For each field where its trimmed bytes stand in the row.
    cells_of: Vec<Cell>,
    states: Vec<State>,
    sets: FieldStates,
    numbers: Vec<i64>,
    found: Found,
    encoding: TextEncoding,
    /// Whether some value had tabs around it.
    pub(crate) tabs: bool,
}

impl<'a> Judge<'a> {
    /// Binds the rules of a kind to the columns of a file.
    pub(crate) fn new(
        kind: &'a FileKind,
        columns: &[Option<u16>],
        width: usize,
        settings: &'a Settings<'a>,
        own: &'a OwnRules,
        latest: i64,
    ) -> Self {
        let standard = settings.standard;
        let fields = kind.fields.len();
        let mut places = vec![None; fields];
        for (column, field) in (0..u16::MAX).zip(columns) {
            if let Some(field) = field {
                places[usize::from(*field)].get_or_insert(column);
            }
        }
        let plan = Plan::new(columns, kind, standard, own);
        let required =
            |column: &Option<ColumnPlan>| column.as_ref().is_some_and(|column| column.required);
        Self {
            own,
            needs: plan.columns.iter().map(required).collect(),
            plan,
            cells: CellJudge::new(standard, own, latest, columns.len()),
            record_rules: record_rules(kind, settings),
            unique: unique_rules(kind, standard),
            places,
            width,
            cells_of: vec![Cell { start: 0, end: 0 }; fields],
            sets: FieldStates::default(),
            states: vec![State::Blank; fields],
            numbers: vec![0; fields],
            found: Found::default(),
            encoding: TextEncoding::Ascii,
            tabs: false,
        }
    }

    /// Makes room for so many records as the file is likely to have.
    pub(crate) fn expect(&mut self, records: u32) {
        for unique in &mut self.unique {
            unique.expect(records);
        }
    }

    /// Judges a row: adds what it finds and hands the record, as the rules saw it, to `with`.
    pub(crate) fn row<T>(
        &mut self,
        row: &Row<'_>,
        encoding: TextEncoding,
        pending: &mut Vec<Pending>,
        with: impl FnOnce(&Record<'_>, &mut Vec<Pending>) -> T,
    ) -> T {
        if encoding != self.encoding {
            self.encoding = encoding;
            self.cells.set_encoding(encoding);
        }
        self.states.fill(State::Blank);
        let judged = self.has_right_width(row, pending);
        if judged {
            self.values(row, pending);
        }
        self.sets.read(&self.states);
        let id_card = std::cell::Cell::new(None);
        let record = Record {
            row: row.number,
            buffer: row.buffer,
            places: &self.cells_of,
            states: &self.states,
            sets: &self.sets,
            numbers: &self.numbers,
            id_card: &id_card,
            encoding: encoding.of_rows(),
        };
        if judged {
            for rule in &self.record_rules {
                if !rule.concern.holds(&record) {
                    continue;
                }
                rule.check.check(&record, &mut self.found);
                if self.found.places.is_empty() {
                    continue;
                }
                for (field, detail, suggestion) in self.found.places.drain(..) {
                    pending.push(Pending {
                        rule: rule.rule,
                        column: field.and_then(|field| self.places[field]),
                        field: field.and_then(|field| u16::try_from(field).ok()),
                        detail: detail.map(Cow::Owned),
                        suggestion,
                    });
                }
            }
            for unique in &mut self.unique {
                if let Some((earlier, field)) = unique.repeats(&record) {
                    pending.push(Pending {
                        rule: unique.rule,
                        column: self.places[field],
                        field: u16::try_from(field).ok(),
                        detail: Some(Cow::Owned(earlier.to_string())),
                        suggestion: None,
                    });
                }
            }
        }
        with(&record, pending)
    }

    /// Whether the cells of the row stand under their headers.
    fn has_right_width(&self, row: &Row<'_>, pending: &mut Vec<Pending>) -> bool {
        let mut wrong = |column: Option<usize>, detail: &'static str| {
            if let Some(rule) = self.own.get(OwnCheck::FieldCount) {
                pending.push(Pending {
                    rule,
                    column: column.and_then(|column| u16::try_from(column).ok()),
                    field: column.and_then(|column| {
                        self.plan
                            .columns
                            .get(column)?
                            .as_ref()
                            .map(|plan| plan.field)
                    }),
                    detail: Some(Cow::Borrowed(detail)),
                    suggestion: None,
                });
            }
        };
        match row.defect {
            Some(RowDefect::Endless) => {
                wrong(None, "endless");
                return false;
            }
            Some(RowDefect::StrayQuote(column)) => {
                wrong(Some(column), "stray_quote");
                return self.fits(row);
            }
            None => {}
        }
        if !self.fits(row) {
            let fewer = row.cells.len() < self.width;
            wrong(None, if fewer { "fewer" } else { "more" });
            return false;
        }
        true
    }

    fn fits(&self, row: &Row<'_>) -> bool {
        row.cells.len() == self.width
            || (row.cells.len() > self.width && row.filled_width() <= self.width)
    }

    #[inline(never)]
    fn values(&mut self, row: &Row<'_>, pending: &mut Vec<Pending>) {
        let valid = row.valid || {
            let all = row.cells.first().zip(row.cells.last());
            all.is_none_or(|(first, last)| {
                let all = &row.buffer[first.start as usize..last.end as usize];
                self.encoding.is_valid(all)
            })
        };
        let Self {
            plan,
            needs,
            cells: judge,
            cells_of,
            states,
            numbers,
            ..
        } = self;
        for ((cell, column), needed) in row.cells.iter().zip(&plan.columns).zip(needs.iter()) {
            // Most cells of a wide file are blank, and a blank cell that may be is nothing at all.
            if cell.start == cell.end && !needed {
                continue;
            }
            let Some(column) = column else {
                continue;
            };
            let written = &row.buffer[cell.start as usize..cell.end as usize];
            let (blanks, value) = trim(written);
            let start = cell.start as usize + blanks;
            let field = usize::from(column.field);
            cells_of[field] = Cell {
                start: start as u32,
                end: (start + value.len()) as u32,
            };
            if row.controls && !written.is_empty() {
                self.tabs |= written.len() != value.len() && written.contains(&b'\t');
                if value.iter().any(|byte| is_control(*byte)) {
                    judge.add(pending, column, OwnCheck::ControlCharacters);
                }
            }
            if !valid && !self.encoding.is_valid(value) {
                judge.add(pending, column, OwnCheck::Encoding);
                states[field] = State::Invalid;
                continue;
            }
            (states[field], numbers[field]) =
                judge.judge(plan, column, row.buffer, start, value, pending);
        }
    }
}

fn record_rules<'a>(kind: &'a FileKind, settings: &'a Settings<'a>) -> Vec<RecordRule<'a>> {
    let mut bound = Vec::new();
    for (index, rule) in (0..u16::MAX).zip(&settings.standard.rules) {
        if rule.severity.is_none() || !rule.kinds.contains(&kind.code) {
            continue;
        }
        let Some((_, build)) = CHECKS.iter().find(|(name, _)| *name == rule.check) else {
            continue;
        };
        let binding = Binding {
            standard: settings.standard,
            kind,
            rule,
            codes: settings.codes,
            institution: settings.institution,
        };
        // A line that does not fit its check is a mistake of the data, which a test over the catalogue finds.
        if let Ok(check) = build(&binding) {
            let concern = check.concern();
            if concern != Concern::Never {
                bound.push(RecordRule {
                    rule: index,
                    concern,
                    check,
                });
            }
        }
    }
    bound
}

fn unique_rules(kind: &FileKind, standard: &Standard) -> Vec<UniqueRule> {
    (0..u16::MAX)
        .zip(&standard.rules)
        .filter(|(_, rule)| {
            rule.severity.is_some() && rule.check == KEY_REPEATED && rule.kinds.contains(&kind.code)
        })
        .map(|(index, rule)| {
            let fields = rule.fields.iter().filter_map(|code| {
                let place = kind.field_index(code)?;
                let field = &kind.fields[place];
                let by_number = matches!(
                    field.field_type,
                    FieldType::Date | FieldType::DateTime | FieldType::Integer
                );
                Some((place, by_number, field.requirement == Requirement::Required))
            });
            UniqueRule::new(index, fields)
        })
        .collect()
}

/// A value without the blanks and tabs around it, and how many there were in front.
#[inline]
fn trim(bytes: &[u8]) -> (usize, &[u8]) {
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if *first > b' ' && *last > b' ' => (0, bytes),
        _ => {
            let begun = bytes.trim_ascii_start();
            (bytes.len() - begun.len(), begun.trim_ascii_end())
        }
    }
}

/// Line breaks are part of narratives.
fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\r') || byte == 0x7f
}
