//! The keeper: one background process a target folder that holds what the tests of a run share.
//!
//! nextest runs every test in a process of its own, and clusters are dear. So the first test that asks starts
//! `argosy-testbed keep`; every test process holds a connection to it as a lease; when the last lease is gone for a
//! while, the keeper takes everything down and ends. See docs/adr/0004.

mod server;
mod shared;
mod sweep;

pub use server::{Args, keep};
pub use sweep::{leftovers, sweep};
