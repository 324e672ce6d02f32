//! What a rule asks of a record, as `rules.csv` writes it: `P7501:01|02 & P7508:>0`.
//!
//! A condition is columns, `:` and values; ` & ` joins several that must all hold. Several columns (a list, or numbered
//! ones with `#`) hold when any of them does. Which values can be named depends on the column:
//!
//! * any column: `filled`, `blank` (`-` is blank);
//! * codes: `01|02`, `!1` for any other code; a code must be in the column's table;
//! * ICD codes: `C00-C97|D00-D48`, `Z37.0`, exceptions `01-86|!38.9`;
//! * numbers: `0..14`, `1..`, `>0`, `!0`;
//! * whole days between two dates: `days(P6,P22):0..28`.
//!
//! Values hold only of valid cells: blank and invalid ones have been judged by the cell rules. `not ` before a condition
//! turns it round; it holds of blank cells but never of invalid ones.

use standard::{FieldType, TableForm};

use super::alternatives::{Alternatives, CodeRange};
use super::arguments::columns;
use super::moments::DAY;
use super::numbers::{Number, ONE, Range};
use crate::block::{Block, Values, those};
use crate::code_start::CodeStart;
use crate::field_set::FieldMask;
use crate::record::{Record, Records};
use crate::rules::{BindError, Binding};

/// Conditions that must all hold.
pub(crate) struct Conditions(Vec<Condition>);

impl Conditions {
    /// Reads conditions joined with `&`.
    pub(crate) fn parse(binding: &Binding<'_>, text: &str) -> Result<Self, BindError> {
        text.split('&')
            .map(|condition| Condition::parse(binding, condition.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Of some records those of which all hold. Asked from the last, which is the narrow one in rules about long lists of
    /// columns.
    pub(crate) fn among(&self, records: &Records<'_>, of: u64) -> u64 {
        self.0.iter().rev().fold(of, |of, condition| {
            if of == 0 {
                return 0;
            }
            condition.among(records, of)
        })
    }

    /// Whether all hold of a record.
    pub(crate) fn hold(&self, record: &Record<'_>) -> bool {
        self.among(&record.records, 1 << record.index) != 0
    }

    /// The first of them.
    pub(crate) fn first(&self) -> &Condition {
        // `parse` makes at least one: splitting text never yields nothing.
        &self.0[0]
    }
}

/// One condition.
pub(crate) struct Condition {
    negated: bool,
    fields: Vec<usize>,
    /// The fields again.
    mask: FieldMask,
    test: Test,
}

enum Test {
    Filled,
    Blank,
    /// By index into the column's code table.
    Codes(Vec<bool>),
    Icd(Alternatives<CodeRange>),
    Numbers(Vec<Number>, Alternatives<Range>),
    Days {
        from: usize,
        to: usize,
        range: Range,
    },
}

impl Condition {
    /// Reads one condition.
    pub(crate) fn parse(binding: &Binding<'_>, text: &str) -> Result<Self, BindError> {
        let (negated, rest) = match text.strip_prefix("not ") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (operand, values) = rest
            .rsplit_once(':')
            .ok_or_else(|| binding.wrong(format!("`{text}` is not `columns:values`")))?;
        let wrong = || binding.wrong(format!("`{values}` fits no value of `{operand}`"));
        if let Some(pair) = operand
            .strip_prefix("days(")
            .and_then(|pair| pair.strip_suffix(')'))
        {
            let [from, to] = columns(binding, pair)?[..] else {
                return Err(binding.wrong(format!("`{operand}` needs two columns")));
            };
            let range = Range::parse(values).ok_or_else(wrong)?;
            return Ok(Self {
                negated,
                mask: FieldMask::of([from, to]),
                fields: vec![from, to],
                test: Test::Days { from, to, range },
            });
        }
        let fields = columns(binding, operand)?;
        let test = match values {
            "filled" => Test::Filled,
            "blank" => Test::Blank,
            _ => Self::values(binding, &fields, values)?.ok_or_else(wrong)?,
        };
        Ok(Self {
            negated,
            mask: FieldMask::of(fields.iter().copied()),
            fields,
            test,
        })
    }

    fn values(
        binding: &Binding<'_>,
        fields: &[usize],
        values: &str,
    ) -> Result<Option<Test>, BindError> {
        let field_type = binding.kind.fields[fields[0]].field_type;
        let alike = |field: &usize| match (field_type, binding.kind.fields[*field].field_type) {
            (FieldType::Decimal { .. }, FieldType::Decimal { .. }) => true,
            (one, other) => one == other,
        };
        if !fields.iter().all(alike) {
            return Err(binding.wrong("columns of one condition are of different types"));
        }
        Ok(match field_type {
            FieldType::Integer | FieldType::Decimal { .. } => {
                let numbers = fields
                    .iter()
                    .map(|field| Number::of(binding, *field))
                    .collect::<Result<_, _>>()?;
                Alternatives::parse(values, |item| Range::parse(item).ok_or(()))
                    .ok()
                    .map(|ranges| Test::Numbers(numbers, ranges))
            }
            FieldType::Code(table) => {
                let table = &binding.standard.code_tables[table];
                if table.form == TableForm::Pattern {
                    Alternatives::parse(values, |item| CodeRange::parse(item).ok_or(()))
                        .ok()
                        .map(Test::Icd)
                } else {
                    let position = |item: &str| {
                        table
                            .codes
                            .iter()
                            .position(|code| code.code == item)
                            .ok_or(())
                    };
                    Alternatives::parse(values, position).ok().map(|wanted| {
                        Test::Codes(
                            (0..table.codes.len())
                                .map(|index| wanted.contain(|code| *code == index))
                                .collect(),
                        )
                    })
                }
            }
            FieldType::Text | FieldType::Date | FieldType::DateTime => None,
        })
    }

    /// Of some records those of which it holds.
    pub(crate) fn among(&self, records: &Records<'_>, of: u64) -> u64 {
        if let Test::Days { from, to, range } = &self.test {
            let (from, to) = (records.block.field(*from), records.block.field(*to));
            let day = |values: &Values, record: usize| values.numbers[record].div_euclid(DAY);
            let any = those(of & from.valid & to.valid, |record| {
                range.contains((day(to, record) - day(from, record)).saturating_mul(ONE))
            });
            return self.turned(records, of, any);
        }
        let places = 0..self.fields.len();
        let any = places.fold(0, |any, place| {
            any | self.among_at(records, of & !any, place)
        });
        self.turned(records, of, any)
    }

    /// What is left when `not ` is not left aside.
    fn turned(&self, records: &Records<'_>, of: u64, any: u64) -> u64 {
        if self.negated {
            of & !any & !records.block.any_invalid(&self.mask)
        } else {
            any
        }
    }

    /// Of some records those of which it holds at a place of the list, `not ` left aside; never of days between two dates.
    pub(crate) fn among_at(&self, records: &Records<'_>, of: u64, place: usize) -> u64 {
        let values = records.block.field(self.fields[place]);
        let valid = of & values.valid;
        match &self.test {
            Test::Filled => of & values.filled(),
            Test::Blank => of & !values.filled(),
            Test::Codes(wanted) => those(valid, |record| {
                let index = usize::try_from(values.numbers[record]);
                index.is_ok_and(|index| wanted.get(index).is_some_and(|wanted| *wanted))
            }),
            Test::Icd(ranges) => those(valid, |record| {
                let code = CodeStart::kept(values, record);
                ranges.contain(|range| range.contains(code))
            }),
            Test::Numbers(numbers, ranges) => those(valid, |record| {
                let value = numbers[place].scaled(values.numbers[record]);
                ranges.contain(|range| range.contains(value))
            }),
            Test::Days { .. } => 0,
        }
    }

    /// Whether it holds of a record.
    pub(crate) fn holds(&self, record: &Record<'_>) -> bool {
        self.among(&record.records, 1 << record.index) != 0
    }

    /// Whether it holds of a record at a place of the list, `not ` left aside; never of days between two dates.
    pub(crate) fn holds_at(&self, record: &Record<'_>, place: usize) -> bool {
        self.among_at(&record.records, 1 << record.index, place) != 0
    }

    /// Of a block's records those of which it can be judged: its columns hold valid values, or it only asks whether they
    /// hold any.
    pub(crate) fn known_among(&self, block: &Block) -> u64 {
        match self.test {
            Test::Filled | Test::Blank => u64::MAX,
            _ => block.all_valid(&self.mask),
        }
    }

    /// Whether it can be judged of a record.
    pub(crate) fn known(&self, record: &Record<'_>) -> bool {
        self.known_among(record.records.block) >> record.index & 1 == 1
    }

    /// Its columns, in the order of the list.
    pub(crate) fn fields(&self) -> &[usize] {
        &self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let standard = standard::latest();
        let binding = Binding {
            standard,
            kind: &standard.kinds[standard.kind_index("hqms").unwrap()],
            rule: &standard.rules[standard.rule_index("HQMS-004").unwrap()],
            codes: None,
            institution: None,
        };
        match Conditions::parse(&binding, text) {
            Ok(_) => String::new(),
            Err(error) => error.problem,
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("", "`` is not `columns:values`"),
            ("P741", "`P741` is not `columns:values`"),
            ("P741:7", "`7` fits no value of `P741`"),
            ("P741:1|x", "`1|x` fits no value of `P741`"),
            ("P7:young", "`young` fits no value of `P7`"),
            ("P4:测试", "`测试` fits no value of `P4`"),
            ("P22:2019", "`2019` fits no value of `P22`"),
            ("P321:C9-C1", "`C9-C1` fits no value of `P321`"),
            ("days(P6):1", "`days(P6)` needs two columns"),
            ("days(P6,P22):a", "`a` fits no value of `days(P6,P22)`"),
            (
                "P7,P741:1",
                "columns of one condition are of different types",
            ),
            ("P741:1 & P9999:1", "`hqms` has no column `P9999`"),
        ] {
            assert_eq!(problem(text), expected, "{text}");
        }
    }

    #[test]
    fn every_kind_of_value_is_read() {
        for text in [
            "P741:5",
            "P741:!5 & P321:C00-C97|!C50",
            "not P321,其他诊断编码#:Z37 & P7:..14",
            "P782:>0 & P4:filled & P22:blank",
            "days(P6,P22):0..28",
        ] {
            assert_eq!(problem(text), "", "{text}");
        }
    }
}
