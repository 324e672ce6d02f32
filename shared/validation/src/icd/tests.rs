//! Code files as hospitals send them, and the files they send by mistake.

use std::io::{Cursor, Write};

use jiff::civil::date;
use proptest::prelude::*;
use standard::IcdCategory;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::Language;

const HEADER: &str = "主要编码,附加编码,疾病名称";

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn request(category: IcdCategory) -> IcdRequest<'static> {
    IcdRequest {
        category,
        first_day: date(2019, 11, 1),
        last_day: date(2019, 12, 31),
        existing: &[],
    }
}

fn read_archive(archive: &[u8]) -> IcdReport {
    read(
        archive,
        &request(IcdCategory::Disease),
        standard::latest(),
        &IcdLimits::default(),
    )
}

fn read_csv(text: &str) -> IcdReport {
    read_archive(&zipped(&[("codes.csv", text.as_bytes())]))
}

/// Rule, row, value and what was found, Chinese.
fn lines(report: &IcdReport) -> Vec<(String, Option<u32>, String, String)> {
    report
        .findings
        .iter()
        .map(|finding| {
            let view = finding.view(standard::latest(), Language::Chinese);
            (view.rule, view.row, view.value, view.found)
        })
        .collect()
}

fn refused(report: &IcdReport) -> (String, String) {
    assert_eq!(report.codes, None);
    let [finding] = report.findings.as_slice() else {
        panic!("{:?}", report.findings);
    };
    let view = finding.view(standard::latest(), Language::Chinese);
    (view.rule, view.found)
}

fn codes(report: &IcdReport) -> Vec<&str> {
    let codes = report.codes.as_ref().expect("codes");
    codes.rows().map(|(code, _)| code).collect()
}

#[test]
fn fires_icd_001() {
    let workbook = include_bytes!("../../fixtures/icd-xls/disease.xls").as_slice();
    let cases: [(&str, Vec<u8>); 8] = [
        ("上传的文件不是zip压缩包，或已损坏。", b"not a zip".to_vec()),
        (
            "上传的是xlsx文件本身，请先压缩成zip。",
            zipped(&[
                ("[Content_Types].xml", b"<x/>"),
                ("xl/workbook.xml", b"<x/>"),
            ]),
        ),
        ("压缩包里没有文件。", zipped(&[])),
        (
            "压缩包里有2个文件：a.csv、b.csv。",
            zipped(&[("a.csv", b""), ("folder/b.csv", b"")]),
        ),
        (
            "压缩包里的文件是“codes.txt”。",
            zipped(&[("codes.txt", b"")]),
        ),
        (
            "文件的扩展名是Excel的，内容却不是，请用Excel打开后另存为xlsx。",
            zipped(&[("codes.xls", b"<html><table>")]),
        ),
        (
            "文件已损坏，无法读取，请用Excel打开后另存一份。",
            zipped(&[("codes.xls", &workbook[..2000])]),
        ),
        (
            "文件已损坏，无法读取，请用Excel打开后另存一份。",
            zipped(&[("codes.xlsx", b"PK\x03\x04 and no more")]),
        ),
    ];
    for (expected, archive) in cases {
        let report = read_archive(&archive);
        assert_eq!(
            refused(&report),
            ("ICD-001".to_owned(), expected.to_owned())
        );
        let view = report.findings[0].view(standard::latest(), Language::Chinese);
        assert_eq!(view.message, "请上传csv、xls、xlsx格式的文件zip压缩包");
        assert_eq!(view.severity, "error");
    }
}

#[test]
fn silent_icd_001() {
    let text = format!("{HEADER}\nJ10.101,,流感\n");
    let archive = zipped(&[
        ("__MACOSX/._codes.csv", b"x"),
        ("folder/编码.CSV", text.as_bytes()),
        (".DS_Store", b"x"),
    ]);
    let report = read_archive(&archive);
    assert_eq!(lines(&report), []);
    assert_eq!(report.file_name.as_deref(), Some("编码.CSV"));
    assert_eq!(codes(&report), ["J10.101"]);
}

#[test]
fn fires_icd_002() {
    let cases = [
        (
            "编码,附加编码,疾病名称",
            "第1列应为“主要编码”，文件中是“编码”。",
        ),
        (
            "主要编码,疾病名称,附加编码",
            "第2列应为“附加编码”，文件中是“疾病名称”。",
        ),
        ("主要编码,附加编码", "第3列应为“疾病名称”，文件中没有。"),
        (
            "主要编码,附加编码,疾病名称,备注",
            "第4列多出“备注”，模板没有这一列。",
        ),
        ("\n\n", "文件里没有内容。"),
    ];
    for (header, expected) in cases {
        let report = read_csv(&format!("{header}\n"));
        assert_eq!(
            refused(&report),
            ("ICD-002".to_owned(), expected.to_owned())
        );
        let view = report.findings[0].view(standard::latest(), Language::Chinese);
        assert_eq!(view.message, "请按照模板格式上传编码");
    }
}

#[test]
fn silent_icd_002() {
    for (category, header, row) in [
        (IcdCategory::Disease, HEADER, "J10.101,,流感"),
        (
            IcdCategory::Procedure,
            "主要编码,手术操作名称,类别",
            "96.0400,气管插管术,治疗性操作",
        ),
        (
            IcdCategory::Morphology,
            "形态学编码,形态学名称",
            "M81400/3,腺癌NOS",
        ),
    ] {
        let spaced = header.replace(',', " ,\u{3000}");
        let text = format!("\u{feff}{spaced},,\r\n{row}\r\n,,\r\n");
        let archive = zipped(&[("codes.csv", text.as_bytes())]);
        let limits = IcdLimits::default();
        let report = read(&archive, &request(category), standard::latest(), &limits);
        assert_eq!(lines(&report), []);
        assert_eq!((report.rows, codes(&report).len()), (1, 1));
    }
}

#[test]
fn fires_icd_003() {
    let mut reversed = request(IcdCategory::Disease);
    reversed.last_day = date(2019, 10, 31);
    let text = format!("{HEADER}\nJ10.101,,流感\n");
    let archive = zipped(&[("codes.csv", text.as_bytes())]);
    let report = read(
        &archive,
        &reversed,
        standard::latest(),
        &IcdLimits::default(),
    );
    assert_eq!(
        refused(&report),
        ("ICD-003".to_owned(), "起始日期晚于结束日期。".to_owned())
    );
}

#[test]
fn silent_icd_003() {
    let mut one_day = request(IcdCategory::Disease);
    one_day.last_day = one_day.first_day;
    let text = format!("{HEADER}\nJ10.101,,流感\n");
    let archive = zipped(&[("codes.csv", text.as_bytes())]);
    let report = read(
        &archive,
        &one_day,
        standard::latest(),
        &IcdLimits::default(),
    );
    assert_eq!(lines(&report), []);
}

fn with_existing(existing: &[(Date, Date)]) -> IcdReport {
    let request = IcdRequest {
        existing,
        ..request(IcdCategory::Disease)
    };
    let text = format!("{HEADER}\nJ10.101,,流感\n");
    let archive = zipped(&[("codes.csv", text.as_bytes())]);
    read(
        &archive,
        &request,
        standard::latest(),
        &IcdLimits::default(),
    )
}

#[test]
fn fires_icd_004() {
    let report = with_existing(&[(date(2019, 12, 31), date(2020, 1, 31))]);
    let found = "已上传的编码使用日期为2019-12-31至2020-01-31。".to_owned();
    assert_eq!(
        lines(&report),
        [("ICD-004".to_owned(), None, String::new(), found)]
    );
    // A warning: the codes are taken into use all the same.
    assert_eq!(codes(&report), ["J10.101"]);
}

#[test]
fn silent_icd_004() {
    let report = with_existing(&[
        (date(2019, 10, 1), date(2019, 10, 31)),
        (date(2020, 1, 1), date(2020, 1, 31)),
    ]);
    assert_eq!(lines(&report), []);
}

#[test]
fn fires_icd_005() {
    let text = format!(
        "\n{HEADER}\nJ10.101,,\"两行的\n名称\"\n\n流感,,编码栏填了名称\n,,没有编码\nJ10.101,,重复\nJ11.101,,流感\n96.04,,别的类别\n"
    );
    let report = read_csv(&text);
    let line = |row, value: &str, found: &str| {
        (
            "ICD-005".to_owned(),
            Some(row),
            value.to_owned(),
            found.to_owned(),
        )
    };
    let form = |row| format!("第{row}行的编码不符合所选类别的编码格式。");
    assert_eq!(
        lines(&report),
        [
            line(5, "流感", &form(5)),
            line(6, "", "第6行没有编码。"),
            line(7, "J10.101", "第7行与第3行的编码相同。"),
            line(9, "96.04", &form(9)),
        ]
    );
    assert_eq!((report.rows, report.wrong_rows), (6, 4));
    assert_eq!(codes(&report), ["J10.101", "J11.101"]);
    let view = report.findings[0].view(standard::latest(), Language::English);
    assert_eq!(view.message, "Row 5: the code is wrong or repeated");
}

#[test]
fn silent_icd_005() {
    let report = read_csv(&format!(
        "{HEADER}\nA17.0+,G01*,结核性脑膜炎\nJ10.101,-,流感\n"
    ));
    assert_eq!(lines(&report), []);
    // The additional code may stand in a record by itself.
    assert_eq!(codes(&report), ["A17.0+", "G01*", "J10.101"]);
}

#[test]
fn encodings_and_dividers_of_windows_are_read() {
    let text = format!("{HEADER}\r\nJ10.101,,流行性感冒\r\n");
    let gbk = encoding_rs::GB18030.encode(&text).0.into_owned();
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.replace(',', "\t").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let old = text.replace("\r\n", "\r").into_bytes();
    for bytes in [gbk, wide, old] {
        let report = read_archive(&zipped(&[("codes.csv", &bytes)]));
        assert_eq!(lines(&report), []);
        let rows: Vec<_> = report.codes.as_ref().unwrap().rows().collect();
        assert_eq!(rows, [("J10.101", "流行性感冒")]);
    }
}

#[test]
fn kept_findings_are_limited_and_counts_are_not() {
    let limits = IcdLimits {
        kept_findings: 3,
        ..IcdLimits::default()
    };
    let text = format!("{HEADER}\n{}", ",,名称\n".repeat(10));
    let archive = zipped(&[("codes.csv", text.as_bytes())]);
    let report = read(
        &archive,
        &request(IcdCategory::Disease),
        standard::latest(),
        &limits,
    );
    assert_eq!((report.findings.len(), report.wrong_rows), (3, 10));
    assert_eq!(report.codes, None);
}

#[test]
fn every_rule_of_code_files_is_judged_here() {
    let of_code_files = |rule: &&standard::Rule| rule.id.starts_with("ICD-");
    let rules = standard::latest().rules.iter().filter(of_code_files);
    let checks: Vec<&str> = rules.map(|rule| rule.check.as_str()).collect();
    assert_eq!(checks, CHECKS);
}

proptest! {
    #[test]
    fn any_bytes_give_a_report(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_archive(&bytes);
        for name in ["a.csv", "a.xls", "a.xlsx"] {
            read_archive(&zipped(&[(name, &bytes)]));
        }
    }
}

#[cfg(feature = "workbook")]
mod workbooks {
    use rust_xlsxwriter::{Format, Formula, Workbook};

    use super::*;

    const XLS: &[u8] = include_bytes!("../../fixtures/icd-xls/disease.xls");

    fn xlsx(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
        let mut workbook = Workbook::new();
        fill(&mut workbook);
        zipped(&[("codes.xlsx", &workbook.save_to_buffer().unwrap())])
    }

    fn header(sheet: &mut rust_xlsxwriter::Worksheet, row: u32) {
        for (column, name) in HEADER.split(',').enumerate() {
            sheet.write(row, column as u16, name).unwrap();
        }
    }

    fn row_lines(report: &IcdReport) -> Vec<(Option<String>, Option<u32>, String, IcdProblem)> {
        let findings = report.findings.iter();
        findings
            .map(|finding| {
                (
                    finding.sheet.clone(),
                    finding.row,
                    finding.value.clone(),
                    finding.problem.clone(),
                )
            })
            .collect()
    }

    #[test]
    fn a_workbook_with_notes_merged_cells_and_formulas_is_read() {
        let archive = xlsx(|workbook| {
            let notes = workbook.add_worksheet().set_name("说明").unwrap();
            notes.write(0, 0, "请勿修改表头").unwrap();
            let first = workbook.add_worksheet().set_name("一").unwrap();
            header(first, 1);
            first.write(2, 0, "J10.101").unwrap();
            first
                .write(
                    3,
                    0,
                    Formula::new("=\"J11.\"&\"101\"").set_result("J11.101"),
                )
                .unwrap();
            first
                .merge_range(5, 0, 6, 0, "J12.101", &Format::default())
                .unwrap();
            first.write(6, 2, "合并的单元格下一行").unwrap();
            first.write(8, 0, 10.1).unwrap();
            first
                .write(9, 0, Formula::new("=1/0").set_result("#DIV/0!"))
                .unwrap();
            let second = workbook.add_worksheet().set_name("二").unwrap();
            header(second, 0);
            // In the same row as on the first sheet.
            second.write(2, 0, "J10.101").unwrap();
            second.write(3, 0, "J13.101").unwrap();
            let hidden = workbook.add_worksheet().set_name("旧").unwrap();
            header(hidden, 0);
            hidden.write(1, 0, "Z99.900").unwrap();
            hidden.set_hidden(true);
        });
        let report = read_archive(&archive);
        let sheet = |name: &str| Some(name.to_owned());
        assert_eq!(
            row_lines(&report),
            [
                (sheet("一"), Some(7), String::new(), IcdProblem::Blank),
                (sheet("一"), Some(9), "10.1".to_owned(), IcdProblem::Form),
                (
                    sheet("一"),
                    Some(10),
                    "#DIV/0!".to_owned(),
                    IcdProblem::Form
                ),
                (
                    sheet("二"),
                    Some(3),
                    "J10.101".to_owned(),
                    IcdProblem::Repeated { first_row: 3 }
                ),
            ]
        );
        assert_eq!(codes(&report), ["J10.101", "J11.101", "J12.101", "J13.101"]);
        assert_eq!((report.rows, report.wrong_rows), (8, 4));
        assert_eq!(report.passed_over, ["说明"]);
    }

    #[test]
    fn an_old_workbook_is_read() {
        for name in ["codes.xls", "codes.xlsx", "codes.csv"] {
            let report = read_archive(&zipped(&[(name, XLS)]));
            let sheet = Some("疾病编码".to_owned());
            assert_eq!(
                row_lines(&report),
                [
                    (sheet.clone(), Some(7), String::new(), IcdProblem::Blank),
                    (sheet.clone(), Some(8), "10.1".to_owned(), IcdProblem::Form),
                    (
                        sheet,
                        Some(9),
                        "J10.101".to_owned(),
                        IcdProblem::Repeated { first_row: 3 }
                    ),
                ]
            );
            assert_eq!(codes(&report), ["A17.0+", "G01*", "J10.101", "J11.101"]);
            assert_eq!(report.passed_over, ["说明"]);
        }
    }

    #[test]
    fn a_header_that_differs_in_a_workbook_is_shown() {
        let archive = xlsx(|workbook| {
            workbook.add_worksheet();
            let sheet = workbook.add_worksheet().set_name("国家临床版2.0").unwrap();
            sheet.write(0, 0, "编码").unwrap();
        });
        let report = read_archive(&archive);
        let expected = ("ICD-002", "第1列应为“主要编码”，文件中是“编码”。");
        assert_eq!(
            refused(&report),
            (expected.0.to_owned(), expected.1.to_owned())
        );
        assert_eq!(report.findings[0].sheet.as_deref(), Some("国家临床版2.0"));
        assert_eq!(report.findings[0].value, "编码");
    }

    #[test]
    fn two_cells_far_apart_take_no_memory() {
        let archive = xlsx(|workbook| {
            let sheet = workbook.add_worksheet();
            header(sheet, 0);
            sheet.write(1_048_575, 0, "J10.101").unwrap();
            sheet.write(1_048_575, 16_383, "x").unwrap();
        });
        assert_eq!(codes(&read_archive(&archive)), ["J10.101"]);
    }

    #[test]
    fn a_workbook_that_expands_too_far_is_refused() {
        let archive = xlsx(|workbook| {
            let sheet = workbook.add_worksheet();
            sheet.write(0, 0, "0".repeat(30_000)).unwrap();
        });
        let limits = IcdLimits {
            expanded_bytes: 30_000,
            ..IcdLimits::default()
        };
        let report = read(
            &archive,
            &request(IcdCategory::Disease),
            standard::latest(),
            &limits,
        );
        assert_eq!(report.findings[0].problem, IcdProblem::TooLarge);
    }

    /// The fixture's workbook stream with a record of the sheet of codes changed, in a container of its own.
    fn with_changed_record(kind: u16, change: impl Fn(&mut [u8])) -> IcdReport {
        let mut stream = compound::Container::open(XLS)
            .unwrap()
            .stream("Workbook")
            .unwrap();
        let mut at = 0;
        while at + 4 <= stream.len() {
            let length = usize::from(u16::from_le_bytes([stream[at + 2], stream[at + 3]]));
            if u16::from_le_bytes([stream[at], stream[at + 1]]) == kind {
                change(&mut stream[at + 4..at + 4 + length]);
            }
            at += 4 + length;
        }
        read_archive(&zipped(&[(
            "codes.xls",
            &compound::build("Workbook", &stream),
        )]))
    }

    #[test]
    fn sizes_that_an_old_workbook_declares_are_not_believed() {
        let too_large = |report: IcdReport| {
            assert_eq!(report.findings[0].problem, IcdProblem::TooLarge);
        };
        // Dimensions: an end before the beginning, and one in the far corner.
        too_large(with_changed_record(0x0200, |data| {
            data[..4].copy_from_slice(&9_u32.to_le_bytes());
            data[4..8].copy_from_slice(&3_u32.to_le_bytes());
        }));
        too_large(with_changed_record(0x0200, |data| {
            data[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        }));
        // A value in the far corner.
        too_large(with_changed_record(0x00fd, |data| {
            if data[..4] == [2, 0, 0, 0] {
                data[..4].fill(0xff);
            }
        }));
        // The stream as it stands is read.
        assert_eq!(with_changed_record(0, |_| {}).findings.len(), 3);
    }

    #[test]
    fn a_container_holds_what_was_put_in() {
        // Small, with one list of tables, with further lists.
        for length in [0, 100, 4_096, 100_000, 8_000_000, 24_000_001] {
            let stream: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let built = compound::build("Workbook", &stream);
            let read = compound::Container::open(&built)
                .unwrap()
                .stream("workbook")
                .unwrap();
            assert_eq!(&read[..length], stream.as_slice());
            assert!(read[length..].iter().all(|byte| *byte == 0));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn a_damaged_workbook_gives_a_report(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut damaged = XLS.to_vec();
            for (position, byte) in &changes {
                let at = position.index(damaged.len());
                damaged[at] = *byte;
            }
            read_archive(&zipped(&[("codes.xls", &damaged)]));
        }
    }
}
