//! Asks one question again and again, for as long as the process runs, and sets a check by the answers.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{Backoff, Check};

/// How often to ask, and how long to wait for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    /// The time between two answers while all is well. After a failure we ask sooner.
    pub every: Duration,
    /// An answer that takes longer is a failure.
    pub timeout: Duration,
}

impl Cadence {
    /// For a database: one that goes away is seen within four seconds, and one that comes back within two.
    pub const DATABASE: Self = Self { every: Duration::from_secs(2), timeout: Duration::from_secs(2) };
}

/// Asks until `stop`. `ask` says what is wrong in words for a person.
pub async fn repeat(
    check: Check,
    cadence: Cadence,
    stop: CancellationToken,
    mut ask: impl AsyncFnMut() -> Result<(), String>,
) -> anyhow::Result<()> {
    let again = Backoff::new(cadence.every / 8, cadence.every);
    let mut failures = 0;
    loop {
        let answer = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            answer = tokio::time::timeout(cadence.timeout, ask()) => answer,
        };
        let wait = match answer {
            Ok(Ok(())) => {
                check.pass();
                failures = 0;
                // Spread by a tenth: processes that were started together must not ask together for ever.
                cadence.every.mul_f64(rand::random_range(0.9..=1.1))
            }
            Ok(Err(reason)) => {
                check.fail(reason);
                failures += 1;
                again.delay(failures, &mut rand::rng())
            }
            Err(_) => {
                check.fail(format!("no answer within {}", humantime::format_duration(cadence.timeout)));
                failures += 1;
                again.delay(failures, &mut rand::rng())
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}
