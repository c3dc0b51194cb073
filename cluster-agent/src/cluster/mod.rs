//! Speaking Kubernetes: the only room of the agent that names kube.
//!
//! Called by the rooms that decide; it has no opinions of its own, and knows nothing of the database.

mod api;
mod args;
mod engine_cluster;

pub(crate) use api::Api;
pub(crate) use args::Args;
