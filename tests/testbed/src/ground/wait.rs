//! Waiting: for a condition, never for a time. Level-triggered, with a deadline that says what was seen last.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// Between two looks. Short, because most things here take milliseconds, and looking is cheap.
const PAUSE: Duration = Duration::from_millis(20);

/// Look again and again until `look` gives a value. Its error text is what was seen instead, and is printed when the
/// deadline passes.
pub async fn until<T, F>(what: &str, limit: Duration, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T, String>>,
{
    let deadline = Instant::now() + limit;
    let mut last_seen = "nothing yet: the first look did not come back".to_owned();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // A look that hangs must not outlive the deadline either.
        match tokio::time::timeout(left, look()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(seen)) => last_seen = seen,
            Err(_) => {}
        }
        if Instant::now() >= deadline {
            return Err(anyhow!("waited {limit:?} for {what}; last seen: {last_seen}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
