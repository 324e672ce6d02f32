//! Holds `docs/security` against the tree: every requirement is answered, every test and place it names is there, and what the pages
//! say of limits, keys and libraries is what the code has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test may end where it stands; nothing here is a library"
)]

mod pages;
mod sources;
mod table;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder with one of these endings, with their paths from the root; what is built or fetched is left out.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if entry.file_type().unwrap().is_dir() {
                if !["target", "node_modules", "corpus"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = file(&path);
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Source files of what is deployed, without the tests in them.
fn deployed() -> Vec<(String, String)> {
    let all = ["functions", "shared", "infra/programs"]
        .into_iter()
        .flat_map(|folder| files(folder, &[".rs"]));
    all.filter(|(path, _)| !path.contains("/tests/") && !path.contains("sample-data"))
        .map(|(path, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            (path, code.to_owned())
        })
        .collect()
}
