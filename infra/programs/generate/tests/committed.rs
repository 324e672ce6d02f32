//! What stands in the repository is what the data and the guides give today (the samples have their own tests).
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use assert_cmd::Command;

/// Runs the program where a person would, at the top of the repository.
#[track_caller]
fn checked(arguments: &[&str]) {
    Command::cargo_bin("generate")
        .unwrap()
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
        .args(arguments)
        .assert()
        .success();
}

#[test]
fn pages_of_the_data_dictionary() {
    checked(&["pages", "--check"]);
}

#[test]
fn upload_templates() {
    checked(&["templates", "--check"]);
}

#[test]
fn schemas() {
    checked(&["schemas", "--check"]);
}
