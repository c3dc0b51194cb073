//! Refreshing, which is our duty: engines do not ask repositories by themselves.
//!
//! Each repository in use is asked once a period for each tenant and credential, spread over the period. Applications whose
//! revision moved are shown to their controller again, until the revision they were compared with is the one we found; so
//! are those in error, and, now and then, all others: charts and OCI artifacts are followed by that alone, for now. What
//! is suspended is left alone.
//!
//! `main` runs one for each engine cluster; it works while it is this agent's turn to mirror that cluster.

mod moved;
mod questions;
mod round;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::ids::EngineClusterId;
use store::Store;
use store::access::{Access, Agent};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cluster::Engine;
use crate::git::Git;
use round::Rounds;

/// Whom to wake, and who knows.
#[derive(Clone, Debug)]
pub struct Waking {
    /// What is followed.
    pub store: Store,
    /// An agent's.
    pub access: Access<Agent>,
    /// Where the Applications are.
    pub engine: Arc<Engine>,
    /// What the rows call that.
    pub cluster: EngineClusterId,
    /// Who asks repositories.
    pub git: Arc<Git>,
    /// The period.
    pub every: Duration,
    /// Whether it is our turn.
    pub turn: watch::Receiver<bool>,
}

/// Wakes whenever it is our turn, until told to stop.
pub async fn run(waking: Waking, stop: CancellationToken) -> Result<()> {
    let mut turn = waking.turn.clone();
    loop {
        tokio::select! {
            () = until(&mut turn, true) => {}
            () = stop.cancelled() => return Ok(()),
        }
        tokio::select! {
            () = Rounds::of(&waking).go_on() => {}
            () = until(&mut turn, false) => {}
            () = stop.cancelled() => return Ok(()),
        }
    }
}

/// Until it is our turn, or is not any more. When nobody says so any more it stays as it was.
async fn until(turn: &mut watch::Receiver<bool>, wanted: bool) {
    if turn.wait_for(|ours| *ours == wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
