//! What tenants wish for: environments, repository credentials, deployments, sync runs; and the seal on their secrets.

pub mod deployments;
pub mod environments;
pub mod repository_credentials;
pub mod seal;
pub mod sync_runs;
