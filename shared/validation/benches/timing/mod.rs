//! Time of work that takes turns with other work, on a machine that does much else beside.

use std::time::{Duration, Instant};

/// Processor time of some work; time on the clock where the system tells no other.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let (clock, before) = (Instant::now(), processor_time());
    let result = work();
    let after = processor_time();
    let taken = before.zip(after).map(|(before, after)| after - before);
    (taken.unwrap_or_else(|| clock.elapsed()), result)
}

/// Processor time of this thread (Linux).
fn processor_time() -> Option<Duration> {
    // Only where a thread gives way is its time booked at once.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// The least of several runs: all the others were disturbed more. Milliseconds.
pub(crate) fn least(times: &[Duration]) -> f64 {
    let least = times.iter().min().copied().unwrap_or_default();
    least.as_secs_f64() * 1e3
}
