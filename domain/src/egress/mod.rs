//! Where the operator lets us dial.
//!
//! Asked twice for each dial: [`Policy::vet_host`] before any name is resolved, and [`Policy::vet_address`] for each
//! address the name has resolved to, of which the dialler then pins one. Nothing here resolves or dials.

mod policy;
mod range;
mod rule;

pub use policy::{Denied, Policy, Profile, UnknownProfile};
pub use range::Range;
pub use rule::{InvalidRule, Rule};
pub use url::Host;
