//! How often a failed sync is tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::body::{RawBackoff, RawRetry};
use super::policy::Policy;
use crate::field::{Code, Errors, Flaw};

const MOST_TRIES: i64 = 100;
const LARGEST_FACTOR: i64 = 10;
/// Whoever wants to wait longer than a day does not want to try again.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a failed sync is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How often.
    pub attempts: Attempts,
    /// How long to wait in between.
    pub backoff: Backoff,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempts {
    /// Until it succeeds.
    Unlimited,
    /// So often; 0 is never.
    Limited(u8),
}

/// How long to wait before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    /// Before the first one.
    pub first: Duration,
    /// How much longer each time.
    pub factor: u8,
    /// But never longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(5), factor: 2, longest: Duration::from_secs(180) }
    }
}

impl Retry {
    /// What is done if nothing is said: as the reference service does.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let attempts = match policy {
            Policy::Automated { .. } => Attempts::Unlimited,
            Policy::Manual => Attempts::Limited(0),
        };
        Self { attempts, backoff: Backoff::default() }
    }

    pub(super) fn parse(errors: &mut Errors, raw: RawRetry, mode: Option<&Policy>) -> Option<Self> {
        let attempts = match raw.limit {
            None => Some(mode.map_or(Attempts::Unlimited, |policy| Self::of(policy).attempts)),
            Some(-1) => Some(Attempts::Unlimited),
            Some(limit) => errors.at("limit", bounded(limit, 0..=MOST_TRIES)).map(Attempts::Limited),
        };
        let backoff =
            errors.inside("backoff", |errors| Backoff::parse(errors, raw.backoff.unwrap_or_default()));
        Some(Self { attempts: attempts?, backoff: backoff? })
    }
}

impl Backoff {
    fn parse(errors: &mut Errors, raw: RawBackoff) -> Option<Self> {
        let usual = Self::default();
        let first = errors.optional("duration", raw.duration, |raw| duration(&raw));
        let factor = errors.optional("factor", raw.factor, |raw| bounded(raw, 1..=LARGEST_FACTOR));
        let longest = errors.optional("maxDuration", raw.max_duration, |raw| duration(&raw));
        Some(Self {
            first: first?.unwrap_or(usual.first),
            factor: factor?.unwrap_or(usual.factor),
            longest: longest?.unwrap_or(usual.longest),
        })
    }
}

fn bounded(number: i64, range: std::ops::RangeInclusive<i64>) -> Result<u8, Flaw> {
    let number =
        Some(number).filter(|number| range.contains(number)).and_then(|number| u8::try_from(number).ok());
    number.ok_or_else(|| {
        Flaw::new(Code::OutOfRange, format!("give a number from {} to {}", range.start(), range.end()))
    })
}

/// `90s`, `3m`, `1h`, `1m30s`: whole numbers with units, the larger before the smaller.
fn duration(raw: &str) -> Result<Duration, Flaw> {
    let flaw = || {
        Flaw::malformed("give a duration like `5s`, `3m` or `1m30s`, of at least a second and at most a day")
    };
    let (mut rest, mut total) = (raw, 0_u64);
    for (unit, seconds) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((digits, after)) = rest.split_once(unit) {
            let digits = Some(digits).filter(|digits| (1..=6).contains(&digits.len()));
            let number =
                digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(flaw)?;
            total += number.parse::<u64>().map_err(|_| flaw())? * seconds;
            rest = after;
        }
    }
    let duration = Duration::from_secs(total);
    if !rest.is_empty() || duration.is_zero() || duration > LONGEST {
        return Err(flaw());
    }
    Ok(duration)
}

impl Backoff {
    /// As Argo CD and bodies write it: `90s`.
    #[must_use]
    pub fn written(duration: Duration) -> String {
        format!("{}s", duration.as_secs())
    }
}

impl Attempts {
    /// As Argo CD and bodies write it: -1 is for ever.
    #[must_use]
    pub fn limit(self) -> i64 {
        match self {
            Self::Unlimited => -1,
            Self::Limited(limit) => limit.into(),
        }
    }
}

impl From<Retry> for RawRetry {
    fn from(retry: Retry) -> Self {
        let Backoff { first, factor, longest } = retry.backoff;
        Self {
            limit: Some(retry.attempts.limit()),
            backoff: Some(RawBackoff {
                duration: Some(Backoff::written(first)),
                factor: Some(factor.into()),
                max_duration: Some(Backoff::written(longest)),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        for (raw, seconds) in
            [("5s", 5), ("3m", 180), ("1h", 3600), ("1m30s", 90), ("1h0m1s", 3601), ("24h", 86_400)]
        {
            assert_eq!(duration(raw).unwrap().as_secs(), seconds, "{raw}");
        }
        for raw in ["", "5", "s", "0s", "-1s", "1.5s", "5s3m", "1d", "25h", "99999999s", "5 s", "5sx"] {
            assert!(duration(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn without_a_word_automated_retries_for_ever_and_manual_never() {
        assert_eq!(Retry::of(&Policy::AUTOMATED).attempts, Attempts::Unlimited);
        assert_eq!(Retry::of(&Policy::Manual).attempts, Attempts::Limited(0));
        let Backoff { first, factor, longest } = Retry::of(&Policy::AUTOMATED).backoff;
        assert_eq!((first.as_secs(), factor, longest.as_secs()), (5, 2, 180));
    }
}
