//! The check before anything is sent: the same rules as the service's, and what comes of them.

use std::io::{self, Cursor, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use validation::report::{self, Options, Rows};
use validation::{
    CheckError, FileInfo, Institution, JudgedRecord, Limits, Links, Outcome, Settings, Sink,
    Summary,
};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::language::Language;
use crate::problem::Problem;

/// Whose data it is, as the service has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hospital {
    pub(crate) code: String,
    pub(crate) name: String,
}

/// What files are judged by beside their content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basis<'a> {
    pub(crate) hospital: Option<&'a Hospital>,
    pub(crate) now: Timestamp,
    pub(crate) language: Language,
}

/// Figures of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// 记录总数.
    pub(crate) total: u64,
    /// 接口达标数.
    pub(crate) passed: u64,
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
}

/// Something to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    pub(crate) rule: String,
    pub(crate) findings: u64,
    pub(crate) rows: Vec<u32>,
    pub(crate) message: String,
    pub(crate) mend: String,
}

/// A file that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) figures: Figures,
    pub(crate) causes: Vec<Cause>,
    /// A ZIP with the records that passed, under its name; `None`: there are none.
    pub(crate) payload: Option<(String, Vec<u8>)>,
    /// Reports of the records that did not, under their names.
    pub(crate) reports: Vec<(String, Vec<u8>)>,
}

/// Checks a file and parts what passed from what did not.
pub(crate) fn check(name: &str, bytes: Vec<u8>, basis: Basis<'_>) -> Result<Checked, Problem> {
    let (name, bytes) = packed(name, bytes).map_err(|error| broken(&error))?;
    let institution = basis.hospital.map(|hospital| Institution {
        code: hospital.code.clone(),
        name: hospital.name.clone(),
    });
    let received_at = jiff::tz::offset(8).to_datetime(basis.now);
    let settings = Settings {
        standard: standard::in_force_on(received_at.date()).unwrap_or_else(standard::latest),
        received_at,
        institution: institution.as_ref(),
        codes: None,
        // Other uploads are not at hand here; the service judges links and tells of them.
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let summary = run(&name, &bytes, &settings, &mut Nothing)?;
    let payload = match summary.outcome {
        Outcome::Accepted => Some((name.clone(), bytes.clone())),
        Outcome::Partly => Some(passed(&name, &bytes, &settings)?),
        Outcome::Rejected => None,
    };
    let reports = if summary.errors > 0 {
        reports(&name, &bytes, &settings, basis.language)?
    } else {
        Vec::new()
    };
    Ok(Checked {
        figures: Figures {
            total: summary.total,
            passed: summary.passed,
            errors: summary.errors,
            warnings: summary.warnings,
        },
        causes: causes(&summary, basis.language),
        payload,
        reports,
    })
}

fn causes(summary: &Summary, language: Language) -> Vec<Cause> {
    let causes = summary.causes.iter().take(50);
    causes
        .map(|cause| Cause {
            rule: cause.rule.clone(),
            findings: cause.findings,
            rows: cause.rows.clone(),
            message: language.say(&cause.message_zh, &cause.message_en).clone(),
            mend: language.say(&cause.mend_zh, &cause.mend_en).clone(),
        })
        .collect()
}

fn run(
    name: &str,
    bytes: &[u8],
    settings: &Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Summary, Problem> {
    validation::check(name, Cursor::new(bytes), settings, sink).map_err(|error| match error {
        CheckError::Cancelled => broken(&io::ErrorKind::Interrupted.into()),
        CheckError::Read(error) => broken(&error),
    })
}

struct Nothing;

impl Sink for Nothing {}

/// A bare CSV as a ZIP of it; everything else as it is. The same bytes make the same ZIP: no time stands in it.
fn packed(name: &str, bytes: Vec<u8>) -> io::Result<(String, Vec<u8>)> {
    let Some(stem) = name
        .get(..name.len().saturating_sub(4))
        .filter(|_| name.to_lowercase().ends_with(".csv") && !bytes.starts_with(b"PK"))
    else {
        return Ok((name.to_owned(), bytes));
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, options())?;
    writer.write_all(&bytes)?;
    Ok((format!("{stem}.zip"), writer.finish()?.into_inner()))
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().last_modified_time(zip::DateTime::default())
}

/// A ZIP of the records that passed, file by file. Where it cannot be made, all is sent as it is: the service takes the same
/// records out of it.
fn passed(name: &str, bytes: &[u8], settings: &Settings<'_>) -> Result<(String, Vec<u8>), Problem> {
    let mut sink = Passed::new();
    run(name, bytes, settings, &mut sink)?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match sink.finish() {
        Ok(zip) => Ok((format!("{stem}.zip"), zip)),
        Err(_) => Ok((name.to_owned(), bytes.to_vec())),
    }
}

struct Passed {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    /// The file that comes, until its first record that passed.
    coming: Option<FileInfo>,
    failure: Option<io::Error>,
}

impl Passed {
    fn new() -> Self {
        Self {
            writer: ZipWriter::new(Cursor::new(Vec::new())),
            coming: None,
            failure: None,
        }
    }

    fn write(&mut self, record: &JudgedRecord<'_>) -> io::Result<()> {
        if let Some(file) = self.coming.take() {
            let name = match file.name.rsplit_once('.') {
                Some((stem, _)) => format!("{stem}.csv"),
                None => format!("{}.csv", file.name),
            };
            self.writer.start_file(name, options())?;
            self.row(file.header.iter().map(|cell| cell.as_bytes().to_vec()))?;
        }
        self.row(record.written().map(|cell| cell.as_bytes().to_vec()))
    }

    fn row(&mut self, cells: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
        let mut row = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        row.write_record(cells)?;
        let row = row
            .into_inner()
            .map_err(|error| io::Error::other(error.to_string()))?;
        self.writer.write_all(&row)
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(self.writer.finish()?.into_inner()),
        }
    }
}

impl Sink for Passed {
    fn file(&mut self, _index: u16, file: &FileInfo) {
        self.coming = Some(file.clone());
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        if record.passed
            && self.failure.is_none()
            && let Err(error) = self.write(record)
        {
            self.failure = Some(error);
        }
    }
}

/// The rows to be mended, as CSV and as a workbook; both can be mended and dropped into the folder as they are.
fn reports(
    name: &str,
    bytes: &[u8],
    settings: &Settings<'_>,
    language: Language,
) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    let options = Options {
        language: language.into(),
        rows: Rows::WithErrors,
        ..Options::default()
    };
    let failed = |error: report::ReportError| broken(&io::Error::other(error.to_string()));
    let mut csv = Cursor::new(Vec::new());
    let made =
        report::csv(name, Cursor::new(bytes), settings, &options, &mut csv).map_err(failed)?;
    let mut reports = vec![(made.name, csv.into_inner())];
    let mut xlsx = Cursor::new(Vec::new());
    let made =
        report::xlsx(name, Cursor::new(bytes), settings, &options, &mut xlsx).map_err(failed)?;
    reports.push((made.name, xlsx.into_inner()));
    Ok(reports)
}

fn broken(error: &io::Error) -> Problem {
    Problem::new(
        format!("文件未能检查：{error}"),
        format!("the file could not be checked: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use sample_data::{Bad, Damage};

    use super::*;

    fn checked(bad: Bad) -> Checked {
        let options = sample_data::Options {
            bad,
            ..sample_data::Options::new("flu", 20)
        };
        let mut zip = Cursor::new(Vec::new());
        let files = [(options.file_name(), options.clone())];
        sample_data::archive(standard::latest(), &files, &mut zip).unwrap();
        let hospital = Hospital {
            code: sample_data::DEMO_INSTITUTION_CODE.to_owned(),
            name: sample_data::DEMO_INSTITUTION_NAME.to_owned(),
        };
        let basis = Basis {
            hospital: Some(&hospital),
            now: Timestamp::now(),
            language: Language::Zh,
        };
        check("flu_1.zip", zip.into_inner(), basis).unwrap()
    }

    fn rows(payload: &[u8]) -> usize {
        let mut archive = zip::ZipArchive::new(Cursor::new(payload)).unwrap();
        let mut text = String::new();
        archive
            .by_index(0)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        csv::Reader::from_reader(text.as_bytes()).records().count()
    }

    #[test]
    fn what_passes_is_sent_as_it_is() {
        let checked = checked(Bad::None);
        assert_eq!(checked.figures.passed, 20);
        assert!(checked.reports.is_empty());
        let (name, payload) = checked.payload.unwrap();
        assert_eq!((name.as_str(), rows(&payload)), ("flu_1.zip", 20));
    }

    #[test]
    fn bad_records_are_parted_from_good_ones() {
        let checked = checked(Bad::Exactly(vec![(Damage::BlankRequired, 3)]));
        assert_eq!((checked.figures.total, checked.figures.passed), (20, 17));
        let (_, payload) = checked.payload.unwrap();
        assert_eq!(rows(&payload), 17);
        // What is left, judged again, is clean: nothing was sent that the service would refuse.
        let basis = Basis {
            hospital: None,
            now: Timestamp::now(),
            language: Language::Zh,
        };
        let again = check("flu_1.zip", payload, basis).unwrap();
        assert_eq!((again.figures.total, again.figures.passed), (17, 17));
        let names: Vec<&str> = checked
            .reports
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert!(
            names[0].ends_with("_错误.csv") && names[1].ends_with("_错误.xlsx"),
            "{names:?}"
        );
        assert!(!checked.causes[0].mend.is_empty());
    }

    #[test]
    fn a_bare_csv_is_packed_and_what_is_none_is_told() {
        let basis = Basis {
            hospital: None,
            now: Timestamp::now(),
            language: Language::En,
        };
        let checked = check("flu_1.csv", b"hello".to_vec(), basis).unwrap();
        assert_eq!(checked.payload, None);
        assert!(checked.figures.errors > 0 && !checked.causes.is_empty());
        let (name, _) = packed("FLU_1.CSV", b"a,b".to_vec()).unwrap();
        assert_eq!(name, "FLU_1.zip");
    }
}
