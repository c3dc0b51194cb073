//! Status up: what Argo CD says of each Application goes into its deployment's row, and into the feed.
//!
//! `main` runs one of these for each engine cluster. Of several agents that serve one, one mirrors: whoever has the lease.
//! It reads the rows it needs, watches, and writes what changed. Nothing here drives anything, but for one: an Application
//! that the controller finds invalid right after we wrote it is shown to it again, since its caches may lag behind.

mod errand;
mod index;
mod lease;
mod mirror;
mod nudge;
mod outbox;
mod round;
mod rows;
mod sight;
mod verdicts;
mod write;

use std::sync::Arc;

use anyhow::Result;
use domain::ids::EngineClusterId;
use store::Store;
use store::access::{Access, Agent};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cluster::Engine;
use lease::Lease;

/// Who mirrors what.
#[derive(Clone, Debug)]
pub struct Mirroring {
    /// Where it goes.
    pub store: Store,
    /// An agent's.
    pub access: Access<Agent>,
    /// Where it comes from.
    pub engine: Arc<Engine>,
    /// What the rows call that.
    pub cluster: EngineClusterId,
    /// Who we are.
    pub session: Uuid,
    /// Who else works only while it is our turn hears of it here.
    pub turn: watch::Sender<bool>,
}

/// Mirrors one engine cluster whenever it is our turn, until told to stop.
pub async fn run(mirroring: Mirroring, stop: CancellationToken) -> Result<()> {
    let lease = Lease::of(&mirroring);
    loop {
        let held = tokio::select! {
            held = lease.taken() => held,
            () = stop.cancelled() => return Ok(()),
        };
        let engine = mirroring.engine.name();
        tracing::info!(engine, fence = held.fence(), "mirroring");
        mirroring.turn.send_replace(true);
        tokio::select! {
            why = lease.kept(held) => tracing::warn!(engine, why, "the lease is lost: another may mirror now"),
            () = mirror::all(&mirroring, held) => tracing::warn!(engine, "another mirrors now"),
            () = stop.cancelled() => {
                mirroring.turn.send_replace(false);
                lease.let_go(held).await;
                return Ok(());
            }
        }
        mirroring.turn.send_replace(false);
    }
}
