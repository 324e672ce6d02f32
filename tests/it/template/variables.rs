//! Each variable a function reads is set for it, and none is set that it does not read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use startup::{Config, NoticeConfig, WebhookConfig, WireConfig};

use super::read::{Template, names};
use super::{crates, file};

/// Variables that the template leaves unset: the code has a default for them, or Lambda sets them.
const LEFT: &[(&str, &str)] = &[
    ("AWS_REGION", "Lambda sets it"),
    (
        "FLU_S3_PUBLIC_ENDPOINT",
        "clients reach S3 under the address the functions use",
    ),
    (
        "FLU_WEBHOOK_ALLOWED",
        "hosts trusted although they are not public: receivers of a test",
    ),
    (
        "FLU_STANDARD_OVERRIDES",
        "a path; in Lambda the standard is as it was built",
    ),
    ("FLU_WIRE_LIMIT", "what Lambda lets through is the default"),
];

/// What is asked of `read` while it runs.
fn asked(read: impl Fn(&dyn Fn(&'static str) -> Option<String>)) -> BTreeSet<&'static str> {
    let names = RefCell::new(BTreeSet::new());
    read(&|name: &'static str| {
        names.borrow_mut().insert(name);
        // Something must stand there for the reading to go on to the others.
        Some(
            if name == "FLU_WIRE_PROTOCOL" {
                "off"
            } else {
                "1"
            }
            .to_owned(),
        )
    });
    names.into_inner()
}

/// Variables by the words in a function's `main.rs` that make it read them.
fn readers() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    BTreeMap::from([
        (
            " Config::from_env(",
            asked(|of| drop(Config::from_variables(of))),
        ),
        (
            " NoticeConfig::from_env(",
            asked(|of| drop(NoticeConfig::from_variables(of))),
        ),
        (
            "WireConfig::from_env(",
            asked(|of| drop(WireConfig::from_variables(of))),
        ),
        (
            "WebhookConfig::from_env(",
            asked(|of| drop(WebhookConfig::from_variables(of))),
        ),
        (
            "env::var(\"FLU_RECEIPT_KEY\")",
            BTreeSet::from(["FLU_RECEIPT_KEY"]),
        ),
        (
            "env::var(\"FLU_RECEIPT_RETIRED_KEYS\")",
            BTreeSet::from(["FLU_RECEIPT_RETIRED_KEYS"]),
        ),
        (
            "startup::password_policy(",
            BTreeSet::from(["FLU_PASSWORD_POLICY"]),
        ),
        ("startup::init_lambda(", BTreeSet::from(["FLU_METRICS"])),
        (
            "web::run_lambda",
            BTreeSet::from(["FLU_ADDRESS", "FLU_FRONT_SECRET", "FLU_FRONT_SECRET_ALSO"]),
        ),
        (
            "env::var(\"FLU_STORE_ORIGIN\")",
            BTreeSet::from(["FLU_STORE_ORIGIN"]),
        ),
    ])
}

#[test]
fn every_variable_that_is_read_is_set_and_no_other() {
    let template = Template::read();
    let left: BTreeSet<&str> = LEFT.iter().map(|(name, _)| *name).collect();
    let functions: BTreeMap<String, BTreeSet<String>> = template
        .functions()
        .iter()
        .map(|it| {
            (
                it.name(),
                names(&it.properties["Environment"]["Variables"])
                    .into_iter()
                    .collect(),
            )
        })
        .collect();
    let readers = readers();
    for function in crates() {
        let main = file(&format!("functions/{function}/src/main.rs"));
        let read: BTreeSet<String> = readers
            .iter()
            .filter(|(words, _)| main.contains(*words))
            .flat_map(|(_, names)| names)
            .filter(|name| !left.contains(*name))
            .map(|name| (*name).to_owned())
            .collect();
        let set = &functions[&function];
        assert_eq!(
            *set, read,
            "variables of {function}; left: template, right: code"
        );
    }
}

#[test]
fn no_code_reads_a_variable_unknown_here() {
    let known: BTreeSet<&str> = readers().into_values().flatten().collect();
    let mut found = BTreeSet::new();
    for folder in ["functions", "shared"] {
        sources(
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
                .join(folder)
                .as_path(),
            &mut |source| {
                // The tests of a module stand at its end.
                let code = source.split("#[cfg(test)]").next().unwrap();
                for piece in code.split('"') {
                    let variable = ["FLU_", "AWS_"]
                        .iter()
                        .any(|start| piece.starts_with(start));
                    if variable
                        && piece
                            .bytes()
                            .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_')
                    {
                        found.insert(piece.to_owned());
                    }
                }
            },
        );
    }
    let found: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, known, "left: in the code, right: in {}", file!());
    for (name, reason) in LEFT {
        assert!(
            known.contains(name),
            "{name} is excused ({reason}) and never read"
        );
    }
}

/// Every Rust source below `src/` folders.
fn sources(folder: &Path, each: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["tests", "benches", "target"].contains(&name) {
            sources(&path, each);
        } else if name.ends_with(".rs") {
            each(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
