use crate::support::{check_bytes, check_csv, csv, header, lis, lis_file, zip};

#[test]
fn a_clean_file_is_accepted() {
    let checked = check_csv("lis_1.csv", lis_file(3, |_| {}));
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.summary.outcome, validation::Outcome::Accepted);
    assert_eq!((checked.summary.total, checked.summary.passed), (3, 3));
    assert_eq!(checked.notes(), Vec::<&str>::new());
    assert_eq!(checked.records[2].row, 4);
    assert_eq!(checked.records[0].values[6], "甲型流感病毒抗原阳性");
}

#[test]
fn every_encoding_reads_the_same() {
    let text = lis_file(3, |rows| rows[2][7] = "9x".into());
    let plain = check_csv("lis_1.csv", &text);
    assert_eq!(plain.lines(), ["lis_1.csv 3 H P8004 GEN-017 \"9x\""]);
    let marked = format!("\u{feff}{text}");
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let utf16_le: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let utf16_be: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for (bytes, encoding, note) in [
        (marked.into_bytes(), "UTF-8", None),
        (
            encoding_rs::GB18030.encode(&text).0.into_owned(),
            "GB18030",
            None,
        ),
        (
            [b"\xff\xfe", utf16_le.as_slice()].concat(),
            "UTF-16LE",
            Some("utf16"),
        ),
        (
            [b"\xfe\xff", utf16_be.as_slice()].concat(),
            "UTF-16BE",
            Some("utf16"),
        ),
        (utf16_le.clone(), "UTF-16LE", Some("utf16")),
        (utf16_be.clone(), "UTF-16BE", Some("utf16")),
    ] {
        let checked = check_csv("lis_1.csv", bytes);
        assert_eq!(checked.lines(), plain.lines(), "{encoding}");
        assert_eq!(checked.records, plain.records, "{encoding}");
        assert_eq!(checked.summary.files[0].encoding.as_deref(), Some(encoding));
        assert_eq!(checked.notes(), note.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn the_first_character_beyond_ascii_may_stand_in_any_row() {
    // More than is read at once: one of these rows lies on the border, and its encoding is known only behind it.
    let rows = 5_000;
    let of = |place: usize| {
        lis_file(rows, |rows| {
            for (row, cells) in rows.iter_mut().enumerate().skip(1) {
                cells[6] = if row < place {
                    "Influenza A virus antigen"
                } else {
                    "甲型流感病毒抗原"
                }
                .into();
            }
        })
    };
    let row_bytes = of(usize::MAX).len() / rows as usize;
    let mut border = 0;
    for chunk in [128, 256] {
        let before = chunk * 1024 / row_bytes;
        for place in before - 60..before + 60 {
            let text = of(place);
            let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
            border += usize::from(bytes.len() > chunk * 1024);
            let checked = check_csv("lis_1.csv", bytes);
            assert_eq!(checked.lines(), Vec::<String>::new(), "{place}");
            assert_eq!(checked.records[place].values[6], "甲型流感病毒抗原");
        }
    }
    assert_eq!(border, 240);
}

#[test]
fn a_row_reads_the_same_whichever_rows_stand_around_it() {
    // Rows are taken together in dozens: what is wrong with one must not fall on another.
    let disorder = |number: u32| -> String {
        let mut cells = lis(number);
        match number % 11 {
            1 => cells[2] = "2019/12/3 8:15".into(),
            2 => cells[4] = "\" 1\"".into(),
            3 => cells[6] = "\"甲型\"\"流感\"\"\r\n抗原\"".into(),
            4 => cells[7] = "9".into(),
            5 => return String::new(),
            6 => cells.truncate(5),
            7 => cells[3] = "LIS1".into(),
            8 => cells[5] = "2029-12-03 08:40:00".into(),
            9 => cells[1] = format!("\t{}", cells[1]),
            _ => {}
        }
        cells.join(",")
    };
    let header = header("lis").join(",");
    let numbers = 1..=700;
    let lines: Vec<String> = numbers.map(disorder).collect();
    let whole = check_csv(
        "lis_1.csv",
        format!("{header}\r\n{}\r\n", lines.join("\r\n")),
    );
    let of_row = |row: u32| whole.findings.iter().filter(move |it| it.row == Some(row));
    let mut row = 1;
    let mut told = false;
    for (number, line) in (1..).zip(&lines) {
        row += 1;
        let alone = check_csv("lis_1.csv", format!("{header}\r\n{line}\r\n"));
        // What depends on other rows: repeated keys, blank rows, and a form of date that is told once.
        let rules = |rule: &&str| !["LIS-001", "GEN-007", "GEN-015"].contains(rule);
        let with: Vec<&str> = of_row(row)
            .map(|it| it.rule.as_str())
            .filter(rules)
            .collect();
        let by_itself: Vec<&str> = alone.findings.iter().map(|it| it.rule.as_str()).collect();
        let by_itself: Vec<&str> = by_itself.into_iter().filter(rules).collect();
        if number % 11 == 5 {
            assert!(of_row(row).all(|it| it.rule == "GEN-007"), "{number}");
        } else {
            assert_eq!(with, by_itself, "{number}");
            let record = whole
                .records
                .iter()
                .find(|record| record.row == row)
                .unwrap();
            assert_eq!(record.values, alone.records[0].values, "{number}");
            told |= !with.is_empty();
        }
    }
    assert!(told);
    assert_eq!(whole.summary.total, 700 - 64);
}

#[test]
fn every_line_end_reads_the_same() {
    let text = lis_file(3, |rows| rows[3][4].clear());
    let plain = check_csv("lis_1.csv", &text);
    assert_eq!(plain.lines(), ["lis_1.csv 4 E P8001 GEN-009 \"\""]);
    for end in ["\n", "\r"] {
        let checked = check_csv("lis_1.csv", text.replace("\r\n", end));
        assert_eq!(checked.lines(), plain.lines(), "{end:?}");
        assert_eq!(checked.records, plain.records, "{end:?}");
    }
    let unended = check_csv("lis_1.csv", text.trim_end());
    assert_eq!(unended.records, plain.records);
}

#[test]
fn a_quoted_cell_of_several_lines_is_one_row() {
    let text = lis_file(3, |rows| {
        rows[1][6] = "\"第一行\r\n第二行，有\"\"引号\"\"\n\r第三行,阳性\"".into();
        rows[3][7] = "7x".into();
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), ["lis_1.csv 4 H P8004 GEN-017 \"7x\""]);
    assert_eq!(
        checked.records[0].written[6],
        "第一行\r\n第二行，有\"引号\"\n\r第三行,阳性"
    );
}

#[test]
fn a_stray_quote_does_not_swallow_the_rows_behind_it() {
    for last in [lis(9)[6].clone(), "乙型\"阳性".into()] {
        let text = lis_file(9, |rows| {
            rows[2][6] = "\"甲型流感阳性".into();
            rows[5][7] = "7x".into();
            rows[9][6] = last;
        });
        let checked = check_csv("lis_1.csv", text);
        assert_eq!(
            checked.lines(),
            [
                "lis_1.csv 3 G P8003 GEN-005 \"甲型流感阳性\"",
                "lis_1.csv 6 H P8004 GEN-017 \"7x\"",
            ]
        );
        assert_eq!((checked.summary.total, checked.summary.passed), (9, 7));
        assert!(checked.findings[0].message.contains("多余的英文双引号"));
    }
}

#[test]
fn a_stray_quote_that_another_ends_is_found_by_the_number_of_fields() {
    let text = lis_file(6, |rows| {
        rows[2][6] = "\"甲型流感阳性".into();
        rows[4][6] = "甲型流感阳性\"".into();
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(
        checked.lines(),
        ["lis_1.csv 3 G P8003 GEN-005 \"甲型流感阳性\""]
    );
    assert_eq!(checked.summary.total, 6);
}

#[test]
fn quotes_inside_a_quoted_cell_are_text() {
    let text = lis_file(2, |rows| rows[1][6] = "\"提示\"甲流\"阳性,已复核\" ".into());
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.records[0].written[6], "提示\"甲流\"阳性,已复核");
}

#[test]
fn rows_of_another_width_are_reported_once_each() {
    let text = lis_file(4, |rows| {
        rows[1].pop();
        rows[2].push("x".into());
        rows[3].extend([String::new(), String::new()]);
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(
        checked.lines(),
        [
            "lis_1.csv 2 - - GEN-005 \"\"",
            "lis_1.csv 3 - - GEN-005 \"\""
        ]
    );
    assert_eq!((checked.summary.total, checked.summary.passed), (4, 2));
}

#[test]
fn blank_rows_are_told_except_at_the_end() {
    let text =
        lis_file(2, |rows| rows.insert(2, vec![String::new(); 9])) + ",,,,,,,,\r\n\r\n \t\r\n";
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), ["lis_1.csv 3 - - GEN-007 \"\""]);
    assert_eq!(checked.summary.total, 2);
    assert_eq!(checked.records[1].row, 4);
}

#[test]
fn a_tab_before_each_value_is_read_with_a_note() {
    let text = lis_file(2, |_| {}).replace(',', ",\t");
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.notes(), ["tabs"]);
    let text = lis_file(1, |rows| rows[1][3] = "LIS\t1\u{7f}".into());
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(
        checked.lines(),
        ["lis_1.csv 2 D P8000 GEN-020 \"LIS\\t1\\u{7f}\""]
    );
}

#[test]
fn foreign_first_columns_are_ignored() {
    for (name, lines) in [
        ("", vec![]),
        ("zyid", vec!["lis_1.csv 1 A - GEN-003 \"zyid\""]),
    ] {
        let text = lis_file(2, |rows| {
            rows[0].insert(0, name.into());
            rows[1].insert(0, "1".into());
            rows[2].insert(0, "2".into());
        });
        let checked = check_csv("lis_1.csv", text);
        assert_eq!(checked.lines(), lines);
        assert_eq!(checked.summary.passed, 2);
    }
}

#[test]
fn a_misspelt_code_is_one_finding_with_what_was_meant() {
    let text = lis_file(2, |rows| rows[0][6] = "p80O3".into());
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), ["lis_1.csv 1 G P8003 GEN-002 \"p80O3\""]);
    assert_eq!(checked.findings[0].suggestion.as_deref(), Some("P8003"));
    assert_eq!((checked.summary.total, checked.summary.passed), (2, 0));
}

#[test]
fn a_missing_column_is_one_finding() {
    let text = lis_file(3, |rows| {
        rows.iter_mut().for_each(|row| drop(row.remove(4)))
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), ["lis_1.csv 1 - P8001 GEN-002 \"\""]);
    assert_eq!((checked.summary.total, checked.summary.passed), (3, 0));
}

#[test]
fn columns_of_our_own_report_are_ignored() {
    let text = lis_file(1, |rows| {
        rows[0].extend(["#错误".into(), "#如何修改".into()]);
        rows[1].extend(["x".into(), "y".into()]);
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!(checked.notes(), ["own_columns"]);
}

#[test]
fn a_file_with_the_columns_of_another_kind_says_which() {
    let checked = check_csv("flu_1.csv", lis_file(2, |_| {}));
    assert_eq!(checked.lines(), ["flu_1.csv 1 - - GEN-001 \"P7501\""]);
    assert_eq!(checked.findings[0].suggestion.as_deref(), Some("lis_"));
    assert_eq!((checked.summary.total, checked.summary.passed), (2, 0));
    let checked = check_csv("data.csv", lis_file(2, |_| {}));
    assert_eq!(checked.lines(), ["data.csv - - - ZIP-003 \"data.csv\""]);
    assert_eq!(checked.findings[0].suggestion.as_deref(), Some("lis_"));
}

#[test]
fn a_file_without_header_or_records_says_so() {
    let checked = check_csv("lis_1.csv", csv(&[lis(1), lis(2)]));
    assert_eq!(checked.lines(), ["lis_1.csv 1 - - GEN-001 \"01\""]);
    let checked = check_csv("lis_1.csv", csv(&[header("lis")]));
    assert_eq!(checked.lines(), ["lis_1.csv - - - GEN-008 \"\""]);
    let checked = check_csv("lis_1.csv", "");
    assert_eq!(checked.lines(), ["lis_1.csv - - - GEN-001 \"\""]);
}

#[test]
fn text_that_is_no_text_is_reported_at_its_cell() {
    let mut bytes = lis_file(3, |_| {}).into_bytes();
    let at = bytes
        .windows(3)
        .rposition(|window| window == "型".as_bytes())
        .unwrap();
    bytes[at] = 0xff;
    let checked = check_csv("lis_1.csv", &bytes);
    assert_eq!(checked.findings.len(), 1);
    assert!(checked.lines()[0].starts_with("lis_1.csv 4 G P8003 GEN-006"));
    assert_eq!((checked.summary.total, checked.summary.passed), (3, 2));
}

#[test]
fn repeated_keys_name_the_earlier_row() {
    let text = lis_file(4, |rows| {
        rows[4] = rows[2].clone();
        rows[4][2] = "2019/12/3 8:15".into();
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(
        checked.lines(),
        [
            "lis_1.csv 5 C P7506 GEN-015 \"2019/12/3 8:15\"",
            "lis_1.csv 5 A P7501 LIS-001 \"01\"",
        ]
    );
}

#[test]
fn repeated_keys_are_found_in_whatever_order_they_come() {
    const RECORDS: u32 = 1_500;
    let rising: Vec<u32> = (1..=RECORDS).collect();
    let falling: Vec<u32> = rising.iter().rev().copied().collect();
    // 611 has no divisor in common with 1,500.
    let shuffled: Vec<u32> = rising.iter().map(|number| number * 611 % RECORDS).collect();
    // In order for so long that it is relied on, and then no more.
    let mut turning = rising[..700].to_vec();
    turning.extend(
        shuffled
            .iter()
            .filter(|number| **number > 700 || **number == 0),
    );
    for (order, mut numbers) in [rising, falling, shuffled, turning].into_iter().enumerate() {
        // Each right behind, far behind, and beyond the last.
        for (place, from) in [(3, 2), (40, 1), (900, 899), (901, 10), (1_400, 650)] {
            numbers.insert(place, numbers[from]);
        }
        numbers.push(numbers[1_200]);
        let mut first = std::collections::HashMap::new();
        let mut wanted = Vec::new();
        for (row, number) in (2..).zip(&numbers) {
            match first.get(number) {
                Some(earlier) => wanted.push((row, *earlier)),
                None => _ = first.insert(*number, row),
            }
        }
        let mut rows = vec![header("lis")];
        rows.extend(numbers.into_iter().map(lis));
        let checked = check_csv("lis_1.csv", csv(&rows));
        let found = checked.findings.iter().map(|finding| {
            assert_eq!(finding.rule, "LIS-001");
            finding.row.unwrap()
        });
        let rows: Vec<u32> = wanted.iter().map(|(row, _)| *row).collect();
        assert_eq!(found.collect::<Vec<_>>(), rows, "order {order}");
        for (finding, (_, earlier)) in checked.english.iter().zip(&wanted) {
            assert!(
                finding
                    .message
                    .ends_with(&format!("the same as row {earlier}")),
                "order {order}: {finding:?}"
            );
        }
    }
}

#[test]
fn several_files_come_in_the_order_of_the_archive() {
    let bad = lis_file(1, |rows| rows[1][7] = "x".into());
    let checked = check_bytes(&zip(&[
        ("LIS_2.CSV", lis_file(2, |_| {}).as_bytes()),
        ("数据/lis_1.csv", bad.as_bytes()),
        ("__MACOSX/._lis_1.csv", b"x"),
    ]));
    assert_eq!(checked.lines(), ["lis_1.csv 2 H P8004 GEN-017 \"x\""]);
    let names: Vec<&str> = checked
        .summary
        .files
        .iter()
        .map(|file| file.info.name.as_str())
        .collect();
    assert_eq!(names, ["LIS_2.CSV", "lis_1.csv"]);
    assert_eq!(checked.summary.outcome, validation::Outcome::Partly);
    assert_eq!(checked.notes(), ["system_files"]);
    assert_eq!(checked.summary.files[1].notes[0].code, "in_folder");
}

#[test]
fn an_endless_line_is_one_finding() {
    let text = lis_file(3, |rows| rows[2][6] = "x".repeat(3 << 20));
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines(), ["lis_1.csv 3 - - GEN-005 \"\""]);
    assert_eq!((checked.summary.total, checked.summary.passed), (3, 2));
    let text = lis_file(3, |rows| {
        rows[3][6] = format!("\"{}", "x,\n".repeat(1 << 20))
    });
    let checked = check_csv("lis_1.csv", text);
    assert_eq!(checked.lines()[0], "lis_1.csv 4 G P8003 GEN-005 \"x\"");
}

#[test]
fn values_of_a_cause_are_told_apart_however_alike() {
    let long = |middle: &str| format!("{}{middle}{}", "甲".repeat(100), "乙".repeat(4000));
    let file = lis_file(4, |rows| {
        for (place, middle) in ["丙", "丁", "丙", "戊"].into_iter().enumerate() {
            rows[place + 1][6] = long(middle);
        }
    });
    let checked = check_bytes(&zip(&[("lis_1.csv", file.as_bytes())]));
    let mut causes = checked.summary.causes.iter();
    let overlong = causes.find(|cause| cause.rule == "GEN-010").unwrap();
    let shown = |middle: &str| long(middle).chars().take(200).collect::<String>();
    assert_eq!(overlong.values, [shown("丙"), shown("丁"), shown("戊")]);
    assert_eq!(overlong.findings, 4);
}
