//! What the program withstands, measured on this machine (Linux). Each ends with its figures, or at the first that is lost.
//!
//! ```text
//! cargo run -p local --example withstand -- kills      killed at random moments under load
//! cargo run -p local --example withstand -- cuts       ended in the middle of a write, under load
//! cargo run -p local --example withstand -- load       files at a rate, with faults; beside a hospital that floods; at ten times the rate
//! ```
//!
//! `--seconds` bounds kills and cuts, `--times` as well; `--files`, `--rate`, `--rows` make the load. `--program FILE` names a built program;
//! without it the one that was built beside this is taken. A release build is what an operator has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    unreachable_pub,
    dead_code,
    reason = "a measurement may end where it stands, and prints what it finds"
)]

#[path = "../tests/support/load.rs"]
mod load;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/support/withstand.rs"]
mod withstand;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use load::{Arrived, Plan, arrive, flood, waits};
use support::Machine;
use withstand::{End, Withstood, withstand};

#[derive(Parser)]
struct Options {
    /// What to measure.
    what: What,
    /// The program.
    #[arg(long)]
    program: Option<PathBuf>,
    /// How often it is killed at most.
    #[arg(long, default_value_t = 100_000)]
    times: u32,
    /// How long it is killed again and again at most.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Decides the moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Files that arrive.
    #[arg(long, default_value_t = 2000)]
    files: usize,
    /// Files a second.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Records of a file.
    #[arg(long, default_value_t = 50)]
    rows: u32,
    /// The service's processor time is this program's as well: fewer threads send less at once.
    #[arg(long, default_value_t = 32)]
    threads: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Kills,
    Cuts,
    Load,
}

fn main() {
    let options = Options::parse();
    let program = options.program.clone().unwrap_or_else(beside);
    let program = std::fs::canonicalize(&program).unwrap_or_else(|_| panic!("no {program:?}"));
    let root = tempfile::tempdir().unwrap();
    let limits = (options.times, Duration::from_secs(options.seconds));
    match options.what {
        What::Kills => {
            let end = End::Kill(Duration::from_millis(1500));
            told(&withstand(
                &program,
                root.path(),
                limits,
                end,
                20,
                options.seed,
            ));
        }
        What::Cuts => told(&withstand(
            &program,
            root.path(),
            limits,
            End::Cut(900),
            20,
            options.seed,
        )),
        What::Load => bear(&program, &options),
    }
}

fn beside() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().unwrap().parent().unwrap().join("local")
}

fn told(seen: &Withstood) {
    println!("kills {}", seen.kills);
    println!("of them while it started {}", seen.early);
    println!("files acknowledged {}", seen.stored);
    println!("lost 0");
    println!("longest start, s {:.2}", seen.start.as_secs_f64());
    println!(
        "all results after the last start, s {:.2}",
        seen.settled.as_secs_f64()
    );
}

fn bear(program: &Path, options: &Options) {
    let started = || {
        let root = tempfile::tempdir().unwrap();
        let mut machine = Machine::new(program, root.path());
        machine.start();
        (root, machine)
    };
    let plan = Plan {
        files: options.files,
        rate: options.rate,
        rows: options.rows,
        faults: 10,
        threads: options.threads,
    };
    // A hospital sends some ten files in the time of the whole run.
    let hospitals = (options.files / 10).clamp(10, 3000);

    let (_root, machine) = started();
    let senders = machine.hospitals(hospitals);
    println!(
        "at {} files a second, {} records each, {hospitals} hospitals",
        plan.rate, plan.rows
    );
    shown(&arrive(&machine, &senders, plan));
    println!("memory at most, MiB {:.0}", machine.memory("VmHWM"));
    drop(machine);

    let (_root, machine) = started();
    let senders = machine.hospitals(hospitals);
    let flooding = machine.flooding_hospital();
    println!("the same beside a hospital that floods");
    let stop = AtomicBool::new(false);
    let part = Plan {
        files: plan.files / 4,
        ..plan
    };
    let (arrived, (refused, within)) = std::thread::scope(|scope| {
        let refused = scope.spawn(|| flood(&flooding, plan.rows, 8, &stop));
        let arrived = arrive(&machine, &senders, part);
        stop.store(true, Ordering::SeqCst);
        (arrived, refused.join().unwrap())
    });
    shown(&arrived);
    let stored = flooding.settle();
    let (half, most, longest) = waits(std::slice::from_ref(&flooding));
    println!(
        "the flooding one: stored {stored}, refused {refused}, waited s {half:.1} {most:.1} {longest:.1}"
    );
    println!("its refusals within, ms {:.0}", within.as_secs_f64() * 1e3);
    drop(machine);

    let (_root, machine) = started();
    let senders = machine.hospitals(hospitals);
    println!("at ten times the rate");
    let tenfold = Plan {
        rate: plan.rate * 10.0,
        threads: plan.threads * 4,
        ..plan
    };
    shown(&arrive(&machine, &senders, tenfold));
    println!("memory at most, MiB {:.0}", machine.memory("VmHWM"));
}

fn shown(arrived: &Arrived) {
    let (half, most, longest) = arrived.waits;
    let all = arrived.stored + arrived.refused + arrived.failed;
    println!("arrived {all} in {:.0} s", arrived.took.as_secs_f64());
    println!("acknowledged {}", arrived.stored);
    println!("lost 0");
    println!("faults {}", arrived.faults);
    println!("refused {}", arrived.refused);
    println!("failed otherwise {}", arrived.failed);
    let (slowest, within) = arrived.refusal;
    println!("refusals within, ms {:.0}", within.as_secs_f64() * 1e3);
    println!("slowest refusal, ms {:.0}", slowest.as_secs_f64() * 1e3);
    println!("half waited, s {half:.2}");
    println!("99 in 100 waited, s {most:.2}");
    println!("longest wait, s {longest:.2}");
}
