//! What is to be written: the latest of each deployment, in the order in which they came first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::ids::DeploymentId;
use store::status::Sighting;
use tokio::time::Instant;

/// How long the first of a batch waits for others.
const GATHER: Duration = Duration::from_millis(25);
/// Of one transaction.
const BATCH: usize = 500;
/// Once so many wait, nothing more is taken from the watch: it waits too.
const FULL: usize = 4000;

/// What became of an Application.
#[derive(Debug)]
pub(super) enum News {
    /// It says this.
    Seen(Box<Sighting>),
    /// It is gone.
    Gone,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: HashMap<DeploymentId, News>,
    order: VecDeque<DeploymentId>,
    since: Option<Instant>,
}

/// What is being written.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) seen: Vec<Sighting>,
    pub(super) gone: Vec<DeploymentId>,
}

impl Outbox {
    /// The latest of a deployment: what waits of it is not written any more.
    pub(super) fn put(&mut self, deployment: DeploymentId, news: News) {
        if self.waiting.insert(deployment, news).is_none() {
            self.order.push_back(deployment);
        }
        self.since.get_or_insert_with(Instant::now);
    }

    /// It says again what was written already.
    pub(super) fn take_back(&mut self, deployment: DeploymentId) {
        // Its place in the order is passed over later.
        self.waiting.remove(&deployment);
    }

    /// When a batch is to be taken, if there is anything.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.filter(|_| !self.waiting.is_empty()).map(|since| since + GATHER)
    }

    pub(super) fn full(&self) -> bool {
        self.waiting.len() >= FULL
    }

    /// Those that wait longest.
    pub(super) fn batch(&mut self) -> Batch {
        let mut batch = Batch::default();
        while batch.seen.len() + batch.gone.len() < BATCH {
            let Some(deployment) = self.order.pop_front() else { break };
            match self.waiting.remove(&deployment) {
                Some(News::Seen(sighting)) => batch.seen.push(*sighting),
                Some(News::Gone) => batch.gone.push(deployment),
                None => {}
            }
        }
        // What is left has waited long enough.
        if self.waiting.is_empty() {
            self.order.clear();
            self.since = None;
        }
        batch
    }

    /// It could not be written. What came meanwhile is newer.
    pub(super) fn put_back(&mut self, batch: Batch) {
        let Batch { seen, gone } = batch;
        let seen = seen.into_iter().map(|one| (one.deployment, News::Seen(Box::new(one))));
        for (deployment, news) in seen.chain(gone.into_iter().map(|id| (id, News::Gone))) {
            if !self.waiting.contains_key(&deployment) {
                self.put(deployment, news);
            }
        }
    }
}
