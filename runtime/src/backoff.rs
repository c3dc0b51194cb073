//! How long to wait before trying again.

use std::time::Duration;

use rand::RngExt;

/// Exponential with full jitter: the n-th wait is uniform in `0..=min(cap, first · 2ⁿ)`.
///
/// Full jitter spreads many that failed together best; the price is that a single wait may be near zero. The random
/// numbers are the caller's, so a test with a seeded generator sees the same waits each time.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
}

impl Backoff {
    /// Waits that start at `first` and never exceed `cap`.
    pub const fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap }
    }

    /// The wait after the attempt with this number; the first attempt has number 0.
    pub fn delay(&self, attempt: u32, rng: &mut impl RngExt) -> Duration {
        self.ceiling(attempt).mul_f64(rng.random_range(0.0..=1.0))
    }

    /// The longest that [`Backoff::delay`] may answer for this attempt.
    pub fn ceiling(&self, attempt: u32) -> Duration {
        let factor = 2_u32.checked_pow(attempt).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

    #[test]
    fn the_ceiling_doubles_until_the_cap() {
        let millis = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
        for (attempt, expected) in (0_u32..).zip(millis) {
            assert_eq!(BACKOFF.ceiling(attempt), Duration::from_millis(expected), "attempt {attempt}");
        }
        assert_eq!(BACKOFF.ceiling(u32::MAX), Duration::from_secs(5));
    }

    #[test]
    fn waits_stay_below_the_ceiling_and_fill_the_space_below_it() {
        let mut rng = StdRng::seed_from_u64(7);
        let waits: Vec<Duration> = (0..1000).map(|_| BACKOFF.delay(3, &mut rng)).collect();
        assert!(waits.iter().all(|wait| *wait <= BACKOFF.ceiling(3)));
        assert!(waits.iter().any(|wait| *wait < BACKOFF.ceiling(3) / 10));
        assert!(waits.iter().any(|wait| *wait > BACKOFF.ceiling(3) * 9 / 10));
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let run = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..10).map(|attempt| BACKOFF.delay(attempt, &mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
