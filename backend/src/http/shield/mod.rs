//! What stands before every route: names, headers, limits, and a net below panics.

mod headers;
mod origins;
mod panics;
mod rates;
mod room;
mod span;

pub(super) use headers::secure;
pub use origins::Origins;
pub(super) use origins::cross_origin;
pub(super) use panics::catch;
pub(super) use rates::{Counted, Rates};
pub(super) use room::{Held, Room};
pub use span::Seen;
pub(super) use span::{RequestId, observe};
