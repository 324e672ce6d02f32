//! The program is killed again and again while hospitals send; then everything it ever said is held against what is there.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::support::{Machine, Moments, failing_disk};

/// How it ends each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By SIGKILL at a moment within this time.
    Kill(Duration),
    /// In the middle of a write to a file, within the first so many.
    Cut(u64),
}

/// What came of it.
#[derive(Debug)]
pub struct Withstood {
    pub kills: u32,
    /// Of them while it was starting.
    pub early: u32,
    /// Uploads that were acknowledged, each of which has its result.
    pub stored: usize,
    /// The longest start.
    pub start: Duration,
    /// From the last start until every acknowledged upload had its result.
    pub settled: Duration,
}

/// Three hospitals send files of `rows` records meanwhile. It goes on for `kills`, or for `time` where that ends first.
pub fn withstand(
    program: &Path,
    root: &Path,
    (kills, time): (u32, Duration),
    end: End,
    rows: u32,
    seed: u64,
) -> Withstood {
    let mut machine = Machine::new(program, root);
    machine.start();
    let hospitals = machine.hospitals(3);
    if let End::Cut(_) = end {
        machine.kill();
        machine.set("LD_PRELOAD", failing_disk(root));
    }
    let mut moments = Moments::of(seed);
    let stop = AtomicBool::new(false);
    let until = Instant::now() + time;
    let mut done = (0, 0);
    std::thread::scope(|scope| {
        // Whatever fails here, the others must not go on for ever.
        let _stop = Stop(&stop);
        for hospital in &hospitals {
            scope.spawn(|| hospital.send_until(&stop, rows));
        }
        while done.0 < kills && Instant::now() < until {
            match end {
                End::Kill(longest) => {
                    if machine.has_ended() {
                        machine.start();
                    }
                    let longest = u64::try_from(longest.as_millis()).unwrap();
                    std::thread::sleep(Duration::from_millis(moments.below(longest)));
                    machine.kill();
                }
                End::Cut(writes) => {
                    machine.set("DISK_CUTS", (1 + moments.below(writes)).to_string());
                    if !machine.try_start() {
                        done.1 += 1;
                    }
                    while !machine.has_ended() {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    let said = machine.said();
                    assert!(said.contains("137"), "it ended otherwise: {said}");
                }
            }
            done.0 += 1;
        }
        machine.unset("DISK_CUTS");
    });
    machine.start();
    let began = Instant::now();
    let stored = hospitals.iter().map(|hospital| hospital.settle()).sum();
    let settled = began.elapsed();
    let health = machine.health();
    assert_eq!(
        (&health["healthy"], &health["dead_letters"]),
        (&true.into(), &0.into()),
        "{health}"
    );
    Withstood {
        kills: done.0,
        early: done.1,
        stored,
        start: machine.starts.iter().max().copied().unwrap(),
        settled,
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
