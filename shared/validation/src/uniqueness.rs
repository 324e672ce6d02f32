//! Rules that want a key to be unique within a file.

use crate::block::members;
use crate::keys::Keys;
use crate::mixed::Mixed;
use crate::parse::ROWS;
use crate::record::Records;

/// One rule: these fields together name a record.
pub(crate) struct UniqueRule {
    /// Index of the rule.
    pub(crate) rule: u16,
    fields: Vec<KeyField>,
    keys: Keys,
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
            keys: Keys::default(),
        }
    }

    /// Makes room for about so many records.
    pub(crate) fn expect(&mut self, records: u32) {
        self.keys.expect(records);
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
        self.keys
            .look_ahead(members(of).map(|record| hashes[record]));
        for record in members(of) {
            if let Some(earlier) = self.keys.insert(hashes[record], row_of(record)) {
                repeated(record, earlier, shown.field);
            }
        }
    }
}
