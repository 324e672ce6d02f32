//! Every link rule fires on its example and is silent on the mended one, and settling does not depend on its order.

use std::borrow::Cow;

use proptest::prelude::*;
use standard::Standard;

use super::*;
use crate::{FileInfo, Finding};

const FLU: usize = 0;
const HQMS: usize = 1;
const HDA: usize = 2;
const HDR: usize = 3;
const PDR: usize = 4;
const LIS: usize = 5;

const MOMENT: &str = "2019-12-03 08:15:00";
const DISCHARGE: &str = "2019-12-11 10:00:00";

/// A record by its columns; those not named are blank.
#[derive(Debug, Clone)]
struct Sent {
    kind: usize,
    values: Vec<(&'static str, String)>,
    passed: bool,
}

fn sent(kind: usize, values: &[(&'static str, &str)]) -> Sent {
    Sent {
        kind,
        values: values
            .iter()
            .map(|(code, value)| (*code, (*value).to_owned()))
            .collect(),
        passed: true,
    }
}

fn visit(kind: usize, visit_type: &str, number: &str) -> Sent {
    let mut record = sent(
        kind,
        &[("P7501", visit_type), ("P7502", number), ("P7506", MOMENT)],
    );
    record
        .values
        .extend([("P7500", "1".to_owned()), ("P8000", "1".to_owned())]);
    record
}

fn stay(kind: usize, number: &str) -> Sent {
    sent(
        kind,
        &[
            ("P3", number),
            ("P2", "1"),
            ("P4", "测试甲"),
            ("P5", "1"),
            ("P22", MOMENT),
            ("P25", DISCHARGE),
            ("P741", "1"),
        ],
    )
}

impl Sent {
    fn with(mut self, code: &'static str, value: &str) -> Self {
        self.values.retain(|(known, _)| *known != code);
        self.values.push((code, value.to_owned()));
        self
    }

    fn failed(mut self) -> Self {
        self.passed = false;
        self
    }

    fn value(&self, standard: &Standard, field: usize) -> Cow<'_, str> {
        let code = &standard.kinds[self.kind].fields[field].code;
        let found = self.values.iter().find(|(known, _)| known == code);
        Cow::Borrowed(found.map_or("", |(_, value)| value.as_str()))
    }

    fn key(&self, standard: &Standard) -> String {
        let key = &standard.kinds[self.kind].natural_key;
        let parts: Vec<_> = key
            .iter()
            .map(|field| self.value(standard, *field))
            .collect();
        parts.join("\u{1f}")
    }

    fn digest(&self, standard: &Standard) -> u128 {
        let fields = 0..standard.kinds[self.kind].fields.len();
        let values: Vec<_> = fields.map(|field| self.value(standard, field)).collect();
        key_fingerprint(&values.join("\u{1f}"))
    }
}

/// One file of each kind; its first column is foreign, so that a column is not mistaken for a field.
fn files(standard: &Standard) -> Vec<FileInfo> {
    let kinds = standard.kinds.iter();
    kinds
        .map(|kind| FileInfo {
            name: format!("{}1.csv", kind.prefix),
            kind: Some(kind.code.clone()),
            header: Vec::new(),
            columns: std::iter::once(None)
                .chain((0..kind.fields.len() as u16).map(Some))
                .collect(),
        })
        .collect()
}

fn segments(records: &[Sent]) -> Vec<Segment> {
    let standard = standard::latest();
    let mut builder = SegmentBuilder::new(standard);
    for (index, record) in records.iter().enumerate() {
        builder.add(
            record.kind,
            (record.kind as u16, index as u32 + 2, record.passed),
            (&record.key(standard), record.digest(standard)),
            |field| record.value(standard, field),
        );
    }
    builder.finish()
}

/// What stands in the list: rule, row, column code, column, value.
type Line = (String, u32, String, u16, String);

fn line(finding: &Finding<'_>) -> Line {
    let standard = standard::latest();
    let kind = usize::from(finding.file.unwrap());
    let field = usize::from(finding.field.unwrap());
    (
        standard.rules[usize::from(finding.rule)].id.clone(),
        finding.row.unwrap(),
        standard.kinds[kind].fields[field].code.clone(),
        finding.column.unwrap(),
        finding.value.to_string(),
    )
}

/// Findings where `records` come in one archive, judged with nothing else.
fn in_archive(records: &[Sent]) -> Vec<Line> {
    let standard = standard::latest();
    let mut collector = Collector::new(standard);
    for (kind, file) in files(standard).iter().enumerate() {
        let of_kind = records
            .iter()
            .enumerate()
            .filter(|(_, record)| record.kind == kind);
        for (nth, (index, record)) in of_kind.enumerate() {
            if nth == 0 {
                collector.file(kind as u16, file);
            }
            collector.add(
                kind,
                (kind as u16, index as u32 + 2, record.passed),
                |field| record.value(standard, field),
            );
        }
    }
    collector.findings().iter().map(line).collect()
}

fn settled(earlier: &[&[Sent]], records: &[Sent]) -> Settlement {
    settled_with_scans(earlier, records, None)
}

fn settled_with_scans(earlier: &[&[Sent]], records: &[Sent], scans: Option<bool>) -> Settlement {
    let standard = standard::latest();
    let own = segments(records);
    let mut before =
        EarlierSegments::new(standard, &own).with_death_cases(move |number, admission| {
            assert_eq!((number, admission), ("BA1", MOMENT));
            scans
        });
    for (sequence, upload) in earlier.iter().enumerate() {
        for segment in segments(upload) {
            let stored = Segment::decode(&segment.encode()).unwrap();
            assert_eq!(stored, segment);
            before.add(sequence as u64, &stored);
        }
    }
    settle(standard, &own, &files(standard), &before)
}

/// Findings where `earlier` came before, each in an upload of its own.
fn after(earlier: &[&[Sent]], records: &[Sent]) -> Vec<Line> {
    settled(earlier, records)
        .findings
        .iter()
        .map(line)
        .collect()
}

fn ids(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.0.as_str()).collect()
}

fn at(rule: &str, row: u32, code: &str, column: u16, value: &str) -> Line {
    (
        rule.to_owned(),
        row,
        code.to_owned(),
        column,
        value.to_owned(),
    )
}

#[test]
fn fires_x_001() {
    let records = [
        visit(FLU, "01", "MZ1"),
        visit(PDR, "01", "MZ2"),
        visit(PDR, "01", "MZ2"),
        visit(LIS, "02", "MZ1"),
    ];
    let expected = [
        at("X-001", 3, "P7502", 2, "MZ2"),
        at("X-001", 4, "P7502", 2, "MZ2"),
        at("X-001", 5, "P7502", 2, "MZ1"),
    ];
    assert_eq!(in_archive(&records), expected);
    assert_eq!(after(&[], &records), expected);
    let other_moment = visit(LIS, "01", "MZ1").with("P7506", "2019-12-03 08:15:01");
    assert_eq!(
        after(&[&[visit(FLU, "01", "MZ1")]], &[other_moment]),
        [at("X-001", 2, "P7502", 2, "MZ1")]
    );
    // One that failed was never received.
    let failed = [visit(FLU, "01", "MZ1").failed(), visit(FLU, "01", "MZ7")];
    assert_eq!(
        ids(&after(&[&failed], &[visit(LIS, "01", "MZ1")])),
        ["X-001"]
    );
}

#[test]
fn silent_x_001() {
    let records = [
        visit(FLU, "01", "MZ1"),
        stay(HQMS, "BA1").with("P741", ""),
        visit(PDR, "01", "MZ1"),
        visit(LIS, "03", "BA1"),
        visit(LIS, "03", ""),
    ];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[], &records), []);
    assert_eq!(after(&[&records[..2]], &records[2..]), []);
    // Sent with the case, though the case has errors to be mended.
    assert_eq!(
        in_archive(&[visit(FLU, "01", "MZ1").failed(), visit(PDR, "01", "MZ1")]),
        []
    );
    // No case of any kind was ever sent: they may come in the next archive.
    assert_eq!(in_archive(&[visit(PDR, "01", "MZ1")]), []);
    assert_eq!(
        after(&[&[visit(LIS, "01", "MZ9")]], &[visit(PDR, "01", "MZ1")]),
        []
    );
}

#[test]
fn fires_x_002() {
    let records = [stay(HQMS, "BA1").with("P741", ""), stay(HDA, "BA2")];
    assert_eq!(in_archive(&records), [at("X-002", 3, "P3", 1, "BA2")]);
    assert_eq!(
        after(&[&records[..1]], &records[1..]),
        [at("X-002", 2, "P3", 1, "BA2")]
    );
}

#[test]
fn silent_x_002() {
    let records = [stay(HQMS, "BA1"), stay(HDA, "BA1")];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[&records[..1]], &records[1..]), []);
    assert_eq!(in_archive(&records[1..]), []);
}

#[test]
fn fires_x_003() {
    let records = [stay(HQMS, "BA1"), stay(HDR, "BA1")];
    assert_eq!(in_archive(&records), [at("X-003", 3, "P3", 1, "BA1")]);
    assert_eq!(
        after(&[&records[..1]], &records[1..]),
        [at("X-003", 2, "P3", 1, "BA1")]
    );
    // The death was corrected away since.
    let died = [stay(HQMS, "BA1").with("P741", "5")];
    assert_eq!(
        ids(&after(&[&died, &records[..1]], &records[1..])),
        ["X-003"]
    );
}

#[test]
fn silent_x_003() {
    let records = [stay(HQMS, "BA1").with("P741", "5"), stay(HDR, "BA1")];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[&records[..1]], &records[1..]), []);
    assert_eq!(in_archive(&records[1..]), []);
}

#[test]
fn fires_x_004() {
    let died = stay(HQMS, "BA2").with("P741", "5").with("P4", "测试乙");
    let records = [stay(HQMS, "BA1").with("P741", "5"), died, stay(HDR, "BA1")];
    assert_eq!(in_archive(&records), [at("X-004", 3, "P3", 7, "BA2")]);
    assert_eq!(
        after(&[&records[2..]], &records[1..2]),
        [at("X-004", 2, "P3", 7, "BA2")]
    );
}

#[test]
fn silent_x_004() {
    // The same P3 is enough, as the rule has it.
    let records = [
        stay(HQMS, "BA1").with("P741", "5").with("P25", ""),
        stay(HDR, "BA1").with("P22", "2019-12-04 00:00:00"),
    ];
    assert_eq!(ids(&in_archive(&records)), ["X-003"]);
    assert_eq!(after(&[&records[1..]], &records[..1]), []);
    assert_eq!(in_archive(&records[..1]), []);
}

#[test]
fn fires_x_005() {
    let records = [stay(HQMS, "BA1"), stay(HQMS, "BA2"), stay(HDA, "BA1")];
    assert_eq!(in_archive(&records), [at("X-005", 3, "P3", 7, "BA2")]);
    assert_eq!(
        after(&[&records[2..]], &records[1..2]),
        [at("X-005", 2, "P3", 7, "BA2")]
    );
}

#[test]
fn silent_x_005() {
    let records = [
        stay(HQMS, "BA1"),
        stay(HQMS, "BA2").with("P741", "5"),
        stay(HDA, "BA1"),
    ];
    assert_eq!(in_archive(&records), []);
    assert_eq!(after(&[&records[2..]], &records[..2]), []);
    assert_eq!(in_archive(&records[..1]), []);
}

#[test]
fn fires_x_006() {
    let settled = settled_with_scans(&[], &[stay(HDR, "BA1")], Some(false));
    let lines: Vec<Line> = settled.findings.iter().map(line).collect();
    assert_eq!(lines, [at("X-006", 2, "P3", 1, "BA1")]);
}

#[test]
fn silent_x_006() {
    for scans in [Some(true), None] {
        let settled = settled_with_scans(&[], &[stay(HDR, "BA1")], scans);
        assert_eq!(settled.findings, []);
    }
    assert_eq!(in_archive(&[stay(HDR, "BA1")]), []);
}

#[test]
fn fires_x_007() {
    let page = stay(HQMS, "BA1").with("P741", "");
    let other = stay(HDA, "BA1")
        .with("P4", "测试乙")
        .with("P5", "2")
        .with("P25", "2019-12-12 10:00:00");
    let expected = |row| {
        [
            at("X-007", row, "P4", 2, "测试乙"),
            at("X-007", row, "P5", 3, "2"),
            at("X-007", row, "P25", 8, "2019-12-12 10:00:00"),
        ]
    };
    assert_eq!(in_archive(&[page.clone(), other.clone()]), expected(3));
    assert_eq!(after(&[&[page.clone()]], &[other.clone()]), expected(2));
    // The front page comes later: it is what differs from what is there.
    assert_eq!(
        after(&[&[other]], &[page.clone()])[0],
        at("X-007", 2, "P4", 8, "测试甲")
    );
    // Same patient, same discharge, another admission.
    let admitted = stay(HDA, "BA1").with("P22", "2019-12-04 08:15:00");
    assert_eq!(
        in_archive(&[page, admitted]),
        [
            at("X-002", 3, "P3", 1, "BA1"),
            at("X-007", 3, "P22", 5, "2019-12-04 08:15:00"),
        ]
    );
}

#[test]
fn silent_x_007() {
    let page = stay(HQMS, "BA1").with("P741", "");
    let summary = stay(HDA, "BA1").with("P5", "");
    assert_eq!(in_archive(&[page.clone(), summary.clone()]), []);
    // The name was corrected since, and the current version counts.
    let wrong = page.clone().with("P4", "测试乙");
    assert_eq!(after(&[&[wrong], &[page.clone()]], &[summary]), []);
    // A midnight without a time is the same moment.
    let day = stay(HQMS, "BA1").with("P741", "").with("P22", "2019-12-03");
    let moment = stay(HDA, "BA1").with("P22", "2019-12-03 00:00:00");
    assert_eq!(in_archive(&[day, moment]), []);
    // Another stay of the same patient.
    let later = stay(HQMS, "BA1")
        .with("P741", "")
        .with("P22", "2020-01-03 08:00:00")
        .with("P25", "2020-01-09 08:00:00")
        .with("P2", "2");
    assert_eq!(in_archive(&[page, later, stay(HDA, "BA1")]), []);
}

#[test]
fn fires_x_008() {
    let records = [visit(FLU, "03", "BA1"), stay(HQMS, "BA1").with("P741", "")];
    assert_eq!(in_archive(&records), [at("X-008", 2, "P7502", 6, "BA1")]);
    assert_eq!(
        after(&[&records[1..]], &records[..1]),
        [at("X-008", 2, "P7502", 6, "BA1")]
    );
}

#[test]
fn silent_x_008() {
    let page = stay(HQMS, "BA1").with("P741", "");
    for record in [visit(FLU, "03", "BA2"), visit(FLU, "01", "BA1")] {
        assert_eq!(in_archive(&[record.clone(), page.clone()]), []);
        assert_eq!(after(&[&[page.clone()]], &[record]), []);
    }
}

#[test]
fn fires_flu_002() {
    let first = [visit(FLU, "01", "MZ1").with("P4", "测试乙")];
    let again = [visit(FLU, "01", "MZ1").with("P4", "测试甲")];
    assert_eq!(
        after(&[&first], &again),
        [at("FLU-002", 2, "P7502", 6, "MZ1")]
    );
    // Changed back: it replaces the newest version, not the first.
    assert_eq!(ids(&after(&[&first, &again], &first)), ["FLU-002"]);
}

#[test]
fn silent_flu_002() {
    let record = [visit(FLU, "01", "MZ1")];
    assert_eq!(after(&[&record], &record), []);
    assert_eq!(after(&[], &record), []);
    let failed = [visit(FLU, "01", "MZ1").with("P4", "测试乙").failed()];
    assert_eq!(after(&[&failed], &record), []);
    assert_eq!(after(&[&record], &failed), []);
}

#[test]
fn a_window_sent_again_is_unchanged() {
    let day = |day: u32| -> Vec<Sent> {
        (0..5)
            .map(|number| visit(FLU, "01", &format!("MZ{day}-{number}")))
            .collect()
    };
    let window = |last: u32| -> Vec<Sent> { (last - 6..=last).flat_map(day).collect() };
    let first = window(7);
    let second = window(8);
    let settled = settled(&[&first], &second);
    assert_eq!(
        settled.kinds[0].counts,
        Counts {
            new: 5,
            updated: 0,
            unchanged: 30,
            failed: 0
        }
    );
    let again = settled_again(&first, &second);
    assert_eq!(
        again,
        Counts {
            unchanged: 35,
            ..Counts::default()
        }
    );
}

fn settled_again(first: &[Sent], second: &[Sent]) -> Counts {
    settled(&[first, second], second).kinds[0].counts
}

#[test]
fn of_one_key_twice_in_an_upload_the_later_counts() {
    let first = visit(FLU, "01", "MZ1").with("P4", "测试乙");
    let second = visit(FLU, "01", "MZ1").with("P4", "测试甲");
    let upload = [
        first.clone(),
        second.clone(),
        second.clone().with("P4", "x").failed(),
    ];
    let settled = settled(&[], &upload);
    let dispositions: Vec<_> = settled.kinds[0]
        .records
        .iter()
        .map(|r| r.disposition)
        .collect();
    assert_eq!(
        dispositions,
        [Disposition::New, Disposition::Updated, Disposition::Failed]
    );
    assert_eq!(settled_again(&upload, &[second]).unchanged, 1);
    assert_eq!(settled_again(&upload, &[first]).unchanged, 1);
}

#[test]
fn a_rule_switched_off_finds_nothing() {
    let standard = standard::Overrides::parse("severity FLU-002 off\nseverity X-001 off")
        .unwrap()
        .apply(standard::latest())
        .unwrap();
    let first = [visit(FLU, "01", "MZ1").with("P4", "测试乙")];
    let own = segments(&[visit(FLU, "01", "MZ1"), visit(PDR, "01", "MZ2")]);
    let mut earlier = EarlierSegments::new(&standard, &own);
    earlier.add(1, &segments(&first)[0]);
    let settled = settle(&standard, &own, &[], &earlier);
    assert_eq!(settled.findings, []);
    assert_eq!(settled.kinds[0].counts.updated, 1);
}

/// Uploads of few keys and versions, so that they meet often.
fn uploads() -> impl Strategy<Value = Vec<Vec<Sent>>> {
    let record = (0..2_usize, 0..4_u8, 0..3_u8, prop::bool::weighted(0.8)).prop_map(
        |(kind, number, version, passed)| {
            let number = format!("N{number}");
            let record = match kind {
                0 => visit(FLU, "03", &number),
                _ => stay(HQMS, &number),
            };
            let record = record.with("P4", &format!("版本{version}"));
            if passed { record } else { record.failed() }
        },
    );
    prop::collection::vec(prop::collection::vec(record, 1..6), 1..6)
}

proptest! {
    /// Whatever order uploads arrive in, settling all of them once everything is there gives the same, and the sum of
    /// what is new is what a plain map of versions holds.
    #[test]
    fn settling_does_not_depend_on_order(
        uploads in uploads(),
        order in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let standard = standard::latest();
        let stored: Vec<Vec<Segment>> = uploads.iter().map(|upload| segments(upload)).collect();
        let mut model = std::collections::HashMap::new();
        for (sequence, upload) in uploads.iter().enumerate() {
            let mut expected = std::collections::BTreeMap::<usize, Vec<(u32, Disposition)>>::new();
            for (index, record) in upload.iter().enumerate() {
                let disposition = if record.passed {
                    let key = (record.kind, record.key(standard));
                    match model.insert(key, record.digest(standard)) {
                        None => Disposition::New,
                        Some(digest) if digest == record.digest(standard) => Disposition::Unchanged,
                        Some(_) => Disposition::Updated,
                    }
                } else {
                    Disposition::Failed
                };
                expected.entry(record.kind).or_default().push((index as u32 + 2, disposition));
            }
            let mut earlier = EarlierSegments::new(standard, &stored[sequence]);
            for lower in order.iter().filter(|lower| **lower < sequence) {
                for segment in &stored[*lower] {
                    earlier.add(*lower as u64, segment);
                }
            }
            let settled = settle(standard, &stored[sequence], &files(standard), &earlier);
            for kind in &settled.kinds {
                let kind_index = standard.kind_index(&kind.kind).unwrap();
                let records: Vec<_> = kind.records.iter().map(|r| (r.row, r.disposition)).collect();
                prop_assert_eq!(&records, &expected[&kind_index]);
                prop_assert_eq!(kind.counts.total(), records.len() as u64);
            }
            let in_order = {
                let mut earlier = EarlierSegments::new(standard, &stored[sequence]);
                for (lower, segments) in stored[..sequence].iter().enumerate() {
                    segments.iter().for_each(|segment| earlier.add(lower as u64, segment));
                }
                settle(standard, &stored[sequence], &files(standard), &earlier)
            };
            prop_assert_eq!(in_order, settled);
        }
    }

    #[test]
    fn any_bytes_are_a_segment_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        position in any::<prop::sample::Index>(),
        length in any::<prop::sample::Index>(),
    ) {
        let _ = Segment::decode(&bytes);
        for segment in segments(&[visit(PDR, "01", "MZ1"), stay(HQMS, "BA1"), stay(HDA, "BA1")]) {
            let stored = segment.encode();
            let mut cut = stored[..length.index(stored.len())].to_vec();
            prop_assert!(Segment::decode(&cut).is_err());
            // Damage that the checksum does not see: whatever still reads must be safe to judge.
            let at = position.index(cut.len().max(1));
            let end = (at + bytes.len().min(9)).min(cut.len());
            let patch: Vec<u8> = bytes.iter().copied().take(end.saturating_sub(at)).collect();
            let mut whole = stored[..stored.len() - 4].to_vec();
            whole[at..at + patch.len()].copy_from_slice(&patch);
            cut.truncate(at);
            for mut damaged in [whole, cut] {
                let sum = crc32fast::hash(&damaged);
                damaged.extend_from_slice(&sum.to_le_bytes());
                if let Ok(read) = Segment::decode(&damaged) {
                    let own = [read];
                    let mut earlier = EarlierSegments::new(standard::latest(), &own);
                    earlier.add(1, &own[0]);
                    let _ = settle(standard::latest(), &own, &[], &earlier);
                }
            }
        }
    }
}

#[test]
fn a_season_is_settled_in_well_under_a_second() {
    let standard = standard::latest();
    let day = |day: u32| -> Segment {
        let mut builder = SegmentBuilder::new(standard);
        for number in 0..3000_u32 {
            let number = format!("MZ{:06}", day * 500 + number);
            let record = visit(FLU, "01", &number);
            builder.add(
                FLU,
                (0, number.len() as u32, true),
                (&record.key(standard), 1),
                |field| record.value(standard, field),
            );
        }
        builder.finish().remove(0)
    };
    let stored: Vec<Vec<u8>> = (0..8).map(|number| day(number).encode()).collect();
    let own = [day(8)];
    let start = std::time::Instant::now();
    let mut earlier = EarlierSegments::new(standard, &own);
    for sequence in 0..365_u64 {
        let segment = Segment::decode(&stored[sequence as usize % 8]).unwrap();
        earlier.add(sequence, &segment);
    }
    let settled = settle(standard, &own, &[], &earlier);
    let took = start.elapsed();
    assert_eq!(settled.kinds[0].counts.unchanged, 2500);
    assert_eq!(settled.kinds[0].counts.new, 500);
    // Some 0.06 s on a quiet machine; a quadratic merge would take minutes.
    assert!(took.as_secs() < 5, "{took:?}");
}
