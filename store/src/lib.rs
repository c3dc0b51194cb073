//! Rows in, truths out: every SQL statement of the product is in this room, and rows never leave it.
//!
//! Called by the backend's use cases and the agent's work. Methods on [`Store`] own their transaction, methods on
//! [`Tx`] run inside one. It never speaks HTTP or Kubernetes, and never changes the schema: `migrations` does.

mod args;
mod error;
mod schema;
mod session;
mod tx;

use std::sync::{Arc, OnceLock};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use tokio::sync::Mutex;

pub use args::Args;
pub use error::{Disposition, Error};
pub use schema::{SCHEMA_VERSION, Schema};
pub use session::Session;
pub use tx::Tx;

/// The database. Cheap to clone; all clones are one pool.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    /// For questions about the database itself: on a connection of its own, so that a pool that is busy does not make
    /// a process look unready, and so that the answer names the real cause instead of "the pool timed out".
    watch: Arc<Watch>,
}

#[derive(Debug)]
struct Watch {
    options: PgConnectOptions,
    idle: Mutex<Option<PgConnection>>,
    /// Set once the log was told who we are.
    judged: OnceLock<()>,
}

/// What this room answers.
pub type Result<T> = std::result::Result<T, Error>;
