//! A file that cannot be read says what is wrong and what would be right.

use std::io::Cursor;

use serde_json::Value;

use crate::samples::{clean, zip};
use crate::world::{Hospital, World};

/// Uploads something unreadable and gives its one finding about the file.
fn refused(hospital: &Hospital<'_>, bytes: &[u8]) -> Value {
    let upload = hospital.upload("flu_20191203.zip", bytes);
    assert_eq!(upload["status"], "done", "{upload}");
    assert_eq!(upload["passed"], 0);
    assert_eq!(upload["total"], 0, "{upload}");
    assert_eq!(upload["errors"], 1, "{upload}");
    let findings = hospital.findings(upload["id"].as_str().unwrap(), "&severity=error");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0]["row"].is_null());
    assert!(!findings[0]["mend"].as_str().unwrap().is_empty());
    findings[0].clone()
}

#[test]
fn each_has_one_finding_about_the_file() {
    let hospital = World::shared().hospital();
    let cases: &[(&str, &str, Vec<u8>)] = &[
        ("text", "ZIP-001", b"P7501,P7502\r\n01,1\r\n".to_vec()),
        (
            "a rar",
            "ZIP-001",
            b"Rar!\x1a\x07\x01\x00 something".to_vec(),
        ),
        ("cut off", "ZIP-001", {
            let whole = zip(&[("flu_1.csv", &[b'x'; 5000])]);
            whole[..whole.len() / 2].to_vec()
        }),
        ("no csv", "ZIP-002", zip(&[("readme.txt", b"hello")])),
        (
            "unknown name",
            "ZIP-003",
            zip(&[("data.csv", b"P7501\r\n01\r\n")]),
        ),
        (
            "path",
            "ZIP-004",
            zip(&[("../flu_1.csv", b"P7501\r\n01\r\n")]),
        ),
        (
            "one endless line",
            "GEN-001",
            zip(&[("flu_1.csv", &vec![b'0'; 60 << 20])]),
        ),
        ("no rows", "GEN-008", {
            let kind = &standard::latest().kinds[0];
            let header: Vec<&str> = kind
                .fields
                .iter()
                .map(|field| field.code.as_str())
                .collect();
            zip(&[("flu_1.csv", format!("{}\r\n", header.join(",")).as_bytes())])
        }),
    ];
    for (what, rule, bytes) in cases {
        assert_eq!(refused(&hospital, bytes)["rule"], *rule, "{what}");
    }
}

#[test]
fn records_of_a_file_that_turns_out_damaged_at_its_end_do_not_count_as_known() {
    let hospital = World::shared().hospital();
    // Long enough that records are judged before the end is read.
    let whole = clean("flu", 3000, 1);
    let mut archive = zip::ZipArchive::new(Cursor::new(&whole)).unwrap();
    let sum = archive.by_index(0).unwrap().crc32().to_le_bytes();
    let mut damaged = whole.clone();
    let places = (0..whole.len() - 3).filter(|at| whole[*at..*at + 4] == sum);
    for place in places.collect::<Vec<_>>() {
        damaged[place] ^= 1;
    }
    let upload = hospital.upload("flu_20191203.zip", &damaged);
    assert_eq!(upload["passed"], 0, "{upload}");
    let total = upload["total"].as_u64().unwrap();
    assert!(total > 0, "{upload}");
    assert_eq!(upload["dispositions"]["new"], 0, "{upload}");
    assert_eq!(upload["dispositions"]["failed"], total, "{upload}");
    let upload = hospital.upload("flu_20191203.zip", &whole);
    assert_eq!(upload["dispositions"]["new"], 3000, "{upload}");
}
