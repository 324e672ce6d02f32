//! One file from its first row to its last.

use std::borrow::Cow;
use std::io;

use standard::Severity;

use crate::decode::TextEncoding;
use crate::found::FindingCounter;
use crate::header::{self, Header};
use crate::judge::Judge;
use crate::parse::{Cell, ROWS, RowPlace, RowSource};
use crate::report::neutral;
use crate::rules::own::OwnCheck;
use crate::run::Run;
use crate::shown::shown;
use crate::{CheckError, FileInfo, Finding, JudgedRecord, Note, texts};

/// Records after which it is guessed how many there are.
const GUESS_AFTER: u64 = 1024;
/// Records between two words on progress.
const PROGRESS_EVERY: u64 = 4096;

/// What is known of a file before it is read.
pub(crate) struct FileStart {
    /// Name without folders.
    pub(crate) name: String,
    /// Index of its kind, where the name tells.
    pub(crate) kind: Option<usize>,
    /// What was put up with so far.
    pub(crate) notes: Vec<Note>,
    /// Bytes it has, where that is said: a hint and no more.
    pub(crate) size: Option<u64>,
}

/// Why a file was not read to its end.
pub(crate) enum Stop {
    /// The whole check ends.
    Check(CheckError),
    /// The bytes of file `index` cannot be read on.
    Damaged { index: u16, error: io::Error },
    /// There are more records than an upload may have.
    TooManyRecords { index: u16 },
}

/// Reads and judges a file.
pub(crate) fn check(
    run: &mut Run<'_>,
    start: FileStart,
    source: &mut dyn RowSource,
) -> Result<(), Stop> {
    let mut cells: Vec<String> = Vec::new();
    let mut header_row = 1;
    let mut failure = None;
    loop {
        match source.next_rows(1) {
            Ok(rows) => match rows.iter().next() {
                Some(row) if row.is_blank() => {}
                Some(row) => {
                    header_row = row.number;
                    let columns = 0..row.cells.len();
                    let cell = |column| rows.encoding.decode(row.bytes(column)).into_owned();
                    cells = columns.map(cell).collect();
                    break;
                }
                None => break,
            },
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    let standard = run.settings.standard;
    let header = match start.kind {
        Some(kind) if !cells.is_empty() => {
            header::read(&cells, header_row, &standard.kinds[kind], standard)
        }
        _ => Header {
            columns: vec![None; cells.len()],
            ..Header::default()
        },
    };
    let mut notes = start.notes;
    notes.extend(header.notes.iter().cloned());
    if source.encoding().is_utf16() {
        notes.push(texts::note("utf16"));
    }
    let info = FileInfo {
        name: start.name,
        kind: start.kind.map(|kind| standard.kinds[kind].code.clone()),
        header: cells.clone(),
        columns: header.columns.clone(),
    };
    let name = info.name.clone();
    let index = run.begin_file(info, notes);
    if let Some(error) = failure {
        return Err(Stop::Damaged { index, error });
    }
    let Some(kind) = start.kind else {
        let likely = header::kind_of(&cells, standard);
        let suggestion = likely.map(|kind| standard.kinds[kind].prefix.clone());
        run.file_finding(
            OwnCheck::FileName,
            Some(index),
            &name,
            None,
            suggestion.as_deref(),
        );
        run.file_unreadable(index);
        if likely.is_some() {
            count(run, index, source)?;
        }
        return Ok(());
    };
    if cells.is_empty() {
        run.file_finding(
            OwnCheck::HeaderMissing,
            Some(index),
            "",
            Some("empty"),
            None,
        );
        run.file_unreadable(index);
        return Ok(());
    }
    let failed = report_header(run, index, kind, &header);
    if header.usable {
        judge(run, index, kind, failed, (&header, start.size), source)?;
    } else {
        run.file_unreadable(index);
        count(run, index, source)?;
    }
    run.file(index).encoding = Some(source.encoding().name().to_owned());
    Ok(())
}

/// Reports what is wrong with the header; whether any of it keeps the records from being accepted.
fn report_header(run: &mut Run<'_>, index: u16, kind: usize, header: &Header) -> bool {
    let mut failed = false;
    for problem in &header.problems {
        let Some(rule) = run.own.get(problem.check) else {
            continue;
        };
        let finding = Finding {
            file: Some(index),
            row: Some(1),
            column: problem.column,
            field: problem.field,
            rule,
            value: shown(Cow::Borrowed(&problem.value)),
            detail: problem.detail.as_deref().map(Cow::Borrowed),
            suggestion: problem.suggestion.as_deref().map(Cow::Borrowed),
        };
        failed |= run.finding(&finding, Some(kind)) == Severity::Error;
    }
    failed
}

/// Counts the records of a file that cannot be judged: all of them failed.
fn count(run: &mut Run<'_>, index: u16, source: &mut dyn RowSource) -> Result<(), Stop> {
    loop {
        let rows = match source.next_rows(ROWS) {
            Ok(rows) if rows.places.is_empty() => return Ok(()),
            Ok(rows) => rows,
            Err(error) => return Err(Stop::Damaged { index, error }),
        };
        let total = rows.iter().filter(|row| !row.is_blank()).count() as u64;
        count_records(run, index, total, 0)?;
    }
}

fn judge(
    run: &mut Run<'_>,
    index: u16,
    kind: usize,
    file_failed: bool,
    (header, size): (&Header, Option<u64>),
    source: &mut dyn RowSource,
) -> Result<(), Stop> {
    let settings = run.settings;
    let own = run.own;
    let kind_data = &settings.standard.kinds[kind];
    let width = run
        .file(index)
        .info
        .header
        .iter()
        .rposition(|cell| !cell.trim().is_empty())
        .map_or(0, |last| last + 1);
    source.set_width(width);
    let mut judge = Judge::new(
        kind_data,
        &header.columns,
        width,
        settings,
        own,
        seconds(settings.received_at),
    );
    let mut blank_rows: Option<(u32, u32)> = None;
    // A report of ours has an apostrophe before what a spreadsheet would take for a formula.
    let from_report = run
        .file(index)
        .info
        .header
        .first()
        .is_some_and(|cell| cell.trim().starts_with('#'));
    let mut restored: Vec<Cell> = Vec::new();
    let mut found = FindingCounter::new(index, kind);
    let mut guessed = false;
    loop {
        // What is found of rows is counted together: none may be among them that is not told.
        let most = u64::from(settings.limits.records) + 1;
        let left = most.saturating_sub(run.progress.records);
        let left = usize::try_from(left).map_or(ROWS, |left| left.min(ROWS));
        let mut rows = match source.next_rows(left) {
            Ok(rows) if rows.places.is_empty() => break,
            Ok(rows) => rows,
            Err(error) => return Err(Stop::Damaged { index, error }),
        };
        let encoding = rows.encoding;
        let blank = rows.blank();
        if from_report {
            restored.clear();
            let cells = rows.cells.iter();
            restored.extend(cells.map(|cell| restore(*cell, rows.buffer, encoding)));
            rows.cells = &restored;
        }
        let judged = judge.judge(rows, blank);
        let counted = found.count(run, &rows, judged.found);
        let present = !blank & (u64::MAX >> (ROWS - rows.places.len()));
        let passed = if file_failed {
            0
        } else {
            present & !counted.failed
        };
        let mut record = JudgedRecord {
            file: index,
            kind,
            row: 0,
            passed: false,
            kind_data,
            index: 0,
            rows: &rows,
            records: &judged.records,
        };
        for (place, &RowPlace { number, .. }) in rows.places.iter().enumerate() {
            // Blank rows at the end are nothing to speak of: they are told only when another row follows.
            if blank >> place & 1 == 1 {
                let first = blank_rows.map_or(number, |(first, _)| first);
                blank_rows = Some((first, number));
                continue;
            }
            if let Some((first, last)) = blank_rows.take() {
                for blank in first..=last {
                    tell_blank(run, index, kind, blank);
                }
            }
            for number in judged.of_row(place) {
                run.tell(&counted.findings[number], kind);
            }
            let has_passed = passed >> place & 1 == 1;
            (record.index, record.row, record.passed) = (place, number, has_passed);
            run.record(&record);
        }
        let total = u64::from(present.count_ones());
        count_records(run, index, total, u64::from(passed.count_ones()))?;
        let total = run.file(index).total;
        if !guessed
            && total >= GUESS_AFTER
            && let Some(size) = size
        {
            guessed = true;
            let most = u64::from(settings.limits.records);
            let likely = (total.saturating_mul(size) / source.position().max(1)).min(most);
            judge.expect(u32::try_from(likely).unwrap_or(u32::MAX));
        }
    }
    if judge.tabs() {
        run.file(index).notes.push(texts::note("tabs"));
    }
    let invisible = header.invisible.with(judge.invisible());
    run.file(index)
        .notes
        .extend(texts::invisible_note(invisible));
    if run.file(index).total == 0 {
        run.file_finding(OwnCheck::NoRecords, Some(index), "", None, None);
    }
    Ok(())
}

/// A cell without the apostrophe of our report.
fn restore(cell: Cell, buffer: &[u8], encoding: TextEncoding) -> Cell {
    let bytes = &buffer[cell.start as usize..cell.end as usize];
    if bytes.first() != Some(&b'\'') {
        return cell;
    }
    let text = encoding.decode(bytes);
    Cell {
        start: cell.start + u32::from(neutral::restored(&text).len() < text.len()),
        ..cell
    }
}

fn tell_blank(run: &mut Run<'_>, index: u16, kind: usize, row: u32) {
    let Some(rule) = run.own.get(OwnCheck::BlankRecord) else {
        return;
    };
    let finding = Finding {
        file: Some(index),
        row: Some(row),
        column: None,
        field: None,
        rule,
        value: Cow::Borrowed(""),
        detail: None,
        suggestion: None,
    };
    run.finding(&finding, Some(kind));
}

/// Counts records, of which so many passed. Stops at too many, and tells progress now and then.
fn count_records(run: &mut Run<'_>, index: u16, total: u64, passed: u64) -> Result<(), Stop> {
    run.count_records(index, total, passed);
    let records = run.progress.records;
    if records > u64::from(run.settings.limits.records) {
        return Err(Stop::TooManyRecords { index });
    }
    if records / PROGRESS_EVERY > (records - total) / PROGRESS_EVERY {
        run.tell_progress().map_err(Stop::Check)?;
    }
    Ok(())
}

/// Seconds of a moment, as cells of dates are compared.
pub(crate) fn seconds(moment: jiff::civil::DateTime) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    moment
        .since((jiff::Unit::Second, epoch))
        .map_or(i64::MAX, |span| span.get_seconds())
}
