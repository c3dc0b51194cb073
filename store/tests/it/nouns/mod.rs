//! Environments and repository credentials: what is said, sealed, kept and cured.

mod checks;
mod counting;
mod deleting;
mod environments;
mod ground;
mod idempotency;
mod repository_credentials;
mod rotation;
mod secrets;
