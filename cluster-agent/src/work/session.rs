//! The session of this process: begun, kept alive, and begun anew when it was lost.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{AgentId, EngineClusterId};
use domain::operation::{KEEP_ALIVE, Kind, LEASE};
use runtime::Backoff;
use store::access::{Access, Agent};
use store::{Registered, Registration, Store};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const AGAIN: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// The session of this process. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    access: Access<Agent>,
    name: String,
    now: watch::Sender<Option<AgentId>>,
}

impl Session {
    /// None has begun yet.
    #[must_use]
    pub fn new(store: Store, access: Access<Agent>, name: String) -> Self {
        let shared = Shared { store, access, name, now: watch::Sender::new(None) };
        Self { shared: Arc::new(shared) }
    }

    /// Where it is kept.
    pub(super) fn store(&self) -> (Store, Access<Agent>) {
        (self.shared.store.clone(), self.shared.access.clone())
    }

    /// With which to claim, as long as it lives.
    #[must_use]
    pub fn now(&self) -> watch::Receiver<Option<AgentId>> {
        self.shared.now.subscribe()
    }

    /// A claim found that it is lost.
    pub(super) fn lost(&self, session: AgentId) {
        self.shared.now.send_if_modified(|now| {
            let was_it = *now == Some(session);
            if was_it {
                *now = None;
            }
            was_it
        });
    }

    /// Keeps a session alive until told to stop; then ends it, so that nobody waits for its lease.
    ///
    /// It begins when all engine clusters are known that will be: which they are, operators see in it.
    pub async fn keep(
        self,
        engine_clusters: Vec<watch::Receiver<Option<EngineClusterId>>>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        tokio::select! {
            () = self.live(engine_clusters) => {}
            () = stop.cancelled() => {}
        }
        let last = self.shared.now.send_replace(None);
        if let Some(last) = last
            && let Err(error) = self.shared.store.end_session(&self.shared.access, last).await
        {
            tracing::warn!(%error, "the session could not be ended; its lease runs out by itself");
        }
        Ok(())
    }

    async fn live(&self, mut engine_clusters: Vec<watch::Receiver<Option<EngineClusterId>>>) {
        loop {
            let known: Vec<EngineClusterId> =
                engine_clusters.iter_mut().filter_map(|known| *known.borrow_and_update()).collect();
            let Registered { session, epoch } = self.begin(known).await;
            let why = tokio::select! {
                why = self.keep_alive(session, epoch) => why,
                () = any_changes(&mut engine_clusters) => "the engine clusters that are served have changed",
            };
            tracing::info!(session = %session, why, "the session is over");
            self.shared.now.send_replace(None);
        }
    }

    async fn begin(&self, engine_clusters: Vec<EngineClusterId>) -> Registered {
        let Shared { store, access, name, now } = &*self.shared;
        let registration = Registration {
            name: name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: Kind::all().map(|kind| kind.name().to_owned()).collect(),
            engine_clusters,
        };
        let mut failures = 0;
        loop {
            match store.register(access, &registration).await {
                Ok(registered) => {
                    tracing::info!(session = %registered.session, epoch = registered.epoch, "a session begins");
                    now.send_replace(Some(registered.session));
                    return registered;
                }
                Err(error) => {
                    tracing::debug!(%error, "no session could be begun; again");
                    let pause = AGAIN.delay(failures, &mut rand::rng());
                    tokio::time::sleep(pause).await;
                    failures = failures.saturating_add(1);
                }
            }
        }
    }

    /// Until it is lost; answers why.
    async fn keep_alive(&self, session: AgentId, epoch: i64) -> &'static str {
        let Shared { store, access, now, .. } = &*self.shared;
        let mut now = now.subscribe();
        let mut kept = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(KEEP_ALIVE) => {}
                _ = now.wait_for(|now| *now != Some(session)) => return "it was found to be lost",
            }
            match store.keep_alive(access, session).await {
                Ok(Some(now)) if now == epoch => kept = Instant::now(),
                Ok(Some(_)) => return "the database has begun another life",
                Ok(None) => return "its lease has run out",
                Err(error) => tracing::debug!(%error, "the session could not be kept alive"),
            }
            if kept.elapsed() > LEASE {
                return "the database could not be reached for longer than its lease";
            }
        }
    }
}

async fn any_changes(known: &mut [watch::Receiver<Option<EngineClusterId>>]) {
    let changes = known.iter_mut().map(|known| Box::pin(async move { known.changed().await.is_ok() }));
    let mut changes: futures::stream::FuturesUnordered<_> = changes.collect();
    while let Some(changed) = futures::StreamExt::next(&mut changes).await {
        if changed {
            return;
        }
    }
    std::future::pending().await
}
