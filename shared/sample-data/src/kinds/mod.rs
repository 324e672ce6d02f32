//! One module for each kind of file: how a case becomes a record.

mod flu;
mod hda;
mod hdr;
mod hqms;
mod lis;
mod pdr;

use crate::case::{Stay, Visit, fatal_stay, surviving_stay};
use crate::row::{Moment, Row};
use crate::{Cases, Options, SampleError};

/// Makes the records of a file one after another.
pub(crate) enum Records<'a> {
    Flu { options: &'a Options, next: u32 },
    Hqms { options: &'a Options, next: u32 },
    Hda { options: &'a Options, next: u32 },
    Hdr { options: &'a Options, next: u32 },
    Pdr(Items<'a>),
    Lis(Items<'a>),
}

impl<'a> Records<'a> {
    pub(crate) fn of(options: &'a Options) -> Result<Self, SampleError> {
        Ok(match options.kind.as_str() {
            "flu" => Self::Flu { options, next: 0 },
            "hqms" => Self::Hqms { options, next: 0 },
            "hda" => Self::Hda { options, next: 0 },
            "hdr" => Self::Hdr { options, next: 0 },
            "pdr" => Self::Pdr(Items::new(options)),
            "lis" => Self::Lis(Items::new(options)),
            other => return Err(SampleError::UnknownKind(other.to_owned())),
        })
    }

    /// Fills the row with the next record; false when there is none.
    pub(crate) fn next(&mut self, row: &mut Row<'_>) -> bool {
        row.clear();
        match self {
            Self::Flu { options, next } => {
                flu::fill(row, &mut Visit::new(options, step(next)), options)
            }
            Self::Hqms { options, next } => {
                hqms::fill(row, &mut Stay::new(options, step(next)), options)
            }
            Self::Hda { options, next } => {
                hda::fill(row, &mut Stay::new(options, surviving_stay(step(next))))
            }
            Self::Hdr { options, next } => {
                hdr::fill(row, &mut Stay::new(options, fatal_stay(step(next))))
            }
            Self::Pdr(items) => {
                if !items.advance(pdr::count) {
                    return false;
                }
                if let Some(source) = &mut items.current {
                    pdr::fill(row, source, items.item, items.options);
                }
            }
            Self::Lis(items) => {
                if !items.advance(lis::count) {
                    return false;
                }
                if let Some(source) = &mut items.current {
                    lis::fill(row, source, items.item);
                }
            }
        }
        row.fill_required();
        true
    }
}

fn step(next: &mut u32) -> u32 {
    let index = *next;
    *next = next.saturating_add(1);
    index
}

/// What a drug or laboratory record belongs to.
pub(crate) enum Source {
    Visit(u32, Visit),
    Stay(u32, Stay),
}

impl Source {
    /// Fills the columns that name the case.
    fn name(&self, row: &mut Row<'_>) {
        match self {
            Self::Visit(_, visit) => {
                row.set("P7501", visit.visit_type);
                row.set("P7502", &visit.card);
                row.set("P7506", Moment(visit.at));
            }
            Self::Stay(_, stay) => {
                row.set("P7501", "03");
                row.set("P7502", &stay.record_number);
                row.set("P7506", Moment(stay.admitted));
            }
        }
    }

    /// A number of its own among all cases.
    fn number(&self) -> u32 {
        match self {
            Self::Visit(index, _) => *index,
            Self::Stay(index, _) => 50_000_000 + index,
        }
    }
}

/// Walks over the cases and the items of each.
pub(crate) struct Items<'a> {
    options: &'a Options,
    cases: Cases,
    next_case: u32,
    current: Option<Source>,
    item: u32,
    items: u32,
}

impl<'a> Items<'a> {
    fn new(options: &'a Options) -> Self {
        let cases = options.cases.unwrap_or(Cases {
            visits: u32::MAX,
            stays: 0,
        });
        Self {
            options,
            cases,
            next_case: 0,
            current: None,
            item: 0,
            items: 0,
        }
    }

    /// Goes to the next item; false when all cases have been walked over.
    fn advance(&mut self, count: fn(&mut Source) -> u32) -> bool {
        self.item += 1;
        while self.item >= self.items {
            let case = step(&mut self.next_case);
            let mut source = if case < self.cases.visits {
                Source::Visit(case, Visit::new(self.options, case))
            } else if case - self.cases.visits < self.cases.stays {
                let index = case - self.cases.visits;
                Source::Stay(index, Stay::new(self.options, index))
            } else {
                return false;
            };
            self.items = count(&mut source);
            self.item = 0;
            self.current = Some(source);
        }
        true
    }
}
