use domain::{IcdFile, IcdFileProblem, IcdFileResult};
use jiff::SignedDuration;
use standard::Standard;
use store::findings::write_document;
use store::keys::{self, Key};
use tokio::task::spawn_blocking;
use validation::Language;
use validation::codes::CodeFile;
use validation::icd::{self, IcdFinding, IcdLimits, IcdRequest};

use crate::{LoadError, Loading};

/// Problems shown in the list itself.
const FIRST: usize = 3;
/// Three times what the largest national edition has: the codes of several files at once must fit into memory.
const CELLS: usize = 360_000;
/// How long the problems of a file are told: as long as anybody looks at data of that time.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 366 * 5);

/// What came of a file.
pub(crate) struct Read {
    pub(crate) result: IcdFileResult,
    problems: Vec<IcdFileProblem>,
    /// The stored form of its codes; `None` where there are none to be used.
    codes: Option<Vec<u8>>,
}

/// Reads a file on a thread of its own; `None`: that broke off.
pub(crate) async fn read(
    standard: &'static Standard,
    held: &IcdFile,
    archive: Vec<u8>,
) -> Option<Read> {
    let (category, first_day, last_day) = (held.category, held.first_day, held.last_day);
    let work = move || {
        let request = IcdRequest {
            category,
            first_day,
            last_day,
            // Which periods overlap changes with every file that comes and goes: the list tells it as it is then.
            existing: &[],
        };
        let limits = IcdLimits {
            cells: CELLS,
            ..IcdLimits::default()
        };
        let report = icd::read(&archive, &request, standard, &limits);
        drop(archive);
        let problems: Vec<IcdFileProblem> = report
            .findings
            .iter()
            .map(|finding| problem(finding, standard))
            .collect();
        // Names are not looked up, and make up most of a file.
        let codes = report.codes.map(|codes| {
            let rows = codes
                .rows()
                .map(|(code, _)| (code.to_owned(), String::new()));
            CodeFile::new(category, (first_day, last_day), rows)
        });
        Read {
            result: IcdFileResult {
                inner_name: report.file_name,
                codes: codes.as_ref().map_or(0, |codes| codes.len() as u64),
                rows: report.rows,
                wrong_rows: report.wrong_rows,
                first_problems: problems.iter().take(FIRST).cloned().collect(),
                kept_problems: problems.len() as u64,
                passed_over: report.passed_over,
            },
            problems,
            codes: codes.map(|codes| codes.encode()),
        }
    };
    spawn_blocking(work).await.ok()
}

/// Writes problems and codes under the number of the claim.
pub(crate) async fn write(loading: &Loading, held: &IcdFile, read: &Read) -> Result<(), LoadError> {
    if !read.problems.is_empty() {
        let partition = keys::icd_result_partition(&held.id, held.fence);
        let key = |piece| Key {
            pk: partition.clone(),
            sk: keys::problems_sort(piece),
        };
        let expires = held.registered_at + KEPT;
        write_document(&loading.store, key, &read.problems, expires).await?;
    }
    if let Some(codes) = &read.codes {
        let key = keys::codes_object(&held.account, &held.id, held.fence);
        let (bytes, media_type) = (codes.clone(), "application/octet-stream");
        loading.files.write(&key, bytes, media_type).await?;
    }
    Ok(())
}

fn problem(finding: &IcdFinding, standard: &Standard) -> IcdFileProblem {
    let chinese = finding.view(standard, Language::Chinese);
    let english = finding.view(standard, Language::English);
    IcdFileProblem {
        rule: chinese.rule,
        severity: chinese.severity,
        sheet: chinese.sheet,
        row: chinese.row,
        column: chinese.column.map(|column| column + 1),
        value: chinese.value,
        message_zh: chinese.message,
        message_en: english.message,
        found_zh: chinese.found,
        found_en: english.found,
        mend_zh: chinese.mend,
        mend_en: english.mend,
    }
}
