use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jiff::civil::date;
use sample_data::{Bad, Damage, Options as Sample};
use standard::{Standard, latest};

use super::*;
use crate::{Institution, JudgedRecord, Limits, Links, Outcome, Sink};

fn institution() -> Institution {
    Institution {
        code: sample_data::DEMO_INSTITUTION_CODE.to_owned(),
        name: sample_data::DEMO_INSTITUTION_NAME.to_owned(),
    }
}

fn settings(institution: &Institution) -> Settings<'_> {
    Settings {
        standard: latest(),
        received_at: date(2019, 12, 20).at(12, 0, 0, 0),
        institution: Some(institution),
        codes: None,
        links: Links::WithinArchive,
        limits: Limits::default(),
    }
}

fn sample(kinds: &[(&str, u32)], bad: Bad) -> Vec<u8> {
    let files: Vec<_> = kinds
        .iter()
        .map(|(kind, rows)| {
            let options = Sample {
                bad: bad.clone(),
                ..Sample::new(kind, *rows)
            };
            (options.file_name(), options)
        })
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    sample_data::archive(latest(), &files, &mut bytes).unwrap();
    bytes.into_inner()
}

fn share(share: f64) -> Bad {
    Bad::Share(share, Vec::new())
}

/// What a check makes of each record: row, key and digest.
#[derive(Default)]
struct Records {
    files: Vec<crate::FileInfo>,
    judged: Vec<(u32, bool, u128)>,
    cells: Vec<Vec<String>>,
    findings: Vec<(Option<u32>, Option<u16>, String)>,
}

impl Sink for Records {
    fn file(&mut self, _index: u16, file: &crate::FileInfo) {
        self.files.push(file.clone());
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        let rule = latest().rules[usize::from(finding.rule)].id.clone();
        self.findings.push((finding.row, finding.column, rule));
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        self.judged
            .push((record.row, record.passed, record.digest()));
        self.cells
            .push(record.written().map(|cell| cell.into_owned()).collect());
    }
}

fn checked(name: &str, bytes: &[u8]) -> (Summary, Records) {
    let institution = institution();
    let mut records = Records::default();
    let summary = check(
        name,
        Cursor::new(bytes),
        &settings(&institution),
        &mut records,
    )
    .unwrap();
    (summary, records)
}

fn csv_report(name: &str, bytes: &[u8], rows: Rows) -> (Report, Vec<u8>) {
    let institution = institution();
    let options = Options {
        rows,
        ..Options::default()
    };
    let mut output = Cursor::new(Vec::new());
    let report = csv(
        name,
        Cursor::new(bytes),
        &settings(&institution),
        &options,
        &mut output,
    );
    (report.unwrap(), output.into_inner())
}

fn xlsx_report(name: &str, bytes: &[u8], rows: Rows) -> (Report, Vec<u8>) {
    let institution = institution();
    let options = Options {
        rows,
        ..Options::default()
    };
    let mut output = Vec::new();
    let report = xlsx(
        name,
        Cursor::new(bytes),
        &settings(&institution),
        &options,
        &mut output,
    );
    (report.unwrap(), output)
}

fn digests(records: &Records) -> Vec<u128> {
    records
        .judged
        .iter()
        .map(|(_, _, digest)| *digest)
        .collect()
}

/// Rules of all findings in order. A stray quote is left out: a report writes its quotes right, so it mends that one itself.
fn rules(records: &Records) -> Vec<&str> {
    let findings = records.findings.iter();
    findings
        .filter(|(_, column, rule)| !(rule == "GEN-005" && column.is_some()))
        .map(|(_, _, rule)| rule.as_str())
        .collect()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A file of one kind: its columns as the standard orders them, one record with these values, the rest as examples.
fn lis(values: &[(&str, &str)]) -> Vec<u8> {
    let standard: &Standard = latest();
    let kind = &standard.kinds[standard.kind_index("lis").unwrap()];
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer
        .write_record(kind.fields.iter().map(|field| field.code.as_str()))
        .unwrap();
    let cells = kind.fields.iter().map(|field| {
        let given = values.iter().find(|(code, _)| *code == field.code);
        given.map_or(field.example.as_str(), |(_, value)| value)
    });
    writer.write_record(cells).unwrap();
    zipped(&[("lis_20191203.csv", &writer.into_inner().unwrap())])
}

#[test]
fn a_csv_report_of_all_rows_reads_back_as_the_file() {
    for kind in ["flu", "hqms", "hda", "hdr", "pdr", "lis"] {
        let source = sample(&[(kind, 60)], share(0.5));
        let (before, records) = checked("a.zip", &source);
        let (report, bytes) = csv_report("a.zip", &source, Rows::All);
        assert!(report.name.starts_with(kind) && report.name.ends_with("_错误.csv"));
        assert_eq!(report.rows, before.total);
        let (after, again) = checked(&report.name, &bytes);
        assert_eq!(digests(&again), digests(&records), "{kind}");
        assert_eq!(rules(&again), rules(&records), "{kind}");
        assert_eq!(after.total, before.total);
    }
}

#[test]
fn a_workbook_of_all_rows_reads_back_as_the_file() {
    for kind in ["flu", "hqms", "hda", "hdr", "pdr", "lis"] {
        let source = sample(&[(kind, 60)], share(0.5));
        let (_, records) = checked("a.zip", &source);
        let (_, bytes) = xlsx_report("a.zip", &source, Rows::All);
        let (_, again) = checked("a.xlsx", &bytes);
        assert_eq!(digests(&again), digests(&records), "{kind}");
        assert_eq!(rules(&again), rules(&records), "{kind}");
        assert_eq!(again.files[0].kind.as_deref(), Some(kind));
    }
}

#[test]
fn only_rows_with_findings_are_listed() {
    let source = sample(&[("flu", 100)], share(0.1));
    let (summary, records) = checked("a.zip", &source);
    let failed = records
        .judged
        .iter()
        .filter(|(_, passed, _)| !passed)
        .count();
    assert!(summary.errors > 0 && failed < 100);
    let (report, bytes) = csv_report("a.zip", &source, Rows::WithErrors);
    assert_eq!(report.rows, failed as u64);
    let mut reader = ::csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(&bytes[3..]);
    assert_eq!(
        reader.headers().unwrap().iter().take(4).collect::<Vec<_>>(),
        ["#行号", "#错误", "#提示", "P900"]
    );
    let rows: Vec<u32> = reader
        .records()
        .map(|record| record.unwrap()[0].parse().unwrap())
        .collect();
    let expected = records
        .judged
        .iter()
        .filter(|(_, passed, _)| !passed)
        .map(|(row, _, _)| *row);
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

#[test]
fn several_files_make_a_zip_that_can_be_sent() {
    let source = sample(&[("flu", 30), ("lis", 30)], share(0.4));
    let (before, records) = checked("a.zip", &source);
    let (report, bytes) = csv_report("a.zip", &source, Rows::All);
    assert_eq!(
        (report.name.as_str(), report.media_type),
        ("a_错误.zip", "application/zip")
    );
    let (after, again) = checked(&report.name, &bytes);
    assert_eq!(digests(&again), digests(&records));
    assert_eq!(after.by_rule, before.by_rule);
}

#[test]
fn formulas_come_back_as_they_were_and_are_text_on_the_way() {
    for value in [
        "=1+1",
        "+86",
        "-1+2",
        "@A1",
        "＝1",
        "'=1",
        "''@",
        "-",
        "\t=1",
        "a'b",
        "007",
        "1E5",
        "=\"x\",\n1",
    ] {
        let source = lis(&[("P8003", value), ("P8004", "9")]);
        let (_, records) = checked("a.zip", &source);
        let (report, bytes) = csv_report("a.zip", &source, Rows::All);
        let (_, again) = checked(&report.name, &bytes);
        if !value.starts_with('\'') {
            assert_eq!(digests(&again), digests(&records), "{value:?}");
        }
        let mut reader = ::csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(&bytes[3..]);
        for record in reader.records() {
            for cell in &record.unwrap() {
                assert!(
                    cell == "-" || !cell.starts_with(['=', '+', '-', '@', '＝']),
                    "{cell:?}"
                );
            }
        }
        let (_, bytes) = xlsx_report("a.zip", &source, Rows::All);
        let (_, again) = checked("a.xlsx", &bytes);
        assert_eq!(digests(&again), digests(&records), "{value:?}");
    }
}

#[test]
fn rows_that_are_too_short_or_too_long_stay_so() {
    let header = "P7501,P7502,P7506,P8000,P8001,P8002,P8003,P8004,P8005";
    let text = format!("{header}\r\na,b,c\r\na,b,c,d,e,f,g,h,i,j,k\r\n");
    let source = zipped(&[("lis_1.csv", text.as_bytes())]);
    let (before, _) = checked("a.zip", &source);
    assert_eq!(
        before.by_rule.get("GEN-005"),
        Some(&2),
        "{:?}",
        before.by_rule
    );
    let (report, bytes) = csv_report("a.zip", &source, Rows::All);
    assert_eq!(checked(&report.name, &bytes).0.by_rule, before.by_rule);
    let (_, bytes) = xlsx_report("a.zip", &source, Rows::All);
    assert_eq!(checked("a.xlsx", &bytes).0.by_rule, before.by_rule);
}

/// A second report must not stand beside the first one's columns.
#[test]
fn a_report_of_a_report_has_our_columns_once() {
    let source = sample(&[("lis", 20)], share(0.5));
    let (first, bytes) = csv_report("a.zip", &source, Rows::WithErrors);
    let (second, again) = csv_report(&first.name, &bytes, Rows::WithErrors);
    assert_eq!(second.name, first.name);
    let header = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec())
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(header(&again), header(&bytes));
    let (_, workbook) = xlsx_report("a.zip", &source, Rows::WithErrors);
    let (third, again) = csv_report("a.xlsx", &workbook, Rows::WithErrors);
    assert_eq!(third.rows, first.rows);
    assert_eq!(header(&again), header(&bytes));
}

/// Writes a workbook anew with its marked cells mended: those with a red fill are told by their findings.
fn mended(
    workbook: &[u8],
    clean: &Records,
    findings: &[(Option<u32>, Option<u16>, String)],
) -> Vec<u8> {
    let mut source: Xlsx<_> = Xlsx::new(Cursor::new(workbook)).unwrap();
    let mut target = rust_xlsxwriter::Workbook::new();
    for name in source.sheet_names() {
        let range = source.worksheet_range(&name).unwrap();
        let sheet = target.add_worksheet();
        sheet.set_name(&name).unwrap();
        for (row, column, value) in range.used_cells() {
            let (row, column) = (row as u32, column as u16);
            match value {
                Data::Float(number) => sheet.write_number(row, column, *number).unwrap(),
                value => sheet.write_string(row, column, value.to_string()).unwrap(),
            };
        }
        if !name.starts_with("flu") {
            continue;
        }
        for (row, column, _) in findings {
            let (Some(row), Some(column)) = (row, column) else {
                continue;
            };
            let shown =
                (1..range.height()).find(|at| range[(*at, 0)] == Data::Float(f64::from(*row)));
            let (Some(shown), Some(right)) = (shown, clean.cells.get(*row as usize - 2)) else {
                continue;
            };
            let right = right[usize::from(*column)].as_str();
            sheet
                .write_string(shown as u32, *column + 3, right)
                .unwrap();
        }
    }
    target.save_to_buffer().unwrap()
}

#[test]
fn a_mended_workbook_is_accepted() {
    // Damage that is found in the cell it was done to.
    let damages = [
        Damage::BlankRequired,
        Damage::ImpossibleDate,
        Damage::UnknownCode,
        Damage::LabelForCode,
        Damage::NotAnInteger,
        Damage::BadChecksum,
    ];
    let damaged = sample(&[("flu", 80)], Bad::Share(0.3, damages.to_vec()));
    let (_, clean) = checked("a.zip", &sample(&[("flu", 80)], Bad::None));
    let (before, bad) = checked("a.zip", &damaged);
    assert_eq!(before.outcome, Outcome::Partly);
    let (report, workbook) = xlsx_report("a.zip", &damaged, Rows::WithErrors);
    let bytes = mended(&workbook, &clean, &bad.findings);
    let (after, records) = checked(&report.name, &bytes);
    assert_eq!((after.total, after.passed), (report.rows, report.rows));
    assert_eq!(after.errors, 0, "{:?}", records.findings);
    // What arrives is what the hospital would have sent had it made no mistake.
    let rows = bad.judged.iter().filter(|(_, passed, _)| !passed);
    let right: Vec<u128> = rows
        .map(|(row, _, _)| digests(&clean)[*row as usize - 2])
        .collect();
    assert_eq!(digests(&records), right);
    // The rows that findings name are those of the sheet.
    let shown: Vec<u32> = records.judged.iter().map(|(row, _, _)| *row).collect();
    assert_eq!(shown, (2..2 + report.rows as u32).collect::<Vec<_>>());
}

#[test]
fn a_workbook_of_another_hand_is_refused_with_the_cure() {
    let mut other = rust_xlsxwriter::Workbook::new();
    other.add_worksheet().write_string(0, 0, "P900").unwrap();
    let bytes = other.save_to_buffer().unwrap();
    let (summary, records) = checked("flu_1.xlsx", &bytes);
    assert!(summary.unreadable);
    assert_eq!(records.findings[0].2, "ZIP-001");
}

#[test]
fn a_hostile_workbook_is_refused() {
    let bomb = vec![b' '; 200 * 1024 * 1024];
    let (_, workbook) = xlsx_report("a.zip", &sample(&[("lis", 5)], share(0.5)), Rows::All);
    let mut parts = zip::ZipArchive::new(Cursor::new(&workbook)).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..parts.len() {
        zip.raw_copy_file(parts.by_index(index).unwrap()).unwrap();
    }
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("xl/media/image.xml", options).unwrap();
    zip.write_all(&bomb).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert!(matches!(
        workbook::sheets(Cursor::new(&bytes), latest(), &Limits::default()),
        Err(workbook::Refused::TooLarge)
    ));
}

#[test]
fn a_cell_far_away_does_not_make_a_billion_others() {
    let mut far = rust_xlsxwriter::Workbook::new();
    let sheet = far.add_worksheet();
    sheet.set_name("flu_1").unwrap();
    sheet.write_string(0, 0, "#行号").unwrap();
    sheet.write_string(0, 16_383, "P900").unwrap();
    for row in 1..20_000 {
        sheet.write_string(row, 16_383, "x").unwrap();
    }
    let bytes = far.save_to_buffer().unwrap();
    assert!(matches!(
        workbook::sheets(Cursor::new(&bytes), latest(), &Limits::default()),
        Err(workbook::Refused::TooLarge)
    ));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100))]

    #[test]
    fn no_workbook_panics(at in 0_usize..20_000, with in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..8)) {
        static WORKBOOK: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let source = WORKBOOK.get_or_init(|| xlsx_report("a.zip", &sample(&[("lis", 5)], share(0.5)), Rows::All).1);
        let mut bytes = source.clone();
        let at = at % (bytes.len() - with.len());
        bytes[at..at + with.len()].copy_from_slice(&with);
        let _ = workbook::sheets(Cursor::new(&bytes), latest(), &Limits::default());
    }
}

#[test]
fn json_holds_the_contract() {
    let source = sample(&[("flu", 50)], share(0.2));
    let institution = institution();
    let mut output = Vec::new();
    json(
        "a.zip",
        Cursor::new(&source),
        &settings(&institution),
        &Options::default(),
        &mut output,
    )
    .unwrap();
    let object: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let (summary, _) = checked("a.zip", &source);
    assert_eq!(object["outcome"], "partly");
    assert_eq!(object["total"], 50);
    assert_eq!(object["passed"], summary.passed);
    assert_eq!(object["files"][0]["kind"], "flu");
    let findings = object["findings"].as_array().unwrap();
    assert_eq!(findings.len() as u64, summary.errors + summary.warnings);
    for finding in findings {
        for name in [
            "file", "row", "column", "code", "rule", "severity", "value", "message",
        ] {
            assert!(finding.get(name).is_some(), "{name}");
        }
    }
}

#[test]
fn the_list_has_a_line_for_each_finding() {
    let source = sample(&[("flu", 50)], share(0.2));
    let institution = institution();
    let mut output = Vec::new();
    let report = list(
        "a.zip",
        Cursor::new(&source),
        &settings(&institution),
        &Options::default(),
        &mut output,
    )
    .unwrap();
    let mut reader = ::csv::Reader::from_reader(&output[3..]);
    assert_eq!(&reader.headers().unwrap()[0], "文件");
    assert_eq!(
        reader.records().count() as u64,
        report.summary.errors + report.summary.warnings
    );
}

#[test]
fn a_finding_of_a_row_is_one_line_with_its_cure() {
    let source = lis(&[("P7501", "")]);
    let (_, bytes) = csv_report("a.zip", &source, Rows::All);
    let mut reader = ::csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(&bytes[3..]);
    let record = reader.records().next().unwrap().unwrap();
    let errors = &record[1];
    assert!(
        errors.contains("【P7501 ")
            && errors.contains("修改方法：")
            && errors.contains("（GEN-009）"),
        "{errors}"
    );
    assert!(!errors.contains('\n'));
}

fn small() -> Vec<u8> {
    let damages = [
        (Damage::LabelForCode, 1),
        (Damage::ImpossibleDate, 1),
        (Damage::BlankRequired, 1),
        (Damage::SlashedDate, 1),
    ];
    sample(&[("lis", 6)], Bad::Exactly(damages.to_vec()))
}

/// What a clerk reads.
#[test]
fn a_small_report_reads_well() {
    let (_, bytes) = csv_report("lis.zip", &small(), Rows::WithFindings);
    let text = String::from_utf8(bytes).unwrap();
    insta::assert_snapshot!("csv_zh", text.replace(['\u{feff}', '\r'], ""));
    let (_, bytes) = xlsx_report("lis.zip", &small(), Rows::WithFindings);
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range("说明").unwrap();
    let mut text = String::new();
    for row in range.rows() {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text.push_str(cells.join(" | ").trim_end_matches([' ', '|']));
        text.push('\n');
    }
    insta::assert_snapshot!("front_zh", text);
}

#[test]
fn a_report_in_english_has_no_chinese_of_ours() {
    let institution = institution();
    let options = Options {
        language: Language::English,
        ..Options::default()
    };
    let mut output = Cursor::new(Vec::new());
    let source = small();
    let report = csv(
        "lis.zip",
        Cursor::new(&source),
        &settings(&institution),
        &options,
        &mut output,
    )
    .unwrap();
    assert!(report.name.ends_with("_errors.csv"));
    let bytes = output.into_inner();
    let mut reader = ::csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(&bytes[3..]);
    assert_eq!(
        reader.headers().unwrap().iter().take(3).collect::<Vec<_>>(),
        ["#row", "#errors", "#warnings"]
    );
    assert!(
        reader
            .records()
            .any(|record| record.unwrap()[1].contains("To mend: "))
    );
    assert_eq!(checked(&report.name, &bytes).0.total, report.rows);
}

#[test]
fn a_workbook_in_a_zip_is_read_as_well() {
    let source = small();
    let (before, _) = checked("lis.zip", &source);
    let (report, bytes) = xlsx_report("lis.zip", &source, Rows::All);
    let (after, _) = checked("b.zip", &zipped(&[(&report.name, &bytes)]));
    assert_eq!(after.by_rule, before.by_rule);
    assert_eq!(after.total, before.total);
}
