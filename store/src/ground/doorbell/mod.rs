//! The doorbell: a process tells others that there is something, at once and for nothing. It may be lost, always: whoever
//! waits for it also looks by itself, slowly.
//!
//! Two tasks of a process, both under its supervisor: [`Doorbell::ring`] sends what [`Doorbell::work`] and
//! [`Doorbell::feed`] asked for, debounced, off everybody's path; [`Doorbell::listen`] is the process's one listener, and
//! says when it is deaf.

mod ears;
mod listen;
mod ring;

use std::sync::Arc;

use domain::ids::{EngineClusterId, TenantId};
use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::sync::{broadcast, watch};

use ears::Ears;
use ring::Rope;

/// Something for the agents of an engine cluster.
const WORK: &str = "argosy_work";
/// Something in the feed of a tenant.
const FEED: &str = "argosy_feed";
/// Who may do what has changed. Sent inside the transaction that changes it.
const ACCESS: &str = "argosy_access";

/// The doorbell of a process. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Doorbell {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    rope: Rope,
    ears: Ears,
    /// To ring with: any connection will do.
    pool: PgPool,
    /// To listen on: a session, past every pooler.
    direct: PgConnectOptions,
}

impl Doorbell {
    pub(crate) fn new(pool: PgPool, direct: PgConnectOptions) -> Self {
        let shared = Shared { rope: Rope::default(), ears: Ears::default(), pool, direct };
        Self { shared: Arc::new(shared) }
    }

    /// There is work for the agents of this engine cluster. After the commit that made it.
    pub fn work(&self, engine_cluster: EngineClusterId) {
        self.shared.rope.pull(WORK, engine_cluster.0);
    }

    /// There is something new in the feed of this tenant. After the commit that made it.
    pub fn feed(&self, tenant: TenantId) {
        self.shared.rope.pull(FEED, tenant.0);
    }

    /// Changes whenever there may be work on this engine cluster.
    #[must_use]
    pub fn hear_work(&self, engine_cluster: EngineClusterId) -> watch::Receiver<u64> {
        self.shared.ears.work(engine_cluster)
    }

    /// Changes whenever there may be something new in the feed of this tenant.
    #[must_use]
    pub fn hear_feed(&self, tenant: TenantId) -> watch::Receiver<u64> {
        self.shared.ears.feed(tenant)
    }

    /// What was said about who may do what. Whoever lags behind, or finds that [`Self::hearing`] was false, knows nothing.
    #[must_use]
    pub fn hear_access(&self) -> broadcast::Receiver<String> {
        self.shared.ears.access()
    }

    /// Whether this process hears. While it does not, what it remembers of others' changes is not to be relied on.
    #[must_use]
    pub fn hearing(&self) -> watch::Receiver<bool> {
        self.shared.ears.hearing()
    }

    /// Whether this process hears now.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.shared.ears.hears()
    }

    /// Sends what was asked for, until told to stop. A task of the process's supervisor.
    pub async fn ring(&self, stop: impl Future<Output = ()>) {
        ring::ring(&self.shared.rope, &self.shared.pool, stop).await;
    }

    /// Listens until told to stop. A task of the process's supervisor.
    pub async fn listen(&self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = listen::listen(&self.shared.ears, &self.shared.direct) => {}
        }
        self.shared.ears.deaf();
    }
}

impl crate::Store {
    /// The doorbell of this process.
    #[must_use]
    pub fn doorbell(&self) -> &Doorbell {
        &self.doorbell
    }
}
