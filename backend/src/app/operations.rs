//! Operations: what becomes of a wish, and what operators do about those that are stuck.

use std::time::Duration;

use domain::ids::{EngineClusterId, OperationId};
use store::access::Operator;
use store::{Access, MayAudit, MayRead, OperationView};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::{Answer, App};

/// However long a caller wants to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A doorbell may be lost: this often we look without one.
const LOOK: Duration = Duration::from_secs(2);

impl App {
    /// One operation, open or ended; also when what it was about is gone.
    pub async fn operation(&self, access: &Access<impl MayRead>, id: OperationId) -> Answer<OperationView> {
        let found = self.store.operation(access, id).await?;
        Ok(found.ok_or(store::Refused::Absent { noun: "operation" })?)
    }

    /// One operation, as soon as it has ended, or as it is after so long.
    pub async fn wait_for_operation(
        &self,
        access: &Access<impl MayRead>,
        id: OperationId,
        patience: Duration,
    ) -> Answer<OperationView> {
        let until = Instant::now() + patience.min(LONGEST_WAIT);
        // Listen first, look second: what ends in between rings.
        let mut bell = self.store.doorbell().hear_feed(access.tenant());
        loop {
            let operation = self.operation(access, id).await?;
            let now = Instant::now();
            if operation.ended_at.is_some() || now >= until {
                return Ok(operation);
            }
            // Whether it rang, or nobody can ring any more: look again.
            let _rang_or_not = timeout_at(until.min(now + LOOK), bell.changed()).await;
        }
    }

    /// The operations of a tenant, the newest first; perhaps of one resource only.
    pub async fn list_operations(
        &self,
        access: &Access<impl MayRead>,
        resource: Option<Uuid>,
        before: Option<OperationId>,
        limit: u32,
    ) -> Answer<Vec<OperationView>> {
        Ok(self.store.operations(access, resource, before, limit).await?)
    }

    /// One operation of whatever tenant.
    pub async fn any_operation(
        &self,
        access: &Access<impl MayAudit>,
        id: OperationId,
    ) -> Answer<OperationView> {
        let found = self.store.any_operation(access, id).await?;
        Ok(found.ok_or(store::Refused::Absent { noun: "operation" })?)
    }

    /// The open operations of all tenants, the oldest first; perhaps of one engine cluster only.
    pub async fn open_operations(
        &self,
        access: &Access<impl MayAudit>,
        engine_cluster: Option<EngineClusterId>,
        after: Option<OperationId>,
        limit: u32,
    ) -> Answer<Vec<OperationView>> {
        Ok(self.store.open_operations(access, engine_cluster, after, limit).await?)
    }

    /// Has an operation tried now, as if nobody had tried yet.
    pub async fn requeue_operation(
        &self,
        access: &Access<Operator>,
        id: OperationId,
        request: &str,
    ) -> Answer<OperationView> {
        self.store.requeue(access, id, request).await??;
        self.any_operation(access, id).await
    }

    /// Sets an operation aside, so that nobody tries it again until something changes.
    pub async fn quarantine_operation(
        &self,
        access: &Access<Operator>,
        id: OperationId,
        why: String,
        request: &str,
    ) -> Answer<OperationView> {
        self.store.quarantine(access, id, why, request).await??;
        self.any_operation(access, id).await
    }
}
