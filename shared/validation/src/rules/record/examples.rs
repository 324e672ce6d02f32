//! The examples of `fixtures/rules/examples.csv` that need no more than one record, judged by the checks alone: a base
//! record of its kind with a few values changed, and where the rule finds what. `tests/rules.rs` takes all of them through
//! the whole check.

use std::path::PathBuf;

use standard::{FieldType, FileKind, Level, Standard};

use super::{CHECKS, numbers::ten_thousandths};
use crate::Institution;
use crate::code_start::CodeStart;
use crate::record::{OwnedRecord, State};
use crate::rules::binding::found_by;
use crate::rules::{Binding, Found, RecordCheck};

/// A line of `examples.csv`.
#[derive(Debug)]
struct Example {
    rule: String,
    kind: String,
    fires: bool,
    /// Columns the rule reports, in order.
    columns: Vec<String>,
    /// What `{n}` of the message stands for.
    number: Option<String>,
    changes: String,
    /// Rules that cannot but fire along.
    also: Vec<String>,
}

/// Cells of a record and what the cell checks would make of them.
struct Cells {
    values: Vec<String>,
    states: Vec<State>,
    numbers: Vec<i64>,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/rules")
        .join(name)
}

fn examples() -> Vec<Example> {
    let list = |text: &str| -> Vec<String> {
        text.split(';')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut reader = csv::Reader::from_path(fixture("examples.csv")).unwrap();
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>(),
        [
            "rule", "file", "expected", "columns", "number", "changes", "also", "why"
        ]
    );
    let standard = standard::latest();
    let is_on_records = |rule: &str| {
        let index = standard
            .rule_index(rule)
            .unwrap_or_else(|| panic!("{rule}"));
        standard.rules[index].level == Level::Record
    };
    reader
        .records()
        .map(Result::unwrap)
        .filter(|row| is_on_records(&row[0]))
        .map(|row| Example {
            rule: row[0].to_owned(),
            kind: row[1].to_owned(),
            fires: match &row[2] {
                "fires" => true,
                "silent" => false,
                other => panic!("`{other}` is neither `fires` nor `silent`"),
            },
            columns: list(&row[3]),
            number: Some(row[4].to_owned()).filter(|number| !number.is_empty()),
            changes: row[5].to_owned(),
            also: list(&row[6]),
        })
        .collect()
}

fn base(kind: &FileKind) -> Vec<String> {
    let mut reader = csv::Reader::from_path(fixture(&format!("{}_base.csv", kind.code))).unwrap();
    let codes: Vec<&str> = kind
        .fields
        .iter()
        .map(|field| field.code.as_str())
        .collect();
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), codes);
    let record = reader.records().next().unwrap().unwrap();
    record.iter().map(str::to_owned).collect()
}

fn with_changes(kind: &FileKind, changes: &str) -> Vec<String> {
    let mut values = base(kind);
    for change in changes.split("; ").filter(|change| !change.is_empty()) {
        let (code, value) = change.split_once('=').unwrap();
        let field = kind
            .field_index(code)
            .unwrap_or_else(|| panic!("{} has no {code}", kind.code));
        value.clone_into(&mut values[field]);
    }
    values
}

impl Cells {
    fn of(standard: &Standard, kind: &FileKind, values: Vec<String>) -> Self {
        let (states, numbers) = kind
            .fields
            .iter()
            .zip(&values)
            .map(|(field, value)| match value.as_str() {
                "" => (State::Blank, 0),
                "-" => (State::Dash, 0),
                value => {
                    let number = number(standard, field.field_type, value);
                    let number = number.unwrap_or_else(|| panic!("{}: `{value}`", field.code));
                    (State::Valid, number)
                }
            })
            .unzip();
        Self {
            values,
            states,
            numbers,
        }
    }

    fn judge(&self, check: &dyn RecordCheck) -> Found {
        let record = OwnedRecord::new(&self.values, &self.states, &self.numbers);
        found_by(check, &record)
    }
}

fn number(standard: &Standard, field_type: FieldType, value: &str) -> Option<i64> {
    let signed = |value: &str| match value.strip_prefix('-') {
        Some(digits) => ten_thousandths(digits).map(|number| -number),
        None => ten_thousandths(value),
    };
    match field_type {
        FieldType::Text => Some(0),
        FieldType::Integer => value.parse().ok(),
        FieldType::Decimal { .. } => signed(value),
        FieldType::Date | FieldType::DateTime => {
            let text = if value.len() == 10 {
                format!("{value} 00:00:00")
            } else {
                value.to_owned()
            };
            let moment: jiff::civil::DateTime = text.replace(' ', "T").parse().ok()?;
            let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
            Some(moment.duration_since(epoch).as_secs())
        }
        FieldType::Code(table) => {
            let table = &standard.code_tables[table];
            if table.form == standard::TableForm::Pattern {
                return Some(CodeStart::of(value.as_bytes()).number());
            }
            let index = table.codes.iter().position(|code| code.code == value)?;
            i64::try_from(index).ok()
        }
    }
}

fn institution() -> Institution {
    Institution {
        code: "12345678X51010212A1001".into(),
        name: "示例市第一人民医院".into(),
    }
}

/// Rules of a kind that one record is judged by, with their checks.
fn bound<'a>(
    standard: &'a Standard,
    kind: &'a FileKind,
    institution: &'a Institution,
) -> Vec<(&'a str, Box<dyn RecordCheck + 'a>)> {
    standard
        .rules
        .iter()
        .filter(|rule| rule.level == Level::Record && rule.kinds.contains(&kind.code))
        .map(|rule| {
            let (_, build) = CHECKS
                .iter()
                .find(|(name, _)| *name == rule.check)
                .unwrap_or_else(|| panic!("{}: there is no check `{}`", rule.id, rule.check));
            let check = build(&Binding {
                standard,
                kind,
                rule,
                codes: None,
                institution: Some(institution),
            })
            .unwrap_or_else(|error| panic!("{error}"));
            (rule.id.as_str(), check)
        })
        .collect()
}

#[test]
fn base_records_break_no_rule() {
    let standard = standard::latest();
    let institution = institution();
    for kind in &standard.kinds {
        let cells = Cells::of(standard, kind, base(kind));
        for (rule, check) in bound(standard, kind, &institution) {
            let found = cells.judge(&*check);
            assert!(found.pending.is_empty(), "{rule}: {found:?}");
        }
    }
}

#[test]
fn every_example_is_judged_as_it_says() {
    let standard = standard::latest();
    let institution = institution();
    let mut wrong = Vec::new();
    for kind in &standard.kinds {
        let checks = bound(standard, kind, &institution);
        for example in examples()
            .iter()
            .filter(|example| example.kind == kind.code)
        {
            let cells = Cells::of(standard, kind, with_changes(kind, &example.changes));
            let mut others = Vec::new();
            let mut known = false;
            for (rule, check) in &checks {
                let found = cells.judge(&**check);
                if *rule != example.rule {
                    if !found.pending.is_empty() {
                        others.push((*rule).to_owned());
                    }
                    continue;
                }
                known = true;
                let columns: Vec<&str> = found
                    .pending
                    .iter()
                    .map(|place| {
                        place
                            .field
                            .map_or("", |field| kind.fields[usize::from(field)].code.as_str())
                    })
                    .collect();
                let numbers = found
                    .pending
                    .iter()
                    .all(|place| place.detail.as_deref() == example.number.as_deref());
                if columns != example.columns || example.fires == columns.is_empty() || !numbers {
                    wrong.push(format!(
                        "{example:?}\n    found {:?} at {columns:?}",
                        found.pending
                    ));
                }
            }
            if !known {
                wrong.push(format!(
                    "{example:?}\n    is no record rule of {}",
                    kind.code
                ));
            }
            if others != example.also {
                wrong.push(format!("{example:?}\n    others {others:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_check_is_used_by_a_rule() {
    let standard = standard::latest();
    for (name, _) in CHECKS {
        assert!(
            standard.rules.iter().any(|rule| rule.check == *name),
            "no rule uses `{name}`"
        );
    }
}

#[test]
fn numbered_groups_have_all_their_members() {
    let standard = standard::latest();
    for (kind, name, count, first, last) in [
        ("flu", "其他疾病诊断代码", 10, "P324", "P3274"),
        ("flu", "其他疾病诊断描述", 10, "P325", "P3275"),
        ("flu", "重症监护室名称", 5, "P6911", "P6923"),
        ("flu", "进入时间", 5, "P6912", "P6924"),
        ("flu", "退出时间", 5, "P6913", "P6925"),
        ("hqms", "其他诊断编码", 10, "P324", "P3274"),
        ("hqms", "其他诊断疾病描述", 10, "P325", "P3275"),
        ("hqms", "其他诊断入院病情", 10, "P806", "P815"),
        ("hqms", "手术/操作编码", 10, "P490", "P45050"),
        ("hqms", "手术/操作日期", 10, "P491", "P45051"),
        ("hqms", "手术/操作名称", 10, "P492", "P45052"),
        ("hqms", "手术级别", 10, "P820", "P829"),
        ("hqms", "术者", 10, "P495", "P45055"),
        ("hqms", "麻醉方式", 10, "P498", "P45058"),
        ("hqms", "切口愈合等级", 10, "P499", "P45060"),
        ("hqms", "麻醉医师", 10, "P4910", "P45061"),
        ("hqms", "重症监护室名称", 5, "P6911", "P6923"),
        ("hqms", "进入时间", 5, "P6912", "P6924"),
        ("hqms", "退出时间", 5, "P6913", "P6925"),
    ] {
        let kind = &standard.kinds[standard.kind_index(kind).unwrap()];
        let rule = standard
            .rules
            .iter()
            .find(|rule| rule.kinds.contains(&kind.code))
            .unwrap();
        let binding = Binding {
            standard,
            kind,
            rule,
            codes: None,
            institution: None,
        };
        let members = super::arguments::columns(&binding, &format!("{name}#")).unwrap();
        let codes: Vec<&str> = members
            .iter()
            .map(|field| kind.fields[*field].code.as_str())
            .collect();
        assert_eq!(codes.len(), count, "{} {name}: {codes:?}", kind.code);
        assert_eq!((codes[0], codes[count - 1]), (first, last), "{name}");
        // No column of the family is left over, whatever its number looks like.
        let named = kind.fields.iter().filter(|field| {
            field
                .name_zh
                .strip_prefix(name)
                .is_some_and(|rest| rest.chars().all(char::is_numeric))
        });
        assert_eq!(named.count(), count, "{} {name}", kind.code);
    }
    // Every numbered name that a rule uses is in the table above.
    let proven = include_str!("examples.rs");
    for rule in &standard.rules {
        for part in rule.arguments.split(['=', ',', ':', ' ', '&', ';', '|']) {
            if let Some(name) = part.strip_suffix('#') {
                assert!(
                    proven.contains(&format!("\"{name}\"")),
                    "{}: how many {name} are there?",
                    rule.id
                );
            }
        }
    }
}
