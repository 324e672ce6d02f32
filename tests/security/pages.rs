//! `docs/security/controls.md`.

use crate::{file, files};

const PAGE: &str = "docs/security/controls.md";

/// A file, what stands in it, and what the page says of it.
const LIMITS: &[(&str, &str, &str)] = &[
    (
        "shared/store/src/attempts.rs",
        "what: \"LOGIN\",\n    free: 5,\n    longest: SignedDuration::from_mins(15),\n    forget: SignedDuration::from_hours(24),",
        "5 at once, then a wait that grows to 15 minutes; forgotten after a day",
    ),
    (
        "shared/store/src/attempts.rs",
        "what: \"ADDRESS\",\n    free: 100,\n    longest: SignedDuration::from_mins(5),\n    forget: SignedDuration::from_hours(1),",
        "100 at once, then a wait that grows to 5 minutes; forgotten after an hour",
    ),
    (
        "shared/store/src/sms_codes.rs",
        "what: \"SMS_ADDRESS_MINUTE\",\n    most: 5,\n    per: SignedDuration::from_mins(1),",
        "5 a minute, 50 a day",
    ),
    (
        "shared/store/src/sms_codes.rs",
        "what: \"SMS_ADDRESS_DAY\",\n    most: 50,\n    per: DAY,",
        "5 a minute, 50 a day",
    ),
    (
        "shared/store/src/sms_codes.rs",
        "what: \"SMS_PHONE_DAY\",\n    most: 10,\n    per: DAY,",
        "one a minute, 10 a day",
    ),
    (
        "shared/store/src/sms_codes.rs",
        "what: \"SMS_ALL_DAY\",\n    most: 20_000,\n    per: DAY,",
        "20,000 a day",
    ),
    (
        "shared/domain/src/sms_code.rs",
        "CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(5);",
        "5 tries, 5 minutes",
    ),
    (
        "shared/domain/src/sms_code.rs",
        "CODE_ATTEMPTS: u8 = 5;",
        "5 tries, 5 minutes",
    ),
    (
        "shared/domain/src/sms_code.rs",
        "RESEND_AFTER: SignedDuration = SignedDuration::from_mins(1);",
        "one a minute, 10 a day",
    ),
    (
        "shared/domain/src/password_policy.rs",
        "INITIAL_PASSWORD_LIFETIME: SignedDuration = SignedDuration::from_hours(72);",
        "one session within 72 hours",
    ),
    (
        "shared/domain/src/session.rs",
        "IDLE: SignedDuration = SignedDuration::from_mins(30);",
        "30 minutes without use",
    ),
    (
        "shared/domain/src/session.rs",
        "ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);",
        "12 hours in any case",
    ),
    (
        "functions/sign-in/src/password.rs",
        "Semaphore::new(4)",
        "4 at once; counted",
    ),
    (
        "functions/request-upload/src/lib.rs",
        "OPEN_TICKETS: usize = 100;",
        "100 for an account",
    ),
    (
        "shared/web/src/application.rs",
        "BODY_LIMIT: usize = 64 * 1024;",
        "64 KiB",
    ),
    (
        "shared/domain/src/upload.rs",
        "MAX_SIZE: u64 = 20 * 1024 * 1024;",
        "20 MiB",
    ),
    (
        "shared/validation/src/settings.rs",
        "expanded_bytes: 1024 * 1024 * 1024,\n            entries: 1000,",
        "1 GiB in 1,000 entries",
    ),
    (
        "shared/validation/src/settings.rs",
        "records: 2_000_000,",
        "2,000,000 records",
    ),
    (
        "shared/validation/src/report/workbook/guard.rs",
        "EXPANDED: u64 = 512 * 1024 * 1024;",
        "512 MiB in 2,000 parts",
    ),
    (
        "shared/validation/src/report/workbook/guard.rs",
        "PARTS: usize = 2000;",
        "512 MiB in 2,000 parts",
    ),
    (
        "shared/validation/src/icd/archive.rs",
        "ENTRIES: usize = 1_000;",
        "| 1,000 entries |",
    ),
    (
        "functions/apply-for-account/src/scans.rs",
        "LARGEST: u64 = 5 * 1024 * 1024;",
        "| 5 MiB |",
    ),
    (
        "shared/domain/src/death_case/attachment.rs",
        "MAX_SIZE: u64 = 15 * 1024 * 1024;",
        "15 MiB, 300 for a case",
    ),
    (
        "shared/domain/src/death_case/attachment.rs",
        "MOST: usize = 300;",
        "15 MiB, 300 for a case",
    ),
    (
        "shared/file-check/src/limits.rs",
        "pixels: 120_000_000,",
        "120 megapixels",
    ),
    (
        "functions/receive-batch/src/body.rs",
        "EXPANDED: u64 = 64 * 1024 * 1024;",
        "64 MiB",
    ),
    (
        "shared/startup/src/clients.rs",
        "unwrap_or(4)",
        "4 times, waits growing",
    ),
    (
        "shared/startup/src/clients.rs",
        "connect_timeout(Duration::from_secs(2))\n                    .read_timeout(Duration::from_secs(20))",
        "2 s to connect, 20 s to answer",
    ),
    (
        "shared/startup/src/providers.rs",
        "connect_timeout(Duration::from_secs(2))\n                    .read_timeout(Duration::from_secs(20))",
        "2 s to connect, 20 s to answer",
    ),
    (
        "functions/deliver-webhook/src/post.rs",
        "PATIENCE: Duration = Duration::from_secs(10);",
        "| 10 s |",
    ),
];

#[test]
fn limits_in_the_page_are_those_of_the_code() {
    let page = file(PAGE);
    let wrong: Vec<String> = LIMITS
        .iter()
        .filter_map(|(path, code, said)| {
            let (in_code, in_page) = (file(path).contains(code), page.contains(said));
            (!in_code || !in_page).then(|| {
                format!(
                    "{path}: {code:?} (there: {in_code}) is {said:?} in {PAGE} (there: {in_page})"
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_of_this_service_are_those_of_the_page() {
    let code = file("shared/domain/src/common_passwords.rs");
    let (_, list) = code.split_once("OF_THIS_SERVICE: &[&str] = &[").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    let in_code: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    let page = file(PAGE);
    let (_, said) = page.split_once("(`shared/domain/data`):").unwrap();
    let (said, _) = said.split_once(';').unwrap();
    let in_page: Vec<&str> = said
        .split([',', '\n', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    assert_eq!(in_page, in_code);
}

/// What the workspace uses.
fn dependencies() -> Vec<String> {
    let text = file("Cargo.toml");
    let (_, list) = text.split_once("[workspace.dependencies]").unwrap();
    let (list, _) = list.split_once("\n[").unwrap();
    let names = list.lines().filter_map(|line| line.split_once(" ="));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// Whether a page has a word that is no part of a longer one.
fn names(page: &str, word: &str) -> bool {
    let inside = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '-' || letter == '_')
    };
    page.match_indices(word).any(|(at, _)| {
        !inside(page[..at].chars().next_back()) && !inside(page[at + word.len()..].chars().next())
    })
}

fn lacks(of: impl Fn(&str) -> bool) -> Vec<String> {
    let page = file(PAGE);
    let found: Vec<String> = dependencies().into_iter().filter(|name| of(name)).collect();
    assert!(found.len() >= 6, "only {found:?}");
    found
        .into_iter()
        .filter(|name| !names(&page, name))
        .collect()
}

#[test]
fn every_crate_of_cryptography_and_every_service_called_is_in_the_page() {
    let known = [
        "argon2",
        "bcrypt",
        "scrypt",
        "pbkdf2",
        "sha1",
        "sha2",
        "sha3",
        "md5",
        "md-5",
        "blake2",
        "blake3",
        "hmac",
        "hkdf",
        "aes",
        "aes-gcm",
        "chacha20poly1305",
        "rsa",
        "p256",
        "k256",
        "ed25519-dalek",
        "ring",
        "aws-lc-rs",
        "openssl",
        "rustls",
        "hyper-rustls",
        "rustls-native-certs",
        "native-tls",
        "subtle",
        "rand",
        "getrandom",
        "jsonwebtoken",
        "sm3",
        "sm4",
    ];
    let lacking = lacks(|name| known.contains(&name) || name.starts_with("aws-sdk-"));
    assert!(lacking.is_empty(), "{PAGE} does not name {lacking:?}");
}

#[test]
fn risky_libraries_are_in_the_page() {
    let known = [
        "zip",
        "flate2",
        "zstd",
        "calamine",
        "quick-xml",
        "image",
        "png",
        "lopdf",
        "encoding_rs",
        "typst",
        "typst-pdf",
        "tar",
    ];
    let lacking = lacks(|name| known.contains(&name));
    assert!(lacking.is_empty(), "{PAGE} does not name {lacking:?}");
}

#[test]
fn every_kind_of_object_has_a_level_of_protection() {
    let keys = file("shared/store/src/keys.rs");
    let code = keys.split("#[cfg(test)]").next().unwrap();
    let mut kinds: Vec<String> = Vec::new();
    for text in code.split('"').skip(1).step_by(2) {
        let parts: Vec<&str> = text.split('/').collect();
        let fixed =
            |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_lowercase());
        let kind = match parts.as_slice() {
            ["incoming", kind, _, ..] if fixed(kind) => format!("incoming/{kind}/"),
            [kind, _, ..] if fixed(kind) && *kind != "incoming" => format!("{kind}/"),
            _ => continue,
        };
        kinds.push(kind);
    }
    kinds.sort();
    kinds.dedup();
    assert!(kinds.len() >= 9, "{kinds:?}");
    let page = file(PAGE);
    let (_, levels) = page.split_once("## Levels of data").unwrap();
    let (levels, _) = levels.split_once("## Logs").unwrap();
    for kind in kinds {
        let rows = levels
            .lines()
            .filter(|line| line.contains(&format!("`{kind}`")))
            .count();
        assert_eq!(rows, 1, "{kind} has one level in {PAGE}");
    }
}

#[test]
fn no_secret_has_a_default_or_is_shown() {
    for template in ["infra/template.yaml", "infra/front.yaml"] {
        let template: serde_yaml::Value = serde_yaml::from_str(&file(template)).unwrap();
        let mut secrets = 0;
        for (name, parameter) in template["Parameters"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            if name.contains("Secret") || name.ends_with("Key") {
                secrets += 1;
                assert_eq!(parameter["NoEcho"], true, "{name}");
                let default = &parameter["Default"];
                assert!(default.is_null() || default == "", "{name} has a default");
            }
        }
        assert!(secrets > 0);
    }
    // What looks like a key in the sources: of AWS, in PEM, or a long random word that is given a name of a secret.
    let mut wrong = Vec::new();
    for folder in ["functions", "shared", "infra", "docs"] {
        for (path, text) in files(
            folder,
            &[
                ".rs", ".yaml", ".toml", ".md", ".js", ".env", ".service", ".json",
            ],
        ) {
            for mark in [
                "-----BEGIN PRIVATE",
                "-----BEGIN RSA",
                "-----BEGIN EC PRIVATE",
                "AKIA",
            ] {
                if text.contains(mark) && !path.contains("/tests/") {
                    wrong.push(format!("{path}: {mark}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
