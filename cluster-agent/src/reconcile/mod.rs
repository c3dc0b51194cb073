//! Look, think, act: one file a noun.
//!
//! Called by `work` with facts that were read a moment ago. The thinking is `domain::engine`'s; here it is looked, and
//! acted upon. Nothing here knows the database, and nothing is remembered: an attempt that died is simply made again.

pub mod connection_check;
pub mod deployment;
mod done;
pub mod environment;
mod gone;
pub mod refresh;
pub mod repository_credential;
pub mod sync_run;
pub mod tenant;
pub mod termination;

pub use done::{Done, Report};
// What `work` hands through.
pub use crate::cluster::{Engine, Look, Targets};
