//! Which verdicts are to be recorded. Each is told once, as long as this process remembers; twice does no harm.

use std::collections::HashMap;

use domain::engine::sync_run::Verdict;
use domain::ids::{DeploymentId, SyncRunId};

/// At a time.
const MOST: usize = 8;

/// The last run of each deployment that was judged, and those that are to be recorded.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    known: HashMap<DeploymentId, SyncRunId>,
    waiting: Vec<(DeploymentId, SyncRunId, Box<Verdict>)>,
    busy: usize,
}

impl Verdicts {
    /// A run is over.
    pub(super) fn put(&mut self, deployment: DeploymentId, run: SyncRunId, verdict: Verdict) {
        if self.known.insert(deployment, run) != Some(run) {
            self.waiting.push((deployment, run, Box::new(verdict)));
        }
    }

    /// The next ones to record.
    pub(super) fn take(&mut self) -> Vec<(DeploymentId, SyncRunId, Box<Verdict>)> {
        let room = MOST.saturating_sub(self.busy).min(self.waiting.len());
        self.busy += room;
        self.waiting.drain(..room).collect()
    }

    /// One is recorded.
    pub(super) fn done(&mut self) {
        self.busy = self.busy.saturating_sub(1);
    }

    /// One is not. It is tried when the next thing happens.
    pub(super) fn put_back(&mut self, deployment: DeploymentId, run: SyncRunId, verdict: Box<Verdict>) {
        self.done();
        self.waiting.push((deployment, run, verdict));
    }

    /// Its deployment is gone.
    pub(super) fn forget(&mut self, deployment: DeploymentId) {
        self.known.remove(&deployment);
    }
}
