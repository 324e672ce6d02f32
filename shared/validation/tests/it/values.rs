use crate::support::{check_csv, csv, header, lis_file};

/// Finding, detail and suggestion at one cell of a laboratory record.
fn judge(column: usize, value: &str) -> Vec<(String, Option<String>)> {
    let checked = check_csv(
        "lis_1.csv",
        lis_file(1, |rows| rows[1][column] = value.into()),
    );
    checked
        .findings
        .iter()
        .map(|finding| {
            (
                format!("{} {}", finding.rule, finding.message),
                finding.suggestion.clone(),
            )
        })
        .collect()
}

fn rules(column: usize, value: &str) -> Vec<String> {
    judge(column, value)
        .into_iter()
        .map(|(text, _)| text.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn required_values_and_dashes() {
    assert_eq!(rules(3, ""), ["GEN-009"]);
    assert_eq!(rules(3, "  "), ["GEN-009"]);
    assert_eq!(rules(3, "-"), ["GEN-019"]);
    assert_eq!(rules(3, "—"), ["GEN-019"]);
}

#[test]
fn lengths_are_counted_in_characters() {
    assert_eq!(rules(3, &"标".repeat(50)), Vec::<String>::new());
    assert_eq!(
        judge(3, &"标".repeat(51)),
        [("GEN-010 标本号长度超过50".to_owned(), None)]
    );
}

#[test]
fn codes_and_what_stands_for_them() {
    assert_eq!(
        judge(0, "1"),
        [(
            "GEN-017 就诊类型代码不正确，值域范围参考FLU-P7501：代码开头的0丢失了".to_owned(),
            Some("01".to_owned())
        )]
    );
    assert_eq!(
        judge(0, "门诊"),
        [(
            "GEN-018 就诊类型应填写代码01，而不是门诊".to_owned(),
            Some("01".to_owned())
        )]
    );
    assert_eq!(judge(0, "1.0")[0].1.as_deref(), Some("01"));
    assert_eq!(rules(7, "5"), ["GEN-017"]);
}

#[test]
fn an_unknown_code_of_an_open_table_is_a_warning() {
    let checked = check_csv("lis_1.csv", lis_file(1, |rows| rows[1][4] = "7".into()));
    assert_eq!(checked.lines(), ["lis_1.csv 2 E P8001 GEN-017 \"7\""]);
    assert_eq!(checked.findings[0].severity, "warning");
    assert_eq!(checked.summary.passed, 1);
}

#[test]
fn dates() {
    assert_eq!(rules(5, "2019-12-03"), ["GEN-014"]);
    assert_eq!(rules(5, "2019-02-30 08:00:00"), ["GEN-014"]);
    assert_eq!(rules(2, "1899-12-31 23:59:59")[0], "GEN-016");
    assert_eq!(rules(5, "2020-01-01 00:00:00"), ["GEN-016"]);
    let checked = check_csv(
        "lis_1.csv",
        lis_file(3, |rows| {
            for row in &mut rows[1..] {
                row[5] = "2019/12/3 8:40".into();
            }
        }),
    );
    assert_eq!(
        checked.lines(),
        ["lis_1.csv 2 F P8002 GEN-015 \"2019/12/3 8:40\""]
    );
    assert!(checked.findings[0].message.contains("2019-12-03 08:40:00"));
    assert_eq!(checked.records[2].values[5], "2019-12-03 08:40:00");
}

#[test]
fn what_a_spreadsheet_did_to_identifiers() {
    for (value, suggestion) in [
        ("1.23457E+17", None),
        ("MZ", Some("")),
        ("12345.0", Some("12345")),
        ("110101199003070000", None),
    ] {
        let found = judge(1, value);
        if suggestion == Some("") {
            assert_eq!(found, []);
        } else {
            assert!(found[0].0.starts_with("GEN-021"), "{value} {found:?}");
            assert_eq!(found[0].1.as_deref(), suggestion, "{value}");
        }
    }
}

#[test]
fn numbers() {
    let standard = standard::latest();
    let kind = &standard.kinds[standard.kind_index("pdr").unwrap()];
    let record: Vec<String> = kind
        .fields
        .iter()
        .map(|field| field.example.clone())
        .collect();
    let at = header("pdr")
        .iter()
        .position(|code| code == "P8018")
        .unwrap();
    for (value, rule, suggestion) in [
        ("1,750", Some("GEN-012"), Some("1750")),
        ("1.23456", Some("GEN-012"), None),
        ("7.5E+2", Some("GEN-012"), None),
        ("750.0", None, None),
    ] {
        let mut record = record.clone();
        record[at] = format!("\"{value}\"");
        let checked = check_csv("pdr_1.csv", csv(&[header("pdr"), record]));
        let first = checked.findings.first();
        assert_eq!(first.map(|finding| finding.rule.as_str()), rule, "{value}");
        assert_eq!(
            first.and_then(|finding| finding.suggestion.as_deref()),
            suggestion
        );
    }
}
