use crate::raw_zip::{End, RawEntry, extra, large, put32, put64, raw_zip, unicode_path};
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
    let disagree = "ZIP-004 lis_1.csv 压缩包的目录与文件头不一致，请重新压缩后上传";
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
        "ZIP-004 lis_1.csv 压缩包中有链接或设备文件，请直接压缩csv文件"
    );
    // Both entries on the same data.
    let second = central + 46 + 9;
    let name = find(&plain[central + 4..], b"PK\x01\x02") + central + 4;
    assert!(name >= second);
    assert_eq!(
        why(&|bytes| {
            bytes.copy_within(central..central + 46 + 9, name);
        }),
        "ZIP-004 lis_1.csv 压缩包中有两个同名文件，请改名后重新压缩"
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
        ["ZIP-004 lis_1.csv 解压后的数据量过大，请按日期拆分后分别上传"]
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
        ["ZIP-004 upload.zip 压缩包中的文件过多，请只压缩要上报的csv文件"]
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
fn with_too_many_records_what_was_read_is_told_and_counted() {
    // Blank rows are no records, and a block of rows may end in the middle of them.
    let file = lis_file(200, |rows| {
        rows.iter_mut().skip(1).for_each(|row| row[4] = "9".into());
        rows.splice(3..3, [vec![String::new()], vec![String::new()]]);
    });
    let bytes = zip(&[("lis_1.csv", file.as_bytes())]);
    for limit in [1, 2, 61, 62, 63, 64, 100, 199] {
        let mut settings = settings();
        settings.limits.records = limit;
        // That all that is told is counted, and nothing else, is asked for there.
        let checked = check_with(&bytes, &settings);
        let records = checked.records.len();
        assert_eq!(records, limit as usize + 1);
        assert_eq!(checked.summary.total, u64::from(limit) + 1);
        assert_eq!(
            (checked.summary.passed, checked.summary.unreadable),
            (0, true)
        );
        let told = checked
            .findings
            .iter()
            .filter(|finding| finding.rule == "GEN-017");
        assert_eq!(told.count(), records, "{limit}");
        let too_many = checked.findings.last().unwrap();
        assert!(too_many.message.contains("记录"), "{}", too_many.message);
        assert_eq!(too_many.rule, "ZIP-004");
    }
    let mut settings = settings();
    settings.limits.records = 200;
    assert!(!check_with(&bytes, &settings).summary.unreadable);
}

#[test]
fn links_and_devices_are_refused() {
    let plain = zip(&[("lis_1.csv", b"/etc/passwd")]);
    let central = find(&plain, b"PK\x01\x02");
    let with = |system: u8, mode: u32| {
        let mut bytes = plain.clone();
        bytes[central + 5] = system;
        bytes[central + 38..central + 42].copy_from_slice(&(mode << 16).to_le_bytes());
        bytes
    };
    // Unix and macOS; a link, a pipe, a device.
    for system in [3, 19] {
        for mode in [0o120_777, 0o010_644, 0o020_644, 0o060_644] {
            assert_eq!(
                refused(&with(system, mode)),
                ["ZIP-004 lis_1.csv 压缩包中有链接或设备文件，请直接压缩csv文件"],
                "{system} {mode:o}"
            );
        }
        let file = check_bytes(&with(system, 0o100_644));
        assert!(
            file.findings
                .iter()
                .all(|finding| finding.rule != "ZIP-004")
        );
    }
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

const DISAGREE: &str = "ZIP-004 lis_1.csv 压缩包的目录与文件头不一致，请重新压缩后上传";
const STREAMED: u16 = 0x0008;
const UTF8: u16 = 0x0800;

fn entry(name: &str) -> RawEntry {
    RawEntry::stored(name.as_bytes(), lis_file(3, |_| {}).as_bytes())
}

/// Checks an archive of one good file, and tells its name.
#[track_caller]
fn read_as_meant(bytes: &[u8]) -> (String, Vec<String>) {
    let checked = check_bytes(bytes);
    assert_eq!(checked.lines(), Vec::<String>::new());
    assert_eq!((checked.summary.total, checked.summary.passed), (3, 3));
    let file = &checked.summary.files[0];
    let notes = file.notes.iter().map(|note| note.code.clone());
    (file.info.name.clone(), notes.collect())
}

#[test]
fn entries_that_share_bytes_are_refused() {
    // Each entry holds the header and the data of the next one too: what is packed once is expanded many times.
    let last = RawEntry::stored(b"lis_3.csv", &vec![b'0'; 1 << 16]);
    let around = |name: &[u8], inner: &RawEntry| {
        RawEntry::stored(name, &[inner.header(), inner.data.clone()].concat())
    };
    let middle = around(b"lis_2.csv", &last);
    let first = around(b"lis_1.csv", &middle);
    let header = first.header().len() as u32;
    let inner = |mut entry: RawEntry, at: u32| {
        entry.at = Some(at);
        entry
    };
    // The bytes of the inner ones are there already: only their lines in the directory are added.
    let whole = raw_zip(
        &[first, inner(middle, header), inner(last, 2 * header)],
        End::Plain,
    );
    assert_eq!(
        refused(&whole),
        ["ZIP-004 lis_2.csv 压缩包中的文件数据相互重叠，请重新压缩后上传"]
    );
    // Two lines of the directory for one and the same entry.
    let mut again = entry("lis_1.csv");
    again.at = Some(0);
    assert_eq!(
        refused(&raw_zip(&[entry("lis_1.csv"), again.clone()], End::Plain)),
        ["ZIP-004 lis_1.csv 压缩包中有两个同名文件，请改名后重新压缩"]
    );
    // Under another name the header in front of the data contradicts.
    again.name = b"lis_2.csv".to_vec();
    assert_eq!(
        refused(&raw_zip(&[entry("lis_1.csv"), again], End::Plain)),
        ["ZIP-004 lis_2.csv 压缩包的目录与文件头不一致，请重新压缩后上传"]
    );
    // The last entry runs on into the directory.
    let mut long = entry("lis_1.csv");
    for said in [&mut long.local, &mut long.central] {
        said[1] += 9;
        said[2] += 9;
    }
    assert_eq!(
        refused(&raw_zip(&[long], End::Plain)),
        ["ZIP-004 lis_1.csv 压缩包中的文件数据相互重叠，请重新压缩后上传"]
    );
}

#[test]
fn small_archives_written_as_large_ones_are_read() {
    for end in [End::Plain, End::Large, End::Both] {
        let plain = entry("lis_1.csv");
        let length = plain.data.len() as u64;
        // Sizes in the field of large entries, in front of the data, in the directory, in both.
        for (local, central) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut entry = plain.clone();
            if local {
                entry.local[1..].fill(u32::MAX);
                entry.local_extra = large(&[length, length]);
            }
            if central {
                entry.central[1..].fill(u32::MAX);
                // Another field stands before it.
                entry.central_extra = [extra(0x5455, &[0]), large(&[length, length])].concat();
            }
            read_as_meant(&raw_zip(&[entry], end));
        }
        // The position too stands there.
        let mut entry = plain;
        entry.at = Some(u32::MAX);
        entry.central_extra = large(&[0]);
        read_as_meant(&raw_zip(&[entry], end));
    }
}

#[test]
fn large_sizes_that_lie_are_refused() {
    let plain = entry("lis_1.csv");
    let length = plain.data.len() as u64;
    let with = |change: &dyn Fn(&mut RawEntry)| {
        let mut entry = plain.clone();
        change(&mut entry);
        refused(&raw_zip(&[entry], End::Plain))
    };
    // In front of the data.
    for values in [
        &[length + 1, length][..],
        &[length, length + 1],
        &[0, 0],
        &[],
    ] {
        let found = with(&|entry| {
            entry.local[1..].fill(u32::MAX);
            entry.local_extra = large(values);
        });
        assert_eq!(found, [DISAGREE], "{values:?}");
    }
    // In the directory: far too much, and a field that is missing.
    let huge = with(&|entry| {
        entry.central[1..].fill(u32::MAX);
        entry.central_extra = large(&[1 << 40, 1 << 40]);
    });
    assert_eq!(huge, [DISAGREE]);
    let both = with(&|entry| {
        for said in [&mut entry.local, &mut entry.central] {
            said[1..].fill(u32::MAX);
        }
        entry.local_extra = large(&[u64::MAX, u64::MAX]);
        entry.central_extra = large(&[u64::MAX, u64::MAX]);
    });
    assert_eq!(
        both,
        ["ZIP-004 lis_1.csv 解压后的数据量过大，请按日期拆分后分别上传"]
    );
    let damaged = ["ZIP-001 upload.zip 压缩包的目录已损坏，请重新压缩后上传"];
    let missing = with(&|entry| entry.central[1..].fill(u32::MAX));
    assert_eq!(missing, damaged);
    for end in [End::LargeLies, End::LargeMissing] {
        assert_eq!(
            refused(&raw_zip(std::slice::from_ref(&plain), end)),
            damaged
        );
    }
}

#[test]
fn the_unicode_name_counts_where_it_was_made_for_the_name() {
    let (gbk, _, _) = encoding_rs::GB18030.encode("lis_数据.csv");
    for raw in [&gbk[..], b"lis_#U6570#U636e.csv", b"????.csv"] {
        let mut entry = RawEntry::stored(raw, lis_file(3, |_| {}).as_bytes());
        entry.central_extra = unicode_path(raw, "lis_乙.csv");
        entry.local_extra.clone_from(&entry.central_extra);
        let (name, notes) = read_as_meant(&raw_zip(&[entry.clone()], End::Plain));
        assert_eq!((name.as_str(), notes.len()), ("lis_乙.csv", 0));
    }
    // Made for the name before the file was renamed: ignored.
    for (raw, name, note) in [
        (&gbk[..], "lis_数据.csv", Some("entry_name_gbk")),
        (b"lis_1.csv", "lis_1.csv", None),
    ] {
        let mut entry = RawEntry::stored(raw, lis_file(3, |_| {}).as_bytes());
        entry.central_extra = unicode_path(b"flu_1.csv", "flu_乙.csv");
        entry.local_extra.clone_from(&entry.central_extra);
        let (found, notes) = read_as_meant(&raw_zip(&[entry], End::Plain));
        assert_eq!(found, name);
        assert_eq!(notes.first().map(String::as_str), note);
    }
    // With the flag, the name itself is Unicode.
    let mut flagged = entry("lis_甲.csv");
    flagged.flags = UTF8;
    flagged.central_extra = unicode_path("lis_甲.csv".as_bytes(), "lis_乙.csv");
    let (name, _) = read_as_meant(&raw_zip(&[flagged], End::Plain));
    assert_eq!(name, "lis_甲.csv");
}

#[test]
fn unicode_names_open_no_way_out() {
    let renamed = |raw: &[u8], path: &str| {
        let mut entry = RawEntry::stored(raw, b"x");
        entry.central_extra = unicode_path(raw, path);
        entry
    };
    for (raw, path) in [
        (&b"lis_1.csv"[..], "../lis_1.csv"),
        (b"../lis_1.csv", "lis_1.csv"),
    ] {
        let found = refused(&raw_zip(&[renamed(raw, path)], End::Plain));
        assert!(
            found[0].ends_with("文件路径含有“..”，请直接压缩csv文件"),
            "{found:?}"
        );
    }
    let twice = [
        renamed(b"a.csv", "lis_1.csv"),
        renamed(b"b.csv", "lis_1.csv"),
    ];
    assert_eq!(
        refused(&raw_zip(&twice, End::Plain)),
        ["ZIP-004 lis_1.csv 压缩包中有两个同名文件，请改名后重新压缩"]
    );
}

/// An entry whose sizes stand behind its data.
fn streamed(signed: bool, wide: bool) -> RawEntry {
    let mut entry = entry("lis_1.csv");
    let [checksum, packed, size] = entry.central;
    entry.flags = STREAMED;
    entry.local.fill(0);
    if signed {
        entry.behind.extend(b"PK\x07\x08");
    }
    put32(&mut entry.behind, &[checksum]);
    if wide {
        put64(&mut entry.behind, &[packed.into(), size.into()]);
    } else {
        put32(&mut entry.behind, &[packed, size]);
    }
    entry
}

#[test]
fn sizes_behind_the_data_are_read_with_and_without_signature() {
    for signed in [true, false] {
        for wide in [true, false] {
            let entry = streamed(signed, wide);
            let mut other = streamed(signed, wide);
            other.name = b"lis_2.csv".to_vec();
            read_as_meant(&raw_zip(std::slice::from_ref(&entry), End::Plain));
            let checked = check_bytes(&raw_zip(&[entry.clone(), other], End::Large));
            assert_eq!(checked.summary.passed, 6);
            // As Windows 11 does: the header in front says that the sizes are large, and not which.
            let mut unknown = entry;
            unknown.local[1..].fill(u32::MAX);
            unknown.local_extra = large(&[0, 0]);
            read_as_meant(&raw_zip(&[unknown], End::Both));
        }
    }
    // Nothing behind the data although it is said: the directory has it all.
    let mut bare = streamed(true, false);
    bare.behind.clear();
    read_as_meant(&raw_zip(&[bare], End::Plain));
}

#[test]
fn sizes_behind_the_data_that_lie_are_refused() {
    for wide in [true, false] {
        for place in [4, 8, if wide { 16 } else { 12 }] {
            let mut entry = streamed(true, wide);
            entry.behind[place] ^= 1;
            assert_eq!(
                refused(&raw_zip(&[entry], End::Plain)),
                [DISAGREE],
                "{place}"
            );
        }
    }
    // The flag in one header only.
    let entry = streamed(true, false);
    let mut bytes = raw_zip(std::slice::from_ref(&entry), End::Plain);
    bytes[6] = 0;
    assert_eq!(refused(&bytes), [DISAGREE]);
    // What all headers agree on is still not what the data is.
    let mut entry = streamed(true, false);
    entry.central[0] ^= 1;
    entry.behind[4] ^= 1;
    let checked = check_bytes(&raw_zip(&[entry], End::Plain));
    assert_eq!(checked.summary.passed, 0);
    assert!(checked.findings[0].message.contains("校验码"));
}
