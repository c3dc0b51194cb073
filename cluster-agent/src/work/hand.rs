//! Our hand on one engine cluster: what is needed to work there.

use std::sync::Arc;

use domain::ids::EngineClusterId;
use runtime::Check;
use store::Store;
use store::access::{Access, Agent};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Args;
use super::finisher::Finisher;
use super::session::Session;
use crate::reconcile::{Engine, Targets};

/// Our hand on one engine cluster. Cheap to clone; all clones are one.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "what it holds on to is not for printing")]
pub struct Hand {
    pub(super) store: Store,
    pub(super) access: Access<Agent>,
    pub(super) engine: Arc<Engine>,
    pub(super) targets: Arc<Targets>,
    pub(super) finisher: Finisher,
    pub(super) session: Session,
    pub(super) args: Args,
    known: Arc<watch::Sender<Option<EngineClusterId>>>,
}

impl Hand {
    /// Nobody knows its engine cluster yet.
    #[must_use]
    pub fn new(
        session: Session,
        finisher: Finisher,
        args: Args,
        (engine, targets): (Arc<Engine>, Arc<Targets>),
    ) -> Self {
        let (store, access) = session.store();
        let known = Arc::new(watch::Sender::new(None));
        Self { store, access, engine, targets, finisher, session, args, known }
    }

    /// Its row, once it is known.
    #[must_use]
    pub fn known(&self) -> watch::Receiver<Option<EngineClusterId>> {
        self.known.subscribe()
    }

    /// Asks until an operator has made the engine cluster known; then rests.
    pub async fn find(self, check: Check, stop: CancellationToken) -> anyhow::Result<()> {
        let name = self.name();
        loop {
            match self.store.engine_cluster_named(&self.access, name).await {
                Ok(Some(id)) => {
                    check.pass();
                    self.known.send_replace(Some(id));
                    stop.cancelled().await;
                    return Ok(());
                }
                Ok(None) => check.fail(format!(
                    "no engine cluster is called `{name}`: an operator has to make it known (POST /v1/engine-clusters)"
                )),
                Err(error) => check.fail(error.to_string()),
            }
            tokio::select! {
                () = tokio::time::sleep(self.args.poll().min(std::time::Duration::from_secs(2))) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    /// What the operator calls the engine cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        self.engine.name()
    }

    /// The engine cluster itself.
    #[must_use]
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.clone()
    }

    /// Its row. None: told to stop before it was known.
    pub async fn wait_until_known(&self, stop: &CancellationToken) -> Option<EngineClusterId> {
        let mut known = self.known();
        tokio::select! {
            known = known.wait_for(Option::is_some) => known.ok().and_then(|known| *known),
            () = stop.cancelled() => None,
        }
    }
}
