//! The testbed: real parts as plain processes on loopback, for tests and for the sandbox.
//!
//! Every part is a typed handle that starts its process, waits until it is really ready, and always ends it. The parts
//! depend on none of Argosy's crates. Tests and the sandbox (`make up`) call this; the product never does.

pub mod cluster;
pub mod engine;
mod ground;
mod hosts;
pub mod keeper;
pub mod lease;
mod network;
pub mod postgres;
pub mod redis;

pub use cluster::Cluster;
pub use engine::Engine;
pub use ground::cache::Folder;
pub use ground::port::Port;
pub use ground::process::{Ending, Launch, Process};
pub use ground::{cache, go, http, process, wait};
pub use hosts::git::GitHost;
pub use hosts::helm_repository::HelmRepository;
pub use hosts::issuer::Issuer;
pub use hosts::oci_registry::OciRegistry;
pub use hosts::web::{Access, Credential, Fault, Request, Transport};
pub use hosts::{git, helm_repository, issuer, oci_registry};
pub use network::egress_guard::EgressGuard;
pub use network::proxy::Proxy;
pub use network::{egress_guard, proxy};
pub use postgres::{Database, Postgres};

pub(crate) use ground::{background, listening};
pub(crate) use hosts::{archive, web};
