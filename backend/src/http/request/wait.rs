//! How long a client is ready to wait: `?wait=30s`, or `Prefer: wait=30`.

use std::time::Duration;

use axum::http::HeaderMap;
use domain::field::{Flaw, Pointer};

use crate::http::problem::Problem;

/// Longer nobody waits: what lies between us would not.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long to wait, at most [`LONGEST_WAIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) Duration);

impl Wait {
    /// What the query says, or else the header; nothing is not at all.
    pub(crate) fn asked(query: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(text) = query else { return Ok(preferred(headers).unwrap_or(Self(Duration::ZERO))) };
        Self::parse(text).ok_or_else(|| {
            let flaw = Flaw::malformed("give a duration like 30s, of at most 60s");
            Problem::parameters(vec![flaw.found_at(Pointer::root().at("wait"))])
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let seconds = text.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
        let wait = seconds.or_else(|| humantime::parse_duration(text).ok())?;
        Some(Self(wait.min(LONGEST_WAIT)))
    }
}

/// What `Prefer` asks for (RFC 7240). What is no duration is no preference.
fn preferred(headers: &HeaderMap) -> Option<Wait> {
    let lines = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).find_map(|preference| {
        let (name, seconds) = preference.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        let seconds: u32 = seconds.split(';').next()?.trim().trim_matches('"').parse().ok()?;
        is_wait.then(|| Wait(Duration::from_secs(seconds.into()).min(LONGEST_WAIT)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_bounded() {
        for (text, seconds) in [("30s", 30), ("1m", 60), ("5", 5), ("2h", 60), ("0", 0)] {
            assert_eq!(Wait::parse(text), Some(Wait(Duration::from_secs(seconds))), "{text}");
        }
        for wrong in ["", "-1", "soon", "1e9", "99999999999999999999h"] {
            assert_eq!(Wait::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_preference_is_one_of_several() {
        let of = |text: &'static str| {
            let value = axum::http::HeaderValue::from_static(text);
            preferred(&HeaderMap::from_iter([(axum::http::HeaderName::from_static("prefer"), value)]))
        };
        assert_eq!(of("respond-async, wait=10"), Some(Wait(Duration::from_secs(10))));
        assert_eq!(of("Wait = \"7\"; foo"), Some(Wait(Duration::from_secs(7))));
        assert_eq!(of("respond-async, wait=soon"), None);
    }
}
