//! The locking read: everything that a wish about one environment has to know, in one statement.

use domain::ids::{EngineClusterId, TenantId};
use domain::operation::Operation;
use jiff::Timestamp;
use serde_json::Value;

use super::{Environment, row};
use crate::change::{Class, Queue, instant};
use crate::idempotency::Replay;
use crate::operations::lane_from_json;
use crate::{Call, Reference, Refused, Result, Tx};

/// What there is.
pub(super) struct Scene {
    /// What was answered to the same wish before.
    pub(super) replay: std::result::Result<Option<Replay>, Refused>,
    /// By the clock of the database.
    pub(super) now: Timestamp,
    /// The environment, whose row is locked now.
    pub(super) environment: Option<Environment>,
    /// The open operations about it: of its cluster Secret and its checks.
    pub(super) lanes: Vec<Operation>,
    /// Where it is placed.
    pub(super) placed: Option<EngineClusterId>,
    /// Who can check it though it is placed nowhere.
    anywhere: Option<EngineClusterId>,
    /// The deployments in it that were refused or are under way, as JSON for [`super::cure`].
    pub(super) dependants: Value,
}

struct SceneRow {
    replay: Option<Value>,
    now: i64,
    row: Option<Value>,
    lanes: Option<Value>,
    placed: Option<uuid::Uuid>,
    anywhere: Option<uuid::Uuid>,
    dependants: Option<Value>,
}

impl Scene {
    /// How its operations are queued, if anybody could do them.
    pub(super) fn queue<'a>(&self, call: &'a Call) -> Option<Queue<'a>> {
        let engine_cluster = self.placed.or(self.anywhere)?;
        Some(Queue { engine_cluster, class: Class::Bulk, now: self.now, trace: call.trace.as_deref() })
    }

    fn of(row: SceneRow, call: &Call) -> Result<Self> {
        Ok(Self {
            replay: Replay::read(row.replay, call.idempotency.as_ref())?,
            now: instant(row.now),
            environment: row.row.map(row::read).transpose()?,
            lanes: row.lanes.map_or_else(|| Ok(Vec::new()), lane_from_json)?,
            placed: row.placed.map(EngineClusterId),
            anywhere: row.anywhere.map(EngineClusterId),
            dependants: row.dependants.unwrap_or_else(|| Value::Array(Vec::new())),
        })
    }
}

/// Locks the living environment of that name or id, and reads all that a change of it touches.
pub(super) async fn set(
    tx: &mut Tx,
    (tenant, principal): (TenantId, &str),
    which: &Reference,
    call: &Call,
) -> Result<Scene> {
    let key = call.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
    let row = sqlx::query_as!(
        SceneRow,
        r#"with replay as materialized (select argosy_replay($4, $5) as answer)
           select replay.answer as "replay?",
                  (extract(epoch from now()) * 1000000)::bigint as "now!",
                  to_jsonb(e) - 'secret' as "row?",
                  lanes.lanes as "lanes?",
                  placed.engine_cluster_id as "placed?",
                  anywhere.engine_cluster_id as "anywhere?",
                  dependants.dependants as "dependants?"
             from replay
             left join lateral (
                  select * from environments
                   where tenant_id = $1 and state = 'active' and (name = $2 or id = $3) and replay.answer is null
                     for no key update) e on true
             left join lateral (
                  select argosy_open_operations(
                             array['cluster_secret/' || e.id, 'connection_check/' || e.id]) as lanes) lanes on true
             left join lateral (
                  select i.engine_cluster_id from placements p join engine_instances i on i.id = p.engine_instance_id
                   where p.tenant_id = $1 and p.environment_id = e.id) placed on true
             left join lateral (
                  select i.engine_cluster_id from engine_instances i
                   where i.state = 'active' and placed.engine_cluster_id is null
                   order by md5(i.id::text || $1::text) limit 1) anywhere on true
             left join lateral (
                  select jsonb_agg(jsonb_build_object(
                             'id', d.id, 'generation', d.generation, 'refused_generation', d.refused_generation,
                             'state', d.state, 'lane', d.lane)) as dependants
                    from (select d.id, d.generation, d.refused_generation, d.state, o.lane
                            from deployments d
                            cross join lateral argosy_open_operations(array['application/' || d.id]) as o (lane)
                           where d.tenant_id = $1 and d.environment_id = e.id and not d.withheld
                             and (d.refused_generation > 0 or o.lane <> '[]')
                           order by d.id limit 500) d) dependants on placed.engine_cluster_id is not null"#,
        tenant.0,
        which.name(),
        which.id(),
        principal,
        key,
    )
    .fetch_one(tx.on())
    .await?;
    Scene::of(row, call)
}
