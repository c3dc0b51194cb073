//! Speaking Kubernetes: the only room of the agent that names kube.
//!
//! [`Engine`] is our hand on a cluster that hosts engines, [`Target`] a tenant's environment, asked directly. Called by
//! the rooms that decide; it has no opinions of its own, and knows nothing of the database.

mod args;
mod engine;
mod engine_cluster;
mod refresh;
mod target;
mod watch;

pub use args::Args;
pub use engine::{Applied, Engine, Key, Kind, Live, Unwritten};
pub use engine_cluster::EngineCluster;
pub use refresh::{Look, Refresh};
pub use target::{Checked, Deployed, NamespaceState, Problem, Target, Targets};
pub use watch::{Application, Seen, applications};
