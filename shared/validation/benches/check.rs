//! The whole check against the least any reader must do: `cargo bench -p validation` (add `-- --full` for 20 MB ZIPs).
//!
//! The baseline expands the same ZIP and parses it with the `csv` crate into byte records, nothing else; for GB18030 it
//! also decodes. Both take turns in one process, and the ratio is that of the least processor time of each, so that a busy
//! machine disturbs it little. Memory is the peak of a process of its own that checks the ZIP from its file.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers that ends at the first thing that is not as expected"
)]

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use encoding_rs::{Decoder, GB18030};
use sample_data::{Bad, Encoding, Options, archive};
use validation::{
    Finding, Institution, JudgedRecord, Limits, Links, Settings, Sink, Summary, check,
};

mod timing;

use timing::{least, timed};

const MEGABYTE: f64 = 1024.0 * 1024.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(path) = value_of(&arguments, "--check") {
        let times = value_of(&arguments, "--times").map_or(1, |text| text.parse().unwrap());
        return check_file(Path::new(&path), times);
    }
    if let Some(path) = value_of(&arguments, "--parse") {
        let times = value_of(&arguments, "--times").map_or(1, |text| text.parse().unwrap());
        return parse_file(Path::new(&path), times);
    }
    if let Some(path) = value_of(&arguments, "--compare") {
        let times = value_of(&arguments, "--times").map_or(15, |text| text.parse().unwrap());
        return compare(Path::new(&path), times);
    }
    if let Some(path) = value_of(&arguments, "--print") {
        return print_file(Path::new(&path));
    }
    if let Some(path) = value_of(&arguments, "--write") {
        return write_samples(Path::new(&path));
    }
    let full = arguments.iter().any(|argument| argument == "--full");
    let repetitions = value_of(&arguments, "--repeat").map_or(15, |text| text.parse().unwrap());
    let only = value_of(&arguments, "--only");
    println!(
        "| file | encoding | bad | records | MB raw | MB ZIP | baseline ms | check ms | ratio | findings | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for kind in ["flu", "hqms", "pdr"] {
        if only.as_deref().is_some_and(|only| only != kind) {
            continue;
        }
        for (name, encoding) in [("UTF-8", Encoding::Utf8), ("GB18030", Encoding::Gb18030)] {
            for share in [0.0, 0.01, 1.0] {
                let (zip, rows, raw) = sample(kind, encoding, share, full);
                measure(kind, name, share, &zip, rows, raw, repetitions);
            }
        }
    }
}

fn value_of(arguments: &[String], name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).cloned()
}

/// A ZIP of one file, with its records and expanded bytes.
fn sample(kind: &str, encoding: Encoding, share: f64, full: bool) -> (Vec<u8>, u32, u64) {
    let make = |rows| {
        let mut options = Options::new(kind, rows);
        options.form.encoding = encoding;
        if share > 0.0 {
            options.bad = Bad::Share(share, Vec::new());
        }
        let mut zip = Cursor::new(Vec::new());
        let files = [(options.file_name(), options)];
        let written = archive(standard::latest(), &files, &mut zip).unwrap();
        (zip.into_inner(), written[0].rows, written[0].bytes)
    };
    let probe = make(2000);
    // As many records as make the size wanted, from what the first ones need.
    let rows = if full {
        2000.0 * 19.5 * MEGABYTE / probe.0.len() as f64
    } else {
        2000.0 * 12.0 * MEGABYTE / probe.2 as f64
    };
    make(rows as u32)
}

fn measure(
    kind: &str,
    encoding: &str,
    share: f64,
    zip: &[u8],
    rows: u32,
    raw: u64,
    repetitions: usize,
) {
    let decode = encoding == "GB18030";
    let (mut baselines, mut checks) = (Vec::new(), Vec::new());
    let mut summary = None;
    turns(
        zip,
        decode,
        repetitions,
        |(baseline, read), (check, checked)| {
            assert_eq!(read, u64::from(rows) + 1);
            baselines.push(baseline);
            assert_eq!(checked.total, u64::from(rows));
            checks.push(check);
            summary = Some(checked);
        },
    );
    let (baseline, check) = (least(&baselines), least(&checks));
    let summary = summary.unwrap();
    println!(
        "| {kind} | {encoding} | {:.0} % | {rows} | {:.1} | {:.1} | {:.0} | {:.0} | {:.2} | {} | {:.1} |",
        share * 100.0,
        raw as f64 / MEGABYTE,
        zip.len() as f64 / MEGABYTE,
        baseline,
        check,
        check / baseline,
        summary.errors + summary.warnings,
        peak(zip),
    );
}

/// Both of a ZIP so many times, in turns: the time of each, the rows that the baseline read, and what the check says.
fn turns(
    zip: &[u8],
    decode: bool,
    times: usize,
    mut took: impl FnMut((Duration, u64), (Duration, Summary)),
) {
    for _ in 0..times {
        let baseline = timed(|| baseline(zip, decode));
        took(baseline, timed(|| judged(Cursor::new(zip))));
    }
}

/// Expands and parses; rows read.
fn baseline(zip: &[u8], decode: bool) -> u64 {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let entry = archive.by_index(0).unwrap();
    if decode {
        parse(Decoded {
            reader: entry,
            decoder: GB18030.new_decoder_without_bom_handling(),
            raw: vec![0; 64 * 1024],
            text: Vec::new(),
            given: 0,
        })
    } else {
        parse(entry)
    }
}

fn parse(reader: impl Read) -> u64 {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(64 * 1024)
        .from_reader(reader);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        rows += 1;
    }
    rows
}

/// GB18030 to UTF-8, a chunk at a time.
struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.text.len() {
            let read = self.reader.read(&mut self.raw)?;
            let most = self.decoder.max_utf8_buffer_length(read).unwrap();
            self.text.resize(most, 0);
            let (_, _, written, _) =
                self.decoder
                    .decode_to_utf8(&self.raw[..read], &mut self.text, read == 0);
            self.text.truncate(written);
            self.given = 0;
            if read == 0 {
                break;
            }
        }
        let count = buffer.len().min(self.text.len() - self.given);
        buffer[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

/// Looks at everything it is given, and keeps nothing.
#[derive(Default)]
struct Counting {
    bytes: usize,
    passed: u64,
}

impl Sink for Counting {
    fn finding(&mut self, finding: &Finding<'_>) {
        self.bytes += finding.value.len();
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        self.passed += u64::from(record.passed);
    }
}

fn judged<R: Read + std::io::Seek>(archive: R) -> Summary {
    let mut sink = Counting::default();
    let summary = check_into(archive, &mut sink);
    assert_eq!(sink.passed, summary.passed);
    summary
}

fn check_into<R: Read + std::io::Seek>(archive: R, sink: &mut dyn Sink) -> Summary {
    let institution = Institution {
        code: sample_data::DEMO_INSTITUTION_CODE.into(),
        name: sample_data::DEMO_INSTITUTION_NAME.into(),
    };
    let settings = Settings {
        standard: standard::latest(),
        received_at: Options::new("flu", 1).exported_at(),
        institution: Some(&institution),
        codes: None,
        links: Links::Deferred,
        limits: Limits::default(),
    };
    check("upload.zip", archive, &settings, sink).unwrap()
}

/// Prints all it is given: two versions that print the same find the same.
struct Printing;

impl Sink for Printing {
    fn finding(&mut self, finding: &Finding<'_>) {
        println!("{finding:?}");
    }

    fn record(&mut self, record: &JudgedRecord<'_>) {
        println!(
            "{}:{} {} {:?} {:x}",
            record.file,
            record.row,
            record.passed,
            record.key(),
            record.digest()
        );
    }
}

fn print_file(path: &Path) {
    let summary = check_into(BufReader::new(File::open(path).unwrap()), &mut Printing);
    println!("{summary:#?}");
}

/// Writes such ZIPs of every kind into a folder: for a profiler, or for `--print`.
fn write_samples(folder: &Path) {
    for kind in ["flu", "hqms", "hda", "hdr", "pdr", "lis"] {
        for (name, encoding) in [("utf8", Encoding::Utf8), ("gb18030", Encoding::Gb18030)] {
            for (percent, share) in [(0, 0.0), (1, 0.01), (100, 1.0)] {
                let (zip, _, _) = sample(kind, encoding, share, false);
                std::fs::write(folder.join(format!("{kind}-{name}-{percent}.zip")), zip).unwrap();
            }
        }
    }
}

/// MiB that a process checking this ZIP needs at most; 0 where the system does not tell.
fn peak(zip: &[u8]) -> f64 {
    let path = std::env::temp_dir().join(format!("check-{}.zip", std::process::id()));
    std::fs::write(&path, zip).unwrap();
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .arg("--check")
        .arg(&path)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap_or(0.0)
}

/// Expands and parses a file as the baseline does, decoding where its name says so: for a profiler.
fn parse_file(path: &Path, times: usize) {
    let zip = std::fs::read(path).unwrap();
    let decode = path.to_string_lossy().contains("gb18030");
    for _ in 0..times {
        println!("{}", baseline(&zip, decode));
    }
}

/// Both of a file, in turns: the least time of each, and the median of their ratios turn by turn. For the comparison of two builds.
fn compare(path: &Path, times: usize) {
    let zip = std::fs::read(path).unwrap();
    let decode = path.to_string_lossy().contains("gb18030");
    let (mut baselines, mut checks) = (Vec::new(), Vec::new());
    turns(&zip, decode, times, |baseline, check| {
        baselines.push(baseline.0);
        checks.push(check.0);
    });
    let ratios = baselines.iter().zip(&checks);
    let mut ratios: Vec<f64> = ratios
        .map(|(one, other)| other.as_secs_f64() / one.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "{:.2} {:.2} {:.3}",
        least(&baselines),
        least(&checks),
        ratios[ratios.len() / 2]
    );
}

/// Checks a file, more than once for a profiler.
fn check_file(path: &Path, times: usize) {
    for _ in 0..times {
        judged(BufReader::new(File::open(path).unwrap()));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|text| text.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0.0);
    println!("{}", kilobytes / 1024.0);
}
