//! Any schedule of faults ends like one clean run: events doubled, reordered, lost and late, requests that fail before or after
//! their effect, throttling, batches half done, answers cut short, and a worker that comes back after its claim has run out.
//!
//! A schedule is written in one line. A failure prints the line, shortened to what still fails; it then belongs into
//! `kept_schedules.txt`. `FLU_SCHEDULES=N` tries so many, `FLU_SCHEDULES_FROM=N` begins elsewhere, `FLU_SCHEDULES_ALL=1` tries every fault at
//! every request.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use sample_data::Damage;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::samples::{clean, damaged};
use crate::stage::{Player, Stage};
use crate::weather::{Fault, Weather};

const KEPT: &str = include_str!("kept_schedules.txt");
/// Schedules of one ordinary run.
const TRIED: u64 = 40;
/// Uploads of a schedule.
const UPLOADS: usize = 3;

/// Which event is delivered when, and what befalls which request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Schedule {
    deliveries: Vec<usize>,
    faults: BTreeMap<usize, Fault>,
}

impl Schedule {
    fn of(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut deliveries = Vec::new();
        for upload in 0..UPLOADS {
            // One event in five is lost, one in five comes three times.
            let times = [0, 1, 1, 2, 3][random.random_range(0..5)];
            deliveries.extend(std::iter::repeat_n(upload, times));
        }
        for place in (1..deliveries.len()).rev() {
            deliveries.swap(place, random.random_range(0..=place));
        }
        let mut faults = BTreeMap::new();
        for _ in 0..random.random_range(1..=8) {
            let fault = Fault::ALL[random.random_range(0..Fault::ALL.len())];
            faults.insert(random.random_range(0..90), fault);
        }
        Self { deliveries, faults }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deliveries: Vec<_> = self.deliveries.iter().map(usize::to_string).collect();
        write!(formatter, "deliver {}", deliveries.join(" "))?;
        for (request, fault) in &self.faults {
            write!(formatter, "; {request} {fault}")?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut parts = line.split(';');
        let number = |word: &str| word.parse().map_err(|_| format!("no number: {word}"));
        let deliveries = parts.next().and_then(|part| part.strip_prefix("deliver"));
        let deliveries = deliveries.ok_or("a schedule begins with what is delivered")?;
        let deliveries = deliveries.split_whitespace().map(number);
        let faults = parts.map(|part| {
            let (request, fault) = part.trim().split_once(' ').ok_or("number and fault")?;
            Ok((number(request)?, fault.parse()?))
        });
        Ok(Self {
            deliveries: deliveries.collect::<Result<_, _>>()?,
            faults: faults.collect::<Result<_, String>>()?,
        })
    }
}

fn files() -> [Vec<u8>; UPLOADS] {
    [
        clean("flu", 6, 3),
        damaged(
            "flu",
            9,
            &[(Damage::BlankRequired, 2), (Damage::UnknownCode, 1)],
        ),
        clean("flu", 9, 3),
    ]
}

/// What one reads of an upload belongs together, whenever one looks.
fn belongs_together(dump: &Value) -> Result<(), String> {
    for upload in dump.as_array().unwrap() {
        let (detail, findings) = (&upload[0], &upload[1]);
        let count = |name: &str| detail[name].as_u64().unwrap_or_default();
        let fits = if detail["status"] == "done" {
            count("passed") <= count("total")
                && findings[0]["total"] == count("errors") + count("warnings")
        } else {
            *findings == json!([])
        };
        if !fits {
            return Err(format!("a reader saw {detail} with {findings}"));
        }
    }
    Ok(())
}

async fn uploaded(stage: &Stage) -> (Player, Vec<Value>) {
    let player = stage.player().await;
    let mut events = Vec::new();
    for bytes in files() {
        events.push(stage.upload(&player, "flu.zip", &bytes).await.1);
    }
    (player, events)
}

async fn clean_run(stage: &Stage) -> Value {
    let (player, events) = uploaded(stage).await;
    let worker = stage.worker(&Faults::none()).await;
    for event in events {
        validate_upload::run(&worker, event).await.unwrap();
    }
    stage.dump(&player).await
}

/// How often a queue delivers what is not taken, before it sets it aside for the sweep.
const DELIVERIES: usize = 4;

/// Plays a schedule to its end, and on until nothing is left to do; what the hospital reads then.
async fn play(stage: &Stage, schedule: &Schedule) -> Result<Value, String> {
    let (player, events) = uploaded(stage).await;
    let weather = Weather::new(schedule.faults.clone());
    let worker = stage.worker_over(weather.client()).await;
    let mut queue: Vec<(usize, usize)> = schedule
        .deliveries
        .iter()
        .map(|event| (*event, 1))
        .collect();
    queue.reverse();
    let mut zombies = Vec::new();
    while let Some((event, times)) = queue.pop() {
        let (worker, message) = (worker.clone(), events[event].clone());
        let mut running = tokio::spawn(async move { validate_upload::run(&worker, message).await });
        let taken = tokio::select! {
            result = &mut running => matches!(result, Ok(Ok(_))),
            () = weather.stands() => {
                zombies.push(running);
                false
            }
        };
        belongs_together(&stage.dump(&player).await)?;
        if !taken {
            stage.wait(SignedDuration::from_mins(5));
            if times < DELIVERIES {
                queue.insert(0, (event, times + 1));
            }
        }
    }
    weather.clears();
    // Whoever stood still goes on now, long after another has taken over.
    weather.thaw();
    for zombie in zombies {
        let _ = zombie.await.unwrap();
        belongs_together(&stage.dump(&player).await)?;
    }
    let sweeper = stage.clear_sweeper().await;
    for _ in 0..3 {
        stage.wait(SignedDuration::from_hours(1));
        reconcile_uploads::run(&sweeper).await.unwrap();
    }
    Ok(stage.dump(&player).await)
}

/// Why a schedule does not end like a clean run, if it does not.
async fn failure(stage: &Stage, schedule: &Schedule, expected: &Value) -> Option<String> {
    match play(stage, schedule).await {
        Ok(dump) if dump == *expected => None,
        Ok(dump) => Some(format!("ended as {dump}")),
        Err(why) => Some(why),
    }
}

/// The schedule with everything left out that does not matter for its failure.
async fn shortened(stage: &Stage, schedule: &Schedule, expected: &Value) -> Schedule {
    let mut short = schedule.clone();
    for request in schedule.faults.keys() {
        let mut without = short.clone();
        without.faults.remove(request);
        if failure(stage, &without, expected).await.is_some() {
            short = without;
        }
    }
    for place in (0..short.deliveries.len()).rev() {
        let mut without = short.clone();
        without.deliveries.remove(place);
        if failure(stage, &without, expected).await.is_some() {
            short = without;
        }
    }
    short
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().unwrap())
}

#[test]
fn any_schedule_of_faults_ends_like_a_clean_run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let expected = clean_run(&stage).await;
        let kept = KEPT
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let kept = kept.map(|line| (line.to_owned(), line.parse::<Schedule>().unwrap()));
        let first = number("FLU_SCHEDULES_FROM", 1);
        let tried = first..first + number("FLU_SCHEDULES", TRIED);
        let tried = tried.map(|seed| (format!("seed {seed}"), Schedule::of(seed)));
        for (name, schedule) in kept.chain(tried) {
            let line = schedule.to_string();
            assert_eq!(line.parse(), Ok(schedule.clone()), "a schedule can be kept");
            if let Some(why) = failure(&stage, &schedule, &expected).await {
                let short = shortened(&stage, &schedule, &expected).await;
                panic!("{name}: {short}\n{why}\nnot as {expected}");
            }
        }
    });
}

/// Each request of a clean run, with one of the faults in turn; with `FLU_SCHEDULES_ALL=1`, with each of them.
#[test]
fn every_request_may_fail_in_every_way() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::set().await;
        let expected = clean_run(&stage).await;
        let (_, events) = uploaded(&stage).await;
        let weather = Weather::new(BTreeMap::new());
        let worker = stage.worker_over(weather.client()).await;
        for event in events {
            validate_upload::run(&worker, event).await.unwrap();
        }
        let requests = weather.requests();
        assert!(requests > 20, "only {requests} requests");
        for request in 0..requests {
            let all = number("FLU_SCHEDULES_ALL", 0) == 1;
            let in_turn = request % Fault::ALL.len();
            let chosen = if all {
                0..Fault::ALL.len()
            } else {
                in_turn..in_turn + 1
            };
            for fault in &Fault::ALL[chosen] {
                let schedule = Schedule {
                    deliveries: (0..UPLOADS).collect(),
                    faults: BTreeMap::from([(request, *fault)]),
                };
                if let Some(why) = failure(&stage, &schedule, &expected).await {
                    panic!("{schedule}\n{why}\nnot as {expected}");
                }
            }
        }
    });
}
