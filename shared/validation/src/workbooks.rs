//! Where workbooks are read. Their reader is another's code over a stranger's bytes, and what it runs out of (memory, stack) ends its
//! process. A program that must outlive that has them read by another one: [`read_apart`] there, [`answer`] here. What is found is the same.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::icd::{self, IcdLimits, IcdProblem};
use crate::report::workbook::{self, Dates, Refused};

/// Other processes that read workbooks.
pub trait Apart: Send + Sync {
    /// Has a new process give its [`answer`] to a question, and gives it back.
    ///
    /// # Errors
    /// What became of that process instead.
    fn ask(&self, question: Vec<u8>) -> Result<Vec<u8>, Ended>;
}

/// What became of a process that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It died over the file.
    Died,
    /// It took longer than any file that is worth reading.
    TooLong,
    /// There never was one, or it was stopped with the program; no fault of the file.
    NotStarted,
}

static APART: OnceLock<Box<dyn Apart>> = OnceLock::new();

/// Has all workbooks read in other processes from now on. For the beginning of a program; the first call counts.
pub fn read_apart(apart: Box<dyn Apart>) {
    let _ = APART.set(apart);
}

/// What is asked, before the workbook's bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Question {
    /// Sheets of a code file as xls.
    Xls(IcdLimits),
    /// The same as xlsx.
    Xlsx(IcdLimits),
    /// Sheets of a report of ours.
    Report(Dates),
}

/// Sheets of a report, before their texts: names, and bytes of each.
type Report = Result<Vec<(String, usize)>, Refused>;

/// Between a head and what follows it; no JSON holds one.
const BREAK: u8 = b'\n';

/// Reads what a question holds. Whatever the bytes are there is an answer, unless they end this process.
pub fn answer(question: &[u8]) -> Vec<u8> {
    let Some((question, bytes)) = parts(question) else {
        return Vec::new();
    };
    match serde_json::from_slice(question) {
        Ok(Question::Xls(limits)) => written(&icd::workbook::xls(bytes, &limits)),
        Ok(Question::Xlsx(limits)) => written(&icd::workbook::xlsx(bytes, &limits)),
        Ok(Question::Report(dates)) => match workbook::read(bytes, &dates) {
            Ok(sheets) => {
                let heads: Vec<_> = sheets
                    .iter()
                    .map(|sheet| (sheet.name.clone(), sheet.csv.len()))
                    .collect();
                let mut answer = written(&Report::Ok(heads));
                answer.push(BREAK);
                for sheet in sheets {
                    answer.extend_from_slice(&sheet.csv);
                }
                answer
            }
            Err(refused) => written(&Report::Err(refused)),
        },
        Err(_) => Vec::new(),
    }
}

fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let place = memchr::memchr(BREAK, bytes)?;
    Some((bytes.get(..place)?, bytes.get(place + 1..)?))
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    // Nothing here has keys that are no texts. An empty answer is none.
    serde_json::to_vec(value).unwrap_or_default()
}

/// What a process apart answers, or what is read here where there is none or it cannot be started. `lost` is what becomes of a
/// workbook whose reader died, and of one whose reader took too long.
fn asked<T, E>(
    apart: Option<&dyn Apart>,
    (question, bytes): (&Question, &[u8]),
    answered: impl FnOnce(Vec<u8>) -> Option<Result<T, E>>,
    here: impl FnOnce() -> Result<T, E>,
    lost: [E; 2],
) -> Result<T, E> {
    let Some(apart) = apart else {
        return here();
    };
    let mut whole = written(question);
    whole.reserve_exact(bytes.len() + 1);
    whole.push(BREAK);
    whole.extend_from_slice(bytes);
    let [died, took_too_long] = lost;
    match apart.ask(whole) {
        Ok(answer) => answered(answer).unwrap_or(Err(died)),
        Err(Ended::Died) => Err(died),
        Err(Ended::TooLong) => Err(took_too_long),
        Err(Ended::NotStarted) => here(),
    }
}

/// Sheets of a code file.
pub(crate) fn code_file(
    form: icd::WorkbookForm,
    bytes: &[u8],
    limits: &IcdLimits,
) -> Result<Vec<icd::rows::Sheet>, IcdProblem> {
    code_file_by(APART.get().map(AsRef::as_ref), form, bytes, limits)
}

fn code_file_by(
    apart: Option<&dyn Apart>,
    form: icd::WorkbookForm,
    bytes: &[u8],
    limits: &IcdLimits,
) -> Result<Vec<icd::rows::Sheet>, IcdProblem> {
    let (question, read): (_, fn(&[u8], &IcdLimits) -> _) = match form {
        icd::WorkbookForm::Xls => (Question::Xls(*limits), icd::workbook::xls),
        icd::WorkbookForm::Xlsx => (Question::Xlsx(*limits), icd::workbook::xlsx),
    };
    asked(
        apart,
        (&question, bytes),
        |answer| serde_json::from_slice(&answer).ok(),
        || read(bytes, limits),
        [IcdProblem::ReaderDied, IcdProblem::ReaderTooLong],
    )
}

/// Sheets of a report of ours.
pub(crate) fn report(bytes: &[u8], dates: &Dates) -> Result<Vec<workbook::Sheet>, Refused> {
    report_by(APART.get().map(AsRef::as_ref), bytes, dates)
}

fn report_by(
    apart: Option<&dyn Apart>,
    bytes: &[u8],
    dates: &Dates,
) -> Result<Vec<workbook::Sheet>, Refused> {
    asked(
        apart,
        (&Question::Report(dates.clone()), bytes),
        sheets,
        || workbook::read(bytes, dates),
        [Refused::ReaderDied, Refused::ReaderTooLong],
    )
}

/// Takes an answer apart from behind, so that the texts are not held twice; `None`: it is none.
fn sheets(mut answer: Vec<u8>) -> Option<Result<Vec<workbook::Sheet>, Refused>> {
    let place = memchr::memchr(BREAK, &answer).unwrap_or(answer.len());
    let heads = match serde_json::from_slice::<Report>(answer.get(..place)?).ok()? {
        Ok(heads) => heads,
        Err(refused) => return Some(Err(refused)),
    };
    let mut sheets = Vec::new();
    for (index, (name, length)) in heads.into_iter().enumerate().rev() {
        let start = answer.len().checked_sub(length)?;
        let csv = if index == 0 {
            (start == place + 1).then_some(())?;
            answer.drain(..start);
            std::mem::take(&mut answer)
        } else {
            answer.split_off(start)
        };
        sheets.push(workbook::Sheet { name, csv });
    }
    sheets.reverse();
    Some(Ok(sheets))
}

#[cfg(test)]
mod tests;
