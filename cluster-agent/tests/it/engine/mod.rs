//! What the rows say is brought to a real Argo CD on a real Kubernetes API, by the rooms that do it.
//!
//! The oracle of "nothing twice" is the API server's own audit log.

mod deployments;
pub(crate) mod scene;
mod secrets;
mod syncs;
mod take_downs;
mod targets;
mod writes;
