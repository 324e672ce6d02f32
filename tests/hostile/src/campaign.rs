use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Target;
use crate::mutation::mutated;

/// Bytes of a file that nothing may take long over.
const SMALL: usize = 2048;

/// One target, given every file of its folder and changed ones of them.
pub struct Campaign {
    target: Target,
    corpus: Vec<(String, Vec<u8>)>,
    round: u64,
    runs: u64,
    slowest: (Duration, String),
    slowest_small: Duration,
    failures: Vec<String>,
}

impl Campaign {
    /// The target's files under `corpus`, in order of their names, so that a round is the same wherever it runs.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn new(target: Target, corpus: &Path) -> Self {
        let folder = corpus.join(target.folder);
        let mut corpus = Vec::new();
        if folder.is_dir() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let file = path.file_name().unwrap().to_string_lossy().into_owned();
                corpus.push((file, fs::read(&path).unwrap()));
            }
        }
        corpus.sort();
        Self {
            target,
            corpus,
            round: 0,
            runs: 0,
            slowest: (Duration::ZERO, String::new()),
            slowest_small: Duration::ZERO,
            failures: Vec::new(),
        }
    }

    /// Each file as it is.
    pub fn replay(&mut self) {
        for number in 0..self.corpus.len() {
            let (file, bytes) = self.corpus[number].clone();
            self.run(&file, &bytes);
        }
    }

    /// Each file changed, so many times; the next call changes them otherwise.
    pub fn mutate(&mut self, rounds: u64) {
        for _ in 0..rounds {
            self.round += 1;
            for number in 0..self.corpus.len() {
                let (file, bytes) = &self.corpus[number];
                let seed = self.round * 1_000_003 + number as u64;
                let (what, bytes) = (format!("{file}, seed {seed}"), mutated(bytes, seed));
                self.run(&what, &bytes);
            }
        }
    }

    fn run(&mut self, what: &str, bytes: &[u8]) {
        let start = Instant::now();
        let run = catch_unwind(AssertUnwindSafe(|| (self.target.run)(bytes)));
        let time = start.elapsed();
        self.runs += 1;
        if time > self.slowest.0 {
            self.slowest = (time, what.to_owned());
        }
        if bytes.len() <= SMALL {
            self.slowest_small = self.slowest_small.max(time);
        }
        if run.is_err() {
            self.failures.push(format!("{}: {what}", self.target.name));
        }
    }

    /// Files of its folder.
    pub fn files(&self) -> usize {
        self.corpus.len()
    }

    /// How often the target ran.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// The longest run, and of which file.
    pub fn slowest(&self) -> (Duration, &str) {
        (self.slowest.0, &self.slowest.1)
    }

    /// The longest run of a file of at most 2 kB.
    pub fn slowest_small(&self) -> Duration {
        self.slowest_small
    }

    /// What was not borne, by target, file and seed.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }
}
