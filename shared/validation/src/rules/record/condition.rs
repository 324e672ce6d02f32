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

use super::alternatives::{Alternatives, CodeRange, CodeStart};
use super::arguments::columns;
use super::numbers::{Number, ONE, Range};
use crate::field_set::FieldMask;
use crate::record::{Record, State};
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

    /// Whether all hold. Asked from the last, which is the narrow one in rules about long lists of columns.
    pub(crate) fn hold(&self, record: &Record<'_>) -> bool {
        self.0.iter().rev().all(|condition| condition.holds(record))
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

    /// Whether it holds.
    pub(crate) fn holds(&self, record: &Record<'_>) -> bool {
        let any = self.any(record);
        if self.negated {
            !any && !self.mask.meets(&record.sets.invalid)
        } else {
            any
        }
    }

    /// Whether it can be judged: its columns hold valid values, or it only asks whether they hold any.
    pub(crate) fn known(&self, record: &Record<'_>) -> bool {
        matches!(self.test, Test::Filled | Test::Blank) || self.mask.is_within(&record.sets.valid)
    }

    /// Its columns, in the order of the list.
    pub(crate) fn fields(&self) -> &[usize] {
        &self.fields
    }

    fn any(&self, record: &Record<'_>) -> bool {
        match &self.test {
            Test::Days { from, to, range } => record
                .day(*from)
                .zip(record.day(*to))
                .is_some_and(|(from, to)| range.contains((to - from).saturating_mul(ONE))),
            Test::Filled => record.any_filled(&self.mask),
            Test::Blank => !record.all_filled(&self.mask),
            Test::Codes(wanted) => record
                .valid_of(&self.mask)
                .any(|field| is_wanted(wanted, record, field)),
            Test::Icd(ranges) => record.valid_of(&self.mask).any(|field| {
                let code = CodeStart::of(record.bytes(field));
                ranges.contain(|range| range.contains(code))
            }),
            // Columns of one type count in one unit.
            Test::Numbers(numbers, ranges) => record.valid_of(&self.mask).any(|field| {
                numbers[0]
                    .value_of(record, field)
                    .is_some_and(|value| ranges.contain(|range| range.contains(value)))
            }),
        }
    }

    /// Whether it holds of its column at a place of the list, `not ` left aside; never of days between two dates.
    pub(crate) fn holds_at(&self, record: &Record<'_>, place: usize) -> bool {
        let field = self.fields[place];
        match &self.test {
            Test::Filled => record.is_filled(field),
            Test::Blank => record.is_blank(field),
            Test::Codes(wanted) => is_wanted(wanted, record, field),
            Test::Icd(ranges) => {
                record.states[field] == State::Valid && {
                    let code = CodeStart::of(record.bytes(field));
                    ranges.contain(|range| range.contains(code))
                }
            }
            Test::Numbers(numbers, ranges) => numbers[place]
                .value(record)
                .is_some_and(|value| ranges.contain(|range| range.contains(value))),
            Test::Days { .. } => false,
        }
    }
}

fn is_wanted(wanted: &[bool], record: &Record<'_>, field: usize) -> bool {
    record
        .code_index(field)
        .and_then(|index| wanted.get(index))
        .is_some_and(|wanted| *wanted)
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
