//! How often each principal may ask.
//!
//! One number a principal: when all of its requests so far would have been due, had they come evenly (GCRA). A minute's
//! worth may come at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use crate::http::problem::Problem;

const WINDOW: Duration = Duration::from_secs(60);
/// When so many are known, those who have been quiet for a while are forgotten.
const MOST: usize = 50_000;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Who asked how often.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    due: Mutex<HashMap<String, Instant>>,
}

/// What is left to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    limit: u32,
    remaining: u32,
    /// Until all of it is there again, in seconds.
    reset: u64,
}

impl Rates {
    /// Counts one request of somebody who may make so many a minute.
    pub(crate) fn count(&self, who: &str, limit: u32) -> Result<Counted, Problem> {
        self.count_at(who, limit.max(1), Instant::now())
    }

    fn count_at(&self, who: &str, limit: u32, now: Instant) -> Result<Counted, Problem> {
        let step = WINDOW / limit;
        let mut known = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(who) {
            known.retain(|_, due| *due > now);
        }
        let before = known.get(who).copied().filter(|due| *due > now).unwrap_or(now);
        let due = before + step;
        let ahead = due.duration_since(now);
        if ahead > WINDOW {
            let counted = Counted { limit, remaining: 0, reset: seconds(before.duration_since(now)) };
            return Err(counted.refusal(seconds(ahead - WINDOW)));
        }
        if known.len() < MOST || known.contains_key(who) {
            known.insert(who.to_owned(), due);
        }
        let left = (WINDOW - ahead).as_nanos().checked_div(step.as_nanos()).unwrap_or(0);
        let remaining = u32::try_from(left).unwrap_or(limit);
        Ok(Counted { limit, remaining, reset: seconds(ahead) })
    }
}

impl Counted {
    /// Says it in the headers of an answer.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        for (name, value) in self.headers() {
            headers.insert(name, value);
        }
    }

    fn headers(self) -> [(HeaderName, HeaderValue); 3] {
        [(LIMIT, self.limit.into()), (REMAINING, self.remaining.into()), (RESET, self.reset.into())]
    }

    fn refusal(self, retry_after: u64) -> Problem {
        let detail = "you ask too often; slow down, and wait as long as Retry-After says";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        let headers = self.headers().into_iter();
        headers.fold(problem, |problem, (name, value)| problem.header(name, value)).retry_after(retry_after)
    }
}

/// Whole seconds, rounded up: who waits as long must not come too early.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_may_come_at_once_and_then_evenly() {
        let (rates, start) = (Rates::default(), Instant::now());
        for left in (0..60).rev() {
            assert_eq!(rates.count_at("me", 60, start).unwrap().remaining, left);
        }
        assert_eq!(rates.count_at("me", 60, start).unwrap_err().status(), 429);
        assert!(rates.count_at("you", 60, start).is_ok(), "others are counted apart");
        let later = start + Duration::from_secs(1);
        assert!(rates.count_at("me", 60, later).is_ok());
        assert!(rates.count_at("me", 60, later).is_err());
        let counted = rates.count_at("me", 60, start + Duration::from_secs(3600)).unwrap();
        assert_eq!(counted, Counted { limit: 60, remaining: 59, reset: 1 });
    }
}
