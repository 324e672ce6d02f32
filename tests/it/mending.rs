//! The correction sheets can be mended and sent again as they are.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use crate::samples::{WITH_ERRORS, clean, zip};
use crate::world::{Hospital, World};

fn bad_rows(hospital: &Hospital<'_>, id: &str) -> BTreeSet<u64> {
    hospital
        .findings(id, "&severity=error")
        .iter()
        .map(|finding| finding["row"].as_u64().unwrap())
        .collect()
}

/// The text of a cell as the standard writes it.
fn shown(cell: &Data) -> String {
    cell.to_string()
}

#[test]
fn the_workbook_holds_the_hospitals_own_bad_rows_and_the_reasons() {
    let hospital = World::shared().hospital();
    let upload = hospital.upload("flu.zip", WITH_ERRORS);
    let id = upload["id"].as_str().unwrap();
    let answer = hospital.get(&format!("/uploads/{id}/report.xlsx"));
    assert_eq!(answer.status, 200);
    let mut workbook = Xlsx::new(Cursor::new(answer.bytes)).unwrap();
    let names = workbook.sheet_names();
    let sheet = names.iter().find(|name| name.starts_with("flu")).unwrap();
    let range = workbook.worksheet_range(sheet).unwrap();
    let mut rows = range.rows();
    let header: Vec<String> = rows.next().unwrap().iter().map(shown).collect();
    let place = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let (row, errors) = (place("#行号"), place("#错误"));
    let marked: BTreeSet<u64> = rows
        .filter(|cells| !shown(&cells[errors]).is_empty())
        .map(|cells| shown(&cells[row]).parse().unwrap())
        .collect();
    assert_eq!(marked, bad_rows(&hospital, id));
}

#[test]
fn an_unmended_sheet_says_the_same_again_and_a_mended_one_nothing() {
    let hospital = World::shared().hospital();
    let upload = hospital.upload("flu.zip", WITH_ERRORS);
    let id = upload["id"].as_str().unwrap();
    let rules = |findings: &[Value]| -> Vec<(String, String)> {
        findings
            .iter()
            .map(|finding| {
                // In the CSV a tab keeps a spreadsheet from rewriting the value; the check takes it off.
                let value = finding["value"].as_str().unwrap().trim_start();
                (finding["rule"].to_string(), value.to_owned())
            })
            .collect()
    };
    let before = rules(&hospital.findings(id, "&severity=error"));
    for (report, name) in [
        ("report.xlsx", "flu_mended.xlsx"),
        ("report.csv", "flu_mended.csv"),
    ] {
        let sheet = hospital.get(&format!("/uploads/{id}/{report}")).bytes;
        let again = hospital.upload(name, &sheet);
        assert_eq!(again["status"], "done", "{report}: {again}");
        let findings = hospital.findings(again["id"].as_str().unwrap(), "&severity=error");
        assert_eq!(rules(&findings), before, "{report}");
        let (total, passed) = (again["total"].as_u64(), again["passed"].as_u64());
        // Beside the twelve bad rows stand the two that have a hint only.
        assert_eq!((total, passed), (Some(14), Some(2)), "{report}");
    }

    // The generator's own clean records are what the bad ones were before they were spoilt.
    let csv = hospital.get(&format!("/uploads/{id}/report.csv")).bytes;
    let mended = mend(&csv);
    let again = hospital.upload("flu_mended.zip", &zip(&[("flu_mended.csv", &mended)]));
    assert_eq!(again["total"], 14, "{again}");
    assert_eq!(
        again["passed"],
        14,
        "{:?}",
        hospital.findings(again["id"].as_str().unwrap(), "")
    );
    assert_eq!(again["dispositions"]["new"], 12);
}

/// Mends a correction sheet as a clerk would: each row from the hospital's own system, here the clean sample. The keys
/// of spoilt rows may be spoilt too, so rows are found by their number.
fn mend(report: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(WITH_ERRORS)).unwrap();
    let mut original = Vec::new();
    archive
        .by_index(0)
        .unwrap()
        .read_to_end(&mut original)
        .unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(clean("flu", 100, 1))).unwrap();
    let mut good = Vec::new();
    archive.by_index(0).unwrap().read_to_end(&mut good).unwrap();
    let good: Vec<csv::StringRecord> = csv::Reader::from_reader(good.as_slice())
        .records()
        .map(Result::unwrap)
        .collect();
    let mut reader = csv::Reader::from_reader(report);
    let header = reader.headers().unwrap().clone();
    let own = |name: &str| name.trim_start_matches('\u{feff}').starts_with('#');
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let row: usize = record[0].parse().unwrap();
        let mut clean = good[row - 2].iter();
        let mended: Vec<&str> = header
            .iter()
            .zip(record.iter())
            .map(|(name, cell)| {
                if own(name) {
                    cell
                } else {
                    clean.next().unwrap()
                }
            })
            .collect();
        writer.write_record(&mended).unwrap();
    }
    writer.into_inner().unwrap()
}
