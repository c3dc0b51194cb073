//! The use cases, without a door: real rows, as the production roles.

mod deployments;
mod environments;
mod ground;
mod keys;
mod operations;
mod repository_credentials;
mod sync_runs;
