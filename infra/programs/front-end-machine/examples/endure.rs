//! What the program needs and what it withstands, measured beside the whole service on this machine (Linux).
//!
//! ```text
//! cargo run -p front-end-machine --example endure -- idle                 memory and processor time of a minute without work
//! cargo run -p front-end-machine --example endure -- growth               memory while 1,000 files of 100 rows are sent
//! cargo run -p front-end-machine --example endure -- kills                500 files, killed 100 times: each received once
//! ```
//!
//! `--program FILE` names a built program, such as the one hospitals get (`infra/front-end-machine/build`); without it the one that
//! was built beside this is taken. `--files`, `--kills`, `--rows`, `--seconds` make it longer or shorter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    dead_code,
    reason = "a measurement may end where it stands, and prints what it finds"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use sample_data::Bad;
use support::{Program, Server, csv, survive};

#[derive(Parser)]
struct Options {
    /// What to measure.
    what: What,
    /// The program.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Files that are sent [default: 1000 for growth, 500 for kills].
    #[arg(long)]
    files: Option<u32>,
    /// How often it is killed.
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// Records of a file [default: 100 for growth, 10 for kills].
    #[arg(long)]
    rows: Option<u32>,
    /// How long it is looked at without work.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Idle,
    Growth,
    Kills,
}

fn main() {
    let options = Options::parse();
    let file = options.program.clone().unwrap_or_else(beside);
    let file = fs::canonicalize(&file).unwrap_or_else(|_| panic!("no program at {file:?}"));
    let root = tempfile::tempdir().unwrap();
    match options.what {
        What::Idle => idle(&file, root.path(), options.seconds),
        What::Growth => {
            let (files, rows) = (options.files.unwrap_or(1000), options.rows.unwrap_or(100));
            growth(&file, root.path(), files, rows);
        }
        What::Kills => {
            let (files, rows) = (options.files.unwrap_or(500), options.rows.unwrap_or(10));
            let began = Instant::now();
            let (mut server, _, mut child) =
                survive(&file, root.path(), files, options.kills, rows, LONGEST);
            println!(
                "{files} files of {rows} records, killed {} times, {} s: each received once, none missing",
                options.kills,
                began.elapsed().as_secs()
            );
            end(&mut child);
            server.stop();
        }
    }
}

fn beside() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("front-end-machine")
}

fn idle(file: &Path, root: &Path, seconds: u64) {
    let mut server = Server::start(root);
    let program = Program::init_calm(file, root, &server);
    let mut child = program.run();
    fs::write(program.folder().join("flu_1.csv"), csv(1, 100, Bad::None)).unwrap();
    program.finished();
    std::thread::sleep(Duration::from_secs(10));
    let (before, began) = (processor_seconds(&child), Instant::now());
    std::thread::sleep(Duration::from_secs(seconds));
    let used = processor_seconds(&child) - before;
    let share = 100.0 * used / began.elapsed().as_secs_f64();
    println!(
        "program, MiB on disk      {:8.1}",
        fs::metadata(file).unwrap().len() as f64 / MIB
    );
    println!("resident, MiB             {:8.1}", memory(&child, "VmRSS"));
    println!("resident at most, MiB     {:8.1}", memory(&child, "VmHWM"));
    println!("processor, % of one core  {share:8.2}");
    end(&mut child);
    server.stop();
}

fn growth(file: &Path, root: &Path, count: u32, rows: u32) {
    let mut server = Server::start(root);
    let program = Program::init(file, root, &server);
    let mut child = program.run();
    fs::write(
        program.folder().join("flu_first.csv"),
        csv(1, rows, Bad::None),
    )
    .unwrap();
    program.finished();
    println!("files   resident MiB");
    println!("{:5} {:10.1}", 0, memory(&child, "VmRSS"));
    let began = Instant::now();
    // Ten portions, one after the other, so that memory can be read between them.
    for portion in 0..10 {
        for number in 0..count / 10 {
            let number = portion * (count / 10) + number;
            let text = csv(number + 1000, rows, Bad::None);
            fs::write(program.folder().join(format!("flu_{number}.csv")), text).unwrap();
        }
        program.finished();
        let sent = (portion + 1) * (count / 10);
        println!("{sent:5} {:10.1}", memory(&child, "VmRSS"));
    }
    println!("at most {:8.1}", memory(&child, "VmHWM"));
    let received = server.uploads().len() - 2;
    println!("{received} received in {} s", began.elapsed().as_secs());
    assert_eq!(received as u32, count / 10 * 10);
    end(&mut child);
    server.stop();
}

/// Long enough to send some files, so that the kills fall into all of the sending.
const LONGEST: Duration = Duration::from_secs(4);

const MIB: f64 = 1024.0 * 1024.0;

/// A line of the process's status, in MiB.
fn memory(child: &Child, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

/// Time of its own and of the system on its behalf, in hundredths of a second by the kernel's promise.
fn processor_seconds(child: &Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = status
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
