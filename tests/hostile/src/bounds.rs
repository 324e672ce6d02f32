//! What the worst files of at most 20 MB cost: each is judged and settled in a process of its own, as the function does it, but for table
//! and bucket; and settled once more as if the same had been sent before.
//!
//! ```text
//! cargo run --release -p hostile-input --bin bounds [MEGABYTES once expanded, 1000]
//! ```
//!
//! Ends with status 1 when one takes more than 256 MiB (the first time or again), 30 s, or 1,000 items of the table.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for a terminal that measures"
)]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use hostile_input::worst::ALL;
use validation::links::{self, EarlierDays, EarlierSegments, Segment, SegmentBuilder};
use validation::report::pages::{Page, PageWriter};
use validation::{
    Filler, FillerTally, Finding, JudgedRecord, Limits, Links, Progress, Settings, Sink, Summary,
};

/// As many records as a file may have, and more.
const RECORDS: u32 = 2_100_000;
/// MiB, seconds and items that one file may take.
const MOST: (f64, f64, u64) = (256.0, 30.0, 1000);
/// Items beside the pages: claim, lease, summary, commit, settlement, counters and what else is written of any upload.
const OTHERS: u64 = 60;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let megabytes = words.next().and_then(|word| word.parse().ok());
    let megabytes: u64 = megabytes.unwrap_or(1000);
    match words.next().and_then(|word| word.parse().ok()) {
        Some(number) => {
            one(megabytes, number);
            ExitCode::SUCCESS
        }
        None => all(megabytes),
    }
}

fn all(megabytes: u64) -> ExitCode {
    println!(
        "{:<46} {:>5} {:>8} {:>9} {:>6} {:>6} {:>6} {:>6} {:>6}",
        "file", "MB", "records", "findings", "items", "MiB", "s", "again", "s"
    );
    let (mut memory, mut again, mut seconds, mut items) = (0.0_f64, 0.0_f64, 0.0_f64, 0);
    for number in 0..ALL.len() {
        let own = std::env::current_exe().unwrap();
        let child = Command::new(own)
            .args([megabytes.to_string(), number.to_string()])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&child.stdout);
        print!("{told}");
        let mut figures = told.split_whitespace().rev();
        let mut next = || figures.next().and_then(|word| word.parse::<f64>().ok());
        let (Some(_), Some(most_again), Some(taken), Some(most), Some(written), true) = (
            next(),
            next(),
            next(),
            next(),
            next(),
            child.status.success(),
        ) else {
            println!("number {number} ended with {}", child.status);
            return ExitCode::FAILURE;
        };
        memory = memory.max(most);
        again = again.max(most_again);
        seconds = seconds.max(taken);
        items = items.max(written as u64);
    }
    println!("memory at most, MiB {memory:.0}");
    println!("sent again, MiB {again:.0}");
    println!("time at most, s {seconds:.1}");
    println!("items at most {items}");
    if memory <= MOST.0 && again <= MOST.0 && seconds <= MOST.1 && items <= MOST.2 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Makes a file, then judges it from a process that has forgotten how it was made.
fn one(megabytes: u64, number: usize) {
    let file = ALL[number]((RECORDS, megabytes * 1_000_000));
    let size = file.bytes.len();
    if size as u64 > Limits::default().archive_bytes {
        // It would be refused for its length alone.
        println!(
            "{:<46} {:5.1} larger than an upload may be 0 0 0 0 0",
            file.what,
            size as f64 / 1e6
        );
        return;
    }
    // The high-water mark begins anew, with what is held now.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let standard = standard::latest();
    let settings = Settings {
        standard,
        received_at: jiff::civil::date(2026, 1, 5).at(9, 0, 0, 0),
        institution: None,
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    let mut recorder = Recorder {
        pages: PageWriter::new(),
        written: 0,
        findings: 0,
        segments: SegmentBuilder::new(standard),
        fillers: FillerTally::new(standard),
    };
    let before = processor_seconds();
    let judged = validation::check(
        &file.name,
        Cursor::new(file.bytes),
        &settings,
        &mut recorder,
    );
    let summary = judged.unwrap();
    let Recorder {
        pages,
        mut written,
        findings,
        segments,
        fillers,
    } = recorder;
    written += u64::from(pages.finish().is_some());
    let segments: Vec<_> = segments.finish().into_iter().map(Segment::encode).collect();
    let fillers: Vec<Filler> = fillers.finish();
    let seconds = processor_seconds() - before;
    let memory = high_water();
    drop(fillers);
    let settled = settle(&summary, segments);
    let (memory, seconds) = (memory.max(settled.first.0), seconds + settled.first.1);
    let again = settled.again;
    println!(
        "{:<46} {:5.1} {:8} {findings:9} {:6} {memory:6.0} {seconds:6.1} {:6.0} {:6.1}",
        file.what,
        size as f64 / 1e6,
        summary.total,
        written + OTHERS,
        again.0,
        again.1
    );
}

/// What it takes to settle an upload: the most memory, and the time.
struct Settled {
    first: (f64, f64),
    /// When the same was sent before.
    again: (f64, f64),
}

fn settle(summary: &Summary, segments: Vec<Vec<u8>>) -> Settled {
    // As in the bucket: not in memory.
    let folder = std::env::temp_dir().join(format!("bounds-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut stored = Vec::new();
    for (number, bytes) in segments.into_iter().enumerate() {
        stored.push(folder.join(number.to_string()));
        std::fs::write(stored.last().unwrap(), bytes).unwrap();
    }
    let settled = Settled {
        first: settle_after(&[], &stored, summary),
        again: settle_after(&stored, &stored, summary),
    };
    std::fs::remove_dir_all(&folder).unwrap();
    settled
}

fn settle_after(before: &[PathBuf], own: &[PathBuf], summary: &Summary) -> (f64, f64) {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let start = processor_seconds();
    let read = |path| Segment::decode(std::fs::read(path).unwrap()).unwrap();
    let own: Vec<Segment> = own.iter().map(read).collect();
    let standard = standard::latest();
    let mut known = EarlierSegments::new(standard, &own);
    let mut days = EarlierDays::new(&own);
    for path in before {
        let earlier = read(path);
        known.add(1, &earlier);
        days.add(1, &earlier);
    }
    for segment in &own {
        days.movements(segment);
    }
    let files: Vec<_> = summary.files.iter().map(|file| file.info.clone()).collect();
    let settled = links::settle(standard, &own, &files, &known);
    let mut pages = PageWriter::new();
    for finding in &settled.findings {
        pages.push(finding);
    }
    (high_water(), processor_seconds() - start)
}

/// The most this process held since it was last asked to forget, in MiB.
fn high_water() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024.0
}

/// Time this process has worked, its own and the system's on its behalf: what else goes on here is no matter of the file's. In
/// hundredths of a second by the kernel's promise.
fn processor_seconds() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = status
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

struct Recorder {
    pages: PageWriter,
    written: u64,
    findings: u64,
    segments: SegmentBuilder<'static>,
    fillers: FillerTally<'static>,
}

impl Recorder {
    fn page(&mut self, page: Option<Page>) {
        self.written += u64::from(page.is_some());
    }
}

impl Sink for Recorder {
    fn finding(&mut self, finding: &Finding<'_>) {
        self.findings += 1;
        let page = self.pages.push(finding);
        self.page(page);
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        self.segments.record(record);
        self.fillers.record(record);
    }

    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
