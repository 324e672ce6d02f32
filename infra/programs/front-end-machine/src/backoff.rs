use std::time::Duration;

/// Waits that grow while the service cannot be reached, with chance in them: after an outage the hospitals of a country must not
/// all come back in the same second.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    longest: Duration,
    failures: u32,
}

const FIRST: Duration = Duration::from_secs(1);

impl Backoff {
    pub(crate) fn new(longest: Duration) -> Self {
        Self {
            longest,
            failures: 0,
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure; at least as long as the service asked for. `chance` is from 0 to 1.
    pub(crate) fn failed(&mut self, asked: Option<Duration>, chance: f64) -> Duration {
        let doubled = FIRST
            .saturating_mul(1 << self.failures.min(20))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        // Half of it fixed, half of it chance.
        let wait = doubled / 2 + (doubled / 2).mul_f64(chance.clamp(0.0, 1.0));
        match asked {
            Some(asked) => wait.max(asked.min(Duration::from_secs(3600))),
            None => wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(60));
        let waits: Vec<u64> = (0..8)
            .map(|_| backoff.failed(None, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.failed(None, 0.0), Duration::from_secs(30));
        backoff.succeeded();
        assert_eq!(backoff.failed(None, 1.0), FIRST);
        let asked = Some(Duration::from_secs(40));
        assert_eq!(backoff.failed(asked, 0.0), Duration::from_secs(40));
    }
}
