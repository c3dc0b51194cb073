//! Being a good process: settings, logs, named tasks, an orderly end, health and metrics.
//!
//! Both binaries use it from `main`; it knows nothing of Argosy (no tenant, no database, no engine) and never will:
//! what it needs to know about the product is passed in as names and closures.
//!
//! Each concern has its clap `Args` beside it; `main` flattens them into the program's own.

pub mod admin;
pub mod backoff;
pub mod health;
pub mod listen;
pub mod metrics;
pub mod probe;
pub mod process;
pub mod signals;
pub mod supervisor;
pub mod telemetry;

pub use backoff::Backoff;
pub use health::{Check, Health};
pub use supervisor::{Failure, Stage, Supervisor};
