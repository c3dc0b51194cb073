//! Looking at operations: open or ended, one or many.

use domain::ids::{EngineClusterId, TenantId};
use domain::operation::{Hold, Obstacle, OperationId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::access::{Access, MayAudit, MayRead};
use crate::{Error, Result, Store, Tx};

/// An operation as people see it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OperationView {
    /// What callers hold.
    pub id: OperationId,
    /// Whose.
    #[serde(rename = "tenant_id")]
    pub tenant: TenantId,
    /// Where. For operators.
    #[serde(rename = "engine_cluster_id")]
    pub engine_cluster: EngineClusterId,
    /// What is to be brought about; perhaps of a newer version than this.
    pub kind: String,
    /// Of what.
    #[serde(rename = "resource_id")]
    pub resource: Uuid,
    /// At least this generation of it.
    pub target: u64,
    /// `waiting`, `running`, or how it ended.
    pub state: String,
    /// What it stands behind, or waits for, or why it did not succeed, in words.
    pub sentence: Option<String>,
    /// The same for programs.
    pub reason: Option<Value>,
    /// The generation that was applied or refused.
    pub seen: Option<u64>,
    /// Which operation does it instead.
    #[serde(rename = "by_id")]
    pub by: Option<OperationId>,
    /// How often it was tried since the wish last changed.
    pub attempts: u32,
    /// Who has it, or had it last. For operators.
    pub agent: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it is tried next.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// When it is over at the latest.
    pub deadline_at: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// The W3C `traceparent` of the intent.
    pub trace: Option<String>,
    #[serde(default)]
    gate: Option<String>,
    #[serde(default)]
    last: Option<Value>,
}

impl Store {
    /// An operation of this tenant, open or ended.
    pub async fn operation(
        &self,
        by: &Access<impl MayRead>,
        id: OperationId,
    ) -> Result<Option<OperationView>> {
        let mut tx = self.begin_in(by.scope()).await?;
        let found = tx.operation(id, Some(by.tenant())).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// The operations of this tenant, the newest first, from before this one on; perhaps of one resource only.
    pub async fn operations(
        &self,
        by: &Access<impl MayRead>,
        resource: Option<Uuid>,
        before: Option<OperationId>,
        limit: u32,
    ) -> Result<Vec<OperationView>> {
        let mut tx = self.begin_in(by.scope()).await?;
        let page = tx.operations(by.tenant(), resource, before, limit).await?;
        tx.commit().await?;
        Ok(page)
    }

    /// An operation of any tenant.
    pub async fn any_operation(
        &self,
        _: &Access<impl MayAudit>,
        id: OperationId,
    ) -> Result<Option<OperationView>> {
        let mut tx = self.begin_in(crate::Scope::Platform).await?;
        let found = tx.operation(id, None).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// The open operations of all tenants, the oldest first, from after this one on; perhaps of one engine cluster only.
    pub async fn open_operations(
        &self,
        _: &Access<impl MayAudit>,
        engine_cluster: Option<EngineClusterId>,
        after: Option<OperationId>,
        limit: u32,
    ) -> Result<Vec<OperationView>> {
        let mut tx = self.begin_in(crate::Scope::Platform).await?;
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(o) || jsonb_build_object('agent', s.name) as "row!"
                 from operations o left join sessions s on s.id = o.session_id
                where o.id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
                  and ($2::uuid is null or o.engine_cluster_id = $2)
                order by o.id limit $3"#,
            after.map(|id| id.0),
            engine_cluster.map(|id| id.0),
            i64::from(limit)
        );
        let rows = rows.fetch_all(tx.on()).await?;
        tx.commit().await?;
        rows.into_iter().map(view).collect()
    }
}

impl Tx {
    async fn operation(
        &mut self,
        id: OperationId,
        tenant: Option<TenantId>,
    ) -> Result<Option<OperationView>> {
        let row = sqlx::query_scalar!(
            r#"select to_jsonb(o) || jsonb_build_object('agent', s.name) as "row!"
                 from operations o left join sessions s on s.id = o.session_id
                where o.id = $1 and ($2::uuid is null or o.tenant_id = $2)
               union all
               select to_jsonb(e) || jsonb_build_object('agent', s.name, 'state', e.ending)
                 from operations_ended e left join sessions s on s.id = e.session_id
                where e.id = $1 and ($2::uuid is null or e.tenant_id = $2)
                limit 1"#,
            id.0,
            tenant.map(|id| id.0)
        );
        row.fetch_optional(self.on()).await?.map(view).transpose()
    }

    async fn operations(
        &mut self,
        tenant: TenantId,
        resource: Option<Uuid>,
        before: Option<OperationId>,
        limit: u32,
    ) -> Result<Vec<OperationView>> {
        let rows = sqlx::query_scalar!(
            r#"select x.row as "row!" from (
                   (select o.id, to_jsonb(o) as row from operations o
                     where o.tenant_id = $1 and ($2::uuid is null or o.resource_id = $2)
                       and o.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                     order by o.id desc limit $4)
                   union all
                   (select e.id, to_jsonb(e) || jsonb_build_object('state', e.ending) from operations_ended e
                     where e.tenant_id = $1 and ($2::uuid is null or e.resource_id = $2)
                       and e.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                     order by e.id desc limit $4)) x
                order by x.id desc limit $4"#,
            tenant.0,
            resource,
            before.map(|id| id.0),
            i64::from(limit)
        );
        rows.fetch_all(self.on()).await?.into_iter().map(view).collect()
    }
}

fn view(row: Value) -> Result<OperationView> {
    let view: OperationView =
        serde_json::from_value(row).map_err(|error| Error::Bug(sqlx::Error::Decode(Box::new(error))))?;
    Ok(view.in_words())
}

impl OperationView {
    /// An open one says what it waits for.
    fn in_words(mut self) -> Self {
        match self.state.as_str() {
            "gated" => {
                let hold = match self.gate.as_deref() {
                    Some("verdict") => Hold::Verdict,
                    Some("taken_down") => Hold::TakenDown,
                    _ => Hold::Lane,
                };
                self.sentence = Some(hold.to_string());
                self.state = "waiting".to_owned();
            }
            "due" | "running" => {
                self.reason.clone_from(&self.last);
                let obstacle =
                    self.last.clone().and_then(|last| serde_json::from_value::<Obstacle>(last).ok());
                self.sentence = obstacle.map(|obstacle| obstacle.to_string());
                if self.state == "due" {
                    self.state = "waiting".to_owned();
                }
            }
            _ => {}
        }
        self
    }
}
