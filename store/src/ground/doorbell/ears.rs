//! Who in this process waits for which ring.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use domain::ids::{EngineClusterId, TenantId};
use tokio::sync::{broadcast, watch};

/// Access rings that a slow reader may be behind. Who is further behind starts afresh.
const BACKLOG: usize = 1024;

#[derive(Debug)]
pub(super) struct Ears {
    work: Mutex<HashMap<EngineClusterId, watch::Sender<u64>>>,
    feed: Mutex<HashMap<TenantId, watch::Sender<u64>>>,
    access: broadcast::Sender<String>,
    hearing: watch::Sender<bool>,
}

impl Default for Ears {
    fn default() -> Self {
        Self {
            work: Mutex::default(),
            feed: Mutex::default(),
            access: broadcast::Sender::new(BACKLOG),
            hearing: watch::Sender::new(false),
        }
    }
}

impl Ears {
    pub(super) fn work(&self, engine_cluster: EngineClusterId) -> watch::Receiver<u64> {
        subscribed(&self.work, engine_cluster)
    }

    pub(super) fn feed(&self, tenant: TenantId) -> watch::Receiver<u64> {
        subscribed(&self.feed, tenant)
    }

    pub(super) fn access(&self) -> broadcast::Receiver<String> {
        self.access.subscribe()
    }

    pub(super) fn hearing(&self) -> watch::Receiver<bool> {
        self.hearing.subscribe()
    }

    pub(super) fn hears(&self) -> bool {
        *self.hearing.borrow()
    }

    pub(super) fn work_rang(&self, engine_cluster: EngineClusterId) {
        rang(&self.work, engine_cluster);
    }

    pub(super) fn feed_rang(&self, tenant: TenantId) {
        rang(&self.feed, tenant);
    }

    pub(super) fn access_rang(&self, payload: String) {
        // Nobody listens: nobody remembers anything.
        let _nobody = self.access.send(payload);
    }

    pub(super) fn deaf(&self) {
        self.hearing.send_replace(false);
    }

    /// It hears again, or for the first time. What rang meanwhile nobody knows, so everything has.
    pub(super) fn hearing_again(&self) {
        self.hearing.send_replace(true);
        everything(&self.work);
        everything(&self.feed);
    }
}

type Bells<K> = Mutex<HashMap<K, watch::Sender<u64>>>;

fn subscribed<K: Eq + Hash>(bells: &Bells<K>, of: K) -> watch::Receiver<u64> {
    let mut bells = bells.lock().unwrap_or_else(PoisonError::into_inner);
    bells.entry(of).or_insert_with(|| watch::Sender::new(0)).subscribe()
}

/// A bell that nobody waits for any more is taken down when it rings in vain.
fn rang<K: Copy + Eq + Hash>(bells: &Bells<K>, of: K) {
    let mut bells = bells.lock().unwrap_or_else(PoisonError::into_inner);
    if bells.get(&of).is_some_and(|bell| bell.receiver_count() == 0) {
        bells.remove(&of);
    }
    if let Some(bell) = bells.get(&of) {
        bell.send_modify(|rings| *rings = rings.wrapping_add(1));
    }
}

fn everything<K: Eq + Hash>(bells: &Bells<K>) {
    let mut bells = bells.lock().unwrap_or_else(PoisonError::into_inner);
    bells.retain(|_, bell| bell.receiver_count() > 0);
    for bell in bells.values() {
        bell.send_modify(|rings| *rings = rings.wrapping_add(1));
    }
}
