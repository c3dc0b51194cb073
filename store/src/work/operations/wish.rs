//! Wishes that come from no change of a row: the sweep's, and the git poll's.

use domain::ids::{EngineClusterId, TenantId};
use domain::operation::{Operation, OperationId, Wish};

use super::row::Row;
use crate::access::{Access, Agent};
use crate::change::{Change, Class, Queue, TRIES, moved_on};
use crate::{Result, Scope, Store, Tx};

impl Store {
    /// Has these wishes on behalf of rows that owe something to an engine. Answers what does each of them. Bulk, whatever
    /// they are: nobody waits for them.
    pub async fn wish(
        &self,
        _: &Access<Agent>,
        tenant: TenantId,
        engine_cluster: EngineClusterId,
        wishes: &[Wish],
    ) -> Result<Vec<OperationId>> {
        let mut tries = 1;
        loop {
            let mut tx = self.begin_in(Scope::All).await?;
            match tx.wish(tenant, engine_cluster, wishes).await {
                Ok((ids, change)) => {
                    tx.commit().await?;
                    change.ring(self);
                    return Ok(ids);
                }
                Err(error) if tries < TRIES && moved_on(&error) => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Tx {
    async fn wish(
        &mut self,
        tenant: TenantId,
        engine_cluster: EngineClusterId,
        wishes: &[Wish],
    ) -> Result<(Vec<OperationId>, Change)> {
        self.lock_owners(wishes.iter().map(|wish| wish.subject)).await?;
        let lanes: Vec<String> = wishes.iter().map(|wish| wish.subject.lane().to_string()).collect();
        let open: Vec<Operation> = self.lanes(&lanes).await?.iter().filter_map(Row::operation).collect();
        let queue = Queue { engine_cluster, class: Class::Bulk, now: self.now().await?, trace: None };
        let mut change = Change::of(tenant);
        let ids = wishes.iter().map(|wish| change.wish(wish, &open, &queue)).collect();
        self.settle(&change).await?;
        Ok((ids, change))
    }
}
