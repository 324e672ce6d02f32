//! The process that reads.

use std::io::{self, Read, Write};

use validation::workbooks;

/// Bytes that a reader may have in memory; the largest workbook within all limits takes half of it.
#[cfg(unix)]
const MEMORY: u64 = 1 << 30;
/// Seconds of processor time; the largest takes a few.
#[cfg(unix)]
const PROCESSOR: u64 = 20;

/// Takes the question from standard input and writes the answer with its length before it. Whoever asked sees what became of it.
pub(crate) fn answer() {
    limit();
    let mut question = Vec::new();
    if io::stdin().lock().read_to_end(&mut question).is_err() {
        return;
    }
    let answer = workbooks::answer(&question);
    let mut out = io::stdout().lock();
    let length = (answer.len() as u64).to_le_bytes();
    // Nobody is left to be told that it could not be written.
    let _ = out
        .write_all(&length)
        .and_then(|()| out.write_all(&answer))
        .and_then(|()| out.flush());
}

/// What a limit is not taken for is bounded by the time alone.
#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    for (resource, most, at_last) in [
        (Resource::Data, MEMORY, MEMORY),
        // What ends it first tells why.
        (Resource::Cpu, PROCESSOR, PROCESSOR + 5),
        (Resource::Core, 0, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(at_last),
        };
        let _ = setrlimit(resource, limit);
    }
}

#[cfg(not(unix))]
fn limit() {}
