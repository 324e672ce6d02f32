//! Workbooks, honest and hostile.

use rust_xlsxwriter::{Format, Formula, Workbook};

use super::*;

const XLS: &[u8] = include_bytes!("../../../fixtures/icd-xls/disease.xls");

/// Bytes of the fixture's texts, at three a character.
const XLS_TEXT: u64 = 3 * 88;

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
fn one_long_text_in_many_cells_is_refused() {
    let limits = IcdLimits {
        expanded_bytes: 400_000,
        ..IcdLimits::default()
    };
    let long = "流".repeat(30_000);
    let archive = xlsx(|workbook| {
        let sheet = workbook.add_worksheet();
        header(sheet, 0);
        for row in 1..10 {
            sheet.write(row, 2, &long).unwrap();
        }
    });
    let few = IcdLimits {
        expanded_bytes: 10_000_000,
        ..limits
    };
    let read_with = |archive: &[u8], limits: &IcdLimits| {
        let request = request(IcdCategory::Disease);
        read(archive, &request, standard::latest(), limits)
    };
    let report = read_with(&archive, &limits);
    assert_eq!(report.findings[0].problem, IcdProblem::TooLarge);
    assert_eq!(
        read_with(&archive, &few).findings[0].problem,
        IcdProblem::Blank
    );
    // Of an old workbook every text is measured, by the cells that show it.
    let old = |text: u64| {
        let container = compound::Container::open(XLS).unwrap();
        biff::is_bounded(&container.stream("Workbook").unwrap(), 1_000, text)
    };
    let least = (0..9_999).find(|text| old(*text));
    assert_eq!(least, Some(XLS_TEXT));
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

/// A workbook of Excel 5 to 95, as hospital systems still write them: texts in GBK, one after another in their cells.
fn old_gbk(rows: &[(u16, [&str; 3])]) -> Vec<u8> {
    fn record(stream: &mut Vec<u8>, kind: u16, data: &[u8]) {
        stream.extend_from_slice(&kind.to_le_bytes());
        stream.extend_from_slice(&(data.len() as u16).to_le_bytes());
        stream.extend_from_slice(data);
    }
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let mut stream = Vec::new();
    record(&mut stream, 0x0809, &[0, 5, 5, 0, 0, 0, 0, 0]);
    record(&mut stream, 0x0042, &936_u16.to_le_bytes());
    let name = gbk("疾病编码");
    let mut sheet = vec![0, 0, 0, 0, 0, 0, name.len() as u8];
    sheet.extend_from_slice(&name);
    let place = stream.len() + 4;
    record(&mut stream, 0x0085, &sheet);
    record(&mut stream, 0x000a, &[]);
    let begin = (stream.len() as u32).to_le_bytes();
    stream[place..place + 4].copy_from_slice(&begin);
    record(&mut stream, 0x0809, &[0, 5, 0x10, 0, 0, 0, 0, 0]);
    for (row, cells) in rows {
        for (column, text) in cells
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
        {
            let text = gbk(text);
            let mut data = Vec::new();
            for number in [*row, column as u16, 0, text.len() as u16] {
                data.extend_from_slice(&number.to_le_bytes());
            }
            data.extend_from_slice(&text);
            record(&mut stream, 0x0204, &data);
        }
    }
    record(&mut stream, 0x000a, &[]);
    compound::build("Book", &stream)
}

#[test]
fn an_old_workbook_in_gbk_is_read_and_told_by_row() {
    let xls = old_gbk(&[
        (0, ["主要编码", "附加编码", "疾病名称"]),
        (1, ["J10.101", "", "流行性感冒伴有呼吸道表现"]),
        (3, ["流感", "", "编码栏填了名称"]),
        (4, ["J10.101", "", "重复"]),
    ]);
    let report = read_archive(&zipped(&[("codes.xls", &xls)]));
    let sheet = Some("疾病编码".to_owned());
    assert_eq!(
        row_lines(&report),
        [
            (sheet.clone(), Some(4), "流感".to_owned(), IcdProblem::Form),
            (
                sheet,
                Some(5),
                "J10.101".to_owned(),
                IcdProblem::Repeated { first_row: 2 }
            ),
        ]
    );
    let rows: Vec<_> = report.codes.as_ref().unwrap().rows().collect();
    assert_eq!(rows, [("J10.101", "流行性感冒伴有呼吸道表现")]);
}
