//! The worst files, each given to a program of its own: what memory and time it takes.

use std::path::Path;
use std::time::{Duration, Instant};

use super::support::{Machine, Sample};

#[path = "../../../../../tests/it/worst.rs"]
mod files;

/// As many records as a file may have.
const RECORDS: u32 = 2_000_000;

/// Prints a line for each file of at most so many megabytes once expanded. It ends at one that has no result.
pub fn measure(program: &Path, root: &Path, megabytes: u64) {
    let most = (RECORDS, megabytes * 1_000_000);
    println!(
        "{:<52} {:>8} {:>10} {:>8} {:>7}  result",
        "file", "MB", "records", "MiB", "s"
    );
    let mut worst = (0.0_f64, 0.0_f64);
    for (number, file) in files::ALL.iter().enumerate() {
        let file = file(most);
        let megabytes = file.bytes.len() as f64 / 1e6;
        if file.bytes.len() > 20 * 1024 * 1024 {
            println!(
                "{:<52} {megabytes:8.1}  larger than an upload may be",
                file.what
            );
            continue;
        }
        let mut machine = Machine::new(program, &root.join(number.to_string()));
        std::fs::create_dir_all(root.join(number.to_string())).unwrap();
        machine.start();
        let hospital = machine.hospitals(1).remove(0);
        let sample = Sample {
            name: file.name,
            bytes: file.bytes,
            total: 0,
            passed: 0,
        };
        let ticket = hospital.ticket(&sample).ok().unwrap();
        let before = machine.memory("VmRSS");
        assert_eq!(hospital.put(&ticket, &sample).status, 200);
        let began = Instant::now();
        while !hospital.look(&ticket.id) {
            assert!(began.elapsed() < Duration::from_secs(600), "{}", file.what);
            std::thread::sleep(Duration::from_millis(20));
        }
        let seconds = began.elapsed().as_secs_f64();
        let memory = machine.memory("VmHWM") - before;
        worst = (worst.0.max(memory), worst.1.max(seconds));
        let upload = hospital.get(&format!("/uploads/{}", ticket.id)).json();
        println!(
            "{:<52} {megabytes:8.1} {:>10} {memory:8.0} {seconds:7.1}  {} {}",
            file.what, upload["total"], upload["status"], upload["outcome"]
        );
    }
    println!("memory at most above the program's own, MiB {:.0}", worst.0);
    println!("time at most, s {:.1}", worst.1);
}
