//! The program as a person runs it.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use assert_cmd::Command;

fn generate(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("generate")
        .unwrap()
        .args(arguments)
        .assert()
}

fn told(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn the_committed_samples_are_fresh() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/samples");
    generate(&["samples", "--all", "--check", "--out-dir", folder]).success();
}

#[test]
fn a_missing_or_changed_sample_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    generate(&["samples", "--all", "--out-dir", path]).success();
    generate(&["samples", "--all", "--check", "--out-dir", path]).success();
    std::fs::write(folder.path().join("flu_clean.zip"), b"no archive").unwrap();
    std::fs::remove_file(folder.path().join("all_kinds.zip")).unwrap();
    let told = told(&generate(&["samples", "--all", "--check", "--out-dir", path]).failure());
    assert!(
        told.contains("flu_clean.zip") && told.contains("all_kinds.zip"),
        "{told}"
    );
    assert!(!told.contains("hqms_clean.zip"), "{told}");
}

#[test]
fn a_file_is_written_as_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("pdr.csv");
    let assert = generate(&[
        "samples",
        "--kind",
        "pdr",
        "--rows",
        "20",
        "--bad",
        "1",
        "--damage",
        "NumberForUnit",
        "--out",
        out.to_str().unwrap(),
    ])
    .success();
    let line = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(line.ends_with("20 records, 20 of them spoilt\n"), "{line}");
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.matches(",75,2019-").count(), 20);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn mistakes_are_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("x.zip");
    let out = out.to_str().unwrap();
    let assert = generate(&["samples", "--kind", "abc", "--out", out]).failure();
    assert!(
        told(&assert).contains("there is no kind of file `abc`"),
        "{}",
        told(&assert)
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let assert = generate(&["samples", "--kind", "flu", "--bad", "5", "--out", out]).failure();
    assert!(
        told(&assert).contains("a share lies between 0 and 1"),
        "{}",
        told(&assert)
    );
    let assert = generate(&["samples", "--kind", "flu", "--out", "x.txt"]).failure();
    assert!(
        told(&assert).contains("ends neither in .zip nor in .csv"),
        "{}",
        told(&assert)
    );
}
