//! What schedules of faults are tried on: each flow sets a scene, takes deliveries, and tells its state.

mod approvals;
mod attachments;
mod icd_files;
mod notices;
mod uploads;

use std::pin::Pin;

use jiff::SignedDuration;
use serde_json::Value;

use crate::schedule::Schedule;
use crate::stage::Stage;
use crate::weather::{Stop, Weather};

pub use approvals::Approvals;
pub use attachments::Attachments;
pub use icd_files::IcdFiles;
pub use notices::Notices;
pub use uploads::Uploads;

/// A process at work on one event; whether it is done with it.
pub type Delivery = Pin<Box<dyn Future<Output = bool> + Send>>;

/// A way through the service that ends alike whatever befalls it.
pub trait Flow: Sized {
    /// Its name in kept schedules.
    const NAME: &'static str;
    /// Events of it.
    const EVENTS: usize;
    /// The first event that a person makes instead of a queue: nothing delivers it again.
    const BY_HAND: usize = Self::EVENTS;

    /// Everything up to the events, without faults; then workers whose requests go through the weather.
    async fn set(stage: &Stage, weather: &Weather) -> Self;

    /// Delivers an event.
    fn deliver(&self, event: usize) -> Delivery;

    /// What readers see, at whatever moment: no half of anything.
    async fn look(&self, stage: &Stage) -> Result<(), String>;

    /// What is done without faults until nothing is left to do: sweeps, and people who try again.
    async fn settle(&self, stage: &Stage) -> Result<(), String>;

    /// The state, equal where nothing was lost and nothing done twice.
    async fn state(&self, stage: &Stage) -> Value;
}

/// How often a queue delivers what is not taken, before it sets it aside for the sweep.
const DELIVERIES: usize = 4;

/// Plays a schedule to its end, and on until nothing is left to do; gives the state then, and what was asked for on the way.
pub async fn play<F: Flow>(
    servers: &Stage,
    schedule: &Schedule,
) -> Result<(Value, Vec<String>), String> {
    let stage = &servers.beside().await;
    let weather = stage.weather(schedule.faults.clone());
    let flow = F::set(stage, &weather).await;
    let deliveries = schedule.deliveries.iter();
    let mut queue: Vec<(usize, usize)> = deliveries.map(|event| (*event, 1)).collect();
    queue.reverse();
    let mut zombies = Vec::new();
    while let Some((event, times)) = queue.pop() {
        let mut running = tokio::spawn(flow.deliver(event));
        let taken = tokio::select! {
            taken = &mut running => taken.map_err(|error| format!("event {event}: {error}"))?,
            stop = weather.stops() => {
                match stop {
                    Stop::Frozen => zombies.push(running),
                    Stop::Ended => running.abort(),
                }
                false
            }
        };
        flow.look(stage).await?;
        if !taken {
            stage.wait(SignedDuration::from_mins(5));
            // What the table takes nothing of takes each worker long, and the queue for ever.
            if event < F::BY_HAND && times < DELIVERIES && !weather.is_never() {
                queue.insert(0, (event, times + 1));
            }
        }
    }
    let requests = weather.requests();
    weather.clears();
    // Whoever stood still goes on now, long after another has taken over.
    // One after the other, so that readers look at what one of them left, and a schedule always plays alike.
    for zombie in zombies {
        weather.thaw();
        zombie.await.map_err(|error| format!("a zombie: {error}"))?;
        flow.look(stage).await?;
    }
    flow.settle(stage).await?;
    flow.look(stage).await?;
    Ok((flow.state(stage).await, requests))
}

/// Why a schedule does not end like a clean run, if it does not.
pub async fn failure<F: Flow>(
    servers: &Stage,
    schedule: &Schedule,
    expected: &Value,
) -> Option<String> {
    match play::<F>(servers, schedule).await {
        Ok((state, _)) if state == *expected => None,
        Ok((state, requests)) => Some(format!(
            "{}\n{}",
            difference(&state, expected),
            told(schedule, &requests)
        )),
        Err(why) => Some(why),
    }
}

/// What the requests with faults asked for.
fn told(schedule: &Schedule, requests: &[String]) -> String {
    let faults = schedule.faults.iter();
    let faults = faults.map(|(number, fault)| {
        let name = requests.get(*number).map_or("none", String::as_str);
        format!("{number} {name} {fault}")
    });
    faults.collect::<Vec<_>>().join("; ")
}

/// Where two states differ, place by place.
fn difference(state: &Value, expected: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        let text = serde_json::to_string_pretty(value).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let (is, should_be) = (lines(state), lines(expected));
    let mut told = Vec::new();
    let mut left = should_be.clone();
    for line in &is {
        match left.iter().position(|other| other == line) {
            Some(place) => drop(left.remove(place)),
            None => told.push(format!("  + {}", line.trim())),
        }
    }
    told.extend(left.iter().map(|line| format!("  - {}", line.trim())));
    if told.is_empty() {
        return format!("ended as {state}\nnot as {expected}");
    }
    told.truncate(40);
    told.join("\n")
}

/// The schedule with everything left out that does not matter for its failure.
pub async fn shortened<F: Flow>(
    servers: &Stage,
    schedule: &Schedule,
    expected: &Value,
) -> Schedule {
    let mut short = schedule.clone();
    loop {
        let mut found = None;
        for shorter in short.shorter() {
            if failure::<F>(servers, &shorter, expected).await.is_some() {
                found = Some(shorter);
                break;
            }
        }
        match found {
            Some(shorter) => short = shorter,
            None => return short,
        }
    }
}
