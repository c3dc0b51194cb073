//! A place in a tenant's feed, and how it is written down.

use std::fmt;
use std::str::FromStr;

/// A place in a tenant's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeedPosition {
    /// In which life of the database: raised after a restore, which may have undone what a reader has seen.
    pub epoch: i64,
    /// After how many changes.
    pub position: i64,
}

/// As readers keep it: `epoch:position`.
impl fmt::Display for FeedPosition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.epoch, self.position)
    }
}

/// It is no place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position in the feed is written like 1:42")]
pub struct NoPosition;

impl FromStr for FeedPosition {
    type Err = NoPosition;

    fn from_str(raw: &str) -> Result<Self, NoPosition> {
        let (epoch, position) = raw.split_once(':').ok_or(NoPosition)?;
        let number = |raw: &str| {
            let digits = !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| raw.parse::<i64>().ok()).flatten().ok_or(NoPosition)
        };
        Ok(Self { epoch: number(epoch)?, position: number(position)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_being_written_down() {
        let position = FeedPosition { epoch: 2, position: 40_000_000_000 };
        assert_eq!(position.to_string(), "2:40000000000");
        assert_eq!("2:40000000000".parse(), Ok(position));
        for raw in ["", ":", "1", "1:", ":1", "1:-1", "+1:1", "1:1:1", "1: 1", "1:99999999999999999999"] {
            assert_eq!(raw.parse::<FeedPosition>(), Err(NoPosition), "{raw}");
        }
    }
}
