//! Rules that want a key to be unique within a file.

use crate::block::members;
use crate::key_order::{RisingKeys, number_order, text_order};
use crate::keys::Keys;
use crate::mixed::Mixed;
use crate::parse::ROWS;
use crate::record::Records;

/// The detail of a finding that says in which row the key stood before.
pub(crate) fn detail(earlier: u32) -> String {
    format!("{SAME}{earlier}")
}

/// What such a detail says in Chinese and English.
pub(crate) fn told(detail: &str) -> Option<(String, String)> {
    let row: u32 = detail.strip_prefix(SAME)?.parse().ok()?;
    Some((format!("与第{row}行相同"), format!("the same as row {row}")))
}

const SAME: &str = "same as row ";

/// One rule: these fields together name a record.
pub(crate) struct UniqueRule {
    /// Index of the rule.
    pub(crate) rule: u16,
    fields: Vec<KeyField>,
    known: Known,
    expected: u32,
}

/// The keys so far.
enum Known {
    /// None.
    Nothing,
    /// They rise in this field of the key, or fall.
    Rising {
        field: usize,
        falling: bool,
        keys: Box<RisingKeys>,
    },
    /// They come in any order.
    Any(Keys),
}

struct KeyField {
    field: usize,
    /// Whether the parsed number is compared, so that `2019/12/3 8:15` equals `2019-12-03 08:15:00`.
    by_number: bool,
    required: bool,
}

impl UniqueRule {
    /// A rule on fields, each with whether it is compared by its number and whether it must be filled.
    pub(crate) fn new(rule: u16, fields: impl IntoIterator<Item = (usize, bool, bool)>) -> Self {
        Self {
            rule,
            fields: fields
                .into_iter()
                .map(|(field, by_number, required)| KeyField {
                    field,
                    by_number,
                    required,
                })
                .collect(),
            known: Known::Nothing,
            expected: 0,
        }
    }

    /// Makes room for about so many records.
    pub(crate) fn expect(&mut self, records: u32) {
        self.expected = records;
        match &mut self.known {
            Known::Nothing => {}
            Known::Rising { keys, .. } => keys.expect(records),
            Known::Any(keys) => keys.expect(records),
        }
    }

    /// Takes records with their rows: of each that has the key of an earlier one, its index, the earlier row and the field to
    /// show, to `repeated`. A record whose key is not complete has none.
    pub(crate) fn take(
        &mut self,
        records: &Records<'_>,
        of: u64,
        row_of: impl Fn(usize) -> u32,
        mut repeated: impl FnMut(usize, u32, usize),
    ) {
        let mut of = of;
        let mut hashes = [Mixed::default(); ROWS];
        for key in &self.fields {
            let values = records.block.field(key.field);
            of &= !values.invalid;
            if key.required {
                of &= values.valid;
            }
            for record in members(of) {
                let hash = &mut hashes[record];
                if values.valid >> record & 1 == 0 {
                    hash.bytes(&[]);
                } else if key.by_number {
                    hash.number(values.numbers[record] as u64);
                } else {
                    hash.bytes(records.bytes(values, record));
                }
            }
        }
        let Some(shown) = self.fields.first() else {
            return;
        };
        let hashes = hashes.map(Mixed::finish);
        if let Known::Nothing = self.known {
            self.known = self.in_order(records, of);
        }
        match &mut self.known {
            Known::Nothing => {}
            Known::Rising {
                field,
                falling,
                keys,
            } => {
                let key = &self.fields[*field];
                let orders = key.orders(records, of, *falling);
                for record in members(of) {
                    let (order, hash) = (orders[record], hashes[record]);
                    if let Some(earlier) = keys.insert(order, hash, row_of(record)) {
                        repeated(record, earlier, shown.field);
                    }
                }
                if keys.is_in_vain() {
                    self.known = Known::Any(std::mem::take(&mut **keys).into_keys(self.expected));
                }
            }
            Known::Any(keys) => {
                keys.look_ahead(members(of).map(|record| hashes[record]));
                for record in members(of) {
                    if let Some(earlier) = keys.insert(hashes[record], row_of(record)) {
                        repeated(record, earlier, shown.field);
                    }
                }
            }
        }
    }

    /// How to take keys, by those that come first: in the order of the field in which nearly all of them rise or fall.
    fn in_order(&self, records: &Records<'_>, of: u64) -> Known {
        let pairs = of.count_ones().saturating_sub(1);
        if of == 0 {
            return Known::Nothing;
        }
        let fields = self.fields.iter().enumerate();
        let orders = fields.flat_map(|(field, key)| {
            [false, true].map(|falling| {
                let orders = key.orders(records, of, falling);
                let orders: Vec<u64> = members(of).map(|record| orders[record]).collect();
                let pairs = orders.array_windows();
                let rises = pairs.filter(|[one, next]| one < next).count();
                (rises as u32, field, falling)
            })
        });
        match orders.max_by_key(|(rises, _, _)| *rises) {
            Some((rises, field, falling)) if pairs > 0 && rises * 8 >= pairs * 7 => Known::Rising {
                field,
                falling,
                keys: Box::default(),
            },
            _ => Known::Any(Keys::default()),
        }
    }
}

impl KeyField {
    /// What the keys of some records are compared by that this is a field of.
    fn orders(&self, records: &Records<'_>, of: u64, falling: bool) -> [u64; ROWS] {
        let values = records.block.field(self.field);
        let turned = if falling { u64::MAX } else { 0 };
        let mut orders = [turned; ROWS];
        for record in members(of & values.valid) {
            let order = if self.by_number {
                number_order(values.numbers[record])
            } else {
                text_order(records.bytes(values, record))
            };
            orders[record] = turned ^ order;
        }
        orders
    }
}
