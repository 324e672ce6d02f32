//! A schedule of faults in one line: which event is delivered when, and what befalls which request.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::weather::Fault;

/// `deliver 0 2 2; 5 before; 9 late`: events by number, then requests by number with their faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub deliveries: Vec<usize>,
    pub faults: BTreeMap<usize, Fault>,
}

impl Schedule {
    /// Every event once, in order.
    pub fn clean(events: usize) -> Self {
        Self {
            deliveries: (0..events).collect(),
            faults: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, request: usize, fault: Fault) -> Self {
        self.faults.insert(request, fault);
        self
    }

    /// The schedule of a seed: one event in five is lost, one in five comes three times, in any order; up to eight of the first
    /// `requests` requests fail.
    pub fn of(seed: u64, events: usize, requests: usize) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut deliveries = Vec::new();
        for event in 0..events {
            let times = [0, 1, 1, 2, 3][random.random_range(0..5)];
            deliveries.extend(std::iter::repeat_n(event, times));
        }
        for place in (1..deliveries.len()).rev() {
            deliveries.swap(place, random.random_range(0..=place));
        }
        let mut faults = BTreeMap::new();
        for _ in 0..random.random_range(1..=8) {
            let fault = Fault::QUICK[random.random_range(0..Fault::QUICK.len())];
            faults.insert(random.random_range(0..requests), fault);
        }
        Self { deliveries, faults }
    }

    /// Each schedule with one thing less.
    pub fn shorter(&self) -> impl Iterator<Item = Self> {
        let faults = self.faults.keys().map(|request| {
            let mut without = self.clone();
            without.faults.remove(request);
            without
        });
        let deliveries = (0..self.deliveries.len()).rev().map(|place| {
            let mut without = self.clone();
            without.deliveries.remove(place);
            without
        });
        faults.chain(deliveries)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("deliver")?;
        for event in &self.deliveries {
            write!(formatter, " {event}")?;
        }
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
