//! Finishing: what ends within a few milliseconds is written together.

use std::time::Duration;

use runtime::Backoff;
use store::access::{Access, Agent};
use store::{Finished, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So long the first waits for others. Much shorter than any attempt, and as long as a commit.
const TOGETHER: Duration = Duration::from_millis(2);
/// So many go at once at most.
const MOST: usize = 64;
/// So many wait at most; whoever comes after them waits before.
const WAITING: usize = 1024;

const AGAIN: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));

/// Where attempts are handed in.
#[derive(Clone, Debug)]
pub struct Finisher {
    desk: mpsc::Sender<HandedIn>,
}

/// The other side: a task of the process.
#[derive(Debug)]
pub struct Desk {
    handed_in: mpsc::Receiver<HandedIn>,
}

#[derive(Debug)]
struct HandedIn {
    finished: Finished,
    written: oneshot::Sender<()>,
}

impl Finisher {
    /// Both sides.
    #[must_use]
    pub fn new() -> (Self, Desk) {
        let (desk, handed_in) = mpsc::channel(WAITING);
        (Self { desk }, Desk { handed_in })
    }

    /// Returns when it is written; or when nobody writes any more, as the process ends.
    pub(super) async fn finish(&self, finished: Finished) {
        let (written, is_written) = oneshot::channel();
        if self.desk.send(HandedIn { finished, written }).await.is_ok() {
            // Without an answer: whoever should have given it is gone, and the lease with it.
            let _written = is_written.await;
        }
    }
}

impl Desk {
    /// Writes what is handed in, until told to stop and nothing is left.
    pub async fn run(
        mut self,
        store: Store,
        access: Access<Agent>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        loop {
            let first = tokio::select! {
                biased;
                first = self.handed_in.recv() => first,
                () = stop.cancelled() => return Ok(()),
            };
            let Some(first) = first else { return Ok(()) };
            let batch = self.gather(first).await;
            tokio::select! {
                () = write(&store, &access, &batch) => {}
                // With a database that is away there is nothing to wait for.
                () = async { stop.cancelled().await; tokio::time::sleep(AGAIN.ceiling(u32::MAX)).await } => return Ok(()),
            }
            for one in batch {
                // Whoever waited for it may be gone.
                let _gone = one.written.send(());
            }
        }
    }

    async fn gather(&mut self, first: HandedIn) -> Vec<HandedIn> {
        let mut batch = vec![first];
        let end = Instant::now() + TOGETHER;
        while batch.len() < MOST {
            match tokio::time::timeout_at(end, self.handed_in.recv()).await {
                Ok(Some(next)) => batch.push(next),
                Ok(None) | Err(_) => break,
            }
        }
        batch
    }
}

/// Again and again while the database is away: behind the fence a late one does no harm.
async fn write(store: &Store, access: &Access<Agent>, batch: &[HandedIn]) {
    let finished: Vec<Finished> = batch.iter().map(|one| one.finished.clone()).collect();
    let mut failures = 0;
    loop {
        match store.finish(access, finished.clone()).await {
            Ok(written) => {
                let late = finished.len() - written.len();
                if late > 0 {
                    tracing::warn!(late, "attempts ended after somebody else had taken them over");
                }
                return;
            }
            Err(error) => match error.disposition() {
                store::Disposition::RetryLater | store::Disposition::RetryNow => {
                    tracing::debug!(%error, "attempts could not be finished; again");
                    let pause = AGAIN.delay(failures, &mut rand::rng());
                    tokio::time::sleep(pause).await;
                    failures = failures.saturating_add(1);
                }
                store::Disposition::Conflict | store::Disposition::Terminal => break,
            },
        }
    }
    one_by_one(store, access, finished).await;
}

/// One of them cannot be written, and must not keep the others from it. What cannot be, is ended by its deadline.
async fn one_by_one(store: &Store, access: &Access<Agent>, finished: Vec<Finished>) {
    for one in finished {
        let operation = one.claim.operation.id;
        if let Err(error) = store.finish(access, vec![one]).await {
            tracing::error!(%operation, error = &error as &dyn std::error::Error, "an attempt cannot be finished");
        }
    }
}
