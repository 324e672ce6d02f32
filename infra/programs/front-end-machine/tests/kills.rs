//! The program killed and cut off again and again. `examples/endure.rs` does the same for longer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a failing test may end where it stands; nothing here is a library"
)]

mod support;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::time::Duration;

use sample_data::{Bad, Damage};
use serde_json::json;
use support::{Program, Server, csv, files, survive};
use zip::write::SimpleFileOptions;

fn program_file() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_front-end-machine"))
}

const FILES: u32 = 30;
const KILLS: u32 = 10;
const ROWS: u32 = 10;
const LONGEST: Duration = Duration::from_millis(1500);

#[test]
fn every_file_is_received_once_whenever_the_program_is_killed_and_the_service_is_away() {
    let root = tempfile::tempdir().unwrap();
    let (mut server, program, mut child) =
        survive(program_file(), root.path(), FILES, KILLS, ROWS, LONGEST);
    let receipts = program.receipts("sent");
    assert_eq!(receipts["flu_3.csv"]["received"]["passed"], ROWS);
    assert!(
        receipts["flu_3.csv"]["result"]
            .as_str()
            .unwrap()
            .contains("新增 10")
    );

    // The hospital exports the same days again.
    for number in 0..3 {
        fs::write(
            program.folder().join(format!("flu_{number}.csv")),
            csv(number, ROWS, Bad::None),
        )
        .unwrap();
    }
    program.finished();
    let again = &server.uploads()["flu_1.zip"];
    assert_eq!(again.len(), 2);
    assert_eq!(
        again[0]["dispositions"],
        json!({"new": 0, "updated": 0, "unchanged": ROWS, "failed": 0})
    );
    let receipts = program.receipts("sent");
    let unchanged = receipts
        .values()
        .filter(|receipt| receipt["received"]["unchanged"] == ROWS);
    assert_eq!(unchanged.count(), 3);
    assert!(
        receipts
            .values()
            .any(|receipt| receipt["result"].as_str().unwrap().contains("未变化 10"))
    );
    child.kill().unwrap();
    child.wait().unwrap();
    server.stop();
}

#[test]
fn good_records_are_sent_bad_ones_put_aside_and_large_files_go_by_ticket() {
    let root = tempfile::tempdir().unwrap();
    let mut server = Server::start(root.path());
    let program = Program::init(program_file(), root.path(), &server);
    let tested = program.output(&["test"]);
    let told = String::from_utf8(tested.stdout).unwrap();
    assert!(tested.status.success() && !told.contains('✗'), "{told}");

    let bad = Bad::Exactly(vec![(Damage::BlankRequired, 3)]);
    fs::write(program.folder().join("flu_bad.csv"), csv(1, 20, bad)).unwrap();
    fs::write(program.folder().join("flu_none.csv"), "这不是数据").unwrap();
    // Stored without compression, a few thousand records are more than one request carries.
    let mut large = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    large.start_file("flu_large.csv", stored).unwrap();
    let records = csv(2, 16_000, Bad::None);
    large.write_all(&records).unwrap();
    let large = large.finish().unwrap().into_inner();
    assert!(
        large.len() > 4_500_000 && large.len() < 20 * 1024 * 1024,
        "{}",
        large.len()
    );
    fs::write(program.folder().join("flu_large.zip"), &large).unwrap();

    let mut child = program.run();
    program.finished();
    let uploads = server.uploads();
    let part = &uploads["flu_bad.zip"][0];
    assert_eq!(
        (part["total"].as_u64(), part["passed"].as_u64()),
        (Some(17), Some(17))
    );
    assert_eq!(uploads["flu_large.zip"][0]["passed"], 16_000);
    assert_eq!(uploads["flu_large.zip"].len(), 1);
    assert!(
        !uploads.contains_key("flu_none.zip"),
        "nothing of it could be sent"
    );
    let receipts = program.receipts("bad");
    let receipt = &receipts["flu_bad.csv"];
    assert_eq!(receipt["checked"]["total"], 20);
    assert_eq!(receipt["received"]["new"], 17);
    assert!(!receipt["causes"][0]["mend"].as_str().unwrap().is_empty());
    assert!(receipts["flu_none.csv"]["upload_id"].is_null());
    let day = fs::read_dir(program.folder().join("bad"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let beside = files(&day);
    let report = beside
        .iter()
        .find(|name| name.ends_with("_错误.csv") && name.contains("bad"))
        .unwrap();
    assert!(
        beside.iter().any(|name| name.ends_with("_错误.xlsx")),
        "{beside:?}"
    );
    // The report, mended or not, can be dropped as it is: it holds the three rows.
    fs::copy(day.join(report), program.folder().join("flu_mended.csv")).unwrap();
    program.finished();
    assert_eq!(
        program.receipts("bad")["flu_mended.csv"]["checked"]["total"],
        3
    );

    let status = program.output(&["status"]);
    let words = String::from_utf8(status.stdout).unwrap();
    assert!(
        status.status.success() && words.contains("运行中") && words.contains("待发送：没有文件"),
        "{words}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(program.output(&["status"]).status.code(), Some(2));
    let file = root.path().join("flu_by_hand.csv");
    fs::write(&file, csv(9, 5, Bad::None)).unwrap();
    let name = file.to_str().unwrap();
    let dry = program.output(&["send", "--dry-run", name]);
    assert!(dry.status.success(), "{dry:?}");
    let sent = String::from_utf8(program.output(&["send", name]).stdout).unwrap();
    assert!(sent.contains("新增 5"), "the dry run kept nothing: {sent}");
    let again = program.output(&["send", name]);
    assert!(again.status.success());
    let kept = server.uploads()["flu_by_hand.zip"]
        .iter()
        .filter(|upload| upload["dry_run"] == false)
        .count();
    assert_eq!(kept, 1, "sent again by hand it is the same upload");
    server.stop();
}

/// One day of a hospital's export.
fn day(day: u32) -> String {
    // Even numbers come in UTF-8.
    String::from_utf8(csv(2 * day, 8, Bad::None)).unwrap()
}

#[test]
fn a_daily_export_of_the_last_seven_days_adds_the_newest_and_says_that_the_others_are_unchanged() {
    let root = tempfile::tempdir().unwrap();
    let mut server = Server::start(root.path());
    let program = Program::init(program_file(), root.path(), &server);
    let mut child = program.run();
    for today in 0..3 {
        let mut export = String::new();
        for number in today..today + 7 {
            let text = day(number);
            let (header, records) = text.split_once('\n').unwrap();
            if export.is_empty() {
                export = format!("{header}\n");
            }
            export += records;
        }
        let name = format!("flu_2026010{today}.csv");
        fs::write(program.folder().join(&name), export).unwrap();
        program.finished();
        let receipt = &program.receipts("sent")[&name];
        let (new, unchanged) = if today == 0 { (56, 0) } else { (8, 48) };
        assert_eq!(receipt["received"]["new"], new, "{receipt}");
        assert_eq!(receipt["received"]["unchanged"], unchanged, "{receipt}");
        let said = receipt["result"].as_str().unwrap();
        assert!(said.contains(&format!("未变化 {unchanged}")), "{said}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    server.stop();
}
