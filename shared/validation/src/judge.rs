//! Records: their values, the rules between them, their keys.

use std::borrow::Cow;

use standard::{FieldType, FileKind, Requirement, Standard};

use crate::Settings;
use crate::block::Block;
use crate::cells::{CellJudge, Lines, Pending, Unclean};
use crate::decode::TextEncoding;
use crate::field_set::turn;
use crate::invisible::Seen;
use crate::parse::{Cell, ROWS, Row, RowDefect, Rows};
use crate::plan::Plan;
use crate::record::Records;
use crate::rules::own::{KEY_REPEATED, OwnCheck, OwnRules};
use crate::rules::record::CHECKS;
use crate::rules::{Binding, Concern, Found, RecordCheck};
use crate::uniqueness::{self, UniqueRule};

/// A rule on several values of a record.
struct RecordRule<'a> {
    rule: u16,
    concern: Concern,
    check: Box<dyn RecordCheck + 'a>,
}

/// Judges the records of one file. Its buffers serve all of them.
pub(crate) struct Judge<'a> {
    own: &'a OwnRules,
    plan: Plan,
    cells: CellJudge<'a>,
    record_rules: Vec<RecordRule<'a>>,
    unique: Vec<UniqueRule>,
    /// Columns up to the last that has a header.
    width: usize,
    /// For each 64 columns which rows have something in each.
    filled: Vec<[u64; ROWS]>,
    /// For each 64 cells of the rows which of them are not empty.
    not_empty: Vec<u64>,
    block: Block,
    found: Found,
    /// For each of the findings in their order, which it is of those found.
    order: Vec<u32>,
    encoding: TextEncoding,
}

/// Rows after their judgement.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'j> {
    found: &'j [Pending],
    order: &'j [u32],
    /// The records, as the rules saw them.
    pub(crate) records: Records<'j>,
}

impl<'j> Judged<'j> {
    /// What was found, row after row.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &'j Pending> + use<'j> {
        let found = self.found;
        self.order.iter().map(move |place| &found[*place as usize])
    }
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
        Self {
            own,
            plan: Plan::new(columns, kind, standard, own),
            cells: CellJudge::new(standard, own, latest, columns.len()),
            record_rules: record_rules(kind, settings),
            unique: unique_rules(kind, standard),
            width,
            filled: vec![[0; ROWS]; width.div_ceil(64)],
            not_empty: Vec::new(),
            block: Block::new(fields),
            found: Found::new(places),
            order: Vec::new(),
            encoding: TextEncoding::Ascii,
        }
    }

    /// Makes room for so many records as the file is likely to have.
    pub(crate) fn expect(&mut self, records: u32) {
        for unique in &mut self.unique {
            unique.expect(records);
        }
    }

    /// Whether some value had tabs around it.
    pub(crate) fn tabs(&self) -> bool {
        self.cells.tabs
    }

    /// Invisible characters that were left out.
    pub(crate) fn invisible(&self) -> Seen {
        self.cells.invisible
    }

    /// Judges rows. Those that are blank are no records: they are left out.
    pub(crate) fn judge<'j>(&'j mut self, rows: Rows<'j>, blank: u64) -> Judged<'j> {
        if rows.encoding != self.encoding {
            self.encoding = rows.encoding;
            self.cells.set_encoding(rows.encoding);
        }
        self.cells.found.clear();
        self.block.clear();
        let judged = self.values(&rows, blank);
        self.rules(&rows, judged);
        self.put_in_order();
        Judged {
            found: &self.cells.found,
            order: &self.order,
            records: records_of(&rows, &self.block),
        }
    }

    /// Finds the order row after row, in which each row's own findings stay as they are: columns, then rules. It is counted
    /// out, since nobody can guess how one row compares with another.
    fn put_in_order(&mut self) {
        let found = &self.cells.found;
        let mut places = [0; ROWS];
        for pending in found {
            places[usize::from(pending.index) % ROWS] += 1;
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        self.order.clear();
        self.order.resize(found.len(), 0);
        for (number, pending) in (0..).zip(found) {
            let place = &mut places[usize::from(pending.index) % ROWS];
            self.order[*place] = number;
            *place += 1;
        }
    }

    /// Asks the rules about records.
    #[inline(never)]
    fn rules(&mut self, rows: &Rows<'_>, judged: u64) {
        let records = records_of(rows, &self.block);
        let found = &mut self.found;
        std::mem::swap(&mut found.pending, &mut self.cells.found);
        for rule in &self.record_rules {
            let asked = rule.concern.among(&self.block) & judged;
            if asked != 0 {
                found.rule = rule.rule;
                rule.check.check_all(&records, asked, found);
            }
        }
        let row_of = |index: usize| rows.places[index].number;
        for unique in &mut self.unique {
            found.rule = unique.rule;
            unique.take(&records, judged, row_of, |record, earlier, field| {
                found.record = record;
                found.at_with(field, uniqueness::detail(earlier));
            });
        }
        std::mem::swap(&mut found.pending, &mut self.cells.found);
    }

    /// Judges the values of the rows that stand under their headers: which those are.
    #[inline(never)]
    fn values(&mut self, rows: &Rows<'_>, blank: u64) -> u64 {
        let mut judged = 0;
        let mut unclean = Unclean::default();
        let mut firsts = [0; ROWS];
        for filled in &mut self.filled {
            filled.fill(0);
        }
        // All at once: a row of its own rarely has a number of cells that can be taken together.
        self.not_empty.clear();
        self.not_empty.extend(rows.cells.chunks(64).map(not_empty));
        for (index, row) in rows.iter().enumerate() {
            let bit = 1 << index;
            if blank & bit != 0 || !self.has_right_width(&row, index as u8) {
                continue;
            }
            judged |= bit;
            firsts[index] = rows.places[index].first;
            if row.controls {
                unclean.controls |= bit;
            }
            if !row.valid && !self.is_valid(&row) {
                unclean.invalid |= bit;
            }
            let first = rows.places[index].first as usize;
            // A row that fits has as many cells as there are columns, or more.
            for (part, filled) in self.filled.iter_mut().enumerate() {
                let columns = 64 * part;
                filled[index] = bits(&self.not_empty, first + columns, self.width - columns);
            }
        }
        let lines = Lines {
            buffer: rows.buffer,
            cells: rows.cells,
            places: rows.places,
            firsts,
            unclean,
        };
        self.filled.iter_mut().for_each(turn);
        let filled = self.filled.iter().flatten();
        for (column, filled) in self.plan.columns.iter().zip(filled) {
            let Some(column) = column else {
                continue;
            };
            // Most cells of a wide file are blank, and a blank cell that may be is nothing at all.
            let rows = if column.required { judged } else { *filled };
            if rows != 0 {
                let values = self.block.field_mut(usize::from(column.field));
                self.cells.column(&self.plan, column, &lines, rows, values);
            }
        }
        self.block.settle();
        judged
    }

    /// Whether the text of a row is valid in its encoding.
    fn is_valid(&self, row: &Row<'_>) -> bool {
        let ends = row.cells.first().zip(row.cells.last());
        ends.is_none_or(|(first, last)| {
            let all = &row.buffer[first.start as usize..last.end as usize];
            self.encoding.is_valid(all)
        })
    }

    /// Whether the cells of the row stand under their headers.
    fn has_right_width(&mut self, row: &Row<'_>, index: u8) -> bool {
        if row.defect.is_none() && row.cells.len() == self.width {
            return true;
        }
        let fits = row.cells.len() == self.width
            || (row.cells.len() > self.width && row.filled_width() <= self.width);
        let mut wrong = |column: Option<usize>, detail: &'static str| {
            if let Some(rule) = self.own.get(OwnCheck::FieldCount) {
                self.cells.found.push(Pending {
                    index,
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
            Some(RowDefect::StrayQuote(column)) => wrong(Some(column), "stray_quote"),
            None if fits => {}
            None => {
                let fewer = row.cells.len() < self.width;
                wrong(None, if fewer { "fewer" } else { "more" });
            }
        }
        fits
    }
}

fn records_of<'r>(rows: &Rows<'r>, block: &'r Block) -> Records<'r> {
    Records {
        buffer: rows.buffer,
        block,
        encoding: rows.encoding.of_rows(),
    }
}

/// Which of up to 64 cells have something in them.
fn not_empty(cells: &[Cell]) -> u64 {
    let bits = |cells: &[Cell]| {
        cells.iter().enumerate().fold(0, |filled, (place, cell)| {
            filled | u64::from(cell.start != cell.end) << place
        })
    };
    let (eights, rest) = cells.as_chunks::<8>();
    let filled = eights.iter().enumerate().fold(0, |filled, (place, eight)| {
        filled | bits(eight) << (8 * place)
    });
    match rest {
        [] => filled,
        rest => filled | bits(rest) << (8 * eights.len()),
    }
}

/// Up to 64 bits of a row of words, from one of them on.
#[inline]
fn bits(words: &[u64], from: usize, count: usize) -> u64 {
    let word = |place: usize| words.get(place).copied().unwrap_or(0);
    let (place, shift) = (from / 64, from % 64);
    // By 64 at once no word can be moved.
    let all = word(place) >> shift | word(place + 1) << 1 << (63 - shift);
    match count {
        0..64 => all & ((1 << count) - 1),
        _ => all,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_found_wherever_a_row_begins() {
        let words = [0x8000_0000_0000_0001, 0b1011, 1 << 63];
        let one_by_one = |from: usize, count: usize| {
            (0..count.min(64)).fold(0, |bits, place| {
                let at = from + place;
                let word = words.get(at / 64).copied().unwrap_or(0);
                bits | (word >> (at % 64) & 1) << place
            })
        };
        for from in 0..200 {
            for count in [0, 1, 5, 63, 64, 65, 300] {
                assert_eq!(bits(&words, from, count), one_by_one(from, count));
            }
        }
    }

    #[test]
    fn cells_with_nothing_in_them_are_told_from_others() {
        let cells: Vec<Cell> = (0..64)
            .map(|place| Cell {
                start: place,
                end: place + u32::from(place % 3 == 0),
            })
            .collect();
        for count in 0..=64 {
            let wanted = (0..count).filter(|place| place % 3 == 0);
            let wanted = wanted.fold(0, |bits, place| bits | 1_u64 << place);
            assert_eq!(not_empty(&cells[..count]), wanted, "{count}");
        }
    }
}
