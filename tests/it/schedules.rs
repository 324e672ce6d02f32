//! Any schedule of faults ends like one clean run: events doubled, reordered, lost and late, requests that fail before or after
//! their effect, throttling, batches half done, answers cut short, damaged or late, a worker that runs out of time, and one that
//! comes back after its claim has run out.
//!
//! A schedule is written in one line. A failure prints the line, shortened to what still fails; it then belongs into
//! `kept_schedules.txt`. `FLU_SCHEDULES=N` tries so many of each flow, `FLU_SCHEDULES_FROM=N` begins elsewhere,
//! `FLU_SCHEDULES_ALL=1` tries every fault at every request, and every pair of them on the smallest file.

use std::time::Instant;

use serde_json::Value;

use crate::flows::{
    Approvals, Attachments, Flow, IcdFiles, Notices, Uploads, failure, play, shortened,
};
use crate::schedule::Schedule;
use crate::stage::Stage;
use crate::weather::Fault;

const KEPT: &str = include_str!("kept_schedules.txt");
/// Schedules of one flow in an ordinary run.
const TRIED: u64 = 12;
/// Pairs in an ordinary run.
const PAIRS: usize = 40;
/// Faults that pairs are made of: what a process knows of, and what it does not live to know.
const PAIRED: [Fault; 4] = [Fault::Before, Fault::After, Fault::Frozen, Fault::Ended];

/// A flow, what a clean run of it comes to, and what it asks for.
struct Tried {
    servers: Stage,
    expected: Value,
    requests: usize,
}

impl Tried {
    async fn set<F: Flow>() -> Self {
        let servers = Stage::set().await;
        let clean = Schedule::clean(F::EVENTS);
        let (expected, requests) = play::<F>(&servers, &clean).await.unwrap();
        assert_eq!(
            failure::<F>(&servers, &clean, &expected).await,
            None,
            "twice the same"
        );
        Self {
            servers,
            expected,
            requests: requests.len(),
        }
    }

    async fn hold<F: Flow>(&self, name: &str, schedule: &Schedule) {
        if let Some(why) = failure::<F>(&self.servers, schedule, &self.expected).await {
            let short = shortened::<F>(&self.servers, schedule, &self.expected).await;
            let now = failure::<F>(&self.servers, &short, &self.expected).await;
            panic!("{name}\n{}: {short}\n{}", F::NAME, now.unwrap_or(why));
        }
    }
}

fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(future);
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

fn is_whole() -> bool {
    number("FLU_SCHEDULES_ALL", 0) == 1
}

/// Tells how much was tried, for whoever asked for more than an ordinary run.
#[expect(clippy::print_stderr, reason = "figures of a campaign")]
fn tell(what: &str, count: usize, since: Instant) {
    eprintln!(
        "{what}: {count} schedules in {:.0} s",
        since.elapsed().as_secs_f64()
    );
}

/// The kept schedules of a flow, then seeds.
async fn seeds<F: Flow>() {
    let (tried, since) = (Tried::set::<F>().await, Instant::now());
    let kept = KEPT.lines().filter(|line| !line.starts_with('#'));
    let kept = kept.filter_map(|line| line.split_once(": "));
    let kept = kept.filter(|(flow, _)| *flow == F::NAME);
    let mut count = 0;
    for (_, line) in kept {
        tried.hold::<F>("kept", &line.parse().unwrap()).await;
        count += 1;
    }
    let first = number("FLU_SCHEDULES_FROM", 1);
    for seed in first..first + number("FLU_SCHEDULES", TRIED) {
        // Tries after a fault ask for more than a clean run.
        let schedule = Schedule::of(seed, F::EVENTS, tried.requests * 3 / 2);
        let line = schedule.to_string();
        assert_eq!(line.parse(), Ok(schedule.clone()), "a schedule can be kept");
        tried.hold::<F>(&format!("seed {seed}"), &schedule).await;
        count += 1;
    }
    tell(F::NAME, count, since);
}

/// Each request of a clean run, lost before and after its effect, and with one of the other faults in turn.
async fn every_request<F: Flow>(at_least: usize) {
    let (tried, since) = (Tried::set::<F>().await, Instant::now());
    let requests = tried.requests;
    assert!(requests >= at_least, "only {requests} requests");
    let mut count = 0;
    for request in 0..requests {
        let others = &Fault::QUICK[2..];
        let mut faults = vec![Fault::Before, Fault::After];
        if is_whole() {
            faults.extend(others);
        } else {
            faults.push(others[request % others.len()]);
        }
        for fault in faults {
            let schedule = Schedule::clean(F::EVENTS).with(request, fault);
            tried.hold::<F>("every request", &schedule).await;
            count += 1;
        }
    }
    tell(F::NAME, count, since);
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_uploads() {
    run(seeds::<Uploads<3>>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_icd_files() {
    run(seeds::<IcdFiles>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_approvals() {
    run(seeds::<Approvals>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_notices() {
    run(seeds::<Notices>());
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run_of_attachments() {
    run(seeds::<Attachments>());
}

#[test]
fn every_request_of_uploads_may_fail() {
    run(every_request::<Uploads<3>>(40));
}

#[test]
fn every_request_of_icd_files_may_fail() {
    run(every_request::<IcdFiles>(15));
}

#[test]
fn every_request_of_approvals_may_fail() {
    run(every_request::<Approvals>(12));
}

#[test]
fn every_request_of_notices_may_fail() {
    run(every_request::<Notices>(8));
}

#[test]
fn every_request_of_attachments_may_fail() {
    run(every_request::<Attachments>(15));
}

/// Two faults on the smallest file; the second may hit what the first one led to.
#[test]
fn every_pair_of_requests_of_an_upload_may_fail() {
    run(async {
        type One = Uploads<1>;
        let (tried, since) = (Tried::set::<One>().await, Instant::now());
        let mut pairs = Vec::new();
        for first in 0..tried.requests {
            for second in first + 1..tried.requests * 2 {
                for one in PAIRED {
                    for other in PAIRED {
                        let schedule = Schedule::clean(One::EVENTS);
                        pairs.push(schedule.with(first, one).with(second, other));
                    }
                }
            }
        }
        // A step that has no factor in common with what the pairs are made of, so that all of it comes up.
        let step = if is_whole() {
            1
        } else {
            pairs.len() / PAIRS | 1
        };
        let chosen = pairs.iter().step_by(step);
        let mut count = 0;
        for schedule in chosen {
            tried.hold::<One>("pair", schedule).await;
            count += 1;
        }
        tell("pairs", count, since);
    });
}

/// Items that the table never takes are never told to be done, whatever is asked of it meanwhile.
#[test]
fn items_left_over_for_ever_are_not_done() {
    run(async {
        type One = Uploads<1>;
        let servers = Stage::set().await;
        let clean = Schedule::clean(One::EVENTS);
        let (expected, requests) = play::<One>(&servers, &clean).await.unwrap();
        let first = requests.iter().position(|name| name == "BatchWriteItem");
        // One delivery finds it so; the sweep comes when the table takes them again.
        let schedule = clean.with(first.unwrap(), Fault::Never);
        let tried = Tried {
            servers,
            expected,
            requests: requests.len(),
        };
        tried.hold::<One>("never", &schedule).await;
    });
}
