//! `operate check` as a person, or a script, runs it.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use sample_data::{Bad, Damage, Options, archive};
use serde_json::Value;

/// After every date in the committed samples.
const RECEIVED: &str = "2019-12-03T08:20:00";

fn sample(name: &str) -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../docs/samples"
    ))
    .join(name)
}

fn check(files: &[&Path], options: &[&str]) -> Assert {
    Command::cargo_bin("operate")
        .unwrap()
        .env_remove("OPERATE_LANG")
        .env("NO_COLOR", "1")
        .args(["check", "--received-at", RECEIVED])
        .args(files)
        .args(options)
        .assert()
}

fn printed(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn told(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

#[test]
fn a_clerk_reads_totals_causes_and_every_place() {
    let assert = check(&[&sample("flu_with_errors.zip")], &[]).code(1);
    insta::assert_snapshot!("flu_with_errors_zh", printed(&assert));
    assert_eq!(told(&assert), "");
}

#[test]
fn the_same_stands_in_english() {
    let assert = check(
        &[&sample("flu_with_errors.zip")],
        &["--lang", "en", "--max", "2"],
    )
    .code(1);
    insta::assert_snapshot!("flu_with_errors_en", printed(&assert));
}

#[test]
fn clean_files_end_with_0() {
    let assert = check(&[&sample("flu_clean.zip")], &[]).code(0);
    assert!(
        printed(&assert).starts_with("flu_clean.zip  全部达标\n"),
        "{}",
        printed(&assert)
    );
}

#[test]
fn warnings_alone_end_with_0_unless_strict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warned.zip");
    let mut options = Options::new("flu", 20);
    options.bad = Bad::Exactly(vec![(Damage::NoInfluenza, 1)]);
    let file = std::fs::File::create(&path).unwrap();
    archive(standard::latest(), &[(options.file_name(), options)], file).unwrap();
    check(&[&path], &[]).code(0);
    check(&[&path], &["--strict"]).code(1);
}

#[test]
fn json_is_one_object_that_holds_every_finding() {
    let assert = check(&[&sample("flu_with_errors.zip")], &["--json"]).code(1);
    let result = json(&assert);
    assert_eq!(result["outcome"], "partly");
    assert_eq!(result["total"], 100);
    assert_eq!(result["passed"], 88);
    assert_eq!(result["files"].as_array().unwrap().len(), 1);
    let findings = result["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 14);
    let errors = findings
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .count();
    assert_eq!(errors, 12);
    for member in [
        "file", "row", "column", "code", "rule", "severity", "value", "message",
    ] {
        assert!(
            findings[0]
                .get(member)
                .is_some_and(|value| !value.is_null()),
            "{member}"
        );
    }
}

#[test]
fn json_keeps_its_counts_when_findings_are_limited() {
    let assert = check(&[&sample("flu_with_errors.zip")], &["--json", "--max", "3"]).code(1);
    let result = json(&assert);
    assert_eq!(result["findings"].as_array().unwrap().len(), 3);
    assert_eq!(result["errors"], 12);
    assert_eq!(result["truncated"], true);
}

#[test]
fn data_of_another_institution_is_found() {
    let other = ["--institution", "87654321X51010212A1001", "--json"];
    let result = json(&check(&[&sample("flu_clean.zip")], &other).code(1));
    assert_eq!(result["by_rule"]["FLU-HQMS-002"], 100);
    assert_eq!(result["by_rule"].get("FLU-HQMS-003"), None);
    let own = ["--institution", "12345678X51010212A1001"];
    check(&[&sample("flu_clean.zip")], &own).code(0);
    let renamed = [
        own[0],
        own[1],
        "--institution-name",
        "示例市第二人民医院",
        "--json",
    ];
    let result = json(&check(&[&sample("flu_clean.zip")], &renamed).code(0));
    assert_eq!(result["by_rule"]["FLU-HQMS-003"], 100);
}

#[test]
fn dates_after_the_receipt_are_out_of_range() {
    let early = ["--received-at", "2019-11-26T00:00:00"];
    let assert = Command::cargo_bin("operate")
        .unwrap()
        .args(["check", "--json"])
        .args(early)
        .arg(sample("flu_clean.zip"))
        .assert()
        .code(1);
    assert!(json(&assert)["by_rule"]["GEN-016"].as_u64().unwrap() >= 100);
}

#[test]
fn an_overrides_file_changes_the_standard_and_its_mistakes_are_placed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("overrides.txt");
    std::fs::write(
        &path,
        "severity GEN-018 warning\nseverity FLU-006 off\nseverity GEN-013 off\n",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    check(&[&sample("flu_with_errors.zip")], &["--overrides", path]).code(0);
    std::fs::write(path, "severity GEN-018 warning\nseverity FLU-006 perhaps\n").unwrap();
    let assert = check(&[&sample("flu_with_errors.zip")], &["--overrides", path]).code(2);
    assert!(told(&assert).contains("第 2 行"), "{}", told(&assert));
}

#[test]
fn what_cannot_be_read_is_told_in_a_sentence_and_the_rest_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.zip");
    let assert = check(&[&missing, &sample("flu_clean.zip")], &[]).code(2);
    let path = missing.display();
    assert_eq!(
        told(&assert),
        format!("operate: 找不到文件 {path}，请检查路径和文件名\n")
    );
    assert!(printed(&assert).contains("flu_clean.zip  全部达标"));
    assert!(
        printed(&assert)
            .ends_with("2 个数据包合计：记录 100 条，达标 100 条，错误 0 处，提示 0 处\n")
    );

    let assert = check(&[folder.path()], &["--lang", "en"]).code(2);
    assert!(
        told(&assert).ends_with("is a folder; name a ZIP file in it\n"),
        "{}",
        told(&assert)
    );

    let text = folder.path().join("text.zip");
    std::fs::write(&text, "not an archive").unwrap();
    let assert = check(&[&text], &[]).code(2);
    assert!(printed(&assert).contains("ZIP-001"), "{}", printed(&assert));
}

#[test]
fn reports_are_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, xlsx) = (
        folder.path().join("report.csv"),
        folder.path().join("report.xlsx"),
    );
    let reports = [
        "--csv",
        csv.to_str().unwrap(),
        "--xlsx",
        xlsx.to_str().unwrap(),
    ];
    let assert = check(&[&sample("flu_with_errors.zip")], &reports).code(1);
    assert_eq!(told(&assert).lines().count(), 2, "{}", told(&assert));
    assert!(std::fs::read_to_string(&csv).unwrap().lines().count() >= 13);
    assert!(std::fs::read(&xlsx).unwrap().starts_with(b"PK"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

    let nowhere = folder.path().join("none/report.csv");
    let assert = check(
        &[&sample("flu_clean.zip")],
        &["--csv", nowhere.to_str().unwrap()],
    )
    .code(2);
    assert!(
        told(&assert).starts_with("operate: 无法保存 "),
        "{}",
        told(&assert)
    );
    let two = [sample("flu_clean.zip"), sample("lis_clean.zip")];
    let assert = check(&[&two[0], &two[1]], &["--csv", "x.csv"]).code(2);
    assert_eq!(
        told(&assert),
        "operate: --csv 和 --xlsx 一次只能用于一个数据包\n"
    );
}

#[test]
fn values_cannot_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.zip");
    let mut options = Options::new("flu", 5);
    options.bad = Bad::Exactly(vec![(Damage::ControlCharacter, 1)]);
    let file = std::fs::File::create(&path).unwrap();
    archive(standard::latest(), &[(options.file_name(), options)], file).unwrap();
    let assert = check(&[&path], &[]);
    let text = printed(&assert);
    assert!(
        !text.chars().any(|sign| sign.is_control() && sign != '\n'),
        "{text:?}"
    );
}
