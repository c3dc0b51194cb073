//! Whose turn it is.

use std::time::Duration;

use store::status::Mirror;
use tokio::time::{Instant, sleep};

use super::Mirroring;

/// How long nobody else mirrors after our last sign of life. With the pause below, another takes over within 10 seconds.
const LEASE: Duration = Duration::from_secs(8);
/// Between two signs of life, and between two looks whether it is our turn.
const PAUSE: Duration = Duration::from_millis(1500);

/// The lease of one engine cluster.
pub(super) struct Lease<'a> {
    who: &'a Mirroring,
}

impl<'a> Lease<'a> {
    pub(super) const fn of(who: &'a Mirroring) -> Self {
        Self { who }
    }

    /// As soon as it is ours.
    pub(super) async fn taken(&self) -> Mirror {
        let mut told = false;
        loop {
            match self.ask().await {
                Ok(Some(held)) => return held,
                Ok(None) => {}
                Err(error) if !told => {
                    told = true;
                    tracing::warn!(engine = self.who.engine.name(), %error, "cannot ask for the lease; will ask again");
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }

    /// Keeps it. Answers why when it is lost.
    pub(super) async fn kept(&self, held: Mirror) -> &'static str {
        // By our own clock, from before we asked: the database began to count later.
        let mut ends = Instant::now() + LEASE;
        loop {
            sleep(PAUSE).await;
            let asked = Instant::now();
            match tokio::time::timeout_at(ends, self.ask()).await {
                Ok(Ok(Some(now))) if now == held => ends = asked + LEASE,
                Ok(Ok(Some(_))) => return "it ran out, and began anew",
                Ok(Ok(None)) => return "another has it",
                Ok(Err(_)) if Instant::now() < ends => {}
                Ok(Err(_)) | Err(_) => return "the database does not answer",
            }
        }
    }

    /// So that another need not wait.
    pub(super) async fn let_go(&self, held: Mirror) {
        if let Err(error) = self.who.store.stop_mirroring(&self.who.access, &held).await {
            tracing::debug!(%error, "the lease was not given back; it runs out by itself");
        }
    }

    async fn ask(&self) -> store::Result<Option<Mirror>> {
        self.who.store.mirror(&self.who.access, self.who.cluster, self.who.session, LEASE).await
    }
}
