//! Code files as hospitals send them, and the files they send by mistake.

use std::io::{Cursor, Write};

use jiff::civil::date;
use proptest::prelude::*;
use standard::IcdCategory;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::Language;

#[cfg(feature = "workbook")]
mod workbooks;

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
    let workbook = include_bytes!("../../../fixtures/icd-xls/disease.xls").as_slice();
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
fn the_samples_are_in_order() {
    let samples = [
        (
            IcdCategory::Disease,
            include_bytes!("../../../../../docs/samples/icd_disease.zip").as_slice(),
        ),
        (
            IcdCategory::Procedure,
            include_bytes!("../../../../../docs/samples/icd_procedure.zip"),
        ),
        (
            IcdCategory::Morphology,
            include_bytes!("../../../../../docs/samples/icd_morphology.zip"),
        ),
    ];
    for (category, archive) in samples {
        let report = read(
            archive,
            &request(category),
            standard::latest(),
            &IcdLimits::default(),
        );
        assert_eq!(lines(&report), []);
        assert!(report.codes.is_some_and(|codes| codes.len() > 1));
    }
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
