//! Every link rule fires on its example and is silent on the mended one, and settling does not depend on its order.

use std::borrow::Cow;

use standard::Standard;

use super::*;
use crate::{FileInfo, Finding};

mod rules;
mod settling;

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
            Some(index as i32),
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
            let stored = Segment::decode(segment.clone().encode()).unwrap();
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
