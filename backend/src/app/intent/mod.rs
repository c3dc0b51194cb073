//! What tenants wish for: environments, repository credentials, deployments, sync runs.

pub(crate) mod deployments;
pub(crate) mod environments;
pub(crate) mod patch;
pub(crate) mod repository_credentials;
pub(crate) mod sync_runs;
