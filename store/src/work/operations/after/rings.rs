//! Whom to tell after the commit.

use std::collections::BTreeSet;

use domain::ids::{EngineClusterId, TenantId};

use crate::Store;
use crate::change::Change;
use crate::operations::row::Row;

/// Whom to tell after the commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rings {
    pub(super) heads: BTreeSet<(EngineClusterId, TenantId)>,
    pub(super) feeds: BTreeSet<TenantId>,
    pub(super) changes: Vec<Change>,
}

impl Rings {
    /// There is something to claim where this operation is.
    pub(super) fn wake(&mut self, row: &Row) {
        self.heads.insert((row.engine_cluster_id, row.tenant_id));
    }

    pub(crate) fn ring(self, store: &Store) {
        self.changes.iter().for_each(|change| change.ring(store));
        let clusters: BTreeSet<_> = self.heads.into_iter().map(|(cluster, _)| cluster).collect();
        clusters.into_iter().for_each(|cluster| store.doorbell().work(cluster));
        self.feeds.into_iter().for_each(|tenant| store.doorbell().feed(tenant));
    }
}
