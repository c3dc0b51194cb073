//! The time of day, for people only.

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a person is told how long ago; nothing is decided by it")]
pub fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
