//! Characters nobody sees, in values and headers, in both encodings.

use crate::support::{Checked, check_csv, csv, header, lis_file};

const ALL: [char; 7] = [
    '\u{200b}', '\u{200c}', '\u{200d}', '\u{feff}', '\u{a0}', '\u{3000}', '\u{2060}',
];

/// Checks a text as UTF-8, which must say the same in GB18030 and UTF-16.
#[track_caller]
fn check(name: &str, text: &str) -> Checked {
    let checked = check_csv(name, text);
    let (gb18030, _, lost) = encoding_rs::GB18030.encode(text);
    assert!(!lost);
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    let utf16: Vec<u8> = b"\xff\xfe".iter().copied().chain(utf16).collect();
    for (encoding, bytes) in [("GB18030", gb18030.into_owned()), ("UTF-16LE", utf16)] {
        let other = check_csv(name, bytes);
        let file = &other.summary.files[0];
        assert_eq!(file.encoding.as_deref(), Some(encoding));
        assert_eq!(other.lines(), checked.lines(), "{encoding}");
        assert_eq!(other.records, checked.records, "{encoding}");
        assert_eq!(note(&other), note(&checked), "{encoding}");
    }
    checked
}

/// The note on invisible characters.
fn note(checked: &Checked) -> Option<(String, String)> {
    let mut notes = checked.summary.files[0].notes.iter();
    let note = notes.find(|note| note.code == "invisible")?;
    Some((note.zh.clone(), note.en.clone()))
}

#[test]
fn around_codes_dates_and_numbers_of_a_patient_they_are_left_out() {
    let plain = check("lis_1.csv", &lis_file(3, |_| {}));
    assert_eq!(note(&plain), None);
    for character in ALL {
        let around = |cell: &mut String| *cell = format!("{character} {cell}\t{character}");
        let text = lis_file(3, |rows| {
            // Everything but the result, which is free text.
            for place in [0, 1, 2, 3, 4, 5, 7, 8] {
                around(&mut rows[2][place]);
            }
            around(&mut rows[3][5]);
            around(&mut rows[3][1]);
        });
        let checked = check("lis_1.csv", &text);
        assert_eq!(checked.lines(), plain.lines(), "{character:?}");
        for (record, plain) in checked.records.iter().zip(&plain.records) {
            assert_eq!(record.values, plain.values, "{character:?}");
            assert_eq!(record.key, plain.key);
            assert_eq!(record.digest, plain.digest);
        }
        let (zh, en) = note(&checked).unwrap();
        let number = format!("U+{:04X}", u32::from(character));
        assert!(zh.starts_with("10处"), "{zh}");
        assert!(zh.contains("第3行A列") && zh.contains(&number), "{zh}");
        assert!(en.contains("from 10 headers or values"), "{en}");
        assert!(en.contains("row 3, column A") && en.contains(&number));
    }
}

#[test]
fn at_one_end_alone_they_are_found_too() {
    for character in ALL {
        for (before, after) in [(String::new(), character), (character.to_string(), '1')] {
            let text = lis_file(1, |rows| {
                rows[1][3] = format!("{before}LIS甲1{after}");
                rows[1][1] = format!("{before}MZ001{after}");
            });
            let checked = check("lis_1.csv", &text);
            assert_eq!(checked.lines(), Vec::<String>::new());
            let values = &checked.records[0].values;
            assert!(!values[1].contains(character) && !values[3].contains(character));
            assert!(note(&checked).unwrap().0.starts_with("2处"));
        }
    }
}

#[test]
fn in_free_text_they_stay() {
    let text = lis_file(1, |rows| {
        rows[1][6] = "\u{3000}\u{3000}甲型流感\u{200b}抗原阳性\u{a0}".into()
    });
    let checked = check("lis_1.csv", &text);
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(
        checked.records[0].values[6],
        "\u{3000}\u{3000}甲型流感\u{200b}抗原阳性\u{a0}"
    );
    assert_eq!(note(&checked), None);
}

#[test]
fn a_value_of_nothing_else_is_none() {
    for character in ALL {
        let text = lis_file(1, |rows| {
            rows[1][6] = character.to_string().repeat(3);
            rows[1][3] = format!("{character} ");
            rows[1][4] = format!("{character}-");
        });
        let checked = check("lis_1.csv", &text);
        let rules: Vec<String> = checked
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.rule, finding.code.as_deref().unwrap()))
            .collect();
        assert_eq!(rules, ["GEN-009 P8000", "GEN-019 P8001"], "{character:?}");
        // That of the result, which need not be there, is none either.
        assert_eq!(checked.records[0].values[6], "");
        assert!(note(&checked).unwrap().0.starts_with("3处"));
    }
}

#[test]
fn a_date_is_read_through_them() {
    let text = lis_file(3, |rows| {
        rows[1][2] = "2019-12-03\u{a0}08:15:00".into();
        rows[2][2] = "2019-12\u{200b}-03 08:15:00".into();
        rows[3][5] = "2019/12/3\u{3000}8:40".into();
    });
    let checked = check("lis_1.csv", &text);
    assert_eq!(
        checked.lines(),
        ["lis_1.csv 4 F P8002 GEN-015 \"2019/12/3\\u{3000}8:40\""]
    );
    let records = &checked.records;
    assert_eq!(records[0].values[2], "2019-12-03 08:15:00");
    assert_eq!(records[1].values[2], "2019-12-03 08:15:00");
    assert_eq!(records[2].values[5], "2019-12-03 08:40:00");
    let (zh, _) = note(&checked).unwrap();
    assert!(
        zh.starts_with("3处") && zh.contains("第2行C列：不间断空格（U+00A0）"),
        "{zh}"
    );
}

#[test]
fn inside_a_code_or_number_of_a_patient_they_are_named_with_their_place() {
    for character in ALL {
        let blank = if matches!(character, '\u{a0}' | '\u{3000}') {
            " "
        } else {
            ""
        };
        let text = lis_file(1, |rows| {
            rows[1][0] = format!("0{character}1");
            rows[1][1] = format!("MZ0{character}01");
        });
        let checked = check("lis_1.csv", &text);
        let found = |code: &str| {
            let mut findings = checked.findings.iter();
            findings
                .find(|finding| finding.code.as_deref() == Some(code))
                .unwrap()
        };
        let place = |message: &str, place: usize| {
            let number = format!("（U+{:04X}），请删除", u32::from(character));
            assert!(
                message.contains(&format!("第{place}个字符是看不见的")),
                "{message}"
            );
            assert!(message.ends_with(&number), "{message}");
        };
        let identifier = found("P7502");
        assert_eq!(
            (identifier.rule.as_str(), identifier.severity.as_str()),
            ("GEN-020", "warning")
        );
        place(&identifier.message, 4);
        assert_eq!(identifier.suggestion.clone(), Some(format!("MZ0{blank}01")));
        let code = found("P7501");
        assert_eq!(code.rule, "GEN-017");
        if blank.is_empty() {
            place(&code.message, 2);
            assert_eq!(code.suggestion.as_deref(), Some("01"));
        }
        assert_eq!(checked.findings.len(), 2, "{:?}", checked.lines());
        assert_eq!(note(&checked), None);
    }
    let english = check(
        "lis_1.csv",
        &lis_file(1, |rows| rows[1][7] = "0\u{200b}1".into()),
    );
    assert_eq!(english.findings.len(), 1);
}

#[test]
fn numbers_and_diagnoses() {
    let standard = standard::latest();
    let kind = &standard.kinds[standard.kind_index("pdr").unwrap()];
    let examples = kind.fields.iter().map(|field| field.example.clone());
    let mut record: Vec<String> = examples.collect();
    let at = header("pdr")
        .iter()
        .position(|code| code == "P8018")
        .unwrap();
    record[at] = "\u{200b}750.0\u{a0}".into();
    let checked = check("pdr_1.csv", &csv(&[header("pdr"), record.clone()]));
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.records[0].values[at], "750.0");
    record[at] = "7\u{200b}50".into();
    let checked = check("pdr_1.csv", &csv(&[header("pdr"), record]));
    let finding = &checked.findings[0];
    assert_eq!(
        (finding.rule.as_str(), finding.suggestion.as_deref()),
        ("GEN-012", Some("750"))
    );
    assert!(
        finding
            .message
            .ends_with("第2个字符是看不见的零宽空格（U+200B），请删除")
    );
    assert!(
        checked.english[0]
            .message
            .ends_with("character 2 is an invisible zero width space (U+200B); delete it")
    );
    let kind = &standard.kinds[standard.kind_index("hdr").unwrap()];
    let examples = kind.fields.iter().map(|field| field.example.clone());
    let examples: Vec<String> = examples.collect();
    let plain = check("hdr_1.csv", &csv(&[header("hdr"), examples.clone()]));
    let around = examples.iter().zip(&kind.fields).map(|(example, field)| {
        let free = matches!(field.field_type, standard::FieldType::Text);
        if free || example.is_empty() {
            example.clone()
        } else {
            format!("\u{feff}{example}\u{2060}")
        }
    });
    let checked = check("hdr_1.csv", &csv(&[header("hdr"), around.collect()]));
    assert_eq!(checked.lines(), plain.lines());
    assert_eq!(checked.records[0].values, plain.records[0].values);
}

#[test]
fn in_headers_they_are_left_out_with_the_note() {
    for character in ALL {
        let text = lis_file(1, |rows| {
            rows[0][4] = format!("{character}P8001{character}");
            rows[0][7] = format!("P8004{character}检查结果");
            if !matches!(character, '\u{a0}' | '\u{3000}') {
                rows[0][6] = format!("P80{character}03");
            }
            rows[1][7] = format!("{character}1");
        });
        let checked = check("lis_1.csv", &text);
        assert_eq!(checked.lines(), Vec::<String>::new(), "{character:?}");
        assert_eq!(checked.summary.passed, 1);
        let (zh, _) = note(&checked).unwrap();
        let count = if matches!(character, '\u{a0}' | '\u{3000}') {
            3
        } else {
            4
        };
        assert!(
            zh.starts_with(&format!("{count}处")) && zh.contains("第1行E列"),
            "{zh}"
        );
    }
}
