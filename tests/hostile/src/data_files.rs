use std::io::Cursor;

use validation::{
    FileInfo, Finding, JudgedRecord, Language, Limits, Links, Outcome, Settings, Sink, check,
};

/// Counts what it is told, and has every finding put into words.
struct Reader {
    files: Vec<FileInfo>,
    findings: u64,
    records: u64,
    passed: u64,
}

impl Sink for Reader {
    fn file(&mut self, index: u16, file: &FileInfo) {
        assert_eq!(usize::from(index), self.files.len());
        self.files.push(file.clone());
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        self.findings += 1;
        // Beyond some hundreds they are the same texts again.
        if self.findings < 500 {
            for language in [Language::Chinese, Language::English] {
                let view = finding.view(standard::latest(), &self.files, language);
                assert!(!view.message.is_empty());
            }
        }
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        self.records += 1;
        self.passed += u64::from(record.passed);
        assert!(
            record.row > 1 || self.files.is_empty(),
            "the first row is the header"
        );
    }
}

/// Bytes as an upload: a ZIP, a report as CSV or as workbook that is sent back, or nothing of the kind.
pub(crate) fn archive(bytes: &[u8]) {
    let settings = Settings {
        standard: standard::latest(),
        received_at: jiff::civil::date(2019, 12, 31).at(12, 0, 0, 0),
        institution: None,
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let mut reader = Reader {
        files: Vec::new(),
        findings: 0,
        records: 0,
        passed: 0,
    };
    let summary = check("upload.zip", Cursor::new(bytes), &settings, &mut reader)
        .expect("whatever the bytes hold, the answer is a summary");
    assert!(summary.passed <= summary.total);
    assert_eq!(summary.errors + summary.warnings, reader.findings);
    assert_eq!(summary.by_rule.values().sum::<u64>(), reader.findings);
    if summary.outcome != Outcome::Accepted {
        assert!(summary.errors > 0, "refused without a reason: {summary:?}");
    }
    if !summary.unreadable {
        assert_eq!(
            (summary.total, summary.passed),
            (reader.records, reader.passed)
        );
    }
}

/// Bytes as the data file of an otherwise sound ZIP.
pub(crate) fn csv(bytes: &[u8]) {
    archive(&super::zipped("flu_data.csv", bytes));
}
