//! `operate verify` and `operate recount` as they are called.
#![allow(clippy::unwrap_used, reason = "a failing test may end where it stands")]

use std::path::Path;

use assert_cmd::Command;
use domain::{
    AccountId, Figures, NewUpload, Sha256, Upload, UploadId, UploadKind, UploadOutcome,
    UploadStatus,
};
use jiff::Timestamp;
use receipts::{Receipt, SignedReceipt, Signer, generate_key};

const FILE: &[u8] = b"what was uploaded";

/// Writes a receipt of [`FILE`], the file and the keys.
fn prepare(folder: &Path) {
    let signer = Signer::new(&generate_key(), "").unwrap();
    let new = NewUpload {
        kind: UploadKind::Data,
        file_name: "流感.zip".parse().unwrap(),
        size: FILE.len() as u64,
        sha256: Sha256::of(FILE),
        dry_run: false,
    };
    let now = Timestamp::UNIX_EPOCH;
    let mut upload = Upload::new(AccountId::random(), UploadId::new(1), new, now);
    upload.status = UploadStatus::Done;
    upload.figures = Some(Figures {
        outcome: UploadOutcome::Accepted,
        total: 12,
        passed: 12,
        errors: 0,
        warnings: 0,
        unreadable: false,
        truncated: false,
        kinds: vec!["flu".to_owned()],
        segments: Vec::new(),
        code_files: Vec::new(),
        findings_sha256: None,
    });
    let receipt = Receipt::of(&upload, Some("12345678X51010212A1001")).unwrap();
    let signed = SignedReceipt::sign(receipt, &signer).unwrap();
    let json = |value: serde_json::Value| serde_json::to_vec_pretty(&value).unwrap();
    std::fs::write(
        folder.join("receipt.json"),
        json(serde_json::to_value(signed).unwrap()),
    )
    .unwrap();
    let keys = serde_json::to_value(signer.published()).unwrap();
    std::fs::write(folder.join("flu-receipt-keys.json"), json(keys)).unwrap();
    std::fs::write(folder.join("flu.zip"), FILE).unwrap();
}

fn verify(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::cargo_bin("operate")
        .unwrap()
        .current_dir(folder)
        .arg("verify")
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[test]
fn a_receipt_and_its_file_fit() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let (status, text) = verify(folder.path(), &["receipt.json", "--file", "flu.zip"]);
    assert_eq!(status, 0, "{text}");
    for part in [
        "签名有效",
        "文件与凭证一致",
        "流感.zip",
        "12345678X51010212A1001",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    let (status, text) = verify(folder.path(), &["receipt.json", "--lang", "en"]);
    assert!(
        status == 0 && text.contains("the signature is good"),
        "{text}"
    );
}

#[test]
fn it_says_what_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    prepare(path);
    std::fs::write(path.join("other.zip"), b"what was uploadeD").unwrap();
    let (status, text) = verify(path, &["receipt.json", "--file", "other.zip"]);
    assert!(
        status == 1 && text.contains("文件内容不符"),
        "{status} {text}"
    );
    std::fs::write(path.join("short.zip"), b"what").unwrap();
    let (status, text) = verify(path, &["receipt.json", "--file", "short.zip"]);
    assert!(
        status == 1 && text.contains("文件大小不符"),
        "{status} {text}"
    );

    let receipt = std::fs::read_to_string(path.join("receipt.json")).unwrap();
    std::fs::write(
        path.join("forged.json"),
        receipt.replace("\"total\": 12", "\"total\": 13"),
    )
    .unwrap();
    let (status, text) = verify(path, &["forged.json"]);
    assert!(status == 1 && text.contains("签名无效"), "{status} {text}");
    assert!(
        !text.contains("记录总数"),
        "what is forged is not shown: {text}"
    );

    let stranger = Signer::new(&generate_key(), "").unwrap();
    let keys = serde_json::to_vec(&stranger.published()).unwrap();
    std::fs::write(path.join("foreign.json"), keys).unwrap();
    let (status, text) = verify(path, &["receipt.json", "--key", "foreign.json"]);
    assert!(
        status == 1 && text.contains("没有签发该凭证的密钥"),
        "{status} {text}"
    );
}

#[test]
fn what_cannot_be_verified_ends_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    prepare(path);
    for (arguments, said) in [
        (&["nothing.json"][..], "无法读取"),
        (&["flu.zip"], "不是本系统的上传凭证"),
        (
            &["receipt.json", "--key", "nothing.json"],
            "flu-receipt-keys.json",
        ),
        (&["receipt.json", "--key", "flu.zip"], "不是公钥文件"),
    ] {
        let (status, text) = verify(path, arguments);
        assert!(
            status == 2 && text.contains(said),
            "{arguments:?}: {status} {text}"
        );
    }
}
