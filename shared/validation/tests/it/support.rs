use std::io::{Cursor, Write};

use validation::{
    FileInfo, Finding, FindingView, JudgedRecord, Language, Limits, Links, Settings, Sink, Summary,
    check,
};
use zip::write::SimpleFileOptions;

/// What a check came to.
pub struct Checked {
    pub summary: Summary,
    pub findings: Vec<FindingView>,
    /// The same in English.
    pub english: Vec<FindingView>,
    pub records: Vec<Judged>,
}

/// A record as the sink saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub row: u32,
    pub passed: bool,
    pub written: Vec<String>,
    pub values: Vec<String>,
    pub key: String,
    pub digest: u128,
}

impl Checked {
    /// Each finding in one line: file, row, column, code, rule, value.
    pub fn lines(&self) -> Vec<String> {
        self.findings
            .iter()
            .map(|finding| {
                format!(
                    "{} {} {} {} {} {:?}",
                    finding.file,
                    finding.row.map_or("-".into(), |row| row.to_string()),
                    finding.column.as_deref().unwrap_or("-"),
                    finding.code.as_deref().unwrap_or("-"),
                    finding.rule,
                    finding.value,
                )
            })
            .collect()
    }

    /// Codes of the notes of the first file.
    pub fn notes(&self) -> Vec<&str> {
        self.summary.files[0]
            .notes
            .iter()
            .map(|note| note.code.as_str())
            .collect()
    }
}

#[derive(Default)]
struct Recorder {
    files: Vec<FileInfo>,
    findings: Vec<Finding<'static>>,
    records: Vec<Judged>,
}

impl Sink for Recorder {
    fn file(&mut self, index: u16, file: &FileInfo) {
        assert_eq!(usize::from(index), self.files.len());
        self.files.push(file.clone());
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        self.findings.push(Finding {
            value: finding.value.to_string().into(),
            detail: finding.detail.as_ref().map(|text| text.to_string().into()),
            suggestion: finding
                .suggestion
                .as_ref()
                .map(|text| text.to_string().into()),
            ..*finding
        });
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        let kind = &standard::latest().kinds[record.kind];
        self.records.push(Judged {
            row: record.row,
            passed: record.passed,
            written: record.written().map(|cell| cell.into_owned()).collect(),
            values: (0..kind.fields.len())
                .map(|field| record.value(field).into_owned())
                .collect(),
            key: record.key(),
            digest: record.digest(),
        });
    }
}

pub fn settings() -> Settings<'static> {
    Settings {
        standard: standard::latest(),
        received_at: jiff::civil::date(2019, 12, 31).at(12, 0, 0, 0),
        institution: None,
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    }
}

pub fn check_bytes(bytes: &[u8]) -> Checked {
    check_with(bytes, &settings())
}

pub fn check_with(bytes: &[u8], settings: &Settings<'_>) -> Checked {
    let mut recorder = Recorder::default();
    let summary = check("upload.zip", Cursor::new(bytes), settings, &mut recorder).unwrap();
    let in_language = |language| -> Vec<FindingView> {
        let found = recorder.findings.iter();
        found
            .map(|finding| finding.view(settings.standard, &recorder.files, language))
            .collect()
    };
    let findings = in_language(Language::Chinese);
    let english = in_language(Language::English);
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == "error")
        .count();
    assert_eq!(summary.errors, errors as u64);
    assert_eq!(summary.warnings, (findings.len() - errors) as u64);
    assert_eq!(summary.by_rule.values().sum::<u64>(), findings.len() as u64);
    let causes: u64 = summary.causes.iter().map(|cause| cause.findings).sum();
    assert_eq!(causes, findings.len() as u64);
    Checked {
        summary,
        findings,
        english,
        records: recorder.records,
    }
}

pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn check_csv(name: &str, csv: impl AsRef<[u8]>) -> Checked {
    check_bytes(&zip(&[(name, csv.as_ref())]))
}

pub fn header(kind: &str) -> Vec<String> {
    let standard = standard::latest();
    let kind = &standard.kinds[standard.kind_index(kind).unwrap()];
    kind.fields.iter().map(|field| field.code.clone()).collect()
}

/// A valid laboratory record, told apart by its number.
pub fn lis(number: u32) -> Vec<String> {
    [
        "01",
        "MZ0012345",
        "2019-12-03 08:15:00",
        &format!("LIS{number}"),
        "1",
        "2019-12-03 08:40:00",
        "甲型流感病毒抗原阳性",
        "1",
        "35",
    ]
    .map(String::from)
    .to_vec()
}

/// Rows joined without quotes.
pub fn csv(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join(",") + "\r\n").collect()
}

/// A file of valid laboratory records, changed.
pub fn lis_file(records: u32, change: impl FnOnce(&mut Vec<Vec<String>>)) -> String {
    let mut rows = vec![header("lis")];
    rows.extend((1..=records).map(lis));
    change(&mut rows);
    csv(&rows)
}
