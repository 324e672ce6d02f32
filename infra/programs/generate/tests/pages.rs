//! `generate pages` as its users call it.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use assert_cmd::Command;

fn pages(arguments: &[&str], folder: &std::path::Path) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_generate"));
    command
        .arg("pages")
        .args(arguments)
        .arg("--folder")
        .arg(folder);
    let output = command.output().expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_stale_page_fails_the_check_until_it_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (fresh, text) = pages(&["--check"], folder.path());
    assert!(
        !fresh && text.contains("README.md") && text.contains("cargo run -p generate -- pages"),
        "{text}"
    );

    let (done, text) = pages(&[], folder.path());
    assert!(done && text.contains("hqms.md"), "{text}");
    assert_eq!(pages(&["--check"], folder.path()), (true, String::new()));
    assert_eq!(pages(&[], folder.path()), (true, String::new()));

    std::fs::write(folder.path().join("fields/flu.md"), "mended by hand").unwrap();
    let (fresh, text) = pages(&["--check"], folder.path());
    assert!(
        !fresh && text.contains("flu.md") && !text.contains("hqms.md"),
        "{text}"
    );
}
