//! More comes than can be done: who sends little is not held up by who sends much, who is refused is told when to come again, and
//! nothing that was taken is lost. `examples/withstand.rs` measures how long it takes.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a failing test may end where it stands; nothing here is a library"
)]

#[path = "support/load.rs"]
mod load;
mod support;

use std::path::Path;

use load::{Plan, arrive, finished};
use support::{Hospital, Machine, sample};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_local"))
}

#[test]
fn files_that_arrive_by_broken_connections_are_all_judged_once() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.start();
    let hospitals = machine.hospitals(6);
    let plan = Plan {
        files: 60,
        rate: 40.0,
        rows: 5,
        faults: 300,
        threads: 8,
    };
    let arrived = arrive(&machine, &hospitals, plan);
    assert_eq!((arrived.stored, arrived.refused), (60, 0), "{arrived:?}");
    assert!(arrived.faults > 5, "{arrived:?}");
    let uploads: usize = hospitals.iter().map(|hospital| hospital.list().len()).sum();
    assert_eq!(uploads, 60, "a request made twice makes one upload");
    assert_eq!(machine.health()["dead_letters"], 0);
}

/// Files that take a while.
const ROWS: u32 = 3000;

/// Announces and stores files, four at a time.
fn stored(hospital: &Hospital, seeds: std::ops::Range<u64>) {
    let seeds: Vec<u64> = seeds.collect();
    std::thread::scope(|scope| {
        for part in seeds.chunks(seeds.len().div_ceil(4)) {
            scope.spawn(move || {
                for seed in part {
                    let file = sample(*seed, ROWS);
                    let ticket = hospital.ticket(&file).ok().unwrap();
                    assert_eq!(hospital.put(&ticket, &file).status, 200);
                }
            });
        }
    });
}

#[test]
fn who_sends_little_is_not_held_up_by_who_sends_much() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.start();
    let hospitals = machine.hospitals(2);
    let [flood, calm] = &hospitals[..] else {
        panic!("two hospitals");
    };
    stored(flood, 0..40);
    stored(calm, 100..103);
    for hospital in &hospitals {
        hospital.settle();
    }
    let times = |hospital: &Hospital| hospital.list().values().map(finished).collect::<Vec<_>>();
    let last_of_calm = times(calm).into_iter().max().unwrap();
    let after = times(flood)
        .into_iter()
        .filter(|time| *time > last_of_calm)
        .count();
    assert!(after >= 10, "only {after} of 40 came after the three");
}

#[test]
fn with_too_much_waiting_the_many_are_told_to_come_again_and_the_few_are_served() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.set("FLU_MAX_WAITING", "8".to_owned());
    machine.start();
    let hospitals = machine.hospitals(2);
    let [flood, calm] = &hospitals[..] else {
        panic!("two hospitals");
    };
    let files: Vec<_> = (0..20).map(|seed| sample(seed, ROWS)).collect();
    let tickets: Vec<_> = files
        .iter()
        .map(|file| flood.ticket(file).ok().unwrap())
        .collect();
    for (ticket, file) in tickets.iter().zip(&files) {
        assert_eq!(flood.put(ticket, file).status, 200);
    }
    let refused = flood.announce(&sample(50, 5), None);
    assert_eq!(refused.status, 429, "{:?}", refused.json());
    assert_eq!(refused.retry_after, Some(10));
    assert_eq!(refused.json()["code"], "overloaded");
    stored(calm, 100..101);
    assert_eq!((flood.settle(), calm.settle()), (20, 1));
    assert!(flood.ticket(&sample(51, 5)).is_ok(), "now there is room");
}

#[test]
fn one_hospital_has_a_hundred_tickets_and_others_theirs() {
    let root = tempfile::tempdir().unwrap();
    let mut machine = Machine::new(program(), root.path());
    machine.start();
    let hospitals = machine.hospitals(2);
    let file = sample(1, 5);
    let answers: Vec<_> = (0..103)
        .map(|_| hospitals[0].announce(&file, None))
        .collect();
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 100);
    let refused = answers.last().unwrap();
    assert_eq!((refused.status, refused.retry_after), (429, Some(60)));
    assert_eq!(hospitals[1].announce(&file, None).status, 201);
}
