//! Work: what is due is claimed, read, reconciled and finished, for each engine cluster on its own.
//!
//! Nothing here knows what an operation means: `reconcile` does. `main` runs one [`Finisher`], one session and one recovery
//! a process, and for each engine cluster what [`Hand`] has.

mod args;
mod attempt;
mod claims;
mod finisher;
mod hand;
mod recovery;
mod session;
mod stages;

pub use args::Args;
pub use finisher::{Desk, Finisher};
pub use hand::Hand;
pub use recovery::recover;
pub use session::Session;
