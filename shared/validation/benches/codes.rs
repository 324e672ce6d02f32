//! ICD code files: `cargo bench -p validation --bench codes`.
//!
//! How long a file of 35,000 rows takes to be read and judged, against calamine reading its cells and doing nothing else;
//! and how much longer a check takes when every code is looked up in such a file. Both take turns in one process and the least
//! processor time of each counts, so that a busy machine disturbs their ratio little.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers that ends at the first thing that is not as expected"
)]

use std::collections::HashSet;
use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use calamine::{Reader, Xlsx};
use jiff::civil::date;
use rust_xlsxwriter::Workbook;
use sample_data::{Options, archive};
use standard::IcdCategory;
use validation::codes::{CodeFile, HospitalCodeFiles};
use validation::icd::{IcdLimits, IcdReport, IcdRequest, read};
use validation::{
    Finding, HospitalCodes, Institution, JudgedRecord, Limits, Links, Settings, Sink, Summary,
    check,
};

mod timing;

use timing::{least, timed};

/// Rows of a national edition.
const ROWS: usize = 35_000;
const REPETITIONS: usize = 15;

fn main() {
    println!("| code file | rows | calamine ms | read and judged ms | ratio |");
    println!("|---|---|---|---|---|");
    loading();
    println!();
    println!("| data file | records | codes known | check ms | with codes ms | more |");
    println!("|---|---|---|---|---|---|");
    let list = list();
    for kind in ["flu", "hqms"] {
        looking_up(kind, &list);
    }
}

/// Codes of the national editions' form, those of the sample data among them.
fn rows(category: IcdCategory) -> Vec<(String, String)> {
    let mut sample = Vec::new();
    sample_data::icd_file(standard::latest(), category, &mut sample).unwrap();
    let text = String::from_utf8(sample).unwrap();
    let known = text.lines().skip(1).map(|line| {
        let mut cells = line.split(',');
        let code = cells.next().unwrap_or_default().to_owned();
        (code, cells.next_back().unwrap_or_default().to_owned())
    });
    let made = (0..ROWS).map(|number| {
        let (chapter, rest) = (number % 26, number / 26);
        let code = match category {
            IcdCategory::Procedure => format!("{:02}.{:04}", number % 87, 9_000 - number / 87),
            _ => {
                let letter = char::from(b'A' + chapter as u8);
                format!("{letter}{:02}.{:03}", rest % 90, 900 - rest / 90)
            }
        };
        (code, "一种有着普通长度名称的疾病或手术".to_owned())
    });
    // A code that comes twice is a finding, and loads once.
    let mut seen = HashSet::new();
    let rows = known.chain(made);
    rows.filter(|(code, _)| seen.insert(code.clone()))
        .take(ROWS)
        .collect()
}

fn loading() {
    let rows = rows(IcdCategory::Disease);
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, name) in ["主要编码", "附加编码", "疾病名称"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    let mut text = "主要编码,附加编码,疾病名称\r\n".to_owned();
    for (row, (code, name)) in rows.iter().enumerate() {
        sheet.write(row as u32 + 1, 0, code).unwrap();
        sheet.write(row as u32 + 1, 2, name).unwrap();
        text.push_str(&format!("{code},,{name}\r\n"));
    }
    let xlsx = zipped("codes.xlsx", &workbook.save_to_buffer().unwrap());
    let csv = zipped("codes.csv", text.as_bytes());
    // calamine reads no csv: it is held against the same rows as xlsx.
    for (name, zip) in [("xlsx", &xlsx), ("csv", &csv)] {
        let (mut plain, mut judged) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let (baseline, cells) = timed(|| with_calamine(&xlsx));
            assert_eq!(cells, (ROWS + 1) * 2 + 1);
            let (time, report) = timed(|| loaded(zip));
            assert_eq!(report.codes.map(|codes| codes.len()), Some(ROWS));
            plain.push(baseline);
            judged.push(time);
        }
        let (plain, judged) = (least(&plain), least(&judged));
        println!(
            "| {name} | {ROWS} | {plain:.0} | {judged:.0} | {:.2} |",
            judged / plain
        );
    }
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file(name, options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Cells that calamine finds.
fn with_calamine(zip: &[u8]) -> usize {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut bytes = Vec::new();
    let mut entry = archive.by_index(0).unwrap();
    entry.read_to_end(&mut bytes).unwrap();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let name = workbook.sheet_names()[0].clone();
    workbook
        .worksheet_range(&name)
        .unwrap()
        .used_cells()
        .count()
}

fn loaded(zip: &[u8]) -> IcdReport {
    let request = IcdRequest {
        category: IcdCategory::Disease,
        first_day: date(2019, 1, 1),
        last_day: date(2039, 12, 31),
        existing: &[],
    };
    read(zip, &request, standard::latest(), &IcdLimits::default())
}

fn list() -> Vec<Arc<CodeFile>> {
    let days = (date(2019, 1, 1), date(2039, 12, 31));
    [
        IcdCategory::Disease,
        IcdCategory::Procedure,
        IcdCategory::Morphology,
    ]
    .into_iter()
    .map(|category| Arc::new(CodeFile::new(category, days, rows(category))))
    .collect()
}

fn looking_up(kind: &str, list: &[Arc<CodeFile>]) {
    let records = if kind == "flu" { 60_000 } else { 8_000 };
    let options = Options::new(kind, records);
    let mut zip = Cursor::new(Vec::new());
    let files = [(options.file_name(), options)];
    archive(standard::latest(), &files, &mut zip).unwrap();
    let zip = zip.into_inner();
    let known = HospitalCodeFiles::new(list.iter().cloned());
    // A hospital whose file holds none of them: every code is told, with a suggestion.
    let strange = list.iter().map(|list| {
        let days = (list.first_day, list.last_day);
        let rows = list
            .rows()
            .map(|(code, name)| (format!("{code}9"), name.to_owned()));
        Arc::new(CodeFile::new(list.category, days, rows))
    });
    let unknown = HospitalCodeFiles::new(strange);
    for (name, codes) in [("all", &known), ("none", &unknown)] {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        let mut findings = 0;
        for _ in 0..REPETITIONS {
            let (baseline, plain) = timed(|| judged(&zip, None));
            let (time, checked) = timed(|| judged(&zip, Some(codes)));
            findings = checked.warnings - plain.warnings;
            without.push(baseline);
            with.push(time);
        }
        let (without, with) = (least(&without), least(&with));
        assert_eq!(findings == 0, name == "all", "{findings} codes not found");
        println!(
            "| {kind} | {records} | {name} | {without:.0} | {with:.0} | {:+.1} % |",
            (with / without - 1.0) * 100.0
        );
    }
}

/// Looks at everything it is given, and keeps nothing.
#[derive(Default)]
struct Counting(usize);

impl Sink for Counting {
    fn finding(&mut self, finding: &Finding<'_>) {
        self.0 += finding.value.len();
    }

    fn record(&mut self, _record: &JudgedRecord<'_>) {}
}

fn judged(zip: &[u8], codes: Option<&dyn HospitalCodes>) -> Summary {
    let institution = Institution {
        code: sample_data::DEMO_INSTITUTION_CODE.into(),
        name: sample_data::DEMO_INSTITUTION_NAME.into(),
    };
    let settings = Settings {
        standard: standard::latest(),
        received_at: Options::new("flu", 1).exported_at(),
        institution: Some(&institution),
        codes,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    check(
        "upload.zip",
        Cursor::new(zip),
        &settings,
        &mut Counting::default(),
    )
    .unwrap()
}
