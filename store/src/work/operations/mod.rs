//! Operations as rows: claimed, finished, given back, recovered, and looked at. The laws are `domain::operation`'s; here they
//! are made true for many rows at a time.
//!
//! `Tx::happen` is the middle of it: it locks, lets the domain decide what each event does to each operation, writes that,
//! and sees to what follows from it (marks, who is next, whose gate opens, the feed). Claiming and keeping alive go around
//! it, for they are one statement each.

mod after;
mod claim;
mod finish;
mod happen;
mod happened;
mod operators;
mod read;
mod recover;
mod row;
mod wish;
mod written;

pub use claim::{Batch, Claim};
pub use finish::Finished;
pub use happened::Finding;
pub use operators::{Scope as StopScope, Stop};
pub use read::OperationView;
pub use recover::Recovered;
pub(crate) use row::lane_from_json;
