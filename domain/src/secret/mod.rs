//! What must not be shown: secrets that users give us, and whether a stored one may go where a change would send it.
//!
//! A [`Secret`] has no `Debug`, no `Display` and no `Serialize`: it cannot get into a log or an answer by accident. Who
//! seals it or sends it says so with [`Secret::expose`].

mod url;
mod value;
mod whereabouts;

pub use url::{InvalidUrl, SecretUrl};
pub use value::Secret;
pub use whereabouts::{Fact, Settled, Whereabouts, settle};
