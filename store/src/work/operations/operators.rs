//! What people do to operations: operators try one again, set one aside, and stop claiming; a run is called off.

use domain::ids::{EngineClusterId, SyncRunId, TenantId};
use domain::operation::{Event, Operation, OperationId, Rejected};
use jiff::Timestamp;
use uuid::Uuid;

use super::happened::{Happening, moment};
use super::row::{Row, row_from_json, rows_from_json};
use super::written::Locked;
use crate::access::{Access, MaySync, Operator};
use crate::change::{AuditRow, Change};
use crate::{Answer, Refused, Result, Store, Tx};

/// Where nothing is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nowhere at all.
    All,
    /// Nothing on this engine cluster.
    EngineCluster(EngineClusterId),
    /// Nothing of this tenant.
    Tenant(TenantId),
}

/// A stop, as an operator made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its own id.
    pub id: Uuid,
    /// Where.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
}

struct StopRow {
    id: Uuid,
    engine_cluster_id: Option<Uuid>,
    tenant_id: Option<Uuid>,
    reason: String,
    made_by: String,
    made_at: jiff_sqlx::Timestamp,
}

impl Store {
    /// An operator wants it tried now, as if nobody had tried yet.
    pub async fn requeue(&self, by: &Access<Operator>, id: OperationId, request: &str) -> Answer<()> {
        self.operate(by, id, (Event::Requeued, "operation.requeue", request)).await
    }

    /// An operator sets it aside, so that nobody tries it again until something changes.
    pub async fn quarantine(
        &self,
        by: &Access<Operator>,
        id: OperationId,
        message: String,
        request: &str,
    ) -> Answer<()> {
        self.operate(by, id, (Event::Quarantined { message }, "operation.quarantine", request)).await
    }

    /// Calls off a run that has not begun. Its verdict is `terminated`. Refused if it is being begun, or was.
    pub async fn call_off(&self, by: &Access<impl MaySync>, run: SyncRunId) -> Answer<OperationId> {
        let mut tx = self.begin_in(by.scope()).await?;
        let found = sqlx::query_scalar!(
            r#"select coalesce(jsonb_agg(to_jsonb(o)), '[]') as "rows!" from operations o
                where o.kind = 'sync_run' and o.resource_id = $1 and o.tenant_id = $2"#,
            run.0,
            by.tenant().0
        );
        let rows = rows_from_json(found.fetch_one(tx.on()).await?)?;
        drop(tx);
        let Some(operation) = rows.first().and_then(Row::operation) else {
            return Ok(Err(rejected(Rejected::Ended)));
        };
        let happening = [happening(&operation, Event::Cancelled)];
        let happened = self.happen(by.scope(), &happening, Locked::Wait).await?;
        match happened.first() {
            Some(one) => Ok(Ok(one.after.id)),
            None => Ok(Err(rejected(Rejected::Running))),
        }
    }

    async fn operate(
        &self,
        by: &Access<Operator>,
        id: OperationId,
        (event, action, request): (Event, &'static str, &str),
    ) -> Answer<()> {
        let mut tx = self.begin_in(crate::Scope::Platform).await?;
        let Some((row, now)) = tx.open_operation(id).await? else {
            return Ok(Err(Refused::Absent { noun: "operation" }));
        };
        let Some(operation) = row.operation() else {
            return Ok(Err(Refused::Absent { noun: "operation" }));
        };
        if let Err(why) = operation.clone().transition(event.clone(), &moment(&operation, now)) {
            return Ok(Err(rejected(why)));
        }
        let (happened, rings) = tx.happen(&[happening(&operation, event)], Locked::Wait).await?;
        if happened.is_empty() {
            return Ok(Err(rejected(Rejected::Ended)));
        }
        let mut change = Change::of(row.tenant_id);
        change.audit(AuditRow {
            principal: by.principal().to_owned(),
            action: action.to_owned(),
            noun: "operation",
            resource_id: id.0,
            request_id: request.to_owned(),
            ..AuditRow::default()
        });
        tx.settle(&change).await?;
        tx.commit().await?;
        rings.ring(self);
        Ok(Ok(()))
    }

    /// From now on nothing is claimed there. What runs goes on.
    pub async fn stop(
        &self,
        by: &Access<Operator>,
        scope: Scope,
        reason: &str,
        request: &str,
    ) -> Result<Uuid> {
        let mut tx = self.begin_in(crate::Scope::Platform).await?;
        let (name, engine_cluster, tenant) = columns(scope);
        let id = sqlx::query_scalar!(
            "insert into stops (id, scope, engine_cluster_id, tenant_id, reason, made_by)
             values (gen_random_uuid(), $1, $2, $3, $4, $5) on conflict do nothing returning id",
            name,
            engine_cluster,
            tenant,
            reason,
            by.principal()
        );
        let id = match id.fetch_optional(tx.on()).await? {
            Some(id) => id,
            None => {
                let there = sqlx::query_scalar!(
                    "select id from stops where scope = $1 and engine_cluster_id is not distinct from $2
                        and tenant_id is not distinct from $3",
                    name,
                    engine_cluster,
                    tenant
                );
                there.fetch_one(tx.on()).await?
            }
        };
        tx.settle(&audited(by, "stop.make", id, request)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Claiming goes on there. Answers whether there was such a stop.
    pub async fn resume(&self, by: &Access<Operator>, stop: Uuid, request: &str) -> Result<bool> {
        let mut tx = self.begin_in(crate::Scope::Platform).await?;
        let gone = sqlx::query!("delete from stops where id = $1 returning tenant_id", stop);
        let Some(gone) = gone.fetch_optional(tx.on()).await? else { return Ok(false) };
        // Heads of a tenant that was stopped sleep until somebody wakes them.
        let woken = sqlx::query_scalar!(
            "update operation_heads set ready = true, looked_at = null, wake_at = null
              where tenant_id = $1 and running < cap returning engine_cluster_id",
            gone.tenant_id
        );
        let woken = woken.fetch_all(tx.on()).await?;
        tx.settle(&audited(by, "stop.end", stop, request)).await?;
        tx.commit().await?;
        woken.into_iter().for_each(|cluster| self.doorbell().work(EngineClusterId(cluster)));
        Ok(true)
    }

    /// All stops there are.
    pub async fn stops(&self, _: &Access<Operator>) -> Result<Vec<Stop>> {
        let mut tx = self.begin_in(crate::Scope::Platform).await?;
        let rows = sqlx::query_as!(
            StopRow,
            r#"select id, engine_cluster_id, tenant_id, reason, made_by, made_at as "made_at: jiff_sqlx::Timestamp"
                 from stops order by made_at, id limit 1000"#
        );
        let rows = rows.fetch_all(tx.on()).await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(Stop::from).collect())
    }
}

impl Tx {
    /// Writes what a change brings along, where it is not part of another statement.
    pub(crate) async fn settle(&mut self, change: &Change) -> Result<()> {
        sqlx::query_scalar!(r#"select settle($1) as "settled!""#, change.json()?)
            .fetch_one(self.on())
            .await?;
        Ok(())
    }

    async fn open_operation(&mut self, id: OperationId) -> Result<Option<(Row, Timestamp)>> {
        let row =
            sqlx::query_scalar!(r#"select to_jsonb(o) as "row!" from operations o where o.id = $1"#, id.0);
        let Some(row) = row.fetch_optional(self.on()).await? else { return Ok(None) };
        Ok(Some((row_from_json(row)?, self.now().await?)))
    }
}

impl From<StopRow> for Stop {
    fn from(row: StopRow) -> Self {
        let scope = match (row.engine_cluster_id, row.tenant_id) {
            (Some(id), _) => Scope::EngineCluster(EngineClusterId(id)),
            (None, Some(id)) => Scope::Tenant(TenantId(id)),
            (None, None) => Scope::All,
        };
        Self { id: row.id, scope, reason: row.reason, made_by: row.made_by, made_at: row.made_at.to_jiff() }
    }
}

fn columns(scope: Scope) -> (&'static str, Option<Uuid>, Option<Uuid>) {
    match scope {
        Scope::All => ("all", None, None),
        Scope::EngineCluster(id) => ("engine_cluster", Some(id.0), None),
        Scope::Tenant(id) => ("tenant", None, Some(id.0)),
    }
}

fn audited(by: &Access<Operator>, action: &str, id: Uuid, request: &str) -> Change {
    let mut change = Change::of_the_platform();
    change.audit(AuditRow {
        principal: by.principal().to_owned(),
        action: action.to_owned(),
        noun: "stop",
        resource_id: id,
        request_id: request.to_owned(),
        ..AuditRow::default()
    });
    change
}

fn happening(operation: &Operation, event: Event) -> Happening {
    Happening { id: operation.id, subject: operation.subject, event, finding: None }
}

/// The same in a form that the API shows.
fn rejected(why: Rejected) -> Refused {
    let code = match why {
        Rejected::Ended => "operation_ended",
        Rejected::Running => "operation_running",
        Rejected::Gated => "operation_gated",
        Rejected::TooLate => "operation_too_late",
        Rejected::NotRunning
        | Rejected::StaleToken
        | Rejected::NotGated
        | Rejected::TooEarly
        | Rejected::Shared => "operation_state",
    };
    Refused::State { code, detail: why.to_string() }
}
