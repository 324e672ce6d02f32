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
use crate::row_order::RowOrder;
use crate::rules::own::{KEY_REPEATED, OwnCheck, OwnRules};
use crate::rules::record::CHECKS;
use crate::rules::{Binding, Concern, Found, RecordCheck};
use crate::uniqueness::{self, UniqueRule};

/// Columns that may be blank up to which each is looked through by itself.
const FEW_OPTIONAL: usize = 8;

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
    /// Whether so many columns may be blank that it is found out for all of them together which cells are.
    sparse: bool,
    /// For each 64 columns which rows have something in each.
    filled: Vec<[u64; ROWS]>,
    /// For each 64 cells of the rows which of them are not empty.
    not_empty: Vec<u64>,
    block: Block,
    found: Found,
    order: RowOrder,
    encoding: TextEncoding,
}

/// Rows after their judgement.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'j> {
    /// What was found: column after column, then rule after rule, in each in the order of the rows.
    pub(crate) found: &'j [Pending],
    order: &'j RowOrder,
    /// The records, as the rules saw them.
    pub(crate) records: Records<'j>,
}

impl<'j> Judged<'j> {
    /// Which of the findings are those of a row: columns, then rules.
    pub(crate) fn of_row(&self, index: usize) -> impl Iterator<Item = usize> + use<'j> {
        let numbers = self.order.of_row(index);
        numbers.iter().map(|number| *number as usize)
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
        let plan = Plan::new(columns, kind, standard, own);
        let planned = plan.columns.iter().flatten();
        let sparse = planned.filter(|column| !column.required).count() > FEW_OPTIONAL;
        Self {
            own,
            plan,
            sparse,
            cells: CellJudge::new(standard, own, latest, columns.len()),
            record_rules: record_rules(kind, settings),
            unique: unique_rules(kind, standard),
            width,
            filled: vec![[0; ROWS]; width.div_ceil(64)],
            not_empty: Vec::new(),
            block: Block::new(fields),
            found: Found::new(places),
            order: RowOrder::new(),
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
        self.found.pending.clear();
        self.block.clear();
        let judged = self.values(&rows, blank);
        self.rules(&rows, judged);
        self.order.take(&self.found.pending);
        Judged {
            found: &self.found.pending,
            order: &self.order,
            records: records_of(&rows, &self.block),
        }
    }

    /// Asks the rules about records.
    #[inline(never)]
    fn rules(&mut self, rows: &Rows<'_>, judged: u64) {
        let records = records_of(rows, &self.block);
        let found = &mut self.found;
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
    }

    /// Judges the values of the rows that stand under their headers: which those are.
    #[inline(never)]
    fn values(&mut self, rows: &Rows<'_>, blank: u64) -> u64 {
        let mut judged = 0;
        let mut unclean = Unclean::default();
        let mut firsts = [0; ROWS];
        let width = u32::try_from(self.width).unwrap_or(u32::MAX);
        let valid = rows.is_valid();
        for (index, (place, first)) in rows.places.iter().zip(&mut firsts).enumerate() {
            let bit = 1 << index;
            let plain = place.defect.is_none() && place.end - place.first == width;
            if blank & bit != 0 || !(plain || self.has_right_width(&rows.row(index), index as u8)) {
                continue;
            }
            *first = place.first;
            judged |= bit;
            unclean.controls |= u64::from(place.controls) << index;
            if !valid && !place.valid && !self.is_valid(&rows.row(index)) {
                unclean.invalid |= bit;
            }
        }
        if self.sparse {
            self.find_filled(rows.cells, &firsts);
        }
        let lines = Lines {
            buffer: rows.buffer,
            text: rows.text,
            cells: rows.cells,
            places: rows.places,
            firsts,
            unclean,
        };
        let filled = self.filled.iter().flatten();
        for (column, filled) in self.plan.columns.iter().zip(filled) {
            let Some(column) = column else {
                continue;
            };
            // Most cells of a wide file are blank, and a blank cell that may be is nothing at all.
            let rows = if column.required {
                judged
            } else if self.sparse {
                *filled & judged
            } else {
                lines.filled(usize::from(column.column), judged)
            };
            if rows != 0 {
                let values = self.block.field_mut(usize::from(column.field));
                let into = (values, &mut self.found.pending);
                self.cells.column(&self.plan, column, &lines, rows, into);
            }
        }
        self.block.settle();
        judged
    }

    /// Finds out which cells of rows are filled, given where each row begins.
    fn find_filled(&mut self, cells: &[Cell], firsts: &[u32; ROWS]) {
        // All at once: a row of its own rarely has a number of cells that can be taken together.
        self.not_empty.clear();
        self.not_empty.extend(cells.chunks(64).map(not_empty));
        // Two words are taken wherever one begins.
        self.not_empty.push(0);
        for (part, filled) in self.filled.iter_mut().enumerate() {
            // What a row that fits has beyond its columns is not asked for, nor what others have.
            for (filled, first) in filled.iter_mut().zip(firsts) {
                *filled = bits_from(&self.not_empty, *first as usize + 64 * part);
            }
            turn(filled);
        }
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
        let fits = row.cells.len() == self.width
            || (row.cells.len() > self.width && row.filled_width() <= self.width);
        let mut wrong = |column: Option<usize>, detail: &'static str| {
            if let Some(rule) = self.own.get(OwnCheck::FieldCount) {
                self.found.pending.push(Pending {
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

/// 64 bits of a row of words, from one of them on; none where there are not as many words.
#[inline]
fn bits_from(words: &[u64], from: usize) -> u64 {
    let (place, shift) = (from / 64, from % 64);
    let two = words.get(place..).and_then(<[u64]>::first_chunk);
    // By 64 at once no word can be moved.
    two.map_or(0, |[low, high]| low >> shift | high << 1 << (63 - shift))
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
        for from in 0..128 {
            let one_by_one = (0..64).fold(0, |bits, place| {
                let at = from + place;
                bits | (words[at / 64] >> (at % 64) & 1_u64) << place
            });
            assert_eq!(bits_from(&words, from), one_by_one, "{from}");
        }
        assert_eq!(bits_from(&words, 200), 0);
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
