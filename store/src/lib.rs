//! Rows in, truths out: every SQL statement of the product is in this room, and rows never leave it.
//!
//! Called by the backend's use cases and the agent's work. Methods on [`Store`] own their transaction, methods on
//! [`Tx`] run inside one. It never speaks HTTP or Kubernetes, and never changes the schema: `migrations` does.

mod ground;
mod intent;
mod people;
mod wish;
mod work;

use std::sync::{Arc, OnceLock};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use tokio::sync::Mutex;

pub use access::{Access, Admitted, Caller, MayAudit, MayDeploy, MayOwn, MayRead, MaySync, TenantRef};
pub use args::Args;
pub use call::{Call, Condition, DigestKey, Done, Effect, Idempotency, Version, Would};
pub use doorbell::Doorbell;
pub use engines::{
    AgentView, EngineCluster, EngineInstance, InstanceState, NewInstance, Registered, Registration,
};
pub use error::{Disposition, Error};
pub use feed::{FeedEvent, FeedPage, FeedPosition};
use ground::{args, doorbell, error, schema, scope, session, tx};
pub use intent::{deployments, environments, repository_credentials, seal, sync_runs};
pub use operations::{Batch, Claim, Finding, Finished, OperationView, Recovered, Stop, StopScope};
pub use page::{After, Filter, Listed, Page};
pub use people::{access, api_keys, audit, members, tenants};
pub use reference::Reference;
pub use refused::{Answer, Named, Refused};
pub use retention::Tended;
pub use schema::{SCHEMA_VERSION, Schema};
pub use scope::Scope;
pub use session::Session;
pub use tx::Tx;
use wish::{call, change, fresh, idempotency, page, quota, reference, refused};
use work::{engines, feed, operations, retention};
pub use work::{placements, status};

/// The database. Cheap to clone; all clones are one pool.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    /// For questions about the database itself: on a connection of its own, so that a pool that is busy does not make
    /// a process look unready, and so that the answer names the real cause instead of "the pool timed out".
    watch: Arc<Watch>,
    /// What admissions found, for as long as we hear of changes.
    access: Arc<access::Memory>,
    doorbell: Doorbell,
    /// The keys of users' secrets, for those who have any business with them.
    seals: Option<Arc<seal::KeyRing>>,
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
