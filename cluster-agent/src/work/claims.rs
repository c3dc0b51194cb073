//! The claim loop of one engine cluster: look, take as many as there are hands free, work, and look again.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use domain::ids::{AgentId, EngineClusterId};
use domain::operation::{Kind, OperationId};
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use store::{Batch, Claim};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempt::{Read, attempt, read};
use super::hand::Hand;
use super::stages::{Stages, stages};

/// When told to stop, what was begun may go on for so long.
const LAST: Duration = Duration::from_secs(4);

type Looking<'a> = Pin<Box<dyn Future<Output = Looked> + Send + 'a>>;
type Working<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

struct Looked {
    session: AgentId,
    batch: store::Result<Option<Batch>>,
}

impl Hand {
    /// Works there, until told to stop and what was begun has ended or was given back.
    pub async fn work(self, stop: CancellationToken) -> anyhow::Result<()> {
        if let Some(id) = self.wait_until_known(&stop).await {
            serve(&self, id, stop).await;
        }
        Ok(())
    }
}

/// Works on an engine cluster until told to stop.
async fn serve(hand: &Hand, engine_cluster: EngineClusterId, stop: CancellationToken) {
    let (done, mut ended) = mpsc::unbounded_channel();
    let mut hands = Hands {
        hand,
        engine_cluster,
        kinds: Kind::all().collect(),
        bell: hand.store.doorbell().hear_work(engine_cluster),
        session: hand.session.now(),
        held: HashMap::new(),
        working: FuturesUnordered::new(),
        looking: None,
        look_at: Instant::now(),
        done,
    };
    loop {
        hands.look_if_it_is_time();
        tokio::select! {
            () = stop.cancelled() => break,
            looked = looked(&mut hands.looking) => hands.take(looked),
            Some(()) = hands.working.next() => {}
            Some(id) = ended.recv() => hands.free(id),
            _ = hands.bell.changed() => hands.look_at = Instant::now(),
            _ = hands.session.changed() => hands.look_at = Instant::now(),
            () = tokio::time::sleep_until(hands.look_at), if hands.could_look() => {}
        }
    }
    hands.stop(&mut ended).await;
}

struct Hands<'a> {
    hand: &'a Hand,
    engine_cluster: EngineClusterId,
    kinds: Vec<Kind>,
    bell: watch::Receiver<u64>,
    session: watch::Receiver<Option<AgentId>>,
    /// What is being worked on, or waits for its stage.
    held: HashMap<OperationId, Claim>,
    working: FuturesUnordered<Working<'a>>,
    looking: Option<Looking<'a>>,
    look_at: Instant,
    done: mpsc::UnboundedSender<OperationId>,
}

impl<'a> Hands<'a> {
    fn room(&self) -> u32 {
        self.hand.args.agent_slots.saturating_sub(u32::try_from(self.held.len()).unwrap_or(u32::MAX))
    }

    fn could_look(&self) -> bool {
        self.looking.is_none() && self.room() > 0 && self.session.borrow().is_some()
    }

    /// The look goes on beside the work, and is always seen through: what it takes is ours.
    fn look_if_it_is_time(&mut self) {
        let Some(session) = *self.session.borrow_and_update() else { return };
        if !self.could_look() || Instant::now() < self.look_at {
            return;
        }
        self.bell.mark_unchanged();
        let (hand, engine_cluster, kinds, room) =
            (self.hand, self.engine_cluster, self.kinds.clone(), self.room());
        self.looking = Some(Box::pin(async move {
            let batch = hand.store.claim(&hand.access, session, engine_cluster, (&kinds, room)).await;
            Looked { session, batch }
        }));
    }

    fn take(&mut self, looked: Looked) {
        self.looking = None;
        let next = self.hand.args.poll();
        let wait = match looked.batch {
            Ok(Some(Batch { claims, more, wake_in })) => {
                let wait = if more { Duration::ZERO } else { wake_in.unwrap_or(next).min(next) };
                self.begin(claims);
                wait
            }
            Ok(None) => {
                self.hand.session.lost(looked.session);
                next
            }
            Err(error) => {
                tracing::debug!(%error, "nothing could be claimed");
                next.min(Duration::from_secs(1))
            }
        };
        // Whoever rang meanwhile is not made to wait: the bell is still unheard.
        self.look_at = Instant::now() + wait;
    }

    fn begin(&mut self, claims: Vec<Claim>) {
        self.held.extend(claims.iter().map(|claim| (claim.operation.id, claim.clone())));
        for part in stages(claims) {
            self.working.push(Box::pin(work(self.hand, part, self.done.clone())));
        }
    }

    /// A hand is free. If there were too few, there may be work waiting for it.
    fn free(&mut self, id: OperationId) {
        let none_was_free = self.room() == 0;
        self.held.remove(&id);
        if none_was_free {
            self.look_at = Instant::now();
        }
    }

    /// Ends what was begun, or gives it back.
    async fn stop(mut self, ended: &mut mpsc::UnboundedReceiver<OperationId>) {
        if let Some(looking) = self.looking.take()
            && let Ok(Some(batch)) = looking.await.batch
        {
            // Not begun any more.
            self.held.extend(batch.claims.into_iter().map(|claim| (claim.operation.id, claim)));
        }
        let last = async { while self.working.next().await.is_some() {} };
        let _cut_off = tokio::time::timeout(LAST, last).await;
        drop(self.working);
        while let Ok(id) = ended.try_recv() {
            self.held.remove(&id);
        }
        let left: Vec<Claim> = self.held.into_values().collect();
        if left.is_empty() {
            return;
        }
        match self.hand.store.give_back(&self.hand.access, &left).await {
            Ok(given) => tracing::info!(given = given.len(), "what was not done was given back"),
            Err(error) => {
                tracing::warn!(%error, "what was not done could not be given back; its lease runs out")
            }
        }
    }
}

async fn looked(looking: &mut Option<Looking<'_>>) -> Looked {
    match looking {
        Some(looking) => looking.await,
        None => std::future::pending().await,
    }
}

/// Works on one stage after the other. Each is written before the next begins.
async fn work(hand: &Hand, part: Stages, done: mpsc::UnboundedSender<OperationId>) {
    for stage in part {
        let read = read(hand, &stage).await;
        join_all(stage.into_iter().map(|claim| one(hand, claim, &read, &done))).await;
    }
}

async fn one(hand: &Hand, claim: Claim, read: &Read, done: &mpsc::UnboundedSender<OperationId>) {
    let id = claim.operation.id;
    let finished = attempt(hand, claim, read).await;
    hand.finisher.finish(finished).await;
    // Nobody listens any more when the loop has ended.
    let _ended = done.send(id);
}
