//! What the data says, read through the crate as the rest of the service reads it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot find its data has failed"
)]

use std::collections::HashSet;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, date};
use standard::{
    CodeTable, Field, FieldType, Level, Requirement, Standard, TableForm, in_force_on, latest,
    versions,
};

fn winter_2019() -> &'static Standard {
    in_force_on(date(2019, 12, 3)).unwrap()
}

#[test]
fn counts_are_those_of_the_data_readme() {
    let standard = winter_2019();
    let kinds: Vec<(&str, usize)> = standard
        .kinds
        .iter()
        .map(|kind| (kind.code.as_str(), kind.fields.len()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("flu", 61),
            ("hqms", 346),
            ("hda", 15),
            ("hdr", 15),
            ("pdr", 11),
            ("lis", 9)
        ]
    );
    assert_eq!(standard.code_tables.len(), 41);
    let codes: usize = standard
        .code_tables
        .iter()
        .map(|table| table.codes.len())
        .sum();
    assert_eq!(codes, 791);
    assert_eq!(standard.rules.len(), 152);
    let columns: Vec<usize> = standard
        .icd_templates
        .iter()
        .map(|template| template.columns.len())
        .collect();
    assert_eq!(columns, [3, 3, 2]);
    let readme = include_str!("../data/README.md");
    for (file, lines) in [
        ("flu.csv", 61),
        ("hqms.csv", 346),
        ("hda.csv", 15),
        ("hdr.csv", 15),
        ("pdr.csv", 11),
        ("lis.csv", 9),
        ("kinds.csv", 6),
        ("code-tables.csv", 41),
        ("codes.csv", 791),
        ("rules.csv", 152),
    ] {
        let line = format!("| `{file}` | {lines} |");
        assert!(
            readme.contains(&line),
            "the README of the data lacks `{line}`"
        );
    }
}

#[test]
fn windows_do_not_overlap() {
    for pair in versions().windows(2) {
        let last_day = pair[0].last_day.expect("an earlier version has an end");
        assert!(last_day < pair[1].first_day, "{}", pair[1].version);
    }
}

#[test]
fn a_day_finds_its_version() {
    let first = &versions()[0];
    assert_eq!(in_force_on(first.first_day.yesterday().unwrap()), None);
    for version in versions() {
        assert_eq!(in_force_on(version.first_day), Some(version));
        if let Some(last_day) = version.last_day {
            assert_eq!(in_force_on(last_day), Some(version));
        }
    }
    match latest().last_day {
        Some(last_day) => assert_eq!(in_force_on(last_day.tomorrow().unwrap()), None),
        None => assert_eq!(in_force_on(latest().first_day + 50.years()), Some(latest())),
    }
    assert_eq!(first.first_day, date(2019, 11, 1));
}

#[test]
fn every_example_would_be_accepted() {
    let mut wrong = Vec::new();
    for standard in versions() {
        for kind in &standard.kinds {
            for field in &kind.fields {
                if let Some(problem) = problem_of_example(field, standard) {
                    let (kind, code, example) = (&kind.code, &field.code, &field.example);
                    wrong.push(format!("{kind}.{code} `{example}`: {problem}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn problem_of_example(field: &Field, standard: &Standard) -> Option<String> {
    let value = field.example.as_str();
    if value.is_empty() {
        return (field.requirement == Requirement::Required)
            .then(|| "a required column needs an example".to_owned());
    }
    if value == "-" {
        return (!field.dash).then(|| "`-` is not accepted".to_owned());
    }
    if value.chars().count() > usize::from(field.max_length) {
        return Some(format!("longer than {}", field.max_length));
    }
    let fits = match field.field_type {
        FieldType::Text => true,
        FieldType::Integer => value.parse::<i64>().is_ok(),
        FieldType::Decimal { precision, scale } => fits_decimal(value, precision, scale),
        FieldType::Date => value.parse::<Date>().is_ok(),
        FieldType::DateTime => {
            value.len() == 19 && DateTime::strptime("%Y-%m-%d %H:%M:%S", value).is_ok()
        }
        FieldType::Code(table) => is_code(value, &standard.code_tables[table]),
    };
    (!fits).then(|| format!("is not a {:?}", field.field_type))
}

fn fits_decimal(value: &str, precision: u8, scale: u8) -> bool {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && fraction.len() <= usize::from(scale)
        && whole.len() + usize::from(scale) <= usize::from(precision)
}

fn is_code(value: &str, table: &CodeTable) -> bool {
    match table.form {
        TableForm::Closed | TableForm::Open => table.get(value).is_some(),
        // The forms themselves are tested where they are applied.
        TableForm::Pattern => value.is_ascii() && !value.contains(' '),
        TableForm::Selection => false,
    }
}

#[test]
fn records_are_told_apart_by_what_must_be_filled() {
    for standard in versions() {
        for kind in &standard.kinds {
            for &index in &kind.natural_key {
                let field = &kind.fields[index];
                // A negative laboratory result has no type of positive result: that part of its key is blank.
                if (kind.code.as_str(), field.code.as_str()) == ("lis", "P8005") {
                    assert_eq!(field.requirement, Requirement::Conditional);
                } else {
                    assert_eq!(field.requirement, Requirement::Required, "{}", field.code);
                }
            }
        }
    }
}

#[test]
fn keys_are_those_of_the_standard() {
    let keys: Vec<String> = winter_2019()
        .kinds
        .iter()
        .map(|kind| {
            let codes: Vec<&str> = kind
                .natural_key
                .iter()
                .map(|&index| kind.fields[index].code.as_str())
                .collect();
            format!("{} {}", kind.code, codes.join("+"))
        })
        .collect();
    assert_eq!(
        keys,
        [
            "flu P7501+P7502+P7506",
            "hqms P3+P2",
            "hda P3+P22",
            "hdr P3+P22",
            "pdr P7501+P7502+P7506+P7500",
            "lis P7501+P7502+P7506+P8000+P8001+P8005",
        ]
    );
}

#[test]
fn messages_of_the_manual_are_kept_to_the_letter() {
    let message = |id: &str| {
        let standard = winter_2019();
        standard.rules[standard.rule_index(id).unwrap()]
            .message_zh
            .as_str()
    };
    assert_eq!(
        message("ICD-001"),
        "请上传csv、xls、xlsx格式的文件zip压缩包"
    );
    assert_eq!(message("ICD-002"), "请按照模板格式上传编码");
    assert_eq!(message("ICD-003"), "起始日期不能晚于结束日期");
}

#[test]
fn texts_are_in_their_language() {
    let is_chinese = |text: &str| {
        text.chars()
            .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
    };
    for standard in versions() {
        for rule in &standard.rules {
            for text in [&rule.message_zh, &rule.mend_zh] {
                assert!(is_chinese(text), "{}: {text}", rule.id);
            }
            for text in [&rule.message_en, &rule.mend_en, &rule.rule] {
                // Words of a laboratory text are quoted as they are written.
                let quoted = rule.id == "LIS-004";
                assert!(quoted || !is_chinese(text), "{}: {text}", rule.id);
            }
            assert!(
                rule.mend_zh.ends_with('。'),
                "{}: {}",
                rule.id,
                rule.mend_zh
            );
            assert!(rule.mend_en.ends_with('.'), "{}: {}", rule.id, rule.mend_en);
        }
        for field in standard.kinds.iter().flat_map(|kind| &kind.fields) {
            // These are written so in Chinese too.
            let is_abbreviation = ["HBsAg", "HCV-Ab", "HIV-Ab"].contains(&field.name_zh.as_str());
            assert!(
                is_abbreviation || is_chinese(&field.name_zh),
                "{}",
                field.code
            );
            assert!(!is_chinese(&field.name_en), "{}", field.code);
            assert!(!is_chinese(&field.condition_en), "{}", field.code);
        }
        for table in &standard.code_tables {
            assert!(
                is_chinese(&table.name_zh) && !is_chinese(&table.name_en),
                "{}",
                table.id
            );
        }
    }
}

#[test]
fn no_cure_repeats_its_message() {
    for standard in versions() {
        for rule in &standard.rules {
            assert_ne!(rule.message_zh, rule.mend_zh, "{}", rule.id);
            assert_ne!(rule.message_en, rule.mend_en, "{}", rule.id);
        }
    }
}

#[test]
fn ids_tell_what_a_rule_is_about() {
    for standard in versions() {
        let mut seen = HashSet::new();
        for rule in &standard.rules {
            assert!(seen.insert(&rule.id));
            let (family, number) = rule.id.rsplit_once('-').unwrap();
            assert!(
                number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()),
                "{}",
                rule.id
            );
            let expected = match rule.level {
                Level::Zip => "ZIP".to_owned(),
                Level::Icd => "ICD".to_owned(),
                _ if rule.kinds.is_empty() && rule.level == Level::Cross => "X".to_owned(),
                _ if rule.kinds.is_empty() => "GEN".to_owned(),
                _ => rule.kinds.join("-").to_uppercase(),
            };
            assert_eq!(family, expected, "{}", rule.id);
        }
    }
}

#[test]
fn lists_that_are_known_to_be_incomplete_are_open() {
    let open: Vec<&str> = winter_2019()
        .code_tables
        .iter()
        .filter(|table| table.form == TableForm::Open)
        .map(|table| table.id.as_str())
        .collect();
    assert_eq!(open, ["RC008", "RC009", "RC010", "FLU-RC040", "FLU-RC041"]);
}

#[test]
fn column_codes_are_found_in_any_case_and_only_in_their_file() {
    let standard = winter_2019();
    let kind = |code: &str| &standard.kinds[standard.kind_index(code).unwrap()];
    assert_eq!(
        kind("flu").field_index("p7501"),
        kind("flu").field_index("P7501")
    );
    assert_eq!(kind("flu").field_index("P8604"), None);
    let name = |code: &str| {
        let kind = kind(code);
        kind.fields[kind.field_index("P8604").unwrap()]
            .name_zh
            .as_str()
    };
    assert_eq!(name("hda"), "出院医嘱");
    assert_eq!(name("hdr"), "入院情况及诊疗和抢救经过");
    assert_eq!(standard.kind_index("FLU"), None);
}
