//! Ids of what is made here.

use jiff::Timestamp;
use uuid::Uuid;

/// A new id, made of the database's time: ids go by it.
pub(crate) fn id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
