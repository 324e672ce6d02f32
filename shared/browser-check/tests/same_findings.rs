//! The page's check gives what every other check gives.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are not seen as tests by the lints"
)]

use std::io::Cursor;

use serde_json::{Value, json};
use validation::{Limits, Links, Settings, report};

fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/samples/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

fn request(name: &str, language: &str) -> String {
    json!({
        "file_name": name,
        "received_at": "2026-03-02T09:30:00",
        "requester": { "institution_code": "12345678XA0000000000000", "institution_name": "示范医院" },
        "language": language,
    })
    .to_string()
}

#[test]
fn the_answer_is_the_report_of_the_same_check() {
    for name in ["flu_with_errors.zip", "flu_gbk.zip", "all_kinds.zip"] {
        let archive = sample(name);
        let institution = validation::Institution {
            code: "12345678XA0000000000000".to_owned(),
            name: "示范医院".to_owned(),
        };
        let settings = Settings {
            standard: standard::latest(),
            received_at: "2026-03-02T09:30:00".parse().unwrap(),
            institution: Some(&institution),
            codes: None,
            links: Links::WithinArchive,
            limits: Limits::default(),
        };
        let mut wanted = Vec::new();
        let options = report::Options::default();
        report::json(
            name,
            Cursor::new(&archive),
            &settings,
            &options,
            &mut wanted,
        )
        .unwrap();
        let answer = browser_check::judge(&request(name, "zh"), &archive, |_, _| {});
        assert_eq!(answer.as_bytes(), wanted, "{name}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["total"].as_u64().unwrap() > 0, "{name}");
    }
}

#[test]
fn texts_follow_the_language_of_the_page() {
    let archive = sample("flu_with_errors.zip");
    let message = |language| {
        let answer = browser_check::judge(
            &request("flu_with_errors.zip", language),
            &archive,
            |_, _| {},
        );
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["findings"][0]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(message("en").is_ascii() || message("en") != message("zh"));
    assert_ne!(message("en"), message("zh"));
}

#[test]
fn progress_rises_to_the_size_of_the_archive() {
    let options = sample_data::Options::new("pdr", 40_000);
    let mut archive = Cursor::new(Vec::new());
    let files = [(options.file_name(), options)];
    sample_data::archive(standard::latest(), &files, &mut archive).unwrap();
    let archive = archive.into_inner();
    let mut told = Vec::new();
    browser_check::judge(&request("pdr.zip", "zh"), &archive, |read, size| {
        assert_eq!(size, archive.len() as u64);
        told.push(read);
    });
    assert!(told.len() > 2 && told.is_sorted(), "{told:?}");
    assert!(*told.last().unwrap() <= archive.len() as u64);
}

#[test]
fn what_is_no_archive_and_what_is_no_request_is_told() {
    let answer = browser_check::judge(&request("flu.zip", "zh"), b"<html>", |_, _| {});
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["outcome"], "rejected");
    assert_eq!(answer["unreadable"], true);

    let answer = browser_check::judge("{}", b"", |_, _| {});
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["failure"]["code"], "request");
    assert!(
        answer["failure"]["detail_zh"]
            .as_str()
            .unwrap()
            .contains("刷新页面")
    );
}
