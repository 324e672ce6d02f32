//! What the sources may not have.

use crate::{deployed, file, files};

/// Fails with every place where one of these words stands.
fn nowhere(words: &[&str], except: &[&str], why: &str) {
    let sources = deployed();
    assert!(
        sources.len() > 200,
        "only {} files were looked at",
        sources.len()
    );
    let wrong: Vec<String> = sources
        .iter()
        .filter(|(path, _)| !except.contains(&path.as_str()))
        .flat_map(|(path, text)| {
            let found = words.iter().filter(|word| text.contains(**word));
            found.map(move |word| format!("{path}: {word}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{why}\n{}", wrong.join("\n"));
    for path in except {
        let text = file(path);
        assert!(
            words.iter().any(|word| text.contains(word)),
            "{path} is no exception any more"
        );
    }
}

#[test]
fn no_crate_of_ours_may_be_unsafe() {
    assert!(file("Cargo.toml").contains("unsafe_code = \"forbid\""));
    let mut crates = 0;
    for folder in ["functions", "shared", "infra"] {
        for (path, text) in files(folder, &["Cargo.toml"]) {
            crates += 1;
            // The exports of a WebAssembly module are declared with an attribute that counts as unsafe.
            let denied = path == "shared/browser-check/Cargo.toml"
                && text.contains("unsafe_code = \"deny\"");
            assert!(
                denied || text.contains("[lints]\nworkspace = true"),
                "{path} does not take the lints of the workspace"
            );
        }
    }
    assert!(crates > 40, "{crates}");
}

#[test]
fn what_must_not_be_guessed_comes_from_the_systems_generator() {
    nowhere(
        &[
            "SmallRng",
            "StdRng",
            "seed_from_u64",
            "fastrand",
            "oorandom",
            "Uuid",
            "uuid::",
        ],
        &[],
        "tokens, codes and ids come from rand::random and rand::rng, which the system seeds",
    );
    for path in [
        "session.rs",
        "sms_code.rs",
        "second_factor.rs",
        "ids.rs",
        "password_policy.rs",
        "machine.rs",
    ] {
        let text = file(&format!("shared/domain/src/{path}"));
        assert!(
            ["rand::random", "random()", "random::<", "rand::rng()"]
                .iter()
                .any(|way| text.contains(way)),
            "{path}"
        );
    }
}

#[test]
fn no_weak_hash_is_used_but_where_the_page_says_why() {
    nowhere(
        &["sha1::", "Sha1", "md5::", "Md5", "md4::"],
        &["shared/domain/src/second_factor.rs"],
        "SHA-256 is the hash of this service; RFC 6238 alone wants SHA-1",
    );
    assert!(file("docs/security/controls.md").contains("HMAC-SHA-1 (RFC 6238)"));
}

#[test]
fn no_client_leaves_certificates_unverified() {
    nowhere(
        &[
            "danger_accept",
            "dangerous()",
            "ServerCertVerifier",
            "disable_verification",
            "SslVerifyMode",
            "verify_none",
        ],
        &[],
        "certificates are verified, and with the system's roots",
    );
    let template = file("infra/template.yaml");
    for line in template
        .lines()
        .filter(|line| line.contains("ENDPOINT") || line.contains("Endpoint"))
    {
        assert!(!line.contains("http://"), "{line}");
    }
}

#[test]
fn every_library_comes_from_the_registry_with_its_digest() {
    let lock = file("Cargo.lock");
    let mut from_registry = 0;
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.strip_prefix(" = "))
                .map(|value| value.trim_matches('"').to_owned())
        };
        let name = field("name").unwrap();
        match field("source") {
            Some(source) => {
                assert_eq!(
                    source, "registry+https://github.com/rust-lang/crates.io-index",
                    "{name}"
                );
                assert_eq!(field("checksum").unwrap_or_default().len(), 64, "{name}");
                from_registry += 1;
            }
            None => assert!(field("checksum").is_none(), "{name} is ours"),
        }
    }
    assert!(from_registry > 300, "{from_registry}");
    let deny = file("deny.toml");
    assert!(
        deny.contains("unknown-registry = \"deny\"") && deny.contains("unknown-git = \"deny\"")
    );
}
