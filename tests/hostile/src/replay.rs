//! Gives each target the files of its folder, and changed ones of them for a time. Ends with status 1 when one of them is not borne.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hostile_input::{Campaign, TARGETS};

fn main() -> ExitCode {
    let mut corpus = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"));
    let mut seconds = 0;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let number = words.next().and_then(|number| number.parse().ok());
            let Some(number) = number else {
                eprintln!("--seconds wants a number");
                return ExitCode::from(2);
            };
            seconds = number;
        } else if word.starts_with('-') {
            eprintln!("replay [--seconds N] [CORPUS]");
            return ExitCode::from(2);
        } else {
            corpus = PathBuf::from(word);
        }
    }
    let share = Duration::from_secs(seconds) / u32::try_from(TARGETS.len()).unwrap_or(1);
    let mut failures = 0;
    let mut small = Duration::ZERO;
    println!("target         files      runs   slowest ms  (file)");
    for target in TARGETS {
        let name = target.name;
        let mut campaign = Campaign::new(target, &corpus);
        campaign.replay();
        let until = Instant::now() + share;
        while Instant::now() < until && campaign.files() > 0 {
            campaign.mutate(1);
        }
        small = small.max(campaign.slowest_small());
        let (slowest, file) = campaign.slowest();
        println!(
            "{name:12} {:7} {:9} {:12.1}  {file}",
            campaign.files(),
            campaign.runs(),
            slowest.as_secs_f64() * 1e3
        );
        for failure in campaign.failures() {
            eprintln!("{failure}");
            failures += 1;
        }
    }
    println!(
        "slowest of 2 kB or less, ms {:.1}",
        small.as_secs_f64() * 1e3
    );
    if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
