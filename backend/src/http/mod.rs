//! The REST door: routes, bodies, problems.
//!
//! Called by HTTP clients alone. It parses, asks a use case once and shows the answer; it never sees SQL.

mod problem;
mod router;

pub(crate) use router::router;
