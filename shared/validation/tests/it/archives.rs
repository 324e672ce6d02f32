use crate::support::{check_bytes, check_with, lis_file, settings, zip};

fn refused(bytes: &[u8]) -> Vec<String> {
    let checked = check_bytes(bytes);
    assert!(checked.summary.unreadable);
    assert_eq!((checked.summary.total, checked.summary.passed), (0, 0));
    assert_eq!(checked.summary.outcome, validation::Outcome::Rejected);
    checked
        .findings
        .iter()
        .map(|finding| {
            let (_, why) = finding.message.split_once('：').unwrap();
            format!("{} {} {why}", finding.rule, finding.value)
        })
        .collect()
}

#[test]
fn says_what_an_upload_is_that_is_no_zip() {
    assert_eq!(refused(b""), ["ZIP-001 upload.zip 文件是空的"]);
    assert_eq!(
        refused(b"Rar!\x1a\x07"),
        ["ZIP-001 upload.zip 这是rar文件，请改用zip格式压缩"]
    );
    assert_eq!(
        refused(lis_file(1, |_| {}).as_bytes()),
        ["ZIP-001 upload.zip 这是未压缩的csv文件，请压缩为zip后上传"]
    );
    let whole = zip(&[("lis_1.csv", lis_file(9, |_| {}).as_bytes())]);
    for cut in [10, whole.len() / 2, whole.len() - 1] {
        assert_eq!(
            refused(&whole[..cut]),
            ["ZIP-001 upload.zip 文件不完整，缺少压缩包的结尾部分，请重新压缩后上传"],
            "{cut}"
        );
    }
}

#[test]
fn an_upload_over_the_limit_is_refused_unread() {
    let bytes = zip(&[("lis_1.csv", lis_file(9, |_| {}).as_bytes())]);
    let mut settings = settings();
    settings.limits.archive_bytes = bytes.len() as u64 - 1;
    let checked = check_with(&bytes, &settings);
    assert_eq!(checked.lines(), ["upload.zip - - - ZIP-001 \"upload.zip\""]);
    settings.limits.archive_bytes += 1;
    assert_eq!(check_with(&bytes, &settings).summary.passed, 9);
}

#[test]
fn other_files_are_named() {
    let checked = check_bytes(&zip(&[
        ("说明.txt", b"x"),
        ("lis_1.csv", lis_file(2, |_| {}).as_bytes()),
    ]));
    assert_eq!(checked.lines(), ["说明.txt - - - ZIP-002 \"说明.txt\""]);
    assert_eq!(checked.summary.outcome, validation::Outcome::Partly);
    assert_eq!(checked.summary.passed, 2);
    let checked = check_bytes(&zip(&[("说明.txt", b"x")]));
    assert_eq!(checked.lines(), ["说明.txt - - - ZIP-002 \"说明.txt\""]);
    assert_eq!(checked.summary.outcome, validation::Outcome::Rejected);
}

#[test]
fn archives_in_the_archive_are_refused() {
    assert_eq!(
        refused(&zip(&[("inner.zip", b"x"), ("lis_1.csv", b"x")])),
        ["ZIP-004 inner.zip 压缩包中又有压缩包，请只压缩csv文件"]
    );
}

/// Position of the first header with this signature.
fn find(bytes: &[u8], signature: &[u8]) -> usize {
    bytes
        .windows(4)
        .position(|window| window == signature)
        .unwrap()
}

#[test]
fn headers_that_lie_are_refused() {
    let plain = zip(&[
        ("lis_1.csv", lis_file(9, |_| {}).as_bytes()),
        ("lis_2.csv", lis_file(9, |_| {}).as_bytes()),
    ]);
    let local = 0;
    let central = find(&plain, b"PK\x01\x02");
    let why = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = plain.clone();
        change(&mut bytes);
        let found = refused(&bytes);
        assert_eq!(found.len(), 1);
        found[0].clone()
    };
    let disagree = "ZIP-004 lis_1.csv 压缩包的目录与文件头不一致";
    // Encrypted in both headers, then in one.
    assert_eq!(
        why(&|bytes| {
            bytes[local + 6] |= 1;
            bytes[central + 8] |= 1;
        }),
        "ZIP-004 lis_1.csv 文件已加密，请不要设置密码"
    );
    assert_eq!(why(&|bytes| bytes[local + 6] |= 1), disagree);
    // Method, checksum, sizes, name.
    assert_eq!(why(&|bytes| bytes[local + 8] = 0), disagree);
    assert_eq!(why(&|bytes| bytes[local + 14] ^= 1), disagree);
    assert_eq!(why(&|bytes| bytes[local + 18] ^= 1), disagree);
    assert_eq!(why(&|bytes| bytes[local + 22] ^= 1), disagree);
    assert_eq!(why(&|bytes| bytes[local + 30] = b'f'), disagree);
    assert_eq!(
        why(&|bytes| {
            bytes[local + 8] = 12;
            bytes[central + 10] = 12;
        }),
        "ZIP-004 lis_1.csv 使用了不支持的压缩方式，请用普通zip方式重新压缩"
    );
    // A symbolic link made on Unix.
    assert_eq!(
        why(&|bytes| {
            bytes[central + 5] = 3;
            bytes[central + 41] = 0xa1;
        }),
        "ZIP-004 lis_1.csv 压缩包中有链接或设备文件"
    );
    // Both entries on the same data.
    let second = central + 46 + 9;
    let name = find(&plain[central + 4..], b"PK\x01\x02") + central + 4;
    assert!(name >= second);
    assert_eq!(
        why(&|bytes| {
            bytes.copy_within(central..central + 46 + 9, name);
        }),
        "ZIP-004 lis_1.csv 压缩包中有两个同名文件"
    );
}

#[test]
fn damage_found_while_expanding_keeps_no_record() {
    let text = lis_file(9, |_| {});
    let plain = zip(&[("lis_1.csv", text.as_bytes())]);
    let central = find(&plain, b"PK\x01\x02");
    let why = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = plain.clone();
        change(&mut bytes);
        let checked = check_bytes(&bytes);
        assert!(checked.summary.unreadable && checked.summary.files[0].unreadable);
        assert_eq!(checked.summary.passed, 0);
        let last = checked.findings.last().unwrap();
        format!("{} {} {}", last.file, last.rule, last.message)
    };
    assert!(
        why(&|bytes| {
            bytes[14] ^= 1;
            bytes[central + 16] ^= 1;
        })
        .contains("校验码")
    );
    assert!(
        why(&|bytes| {
            bytes[22] ^= 1;
            bytes[central + 24] ^= 1;
        })
        .contains("解压后的大小")
    );
    let found = why(&|bytes| bytes[60] ^= 0xff);
    assert!(found.starts_with("lis_1.csv ZIP-004"), "{found}");
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![b'0'; 80 << 20];
    assert_eq!(
        refused(&zip(&[("lis_1.csv", &zeros)])),
        ["ZIP-004 lis_1.csv 解压后的数据量过大"]
    );
    let files: Vec<(String, Vec<u8>)> = (0..1001)
        .map(|number| (format!("lis_{number}.csv"), Vec::new()))
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    assert_eq!(
        refused(&zip(&files)),
        ["ZIP-004 upload.zip 压缩包中的文件过多"]
    );
    let mut settings = settings();
    settings.limits.expanded_bytes = 100;
    let checked = check_with(
        &zip(&[("lis_1.csv", lis_file(9, |_| {}).as_bytes())]),
        &settings,
    );
    assert_eq!(checked.lines(), ["lis_1.csv - - - ZIP-004 \"lis_1.csv\""]);
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for name in ["../lis_1.csv", "/lis_1.csv", "c:/lis_1.csv"] {
        let mut bytes = zip(&[("XXXXXXXXXXXX", b"x")]);
        let padded = format!("{name:X>12}");
        let padded = if name.starts_with('/') || name.starts_with("c:") {
            format!("{name}{}", &"XXXXXXXXXXXX"[name.len()..])
        } else {
            padded
        };
        while let Some(at) = bytes
            .windows(12)
            .position(|window| window == b"XXXXXXXXXXXX")
        {
            bytes[at..at + 12].copy_from_slice(padded.as_bytes());
        }
        let found = refused(&bytes);
        assert!(found[0].starts_with("ZIP-004"), "{found:?}");
    }
}
