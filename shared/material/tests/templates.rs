//! Templates, filled in as a clerk would, and read by the check that reads uploads.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::io::{Cursor, Write};

use calamine::{Reader, Xlsx};
use jiff::civil::date;
use material::MadeFile;
use material::templates::{icd_templates, upload_templates};
use standard::IcdCategory;
use validation::icd::{self, IcdLimits, IcdRequest};
use validation::{Finding, Institution, Limits, Links, Settings, Sink, Summary, check};

#[derive(Default)]
struct Findings(Vec<String>);

impl Sink for Findings {
    fn finding(&mut self, finding: &Finding<'_>) {
        let standard = standard::latest();
        self.0.push(format!(
            "{} {:?} {:?} {}",
            standard.rules[usize::from(finding.rule)].id,
            finding.row,
            finding.field,
            finding.value
        ));
    }
}

fn judged(name: &str, bytes: &[u8]) -> (Summary, Vec<String>) {
    let institution = Institution {
        code: sample_data::DEMO_INSTITUTION_CODE.to_owned(),
        name: sample_data::DEMO_INSTITUTION_NAME.to_owned(),
    };
    let settings = Settings {
        standard: standard::latest(),
        received_at: date(2020, 1, 15).at(9, 0, 0, 0),
        institution: Some(&institution),
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let mut findings = Findings::default();
    let summary = check(name, Cursor::new(bytes), &settings, &mut findings).unwrap();
    (summary, findings.0)
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap().into_inner()
}

fn named<'a>(files: &'a [MadeFile], path: &str) -> &'a [u8] {
    let file = files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("no `{path}`")).bytes
}

#[test]
fn an_example_uploads_without_a_finding() {
    let standard = standard::latest();
    let files = upload_templates(standard).unwrap();
    for kind in &standard.kinds {
        let name = format!("{}示例.csv", kind.prefix);
        let example = named(&files, &format!("填写示例/{name}"));
        let (summary, findings) = judged("示例.zip", &zipped(&name, example));
        assert_eq!(findings, Vec::<String>::new(), "{}", kind.code);
        assert_eq!((summary.total, summary.passed), (1, 1), "{}", kind.code);
    }
}

/// Writes a record into the second row of a workbook's first sheet, as a spreadsheet program would.
fn filled(workbook: &[u8], cells: &[(String, String)]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::copy(&mut part, &mut bytes).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let text = String::from_utf8(bytes).unwrap();
            let row: String = cells
                .iter()
                .map(|(place, value)| {
                    format!("<c r=\"{place}2\" t=\"inlineStr\"><is><t>{value}</t></is></c>")
                })
                .collect();
            let full = text.replace(
                "</sheetData>",
                &format!("<row r=\"2\">{row}</row></sheetData>"),
            );
            assert_ne!(full, text);
            bytes = full.into_bytes();
        }
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// `A`, `B`, … as spreadsheets name columns.
fn letters(mut index: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + u8::try_from(index % 26).unwrap()));
        if index < 26 {
            return name;
        }
        index = index / 26 - 1;
    }
}

#[test]
fn a_workbook_template_filled_in_uploads_without_a_finding_as_it_is_and_zipped() {
    let standard = standard::latest();
    let files = upload_templates(standard).unwrap();
    for kind in &standard.kinds {
        let name = format!("{}模板.xlsx", kind.prefix);
        let template = named(&files, &format!("Excel模板/{name}"));
        let cells: Vec<_> = kind
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.example.is_empty())
            .map(|(index, field)| (letters(index + 1), field.example.clone()))
            .collect();
        let workbook = filled(template, &cells);
        for (name, bytes) in [
            (name.clone(), workbook.clone()),
            ("数据.zip".to_owned(), zipped(&name, &workbook)),
        ] {
            let (summary, findings) = judged(&name, &bytes);
            assert_eq!(findings, Vec::<String>::new(), "{name}");
            assert_eq!((summary.total, summary.passed), (1, 1), "{name}");
        }
    }
}

#[test]
fn a_workbook_shows_every_column_as_text_with_its_codes_to_choose_from() {
    let standard = standard::latest();
    let files = upload_templates(standard).unwrap();
    for kind in &standard.kinds {
        let bytes = named(&files, &format!("Excel模板/{}模板.xlsx", kind.prefix));
        let mut workbook = Xlsx::new(Cursor::new(bytes)).unwrap();
        assert_eq!(
            workbook.sheet_names()[..3],
            [
                format!("{}数据", kind.prefix),
                "填写说明".to_owned(),
                "数据列说明".to_owned()
            ]
        );
        let range = workbook
            .worksheet_range(&format!("{}数据", kind.prefix))
            .unwrap();
        let header: Vec<String> = range
            .rows()
            .next()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        let wanted: Vec<String> = kind
            .fields
            .iter()
            .map(|field| format!("{}\n{}", field.code, field.name_zh))
            .collect();
        assert_eq!(header[0], "#行号");
        assert_eq!(header[1..], wanted);
        assert_eq!(range.height(), 1, "nothing but the header is a record");

        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut sheet = String::new();
        std::io::Read::read_to_string(
            &mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(),
            &mut sheet,
        )
        .unwrap();
        // One drop-down over all rows for each column of codes that can be listed.
        let listed = kind.fields.iter().filter(|field| match field.field_type {
            standard::FieldType::Code(table) => {
                let form = standard.code_tables[table].form;
                matches!(
                    form,
                    standard::TableForm::Closed | standard::TableForm::Open
                )
            }
            _ => false,
        });
        let ranges: usize = sheet
            .split("sqref=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .filter(|range| range.contains("1048576"))
            .map(|ranges| ranges.split(' ').count())
            .sum();
        assert_eq!(ranges, listed.count(), "{}", kind.code);
    }
}

#[test]
fn icd_templates_are_taken_once_they_are_filled_in() {
    let standard = standard::latest();
    let files = icd_templates(standard).unwrap();
    let day = date(2019, 11, 1);
    for (category, name) in [
        (IcdCategory::Disease, "疾病诊断编码"),
        (IcdCategory::Procedure, "手术操作编码"),
        (IcdCategory::Morphology, "肿瘤形态学编码"),
    ] {
        let request = IcdRequest {
            category,
            first_day: day,
            last_day: day,
            existing: &[],
        };
        let read = |name: &str, bytes: &[u8]| {
            icd::read(
                &zipped(name, bytes),
                &request,
                standard,
                &IcdLimits::default(),
            )
        };
        let example = read(
            "编码.csv",
            named(&files, &format!("填写示例/{name}示例.csv")),
        );
        assert_eq!(example.findings, Vec::new(), "{name}");
        assert_eq!(example.rows, 1, "{name}");

        let template = standard.icd_template(category).unwrap();
        let cells: Vec<_> = template
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.example.is_empty())
            .map(|(index, column)| (letters(index), column.example.clone()))
            .collect();
        let workbook = filled(named(&files, &format!("Excel模板/{name}模板.xlsx")), &cells);
        let report = read("编码.xlsx", &workbook);
        assert_eq!(report.findings, Vec::new(), "{name}");
        assert_eq!((report.rows, report.codes.is_some()), (1, true), "{name}");
    }
}

#[test]
fn templates_are_the_same_bytes_whenever_they_are_made() {
    let standard = standard::latest();
    assert!(upload_templates(standard).unwrap() == upload_templates(standard).unwrap());
    assert!(icd_templates(standard).unwrap() == icd_templates(standard).unwrap());
    // Times of writing would be in the archives of the workbooks.
    for file in upload_templates(standard).unwrap() {
        if file.path.ends_with(".xlsx") {
            let mut archive = zip::ZipArchive::new(Cursor::new(file.bytes)).unwrap();
            for index in 0..archive.len() {
                let time = archive.by_index(index).unwrap().last_modified();
                assert!(time.is_none_or(|time| time.year() <= 2019), "{}", file.path);
            }
        }
    }
}
